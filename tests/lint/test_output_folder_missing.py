"""output-folder-missing fires and stays silent."""

import pytest

from tests.lint.judged import Repository, job, messages

RULE = "output-folder-missing"
AROUND = Repository("there")


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--output=logs/%j.out"), "no folder logs", id="not there"),
        pytest.param(job("--error=err/a/%j.err"), "err/a", id="errors"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script, around=AROUND)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--output=there/%j.out"), id="there"),
        pytest.param(job("--output=%j.out"), id="no folder"),
        pytest.param(job("--output=/scratch/%j.out"), id="absolute"),
        pytest.param(job("--chdir=/shelf/a", "--output=logs/%j.out"), id="another start"),
        pytest.param(job("--output=/dev/null"), id="thrown away"),
        pytest.param(job("--output=%x/%j.out"), id="by pattern"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script, around=AROUND) == []


def test_a_folder_that_the_script_makes_is_told_by_another_rule() -> None:
    script = job("--output=logs/%j.out", "--error=logs/%j.err", body="mkdir -p logs\npython a.py")
    assert messages(RULE, script, around=Repository()) == []
