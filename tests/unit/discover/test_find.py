"""Listing, choosing and reporting: ``find`` over small repositories."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from s2r_ci.discover import Found, changed_since, find, read_file, repository_root
from s2r_ci.errors import ConfigurationError, IncompleteError
from s2r_ci.model import ScriptClass
from tests.unit.discover.trees import CLEAN, JOB, git, repository, write


def found(root: Path, paths: Sequence[str] = (), **more: Any) -> Found:
    return find(paths, root=str(root), environ=more.pop("environ", CLEAN), **more)


def scripts(root: Path, paths: Sequence[str] = (), **more: Any) -> list[str]:
    return [candidate.path for candidate in found(root, paths, **more).scripts]


# --- what is listed ----------------------------------------------------------------------------------------


def test_tracked_and_untracked_files_count_and_ignored_ones_do_not(tmp_path: Path) -> None:
    repository(tmp_path, {"a.sh": JOB, "deep/er/b": JOB, ".gitignore": b"*.tmp\nbuild/\n", "x.txt": b"x"})
    write(tmp_path, {"new.sh": JOB, "no.tmp": JOB, "build/c.sh": JOB})
    answer = found(tmp_path)
    assert [c.path for c in answer.scripts] == ["a.sh", "deep/er/b", "new.sh"]
    assert answer.examined == 5
    assert answer.root == str(tmp_path)
    assert answer.findings == ()


def test_the_rules_of_gitignore_are_gits(tmp_path: Path) -> None:
    ignore = b"*.log\n!keep.log\n/top.sh\n**/cache/**\nblank.sh\\ \n"
    names = ["a.log.sh", "top.sh", "x/top.sh", "x/cache/a.sh", "blank.sh", "x/keep.sh", "x/drop.sh"]
    repository(tmp_path, {".gitignore": ignore, "x/.gitignore": b"drop.sh\n"})
    (tmp_path / ".git/info/exclude").write_bytes(b"a.log.sh\n")
    write(tmp_path, dict.fromkeys(names, JOB))
    assert scripts(tmp_path) == ["blank.sh", "x/keep.sh", "x/top.sh"]


def test_outside_git_all_files_are_walked(tmp_path: Path) -> None:
    write(tmp_path, {"a.sh": JOB, "b/c": JOB, ".gitignore": b"*\n", ".git-not/d.sh": JOB})
    assert scripts(tmp_path) == [".git-not/d.sh", "a.sh", "b/c"]


def test_without_git_on_the_machine_all_files_are_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(tmp_path, {"a.sh": JOB, ".gitignore": b"b.sh\n"})
    write(tmp_path, {"b.sh": JOB})
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert scripts(tmp_path) == ["a.sh", "b.sh"]


def test_a_deleted_file_is_passed_over_without_a_word(tmp_path: Path) -> None:
    repository(tmp_path, {"a.sh": JOB, "gone.sh": JOB, "folder/gone.sh": JOB})
    (tmp_path / "gone.sh").unlink()
    (tmp_path / "folder/gone.sh").unlink()
    (tmp_path / "folder").rmdir()
    answer = found(tmp_path)
    assert [c.path for c in answer.scripts] == ["a.sh"]
    assert answer.findings == ()
    assert answer.examined == 1


def test_an_index_with_conflicts_and_intents_names_each_file_once(tmp_path: Path) -> None:
    repository(tmp_path, {"a.sh": JOB, "b.sh": JOB})
    git(tmp_path, "checkout", "-q", "-b", "other")
    write(tmp_path, {"a.sh": JOB + b"# other\n"})
    git(tmp_path, "commit", "-qam", "other")
    git(tmp_path, "checkout", "-q", "main")
    write(tmp_path, {"a.sh": JOB + b"# main\n", "new.sh": JOB})
    git(tmp_path, "commit", "-qam", "main")
    with pytest.raises(Exception, match="merge"):
        git(tmp_path, "merge", "-q", "other")
    git(tmp_path, "add", "-N", "new.sh")
    git(tmp_path, "update-index", "--assume-unchanged", "b.sh")
    answer = found(tmp_path)
    assert [c.path for c in answer.scripts] == ["a.sh", "b.sh", "new.sh"]
    assert answer.examined == 3


def test_a_folder_inside_a_repository_may_be_the_root(tmp_path: Path) -> None:
    repository(tmp_path, {"a.sh": JOB, "jobs/b.sh": JOB, "jobs/deep/c.sh": JOB})
    assert scripts(tmp_path / "jobs") == ["b.sh", "deep/c.sh"]


def test_worktree_and_shallow_and_sparse_checkouts_are_read(tmp_path: Path) -> None:
    source = repository(tmp_path / "source", {"a.sh": JOB, "jobs/b.sh": JOB})
    git(source, "worktree", "add", "-q", str(tmp_path / "tree"), "-b", "side")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{source}", "shallow")
    git(tmp_path, "clone", "-q", "--sparse", f"file://{source}", "sparse")
    assert (tmp_path / "tree/.git").is_file()
    assert scripts(tmp_path / "tree") == ["a.sh", "jobs/b.sh"]
    assert scripts(tmp_path / "shallow") == ["a.sh", "jobs/b.sh"]
    assert scripts(tmp_path / "sparse") == ["a.sh"]


def test_a_repository_inside_and_a_submodule_are_not_entered_unless_they_are_named(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", {"i.sh": JOB})
    outer = repository(tmp_path / "outer", {"a.sh": JOB})
    repository(outer / "nested", {"n.sh": JOB})
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    assert scripts(outer) == ["a.sh"]
    assert scripts(outer, ["nested", "sub"]) == ["nested/n.sh", "sub/i.sh"]


# --- what is asked for -------------------------------------------------------------------------------------


def test_folders_are_listed_and_files_are_read_whatever_git_says(tmp_path: Path) -> None:
    repository(tmp_path, {"a.sh": JOB, "jobs/b.sh": JOB, "jobs/x/c.sh": JOB, ".gitignore": b"out/\n"})
    write(tmp_path, {"out/d.sh": JOB})
    assert scripts(tmp_path, ["jobs"]) == ["jobs/b.sh", "jobs/x/c.sh"]
    assert scripts(tmp_path, ["jobs/", "jobs/x", "./a.sh", "out/d.sh"]) == [
        "a.sh",
        "jobs/b.sh",
        "jobs/x/c.sh",
        "out/d.sh",
    ]
    assert scripts(tmp_path, [str(tmp_path / "jobs/x")]) == ["jobs/x/c.sh"]
    assert scripts(tmp_path, [""]) == scripts(tmp_path, ["."]) == scripts(tmp_path)


def test_a_named_file_that_is_no_script_gets_a_line(tmp_path: Path) -> None:
    write(tmp_path, {"plain.txt": b"hello\n", "binary": b"\0#SBATCH\n", "empty": b""})
    answer = found(tmp_path, ["plain.txt", "binary", "empty"])
    assert [(c.path, c.script_class.value, c.reason) for c in answer.others] == [
        ("binary", "look-alike", "it is binary"),
        ("empty", "look-alike", "it does not mention #SBATCH"),
        ("plain.txt", "look-alike", "it does not mention #SBATCH"),
    ]
    assert answer.findings == ()


def test_the_list_of_files_is_bytes_and_an_empty_one_means_none(tmp_path: Path) -> None:
    write(tmp_path, {b"a\xff\n.sh": JOB, "b.sh": JOB})
    assert scripts(tmp_path, files=[b"a\xff\n.sh"]) == ["a\udcff\n.sh"]
    assert scripts(tmp_path, files=[]) == []
    assert scripts(tmp_path, files=[b"gone.sh"]) == []
    assert [f.rule.id for f in found(tmp_path, files=[b"gone.sh"]).findings] == ["file-unreadable"]


@pytest.mark.parametrize("path", ["gone.sh", "../outside.sh", "/etc/passwd", "a\0b", "a/../../x"])
def test_a_path_that_is_not_there_or_lies_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "root").mkdir()
    write(tmp_path, {"outside.sh": JOB, "x": JOB})
    with pytest.raises(ConfigurationError):
        found(tmp_path / "root", [path])


def test_globs_choose_among_what_is_listed_and_not_among_named_files(tmp_path: Path) -> None:
    repository(tmp_path, {"a.sh": JOB, "old/b.sh": JOB, "jobs/c.sh": JOB, "jobs/d.job": JOB})
    assert scripts(tmp_path, exclude=["old/"]) == ["a.sh", "jobs/c.sh", "jobs/d.job"]
    assert scripts(tmp_path, include=["*.sh"], exclude=["/jobs"]) == ["a.sh", "old/b.sh"]
    assert scripts(tmp_path, ["old/b.sh"], exclude=["old/"]) == ["old/b.sh"]


def test_the_limits_are_kept(tmp_path: Path) -> None:
    big = JOB + b"#" * 1000
    repository(tmp_path, {"a.sh": JOB, "big.sh": big, "big.txt": b"x" * 2000, "big.bin": b"\0#SBATCH" * 200})
    with pytest.raises(ConfigurationError, match="more than 3 files"):
        found(tmp_path, max_files=3)
    assert len(found(tmp_path, max_files=4).scripts) == 2
    answer = found(tmp_path, max_file_bytes=1000)
    assert [c.path for c in answer.scripts] == ["a.sh"]
    assert [(f.rule.id, f.location.path) for f in answer.findings] == [("script-too-large", "big.sh")]
    assert str(len(big)) in answer.findings[0].message
    assert [c.path for c in answer.others if c.script_class is ScriptClass.UNREADABLE] == ["big.sh"]
    assert [f.rule.id for f in found(tmp_path, ["big.txt"], max_file_bytes=1000).findings] == ["file-too-large"]


@pytest.mark.parametrize("size", [1_048_575, 1_048_576, 1_048_577])
def test_a_mebibyte_is_the_largest_script(tmp_path: Path, size: int) -> None:
    write(tmp_path, {"a.sh": JOB + b"#" * (size - len(JOB)), "0": b"", "1": b"#"})
    answer = found(tmp_path)
    assert len(answer.scripts) == (size <= 1_048_576)
    assert [f.rule.id for f in answer.findings] == ["script-too-large"] * (size > 1_048_576)


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("job.sh", JOB, "script-too-large"),
        ("job.sbatch", JOB.replace(b"\n", b"\r\n"), "script-too-large"),
        ("late.sh", b"#!/bin/sh\ntrue\n#SBATCH -n 1\n", "script-too-large"),
        ("slurm-17.out", JOB, "file-too-large"),
        ("notes.md", b"# Jobs\n    #SBATCH -n 1\n", "file-too-large"),
        ("make.py", b"#!/usr/bin/env python3\nprint('#SBATCH -n 1')\n", "file-too-large"),
        ("t.sh", JOB + b"echo {{ who }}\n", "file-too-large"),
    ],
)
def test_a_batch_script_that_is_too_large_fails_and_other_text_is_only_named(
    tmp_path: Path, name: str, data: bytes, rule: str
) -> None:
    write(tmp_path, {name: data + b"#" * 2000})
    answer = found(tmp_path, max_file_bytes=1000)
    assert [f.rule.id for f in answer.findings] == [rule]


# --- many files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [0, 1, 2, 3])
def test_any_number_of_processes_gives_the_same_answer(tmp_path: Path, jobs: int) -> None:
    files: dict[str | bytes, bytes] = {}
    for number in range(2_500):
        text = {0: JOB, 1: b"#!/bin/sh\nsbatch -n 1 a\n", 2: b"\xef\xbb\xbf" + JOB}.get(
            number % 50, b"plain text\n"
        )
        files[f"folder{number % 37}/{number % 5}/file{number}.sh"] = text
    write(tmp_path, files)
    answer = found(tmp_path, jobs=jobs)
    assert answer == found(tmp_path, jobs=1)
    assert answer.examined == 2_500
    assert len(answer.scripts) == 100
    assert len(answer.others) == 50


# --- findings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("a:b.sh", "':'"),
        ("what?.sh", "'?'"),
        ("line\nfeed.sh", "'\\\\n'"),
        ("CON.sh", "Windows"),
        ("folder/aux", "Windows"),
        ("nul /a.sh", "blank"),
        ("x.sh.", "dot"),
        ("x.sh ", "blank"),
        ("a" * 241, "241 octets"),
        ("é" * 121, "242 octets"),
        (b"a\xff.sh", "UTF-8"),
    ],
    ids=repr,
)
def test_a_name_that_some_system_cannot_hold_is_found(tmp_path: Path, name: str | bytes, word: str) -> None:
    write(
        tmp_path,
        {name: JOB, "fine-name_1.2+x@y=z,ok~.sh": JOB, "blank inside (1) ünï [x].sh": JOB, "console.sh": JOB},
    )
    answer = found(tmp_path)
    assert [f.rule.id for f in answer.findings] == ["name-unusable"]
    assert word in answer.findings[0].message
    assert answer.findings[0].location.path == (name if isinstance(name, str) else os.fsdecode(name))


@pytest.mark.parametrize(
    ("one", "other"), [("Train.sh", "train.SH"), ("caf\u00e9.sh", "cafe\u0301.sh"), ("A/x", "a/X")], ids=ascii
)
def test_two_scripts_that_would_share_a_manifest_are_found(tmp_path: Path, one: str, other: str) -> None:
    write(tmp_path, {one: JOB, other: JOB, "trains.sh": JOB})
    findings = found(tmp_path).findings
    assert [f.rule.id for f in findings] == ["names-collide"]
    assert {findings[0].location.path, findings[0].subject} == {one, other}


def test_names_of_other_files_do_not_matter(tmp_path: Path) -> None:
    write(tmp_path, {"a:b.txt": b"x", "A.md": b"x", "a.md": b"x", "c:d.md": b"```\n#SBATCH\n```\n"})
    assert found(tmp_path).findings == ()


def test_letters_of_another_alphabet_are_a_finding(tmp_path: Path) -> None:
    write(tmp_path, {"a.sh": "#!/bin/bash\n\n#S\u0412ATCH -N 1\n".encode()})
    answer = found(tmp_path)
    assert [(f.rule.id, str(f.location)) for f in answer.findings] == [("hidden-characters", "a.sh:3")]
    assert [c.script_class for c in answer.others] == [ScriptClass.LOOK_ALIKE]


# --- changed since -----------------------------------------------------------------------------------------


def test_what_changed_is_committed_staged_edited_or_new(tmp_path: Path) -> None:
    names = ["same.sh", "committed.sh", "staged.sh", "edited.sh", "deleted.sh", "sub/inner.sh"]
    repository(tmp_path, {**dict.fromkeys(names, JOB), ".gitignore": b"ignored.sh\n"})
    git(tmp_path, "checkout", "-q", "-b", "work")
    write(tmp_path, {"committed.sh": JOB + b"#\n", "sub/inner.sh": JOB + b"#\n"})
    git(tmp_path, "commit", "-qam", "second")
    git(tmp_path, "checkout", "-q", "main")
    write(tmp_path, {"same.sh": JOB + b"# changed on main later\n"})
    git(tmp_path, "commit", "-qam", "main goes on")
    git(tmp_path, "checkout", "-q", "work")
    write(tmp_path, {"staged.sh": JOB + b"#\n"})
    git(tmp_path, "add", "staged.sh")
    write(tmp_path, {"edited.sh": JOB + b"#\n", "new\n.sh": JOB, "ignored.sh": JOB})
    (tmp_path / "deleted.sh").unlink()
    expected = {"committed.sh", "staged.sh", "edited.sh", "deleted.sh", "new\n.sh", "sub/inner.sh"}
    assert changed_since(str(tmp_path), "main", CLEAN) == expected
    assert scripts(tmp_path, since="main") == sorted(expected - {"deleted.sh"})
    assert scripts(tmp_path, ["sub", "same.sh", "edited.sh"], since="main") == ["edited.sh", "sub/inner.sh"]
    assert changed_since(str(tmp_path / "sub"), "main", CLEAN) == {"inner.sh"}


@pytest.mark.parametrize("revision", ["nowhere", "--help", "", "main..x", "a\0b", "HEAD:a.sh"])
def test_a_revision_that_git_does_not_know_is_refused(tmp_path: Path, revision: str) -> None:
    repository(tmp_path, {"a.sh": JOB})
    with pytest.raises(ConfigurationError):
        changed_since(str(tmp_path), revision, CLEAN)


def test_changed_since_outside_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="needs a git repository"):
        changed_since(str(tmp_path), "main", CLEAN)


def test_histories_without_a_common_commit_are_refused(tmp_path: Path) -> None:
    repository(tmp_path, {"a.sh": JOB})
    git(tmp_path, "checkout", "-q", "--orphan", "other")
    git(tmp_path, "commit", "-qm", "other")
    with pytest.raises(ConfigurationError, match="in common"):
        changed_since(str(tmp_path), "main", CLEAN)


# --- the root ----------------------------------------------------------------------------------------------


def test_the_root_of_a_repository_is_found_from_below(tmp_path: Path) -> None:
    repository(tmp_path / "r", {"a/b/c.sh": JOB})
    assert repository_root(str(tmp_path / "r/a/b"), CLEAN) == str(tmp_path / "r")
    assert repository_root(str(tmp_path / "r/a/b/c.sh"), CLEAN) == str(tmp_path / "r")
    assert repository_root(str(tmp_path), CLEAN) is None


def test_a_root_that_cannot_be_read_is_incomplete(tmp_path: Path) -> None:
    with pytest.raises(IncompleteError):
        found(tmp_path / "gone")


# --- reading one file --------------------------------------------------------------------------------------


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    write(tmp_path, {b"a/\xff": JOB, "empty": b""})
    assert read_file(str(tmp_path), "a/\udcff") == JOB
    assert read_file(str(tmp_path), "empty") == b""


def test_what_is_no_regular_file_below_the_root_is_not_read(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(tmp_path, {"root/a.sh": JOB, "outside.sh": JOB, "away/b.sh": JOB})
    (root / "link.sh").symlink_to("a.sh")
    (root / "folder").symlink_to(tmp_path / "away")
    os.mkfifo(root / "fifo")
    for path in ("link.sh", "folder/b.sh", "fifo", "gone", "../outside.sh", ".", "", "a\0b", "/etc/passwd"):
        with pytest.raises(IncompleteError):
            read_file(str(root), path)
    with pytest.raises(IncompleteError, match="limit is 10"):
        read_file(str(root), "a.sh", max_bytes=10)
