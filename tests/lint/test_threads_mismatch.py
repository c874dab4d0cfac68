"""threads-mismatch fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "threads-mismatch"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(
            job("--cpus-per-task=4", body="export OMP_NUM_THREADS=16\n./a"),
            "a task has 4 CPUs",
            id="more threads than CPUs",
        ),
        pytest.param(job("--ntasks=1", body="export MKL_NUM_THREADS=8\n./a"), "a task has 1 CPU", id="one CPU"),
        pytest.param(
            job("--ntasks=4", "-c 2", body="export OMP_NUM_THREADS=8\nsrun ./a"),
            "OMP_NUM_THREADS=8",
            id="in every task",
        ),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--cpus-per-task=4", body="export OMP_NUM_THREADS=4\n./a"), id="as many"),
        pytest.param(job("--cpus-per-task=4", body="export OMP_NUM_THREADS=1\nsrun ./a"), id="fewer"),
        pytest.param(
            job("--cpus-per-task=4", body="export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK\n./a"), id="as Slurm says"
        ),
        pytest.param(job("--exclusive", "--ntasks=1", body="export OMP_NUM_THREADS=64\n./a"), id="the whole node"),
        pytest.param(job(body="export OMP_NUM_THREADS=64\n./a"), id="nothing said of CPUs"),
        pytest.param(
            job("--ntasks=8", "-c 1", body="export OMP_NUM_THREADS=8\n./a"),
            id="one process over the CPUs of all tasks",
        ),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
