"""unknown-directive fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "unknown-directive"


@pytest.mark.parametrize(
    ("script", "says", "release"),
    [
        pytest.param(job("--cpu-per-task=8"), "--cpus-per-task", "24.11", id="one letter short"),
        pytest.param(job("--cpus=8"), "ambiguous", "24.11", id="two options alike"),
        pytest.param(job("-gres=gpu:1"), "--gres", "24.11", id="one dash for two"),
        pytest.param(job("--segment=2"), "came with Slurm 24.05", "22.05", id="too new for the release"),
    ],
)
def test_it_fires(script: str, says: str, release: str) -> None:
    first, *others = messages(RULE, script, release=release)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--cpus-per-task=8"), id="known"),
        pytest.param(job("--container-image=team/a:1"), id="an option of a plug-in"),
        pytest.param(job("--workdir=/a"), id="gone, which has its own rule"),
        pytest.param(job("--mpi=pmix"), id="srun's, which has its own rule"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
