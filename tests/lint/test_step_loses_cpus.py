"""step-loses-cpus fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "step-loses-cpus"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--cpus-per-task=8", body="srun ./a"), "one CPU, not 8", id="srun alone"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script, release="22.05")
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--cpus-per-task=8", body="srun -c 8 ./a"), id="told again"),
        pytest.param(
            job("--cpus-per-task=8", body="export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK\nsrun ./a"),
            id="told by the environment",
        ),
        pytest.param(job("--cpus-per-task=8", body="./a"), id="no step"),
        pytest.param(job("--ntasks=4", body="srun ./a"), id="one CPU"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script, release="22.05") == []


def test_it_stays_silent_where_srun_takes_the_number_from_the_job() -> None:
    assert messages(RULE, job("--cpus-per-task=8", body="srun ./a"), release="24.11") == []
