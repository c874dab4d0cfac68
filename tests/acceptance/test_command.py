"""The command as a person meets it: its help, its exit codes, its answers to wrong words, its formats."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import GOOD, Repository, clean

VERBS = ["check", "write", "audit", "explain", "lint", "validate", "schema", "init", "rule", "doctor"]


def test_version(repository: Repository) -> None:
    done = repository.run("--version")
    assert (done.returncode, done.stdout) == (0, "s2r-scan 0.1.0\n")


def test_help_names_every_verb_and_exit_code(repository: Repository) -> None:
    done = repository.run("--help")
    assert done.returncode == 0
    for word in [*VERBS, "  70", "  130"]:
        assert word in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(repository: Repository, verb: str) -> None:
    done = repository.run(verb, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: s2r-scan")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--no-such-option"], "--no-such-option", id="option"),
        pytest.param(["no/such/path"], "no/such/path", id="path"),
        pytest.param(["--fail-on", "sometimes"], "sometimes", id="choice"),
        pytest.param(["--format", "sariff"], "sarif", id="format, the nearest named"),
        pytest.param(["--format", "json", "--format", "sarif"], "standard output", id="two to one place"),
        pytest.param(["--jobs", "many"], "many", id="number"),
        pytest.param(["--target", "nomad"], "kubernetes", id="target, the known ones named"),
        pytest.param(["--runai-release", "1.0"], "2.25", id="release"),
        pytest.param(["--slurm-version", "9"], "24.11", id="slurm"),
        pytest.param(["--changed-since", "no-such-rev"], "no-such-rev", id="revision"),
        pytest.param(["--baseline", "none.json"], "none.json", id="baseline"),
        pytest.param(["--config", "none.toml"], "none.toml", id="config"),
        pytest.param([".", ".."], "..", id="outside"),
        pytest.param(["rule", "gpu-count-change"], "gpu-count-changed", id="rule, the nearest named"),
        pytest.param(["schema", "none"], "none", id="schema"),
        pytest.param(["explain"], "explain needs", id="explain nothing"),
        pytest.param(["--files-from", "none"], "none", id="files-from"),
    ],
)
def test_wrong_words_end_with_two_and_say_what_is_right(
    repository: Repository, words: list[str], said: str
) -> None:
    repository.write("a.sh", GOOD)
    done = repository.run(*words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "hint:" in done.stderr or "one of" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('imagee = "x"\n', "image", id="unknown key"),
        pytest.param("image = 3\n", "image", id="wrong type"),
        pytest.param("image = \n", "s2r-ci.toml:1", id="syntax"),
        pytest.param('token = "x"\n', "environment", id="a secret"),
    ],
)
def test_wrong_settings_end_with_two(repository: Repository, text: str, said: str) -> None:
    repository.write("s2r-ci.toml", text)
    done = repository.run()
    assert done.returncode == 2
    assert said in done.stderr


def test_no_script_is_said_in_one_line(repository: Repository) -> None:
    done = repository.run()
    assert done.returncode == 0
    assert len(done.stdout.strip().splitlines()) == 1


def test_outside_git_a_folder_is_walked(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text(GOOD)
    words = [sys.executable, "-m", "s2r_ci", "audit", "--list"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True, env=clean())
    assert done.stdout.split() == ["batch-script", "a.sh"]


def test_from_a_subfolder_the_whole_repository_is_meant(repository: Repository) -> None:
    repository.write("a/one.sh", GOOD)
    repository.write("b/two.sh", GOOD)
    words = [sys.executable, "-m", "s2r_ci", "audit", "--list"]
    done = subprocess.run(words, cwd=repository.root / "a", capture_output=True, text=True, check=True, env=clean())
    assert "a/one.sh" in done.stdout
    assert "b/two.sh" in done.stdout


def test_paths_and_globs_narrow_the_run(repository: Repository) -> None:
    for name in ("a/one.sh", "a/two.sh", "b/three.sh"):
        repository.write(name, GOOD)

    def listed(*words: str, stdin: bytes | None = None) -> list[str]:
        out = repository.run("audit", "--list", *words, stdin=stdin).stdout
        return [line.split()[-1] for line in out.splitlines() if line.startswith("batch-script")]

    assert listed() == ["a/one.sh", "a/two.sh", "b/three.sh"]
    assert listed("a") == ["a/one.sh", "a/two.sh"]
    assert listed("a/one.sh", "b") == ["a/one.sh", "b/three.sh"]
    assert listed("--include", "a/*") == ["a/one.sh", "a/two.sh"]
    assert listed("--exclude", "**/two.sh") == ["a/one.sh", "b/three.sh"]
    assert listed("--files-from", "-", stdin=b"b/three.sh\0a/one.sh\0") == ["a/one.sh", "b/three.sh"]


def test_changed_since_looks_at_what_changed(repository: Repository) -> None:
    repository.write("old.sh", GOOD)
    repository.write("touched.sh", GOOD)
    before = repository.commit()
    repository.write("touched.sh", GOOD.replace("32G", "64G"))
    repository.write("new.sh", GOOD)
    done = repository.run("--format", "json", "--changed-since", before)
    assert [v["path"] for v in json.loads(done.stdout)["verdicts"]] == ["new.sh", "touched.sh"]


def test_changed_since_looks_at_a_manifest_that_changed_alone(repository: Repository) -> None:
    repository.write("a.sh", GOOD)
    repository.write("b.sh", GOOD)
    repository.run("write")
    before = repository.commit()
    manifest = repository.read("a.sh.runai.yaml")
    repository.write("a.sh.runai.yaml", manifest.replace('nvidia.com/gpu: "2"', 'nvidia.com/gpu: "1"'))
    done = repository.run("--format", "json", "--changed-since", before)
    assert done.returncode == 1
    assert [(v["path"], v["state"]) for v in json.loads(done.stdout)["verdicts"]] == [("a.sh", "edited")]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace("source:          a.sh", "source:          other.sh"), id="renamed"),
        pytest.param(
            lambda text: "".join(line for line in text.splitlines(True) if line[0] != "#"), id="no header"
        ),
        pytest.param(lambda text: None, id="deleted"),
    ],
)
def test_a_manifest_cannot_step_out_of_what_changed(
    repository: Repository, change: Callable[[str], str | None]
) -> None:
    repository.write("a.sh", GOOD)
    repository.write("b.sh", GOOD)
    repository.run("write")
    before = repository.commit()
    changed = change(repository.read("a.sh.runai.yaml"))
    if changed is None:
        (repository.root / "a.sh.runai.yaml").unlink()
    else:
        repository.write("a.sh.runai.yaml", changed.replace('nvidia.com/gpu: "2"', 'nvidia.com/gpu: "64"'))
    done = repository.run("--format", "json", "--reverify", "--changed-since", before)
    assert done.returncode == 1
    assert [v["path"] for v in json.loads(done.stdout)["verdicts"]] == ["a.sh"]


def test_the_manifest_of_what_is_no_script_any_more_is_a_finding(repository: Repository) -> None:
    repository.write("a.sh", GOOD)
    repository.run("write")
    repository.write("a.sh", GOOD + 'echo "{{ x }}"\n')
    said = repository.run("check").stdout
    assert (
        "a.sh.runai.yaml: warning[manifest-orphaned]: its script a.sh is no batch script any more (template)"
        in said
    )


def test_the_format_never_changes_the_verdict(repository: Repository) -> None:
    repository.write("a.sh", GOOD)
    for word in ("text", "json", "github", "sarif", "junit", "markdown", "gitlab"):
        assert repository.run("--format", word).returncode == 1, word
        assert repository.run("--format", word, "--allow-missing").returncode == 0, word


def test_several_formats_go_to_several_places(repository: Repository) -> None:
    repository.write("a.sh", GOOD)
    done = repository.run("--format", "sarif=out.sarif", "--format", "junit=out.xml")
    assert done.returncode == 1
    assert "1 script" in done.stdout  # text is there all the same
    assert json.loads(repository.read("out.sarif"))["version"] == "2.1.0"
    assert repository.read("out.xml").startswith("<?xml")


def test_a_report_replaces_reports_only(repository: Repository) -> None:
    repository.write("a.sh", GOOD)
    faces = ("json", "sarif", "junit", "markdown", "gitlab", "text")
    for word in faces:
        for _ in range(2):
            assert repository.run("--allow-missing", "--format", f"{word}=out.{word}").returncode == 0, word
    repository.write("README.md", "# My project\n")
    done = repository.run("--allow-missing", "--format", "json=README.md")
    assert done.returncode == 2
    assert repository.read("README.md") == "# My project\n"
    assert repository.run("--allow-missing", "--overwrite", "--format", "json=README.md").returncode == 0


def test_a_report_that_cannot_be_written_is_five(repository: Repository) -> None:
    repository.write("a.sh", GOOD)
    done = repository.run("--allow-missing", "--format", "json=no/such/folder/x.json")
    assert done.returncode == 5
    assert "no/such/folder/x.json" in done.stderr


def test_a_baseline_fails_only_on_what_is_new(repository: Repository) -> None:
    repository.write("a.sh", GOOD)
    assert repository.run("--format", "json=base.json").returncode == 1
    assert repository.run("--baseline", "base.json").returncode == 0
    repository.write("b.sh", GOOD)
    done = repository.run("--baseline", "base.json", "--format", "json")
    assert done.returncode == 1
    open_ones = [f for f in json.loads(done.stdout)["findings"] if f["level"] == "error" and not f["suppression"]]
    assert {f["path"] for f in open_ones} == {"b.sh"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_a_full_output_is_told_by_the_exit_code(repository: Repository) -> None:
    repository.write("a.sh", GOOD)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "s2r_ci", "--allow-missing"],
            cwd=repository.root,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            env=clean(),
        )
    assert done.returncode == 5
    assert b"Traceback" not in done.stderr


def test_a_reader_that_left_gets_no_traceback(repository: Repository) -> None:
    repository.write("a.sh", GOOD)
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-m", "s2r_ci"]
    done = subprocess.run(
        words, cwd=repository.root, stdout=writer, stderr=subprocess.PIPE, check=False, env=clean()
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (5, b"")


def test_one_unreadable_script_does_not_hide_the_next(repository: Repository) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    repository.write("a.sh", GOOD).chmod(0)
    repository.write("b.sh", GOOD)
    done = repository.run("--format", "json")
    assert done.returncode == 3
    assert [v["path"] for v in json.loads(done.stdout)["verdicts"] if v["state"] == "missing"] == ["b.sh"]


def test_one_script_from_a_subfolder_is_current_to_check(repository: Repository) -> None:
    repository.write("jobs/a.sh", GOOD)
    words = [sys.executable, "-c", "import sys; from s2r_ci.cli.single import main; sys.exit(main())", "jobs/a.sh"]
    done = subprocess.run(words, cwd=repository.root, capture_output=True, check=True, env=clean())
    repository.write("jobs/a.sh.runai.yaml", done.stdout)
    report = json.loads(repository.run("--format", "json").stdout)
    assert [v["state"] for v in report["verdicts"]] == ["current"]


def test_a_closed_output_is_no_bug(repository: Repository) -> None:
    command = f"exec {sys.executable} -m s2r_ci --allow-missing >&-"
    done = subprocess.run(
        ["sh", "-c", command], cwd=repository.root, stderr=subprocess.PIPE, check=False, env=clean()
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_rule_schema_doctor(repository: Repository) -> None:
    assert "How to put it right" in repository.run("rule", "gpu-count-changed").stdout
    assert "gpu-count-changed" in repository.run("rule").stdout
    names = repository.run("schema").stdout.split()
    assert names
    for name in names:
        assert "$schema" in json.loads(repository.run("schema", name).stdout)
    doctor = repository.run("doctor")
    assert doctor.returncode == 0
    assert "registry.example.com/ml/train:1.0" in doctor.stdout
    assert "made-up" not in repository.run("doctor", S2R_TOKEN="made-up-0123").stdout


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("gpu-count-changed", "# s2r: ignore[gpu-count-changed] the reason"),
        ("late-directive", "# s2r: ignore[late-directive] the reason"),
        ("policy-violated", "no comment can"),
        ("manifest-invalid", "no comment can"),
        ("manifest-missing", "no comment can"),
        ("file-unreadable", "no comment can"),
        ("script-refused", "no comment makes a manifest"),
        ("heterogeneous-job", "no comment makes a manifest"),
    ],
)
def test_a_rule_says_whether_a_comment_silences_it(repository: Repository, rule: str, said: str) -> None:
    (line,) = (text for text in repository.run("rule", rule).stdout.splitlines() if "To silence it" in text)
    assert said in line


def test_a_rule_shows_a_line_it_is_found_on_and_what_the_repair_writes(repository: Repository) -> None:
    said = repository.run("rule", "short-option-equals").stdout
    assert ">   2 | #SBATCH -p=gpu\n" in said
    assert "lint --fix writes: #SBATCH -p gpu\n" in said
    assert "lint --fix" not in repository.run("rule", "time-in-minutes").stdout  # a person has to say
    assert "for example" not in repository.run("rule", "manifest-stale").stdout


@pytest.mark.parametrize("rule", ["secret-in-script", "hidden-characters"])
def test_a_rule_shows_no_secret_and_nothing_that_hides(repository: Repository, rule: str) -> None:
    said = repository.run("rule", rule).stdout
    assert "0123456789" not in said
    assert said.isascii()


def test_validate_names_file_and_line(repository: Repository) -> None:
    repository.write("jobs/train.sh", GOOD)
    repository.run("write")
    manifest = "jobs/train.sh.runai.yaml"
    assert repository.run("validate", manifest).returncode == 0
    repository.write("bad.yaml", repository.read(manifest).replace("restartPolicy: Never", "restartPolicy: Newer"))
    repository.write("worse.yaml", "a: 1\na: 2\n")
    done = repository.run("validate", manifest, "bad.yaml", "worse.yaml")
    assert done.returncode == 1
    assert "bad.yaml:" in done.stdout
    assert "restartPolicy" in done.stdout
    assert "worse.yaml" in done.stdout


def test_validate_finds_the_manifests_of_a_folder_and_of_the_repository(repository: Repository) -> None:
    repository.write("jobs/train.sh", GOOD)
    repository.write("other/train.sh", GOOD)
    repository.write("notes/config.yaml", "a: 1\na: 2\n")
    empty = repository.run("validate")
    assert (empty.returncode, empty.stdout) == (2, "")
    assert "no manifest here" in empty.stderr
    repository.run("write")
    assert "2 scripts: 2 passed" in repository.run("validate").stdout
    assert "1 script: 1 passed" in repository.run("validate", "jobs").stdout
    assert "2 scripts: 2 passed" in repository.run("validate", "jobs/train.sh.runai.yaml", ".").stdout
    assert repository.run("validate", "notes").returncode == 2
    assert repository.run("validate", "--files-from", "/dev/null").returncode == 0  # nothing changed: nothing to do


def test_lint_speaks_of_the_script_alone(repository: Repository) -> None:
    repository.write("a.sh", GOOD)
    assert repository.run("lint").returncode == 0
    repository.write("b.sh", GOOD.replace("#SBATCH --mem=32G", "#SBATCH --memm=32G"))
    done = repository.run("lint")
    assert done.returncode == 1
    assert "b.sh:6" in done.stdout
    assert "manifest-missing" not in done.stdout


def test_init_shows_first_and_writes_after_a_yes(repository: Repository) -> None:
    repository.write("a.sh", GOOD)
    (repository.root / "s2r-ci.toml").unlink()
    before = repository.tree()
    assert repository.run("init", "--dry-run").returncode == 0
    assert repository.run("init").returncode == 2  # no terminal to ask on
    assert repository.tree() == before
    done = repository.run("init", "--yes")
    assert done.returncode == 0
    new = set(repository.tree()) - set(before)
    assert new == {"s2r-ci.toml", ".github/workflows/s2r.yml", ".pre-commit-config.yaml"}
    assert repository.run("audit").returncode == 0  # what was proposed can be read
    again = repository.tree()
    assert repository.run("init", "--yes").returncode == 0
    assert repository.tree() == again


def test_a_hostile_name_cannot_speak_to_the_runner(repository: Repository) -> None:
    hostile = ["::error::x.sh", "a\n::add-mask::y.sh", "##[add-mask]z.sh", "b\r::set-output::q.sh", "\x1b[31m.sh"]
    for name in hostile:
        repository.write(name, GOOD)
    done = repository.run("--format", "github")
    assert done.returncode == 1
    for line in done.stdout.replace("\r", "\n").split("\n"):
        assert not line.strip().lower().startswith(("::add-mask", "::set-output"))
        assert "##[" not in line
        if line.strip().startswith("::error"):
            assert line.startswith(("::error file=", "::error title=")), line


def single(repository: Repository, script: bytes) -> "subprocess.CompletedProcess[str]":
    """What ``s2r`` says of a script on its standard input."""
    call = "from s2r_ci.cli.single import main; raise SystemExit(main())"
    done = subprocess.run(
        [sys.executable, "-c", call], cwd=repository.root, input=script.decode(), text=True, capture_output=True,
        check=False, env=clean(),
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_a_script_of_standard_input_is_called_so(repository: Repository) -> None:
    made = single(repository, b"#!/bin/bash\n#SBATCH -t 60 --mem=4G\nsrun hostname\n")
    assert made.returncode == 0, made.stderr
    assert "source:          stdin\n" in made.stdout
    refused = single(repository, b"#!/bin/bash\n#SBATCH --nodez=1\nsrun hostname\n")
    assert refused.returncode == 1
    assert "stdin:2" in refused.stderr
    assert "job.sh" not in made.stdout + refused.stderr


def test_the_settings_that_init_proposes_count_a_single_script_as_one(repository: Repository) -> None:
    (repository.root / "s2r-ci.toml").unlink()
    repository.write("jobs/one.sh", "#!/bin/bash\n#SBATCH -t 60\nsrun hostname\n")
    said = repository.run("init", "--dry-run").stdout
    assert "answers a question of 1 script\n" in said
    assert " 1 scripts" not in said
