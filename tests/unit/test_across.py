"""What only a look over the whole run tells: workloads of one name, and options with which a program sends a script."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from s2r_ci.model import Finding, Outcome, Report
from s2r_ci.session import check

HEAD = "#!/bin/bash\n#SBATCH --mem=4G\n#SBATCH --time=60\n"
JOB = HEAD + "#SBATCH --job-name={name}\necho done\n"


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """An empty repository whose image is known, and the working directory in it."""
    place = tmp_path / "repository"
    place.mkdir()
    (place / "s2r-ci.toml").write_text('image = "team/train:1"\n')
    subprocess.run(["git", "init", "-q", str(place)], check=True)
    before = Path.cwd()
    os.chdir(place)
    yield place
    os.chdir(before)


def fill(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def told(report: Report, rule: str) -> list[Finding]:
    return [finding for finding in report.findings if finding.rule.id == rule]


# --- files that were named ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "told_of"),
    [
        ("t.sh", HEAD + "echo {{ name }}\n", "not converted, a template: "),
        ("g.py", "#!/usr/bin/env python3\nprint('#SBATCH -n 1')\n", "not converted, a generator: "),
        ("l.sh", "#!/bin/sh\n#sbatch --mem=4G\n", "not converted, a look-alike: "),
        ("d.md", "# Use\n    #SBATCH -n 1\n", ""),
        ("x.sh", "#!/bin/sh\ntrue\n", ""),  # a hook names every file that changed
        ("job.sh", JOB.format(name="job"), ""),
    ],
)
def test_a_file_that_was_named_and_left_alone_is_answered_for(
    root: Path, name: str, text: str, told_of: str
) -> None:
    fill(root, {name: text})
    messages = [finding.message for finding in told(check({"paths": [name], "allow-missing": True}), "named-aside")]
    assert len(messages) == bool(told_of)
    assert all(message.startswith(told_of) for message in messages)
    assert not told(check({"allow-missing": True}), "named-aside")


# --- workloads of one name ---------------------------------------------------------------------------------

TWINS = {"a.sh": JOB.format(name="train"), "b/a.sh": JOB.format(name="train"), "c.sh": JOB.format(name="Train")}


@pytest.mark.parametrize("target", ["kubernetes", "kai", "v2alpha1", "rest", "cli"])
def test_scripts_that_become_one_workload_are_told_when_written_and_when_current(root: Path, target: str) -> None:
    fill(root, TWINS)
    for verb in ("write", "check"):
        report = check({"target": target}, verb=verb)
        [finding] = told(report, "workloads-collide")
        assert finding.location.path == "a.sh"
        assert "b/a.sh, c.sh" in finding.message
    assert {verdict.state for verdict in report.verdicts} == {"current"}


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"a.sh": JOB.format(name="one"), "b.sh": JOB.format(name="two")}, id="two names"),
        pytest.param(
            {
                "a.sh": JOB.format(name="train"),
                "b.sh": JOB.format(name="train").replace("echo", "#SBATCH -N 2\nsrun torchrun x.py; echo"),
            },
            id="two kinds",
        ),
        pytest.param(
            {
                "a.sh": JOB.format(name="train"),
                "b.sh": JOB.format(name="train").replace("echo", "#SBATCH --account=lab\necho"),
                "s2r-ci.toml": 'image = "team/train:1"\n[site]\naccounts = { lab = "vision" }\n',
            },
            id="two projects",
        ),
        pytest.param(
            {"a.sh": JOB.format(name="train"), "b.sh": "#!/bin/sh\n#SBATCH -J train --nope\n"}, id="no job"
        ),
    ],
)
def test_workloads_that_do_not_meet_are_not_told(root: Path, files: dict[str, str]) -> None:
    fill(root, files)
    assert not told(check({"allow-missing": True}), "workloads-collide")


def test_an_answer_gives_one_of_them_another_name(root: Path) -> None:
    fill(root, {name: text for name, text in TWINS.items() if name != "c.sh"})
    answer = '[[answers]]\nscripts = "b/a.sh"\noptions = ["--job-name=train-b"]\n'
    (root / "s2r-ci.toml").write_text(f'image = "team/train:1"\n{answer}')
    assert not told(check({"allow-missing": True}), "workloads-collide")


def test_a_collision_is_a_warning_that_fails_where_warnings_do(root: Path) -> None:
    fill(root, TWINS)
    assert check({"allow-missing": True}).outcome is Outcome.PASSED
    report = check({"allow-missing": True, "fail-on": "warning"})
    assert {v.path: v.outcome for v in report.verdicts}["a.sh"] is Outcome.FAILED


# --- options on the command line ---------------------------------------------------------------------------


def sent(root: Path, files: dict[str, str], settings: str = "") -> Report:
    fill(root, {"job.sh": JOB.format(name="job"), **files})
    (root / "s2r-ci.toml").write_text(f'image = "team/train:1"\n{settings}')
    return check({"allow-missing": True})


@pytest.mark.parametrize(
    ("files", "said", "answer"),
    [
        pytest.param(
            {"Makefile": "all:\n\t@sbatch --time=2:00:00 -c 4 job.sh\n"},
            "Makefile:2 sends it with --time=2:00:00 --cpus-per-task=4, which counts",
            'options = ["--time=2:00:00", "--cpus-per-task=4"]',
            id="a makefile",
        ),
        pytest.param(
            {"run.sh": "#!/bin/bash\nsbatch --array=1-$N --mem=8G job.sh\n"},
            "run.sh:2 sends it with --mem=8G --array=1-$N, which counts",
            'options = ["--mem=8G"]',
            id="what only the run decides",
        ),
        pytest.param(
            {"run.sh": "#!/bin/bash\nj=$(sbatch --parsable job.sh)\nsbatch --dependency=afterok:$j job.sh\n"},
            "run.sh:3 sends it with --dependency=afterok:$j, which counts",
            'accepted = ["calls"]',
            id="an order",
        ),
        pytest.param(
            {"go/run.sh": "#!/bin/sh\ncd ..\nsbatch --mem=8G job.sh\nsbatch --mem=16G ../job.sh\n"},
            "go/run.sh:3 sends it with --mem=8G, go/run.sh:4 sends it with --mem=16G, which count over",
            'options = ["--mem=8G"]',
            id="two calls that differ",
        ),
        pytest.param(
            {"run.sh": "#!/bin/bash\nSBATCH_TIMELIMIT=5 sbatch job.sh\n"},
            "run.sh:2 sends it with --time=5, which counts",
            'options = ["--time=5"]',
            id="the environment of the call",
        ),
    ],
)
def test_a_script_that_is_sent_otherwise_than_it_stands_waits_for_an_answer(
    root: Path, files: dict[str, str], said: str, answer: str
) -> None:
    report = sent(root, files)
    [verdict] = [verdict for verdict in report.verdicts if verdict.path == "job.sh"]
    assert verdict.outcome is Outcome.REVIEW
    [question] = verdict.questions
    assert question.key == "calls"
    assert question.text.startswith(said)
    assert question.answer == f'answers = [{{ scripts = "job.sh", {answer} }}]'
    [finding] = told(report, "sent-otherwise")
    assert finding.location.path in files
    assert finding in verdict.findings


@pytest.mark.parametrize(
    ("files", "settings"),
    [
        pytest.param({"run.sh": "#!/bin/bash\nsbatch job.sh\n"}, "", id="without options"),
        pytest.param(
            {"run.sh": "#!/bin/bash\nsbatch --parsable -W --mail-type=END job.sh\n"}, "", id="sbatch's own"
        ),
        pytest.param(
            {"run.sh": "#!/bin/bash\nsbatch --time=1:00:00 --mem=4096M job.sh\n"}, "", id="the script's own"
        ),
        pytest.param({"run.sh": "#!/bin/bash\nsbatch job.sh --mem=8G $X\n"}, "", id="the script's arguments"),
        pytest.param({"run.sh": "#!/bin/bash\nsbatch --mem=8G other.sh\n"}, "", id="another script"),
        pytest.param({"run.sh": "#!/bin/bash\necho sbatch --mem=8G job.sh\nsbatch job.sh\n"}, "", id="an echo"),
        pytest.param({"run.py": "#!/usr/bin/env python3\nrun('sbatch --mem=8G job.sh')\n"}, "", id="a string"),
        pytest.param(
            {"run.sh": "#!/bin/bash\nsbatch --mem=8G job.sh\n"},
            '[[answers]]\nscripts = "job.sh"\noptions = ["--mem=8G"]\n',
            id="answered",
        ),
        pytest.param(
            {"run.sh": "#!/bin/bash\nsbatch --mem=8G job.sh\nsbatch --mem=16G job.sh\n"},
            '[[answers]]\nscripts = "job.sh"\noptions = ["--mem=16G"]\n',
            id="one of two answered",
        ),
        pytest.param(
            {"run.sh": "#!/bin/bash\nsbatch --mem=8G job.sh\n"},
            '[[answers]]\nscripts = "job.sh"\naccepted = ["calls"]\n',
            id="accepted",
        ),
        pytest.param(
            {
                "run.sh": "#!/bin/bash\nsbatch --mem=8G job.sh\n",
                "job.sh": JOB.format(name="job") + "# s2r: accepted=calls\n",
            },
            "",
            id="accepted in the script",
        ),
    ],
)
def test_a_script_that_is_sent_as_it_stands_or_was_answered_for_asks_nothing(
    root: Path, files: dict[str, str], settings: str
) -> None:
    report = sent(root, files, settings)
    assert not told(report, "sent-otherwise")
    assert not told(report, "answer-unused")
    assert {verdict.outcome for verdict in report.verdicts} == {Outcome.PASSED}


def test_an_answer_that_no_call_matches_leaves_the_question_open(root: Path) -> None:
    files = {"run.sh": "#!/bin/bash\nsbatch --mem=8G job.sh\n"}
    report = sent(root, files, '[[answers]]\nscripts = "job.sh"\noptions = ["--mem=12G"]\n')
    assert [finding.location.line for finding in told(report, "sent-otherwise")] == [2]
