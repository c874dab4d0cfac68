"""step-larger-than-job fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "step-larger-than-job"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--ntasks=4", body="srun -n 8 ./a"), "8 tasks", id="tasks"),
        pytest.param(job("--nodes=2", body="srun --nodes=4 ./a"), "4 nodes, the job has 2", id="nodes"),
        pytest.param(job("--ntasks=2", "-c 2", body="srun -n 2 -c 4 ./a"), "8 CPUs", id="CPUs"),
        pytest.param(job("--ntasks=4", body="mpirun -np 16 ./a"), "16 processes", id="mpirun"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--ntasks=4", body="srun -n 4 ./a"), id="as many"),
        pytest.param(job("--ntasks=4", body="srun -n 1 ./a"), id="fewer"),
        pytest.param(job("--ntasks=4", body="srun -n $N ./a"), id="a variable"),
        pytest.param(job("--ntasks=1", "--exclusive", body="srun -n 8 ./a"), id="the whole node"),
        pytest.param(job("--nodes=1", body="srun -n 8 ./a"), id="nothing said: the site may give whole nodes"),
        pytest.param(job("--ntasks=4", body="srun --overcommit -n 8 ./a"), id="overcommitted"),
        pytest.param(job("--ntasks=1", body="srun --jobid=$OTHER -n 8 ./a"), id="another job"),
        pytest.param(
            job("--cpus-per-task=8", "--ntasks=1", body="mpirun -np 8 ./a"), id="CPUs of one task for many"
        ),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
