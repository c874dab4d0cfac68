"""output-folder-late fires and stays silent."""

import pytest

from tests.lint.judged import Repository, job, messages

RULE = "output-folder-late"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(
            job("--output=logs/%j.out", body="mkdir -p logs\npython a.py"), "makes logs", id="made in the script"
        ),
        pytest.param(
            job("--error=./err/%j.err", body="set -e; mkdir err out\npython a.py"), "makes err", id="errors"
        ),
        pytest.param(job("-o /scratch/a/%j.out", body="mkdir -p /scratch/a"), "/scratch/a", id="absolute"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--output=logs/%j.out", body="mkdir -p results\npython a.py"), id="another folder"),
        pytest.param(job("--output=%j.out", body="mkdir -p logs"), id="no folder"),
        pytest.param(job(body="mkdir -p logs"), id="nothing said"),
        pytest.param(job("--output=logs/%j.out", body="# mkdir -p logs\npython a.py"), id="only in a comment"),
        pytest.param(job("--output=%x/%j.out", body="mkdir -p logs"), id="a folder by pattern"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []


def test_a_folder_of_both_logs_is_told_once() -> None:
    (said,) = messages(RULE, job("--output=logs/%j.out", "--error=logs/%j.err", body="mkdir -p logs"))
    assert "logs/%j.out" in said


def test_it_stays_silent_where_the_repository_holds_the_folder() -> None:
    script = job("--output=logs/%j.out", body="mkdir -p logs")
    assert messages(RULE, script, around=Repository("logs")) == []
