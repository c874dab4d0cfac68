"""removed-option fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "removed-option"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--workdir=/scratch/a"), "write --chdir", id="workdir"),
        pytest.param(job("--share"), "write --oversubscribe", id="share"),
        pytest.param(job("--checkpoint=60"), "Slurm 19.05 was the last", id="the release it went"),
        pytest.param(job("--x11"), "srun or salloc", id="X11"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--chdir=/scratch/a"), id="its successor"),
        pytest.param(job("--cpu-per-task=4"), id="never known"),
        pytest.param(job("--oversubscribe"), id="still known"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
