"""Writes to a volume that is mounted read-only: asked about, and never called exact."""

import pytest

from s2r_ci.convert.rules import RulesConverter
from s2r_ci.model import ConversionResult, Disposition, Script, Site, Target, Volume
from s2r_ci.pipeline import walk

VOLUMES = {"/data": Volume(claim="data", read_only=True), "/shelf": Volume(claim="work")}
TARGET = Target(image="a/b:1", memory_mib=1024, working_directory="/shelf", site=Site(volumes=VOLUMES))


def converted(lines: tuple[str, ...], target: Target = TARGET) -> ConversionResult:
    data = "\n".join(["#!/bin/bash", *lines, ""]).encode()
    result = walk(Script(path="a.sh", data=data), target, RulesConverter()).result
    assert result is not None
    return result


@pytest.mark.parametrize(
    ("lines", "path"),
    [
        pytest.param(("#SBATCH -n 1", "echo x > /data/o.txt"), "/data/o.txt", id="a redirection"),
        pytest.param(("#SBATCH -n 1", "python a.py 2>> /data/e.log"), "/data/e.log", id="an appended one"),
        pytest.param(("#SBATCH -o /data/%j.out", "python a.py"), "/data/%j.out", id="the log"),
        pytest.param(("#SBATCH -n 1", "OUT=/data/res", "mkdir -p $OUT"), "/data/res", id="by a variable"),
        pytest.param(("#SBATCH -n 1", "cp /shelf/x /data/y"), "/data/y", id="a copy"),
        pytest.param(("#SBATCH -n 1", "fit --output-dir=/data/y"), "/data/y", id="an option for output"),
        pytest.param(("#SBATCH -n 1", 'fit --save_path "/data/y"'), "/data/y", id="an option for saving"),
    ],
)
def test_a_write_is_asked_about_and_is_not_exact(lines: tuple[str, ...], path: str) -> None:
    result = converted(lines)
    [question] = [question for question in result.questions if question.key == "read-only"]
    assert question.text.startswith(f"the script writes to {path}, and the volume of /data")
    assert question.answer.endswith('accepted = ["read-only"] }]')
    ends = [entry for entry in result.ledger if path in str(entry.item)]
    assert ends
    assert {entry.disposition for entry in ends} == {Disposition.NEEDS_ANSWER}


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(("#SBATCH -n 1", "cat /data/in > out.txt"), id="a read"),
        pytest.param(("#SBATCH -n 1", "cp /data/in /shelf/y"), id="a copy from there"),
        pytest.param(("#SBATCH -n 1", "fit --data=/data/in --out /shelf/y"), id="options"),
        pytest.param(("#SBATCH -n 1", "fit --data=/data/in --outliers=/data/z"), id="another word"),
        pytest.param(("#SBATCH -n 1", "fit --data=/data/in > /tmp/x"), id="the pod's own"),
        pytest.param(("#SBATCH -n 1", "ls /data # > /data/x"), id="a comment"),
    ],
)
def test_what_is_only_read_stays_exact(lines: tuple[str, ...]) -> None:
    result = converted(lines)
    assert not [question for question in result.questions if question.key == "read-only"]
    assert {e.disposition for e in result.ledger if str(e.item).startswith("/data")} <= {Disposition.EXACT}


def test_accepted_it_is_approximate() -> None:
    from dataclasses import replace

    result = converted(("#SBATCH -n 1", "echo x > /data/o.txt"), replace(TARGET, accepted=("read-only",)))
    assert not result.questions
    [entry] = [entry for entry in result.ledger if str(entry.item) == "/data/o.txt"]
    assert entry.disposition is Disposition.APPROXIMATE
    assert "a person has looked at it" in entry.reason


def test_a_container_engine_is_not_expressible_when_accepted_and_says_the_way_out() -> None:
    from dataclasses import replace

    result = converted(("#SBATCH -n 1", "docker run a/b:1 ls"), replace(TARGET, accepted=("container-engine",)))
    [entry] = [entry for entry in result.ledger if str(entry.item) == "a/b:1"]
    assert entry.disposition is Disposition.NOT_EXPRESSIBLE
    assert "this line fails there: let the script call the program itself" in entry.reason
    assert "not-expressible" in {note.rule.id for note in result.notes}
