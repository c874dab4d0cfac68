"""Trees made to hang, to crash, to lead outside or to run something. Each run has a process and a time limit."""

import json
import os
import random
import resource
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s2r_ci.discover import find
from s2r_ci.discover.kinds import unusual  # loaded here, for the process that gives up its rights
from s2r_ci.errors import IncompleteError
from tests.unit.discover.trees import CLEAN, JOB, git, repository, write

PROGRAM = """
import json, os, sys
from s2r_ci.discover import find
paths = json.loads(sys.argv[2])
found = find(paths, root=sys.argv[1], environ=os.environ)
show = lambda path: path.encode("utf-8", "surrogateescape").decode("latin-1")
print(json.dumps({
    "scripts": [show(c.path) for c in found.scripts],
    "others": {show(c.path): [c.script_class.value, c.reason] for c in found.others},
    "findings": [[f.rule.id, show(f.location.path), f.message] for f in found.findings],
    "examined": found.examined,
}))
"""


def run(root: Path, *paths: str, **environ: str) -> dict[str, Any]:
    """``find`` in a process of its own; a hang fails the test."""
    command = [sys.executable, "-c", PROGRAM, str(root), json.dumps(paths)]
    place = str(Path(__file__).parents[3])
    done = subprocess.run(
        command, capture_output=True, timeout=60, env={**CLEAN, "PYTHONPATH": place, **environ}, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(params=["git", "walk"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An empty root, once inside git and once outside."""
    root = tmp_path / "root"
    root.mkdir()
    if request.param == "git":
        git(root, "init", "-q")
    return root


def test_links_lead_nowhere(tree: Path, tmp_path: Path) -> None:
    write(tmp_path, {"outside/secret.sh": JOB})
    write(tree, {"a.sh": JOB, "folder/b.sh": JOB})
    links = {
        "passwd.sh": "/etc/passwd", "up": "..", "out": "../outside", "loop": "loop", "dangling.sh": "nowhere",
        "self.sh": "a.sh", "inner": "folder", "file.sh": "../outside/secret.sh", "ping": "pong", "pong": "ping",
        "dev.sh": "/dev/zero", "mem.sh": "/proc/self/mem",
    }  # fmt: skip
    for name, target in links.items():
        (tree / name).symlink_to(target)
    answer = run(tree)
    assert answer["scripts"] == ["a.sh", "folder/b.sh"]
    assert answer["others"] == {}
    assert answer["findings"] == []
    named = run(tree, *links)
    assert named["scripts"] == []
    assert {name: why for name, (_, why) in named["others"].items()} == dict.fromkeys(
        links, "a symbolic link; only regular files are read"
    )


def test_a_tracked_folder_that_became_a_link_is_not_entered(tmp_path: Path) -> None:
    root = repository(tmp_path / "root", {"a.sh": JOB, "folder/b.sh": JOB, "folder/deep/c.sh": JOB})
    write(tmp_path, {"outside/b.sh": JOB, "outside/deep/c.sh": JOB})
    shutil.rmtree(root / "folder")
    (root / "folder").symlink_to("../outside")
    assert run(root)["scripts"] == ["a.sh"]
    assert run(root, "folder/b.sh")["scripts"] == []


def test_what_is_no_regular_file_is_passed_over_and_named_ones_get_a_line(tree: Path) -> None:
    write(tree, {"a.sh": JOB, "folder.sh/b.sh": JOB})
    os.mkfifo(tree / "fifo.sh")
    with socket.socket(socket.AF_UNIX) as listening:
        short = tempfile.mkdtemp()
        listening.bind(f"{short}/s")
        os.rename(f"{short}/s", tree / "socket.sh")
        os.rmdir(short)
        assert run(tree)["scripts"] == ["a.sh", "folder.sh/b.sh"]
        named = run(tree, "fifo.sh", "socket.sh")
    assert named["scripts"] == []
    assert [name for name, (kind, _) in named["others"].items() if kind == "unreadable"] == ["fifo.sh", "socket.sh"]
    assert [(rule, path) for rule, path, _ in named["findings"]] == [
        ("file-unreadable", "fifo.sh"),
        ("file-unreadable", "socket.sh"),
    ]


def test_a_hard_link_is_a_file_like_others(tree: Path, tmp_path: Path) -> None:
    write(tmp_path, {"outside.sh": JOB})
    os.link(tmp_path / "outside.sh", tree / "a.sh")
    assert run(tree)["scripts"] == ["a.sh"]


ODD_NAMES = [
    b"line\nfeed.sh", b"tab\t.sh", b'quote".sh', b"apostrophe'.sh", b"back\\slash.sh", b"\xff\xfe.sh", b" ", b"   ",
    b"-rf.sh", b"--config=x.sh", b"caf\xc3\xa9.sh", b"cafe\xcc\x81.sh", b"Twin.sh", b"twin.sh", b"CON.sh", b"a:b.sh",
    b"x.sh.", b"x.sh ", b"$(id).sh", b"`id`.sh", b"a;b.sh", b"*", b"~", b"[a]", b"?.sh", b":(top)x.sh", b"!x.sh",
    b"#x.sh", b"\x1b[31mred.sh", b"\xe2\x80\xaertl.sh", b"n" * 255, b"folder\n/in\xff/x.sh", b"::error::x.sh",
]  # fmt: skip


def test_odd_names_are_names(tree: Path) -> None:
    write(tree, dict.fromkeys(ODD_NAMES, JOB))
    expected = sorted(os.fsdecode(name) for name in ODD_NAMES)
    answer = run(tree)
    assert [os.fsdecode(name.encode("latin-1")) for name in answer["scripts"]] == expected
    assert {rule for rule, _, _ in answer["findings"]} == {"name-unusable", "names-collide"}
    for name in ODD_NAMES:
        assert find([os.fsdecode(name)], root=str(tree), environ=CLEAN).scripts[0].path == os.fsdecode(name)


def test_huge_and_growing_and_sparse_files_end_soon(tree: Path) -> None:
    write(tree, {"a.sh": JOB, "line.sh": JOB + b"x" * 900_000, "many.sh": JOB + b"#SBATCH -n 1\n" * 60_000})
    for name, start in (("sparse.sh", JOB + b"#" * 9_000), ("sparse.bin", b"\0")):
        with open(tree / name, "wb") as file:
            file.write(start)
            file.truncate(10 * 2**30)
    growing = subprocess.Popen(["sh", "-c", 'while :; do echo "#SBATCH -n 1"; done >> "$0"', str(tree / "grow.sh")])
    try:
        answer = run(tree)
    finally:
        growing.kill()
        growing.wait()
    assert [name for name in answer["scripts"] if name != "grow.sh"] == ["a.sh", "line.sh", "many.sh"]
    assert ["script-too-large", "sparse.sh"] in [finding[:2] for finding in answer["findings"]]


def test_any_encoding_gets_an_answer(tree: Path) -> None:
    text = JOB.decode()
    files: dict[str | bytes, bytes] = {
        "no-newline": JOB.rstrip(), "cr-only": JOB.replace(b"\n", b"\r"), "mixed": JOB + b"a\r\nb\n",
        "bom": b"\xef\xbb\xbf" + JOB, "utf-16-le": b"\xff\xfe" + text.encode("utf-16-le"),
        "utf-16-be": b"\xfe\xff" + text.encode("utf-16-be"), "latin-1": JOB + b"# \xe9\n",
        "nul-late": JOB + b"#" * 8_200 + b"\0", "utf-32": text.encode("utf-32"),
    }  # fmt: skip
    write(tree, files)
    answer = run(tree)
    assert answer["scripts"] == sorted(str(name) for name in set(files) - {"cr-only", "utf-32"})
    assert answer["findings"] == []


def test_a_deep_tree_and_a_wide_folder_are_read(tree: Path) -> None:
    deep = "/".join(["d"] * 300)
    write(tree, {f"{deep}/a.sh": JOB})
    (tree / "wide").mkdir()
    for number in range(3_000):
        (tree / f"wide/{number}").touch()
    write(tree, {"wide/z.sh": JOB})
    answer = run(tree)
    assert answer["scripts"] == [f"{deep}/a.sh", "wide/z.sh"]
    assert answer["examined"] == 3_002


def test_a_path_longer_than_the_system_takes_gets_a_line(tmp_path: Path) -> None:
    write(tmp_path, {"a.sh": JOB})
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(25):
        os.mkdir("n" * 200, dir_fd=here)
        inner = os.open("n" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    answer = run(tmp_path)
    assert answer["scripts"] == ["a.sh"]
    assert [rule for rule, _, _ in answer["findings"]] == ["file-unreadable"]


def test_few_descriptors_are_enough(tree: Path) -> None:
    write(tree, {"/".join(["d"] * depth) + "/a.sh": JOB for depth in range(1, 60)})
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = len(os.listdir("/dev/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened + 100, hard))
    try:
        assert len(find(root=str(tree), environ=CLEAN).scripts) == 59
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def public(tmp_path: Path) -> Iterator[Path]:
    """A folder that any user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="s2r-test-"))
    folder.chmod(0o755)
    yield folder
    subprocess.run(["chmod", "-R", "u+rwx", str(folder)], check=True)
    shutil.rmtree(folder)


def as_nobody(work: Any) -> Any:
    """What ``work`` gives in a process without root's rights."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            os.write(writing, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        answer = file.read()
    os.waitpid(pid, 0)
    return json.loads(answer)


@pytest.mark.parametrize("inside_git", [True, False], ids=["git", "walk"])
def test_what_may_not_be_read_gets_a_line(public: Path, inside_git: bool) -> None:
    assert unusual(b"", b"") is None
    if inside_git:
        git(public, "init", "-q")
        subprocess.run(["chmod", "-R", "a+rX", str(public / ".git")], check=True)
        git(public, "config", "core.sharedRepository", "all")
        if os.getuid() == 0:
            for place, _, names in os.walk(public):
                for name in (".", *names):
                    os.chown(os.path.join(place, name), 65534, 65534)
    write(public, {"a.sh": JOB, "closed.sh": JOB, "folder/b.sh": JOB, "setuid.sh": JOB})
    (public / "setuid.sh").chmod(0o4755)
    (public / "closed.sh").chmod(0)
    (public / "folder").chmod(0)

    def work() -> Any:
        found = find(root=str(public), environ={**CLEAN, "HOME": "/nonexistent"})
        named = find(["closed.sh"], root=str(public), environ=CLEAN)
        return [
            [c.path for c in found.scripts],
            sorted([f.rule.id, f.location.path, f.message] for f in found.findings),
            [f.rule.id for f in named.findings],
        ]

    scripts, findings, named = as_nobody(work)
    assert scripts == ["a.sh", "setuid.sh"]
    assert findings == [
        ["file-unreadable", "closed.sh", "permission denied"],
        ["file-unreadable", "folder", "permission denied"],
    ]
    assert named == ["file-unreadable"]


# --- repositories that would run something -----------------------------------------------------------------


def marking(tmp_path: Path) -> tuple[Path, str]:
    """A file that must not appear, and a command that makes it."""
    marker = tmp_path / "marker"
    command = tmp_path / "command"
    command.write_text(f"#!/bin/sh\ntouch '{marker}'\ncat\n")
    command.chmod(0o755)
    return marker, str(command)


def test_commands_in_the_repositorys_own_settings_do_not_run(tmp_path: Path) -> None:
    marker, command = marking(tmp_path)
    root = repository(tmp_path / "root", {"a.sh": JOB, ".gitattributes": b"* filter=evil diff=evil\n"})
    for key in ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "diff.external", "core.pager"):
        git(root, "config", key, command)
    git(root, "config", "diff.evil.textconv", command)
    hooks = root / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "fsmonitor-watchman", "query-watchman"):
        shutil.copy(command, hooks / name)
    write(root, {"a.sh": JOB + b"# longer\n", "b.sh": JOB})
    found = find(root=str(root), since="HEAD", environ=CLEAN)
    assert [c.path for c in found.scripts] == ["a.sh", "b.sh"]
    assert run(root)["scripts"] == ["a.sh", "b.sh"]
    assert not marker.exists()


def test_an_embedded_bare_repository_is_a_folder_like_others(tmp_path: Path) -> None:
    marker, command = marking(tmp_path)
    root = tmp_path / "root"
    write(root, {"a.sh": JOB, "evil/x.sh": JOB, "evil/HEAD": b"ref: refs/heads/main\n"})
    for folder in ("objects", "refs"):
        write(root, {f"evil/{folder}/keep": b""})
    settings = f"[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .\n\tfsmonitor = {command}\n"
    write(root, {"evil/config": settings.encode()})
    repository(root, {})
    assert run(root)["scripts"] == ["a.sh", "evil/x.sh"]
    assert run(root, "evil")["scripts"] == ["evil/x.sh"]
    assert run(root / "evil")["scripts"] == ["x.sh"]
    assert not marker.exists()


def test_gits_variables_in_the_environment_do_not_count(tmp_path: Path) -> None:
    marker, command = marking(tmp_path)
    other = repository(tmp_path / "other", {"other.sh": JOB})
    root = repository(tmp_path / "root", {"a.sh": JOB})
    environ = {
        "GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other), "GIT_INDEX_FILE": str(other / ".git/index"),
        "GIT_EXTERNAL_DIFF": command, "GIT_PAGER": command, "GIT_TRACE": "1", "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": command, "GIT_CEILING_DIRECTORIES": str(root),
    }  # fmt: skip
    assert run(root, **environ)["scripts"] == ["a.sh"]
    assert not marker.exists()


def test_nothing_of_the_repository_is_written(tmp_path: Path) -> None:
    root = repository(tmp_path / "root", {"a.sh": JOB, "b.sh": JOB})
    os.utime(root / "a.sh", (1, 1))
    before = {path: path.read_bytes() for path in (root / ".git").rglob("*") if path.is_file()}
    find(root=str(root), since="HEAD", environ=CLEAN)
    assert {path: path.read_bytes() for path in (root / ".git").rglob("*") if path.is_file()} == before


def fake_git(folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "git").chmod(0o755)


def test_a_repository_of_another_user_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repository(tmp_path / "root", {"a.sh": JOB})
    real = shutil.which("git")
    fake_git(tmp_path / "bin", f'GIT_CONFIG_GLOBAL=/dev/null GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    with pytest.raises(IncompleteError) as caught:
        find(root=str(root), environ=CLEAN)
    assert "another user" in caught.value.what
    assert f"safe.directory '{root}'" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("echo 'fatal: index file corrupt' >&2; exit 128", "index file corrupt"),
        ("kill -9 $$", "status -9"),
        ("printf 'a.sh\\0'; exit 3", "status 3"),
        ("yes 'warning: x' | head -c 3000000 >&2; exit 9", "failed: w"),
    ],
    ids=["a word", "killed", "half a list", "much to say"],
)
def test_a_git_that_fails_leaves_the_run_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, word: str
) -> None:
    fake_git(tmp_path / "bin", text)
    write(tmp_path / "root", {"a.sh": JOB})
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    with pytest.raises(IncompleteError, match=word):
        find(root=str(tmp_path / "root"), environ=CLEAN)


# --- the same as git, on trees made at random --------------------------------------------------------------

LETTERS = [
    b"a",
    b"B",
    b" ",
    b"\n",
    b"\t",
    b'"',
    b"'",
    b"\\",
    b"\xc3\xa9",
    b"\xff",
    b"*",
    b"-",
    b".",
    b"#",
    b"$",
    b"!",
]
CONTENTS = [
    JOB,
    b"",
    b"text\n",
    b"#SBATCH",
    b"#SBATC",
    b"x" * 5_000 + b"#SBATCH -n 1\n",
    b"#sbatch",
    b"#!/bin/sh\n",
]


@pytest.mark.parametrize("seed", range(12))
def test_files_and_mentions_are_those_that_git_sees(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    root = repository(tmp_path / "root", {})
    folders = [b""]
    for _ in range(80):
        name = b"".join(chance.choices(LETTERS, k=chance.randint(1, 6)))
        path = chance.choice(folders) + name
        if name in (b".", b"..") or b".git" in name or os.path.lexists(os.path.join(os.fsencode(root), path)):
            continue
        if chance.random() < 0.25:
            folders.append(path + b"/")
        else:
            write(root, {path: chance.choice(CONTENTS)})
    git(root, "add", "-A")
    write(root, {".gitignore": b"a*\n!*B\n", "late": JOB})
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split(b"\0")[:-1]
    grepped = git(root, "grep", "-lFz", "--untracked", "#SBATCH").split(b"\0")[:-1]
    found = find(root=str(root), environ=CLEAN)
    assert found.examined == len(set(listed))
    spoken = {os.fsencode(c.path) for c in (*found.scripts, *found.others)}
    assert spoken >= set(grepped)
    assert all(path in set(listed) for path in spoken)
    assert stat.S_ISDIR(root.stat().st_mode)
