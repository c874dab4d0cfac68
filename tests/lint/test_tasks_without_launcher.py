"""tasks-without-launcher fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "tasks-without-launcher"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(
            job("--ntasks=8", body="export OMP_NUM_THREADS=8\n./solver"), "--cpus-per-task=8", id="OpenMP"
        ),
        pytest.param(job("-n 16", body="bwa mem -t 16 ref.fa reads.fq"), "`-t 16`", id="an option"),
        pytest.param(
            job("-N 1", "--ntasks-per-node=4", body="export OMP_NUM_THREADS=4\n./solver"),
            "--ntasks-per-node=4",
            id="tasks of a node",
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
        pytest.param(job("--ntasks=8", body="export OMP_NUM_THREADS=8\nsrun ./solver"), id="srun"),
        pytest.param(job("--ntasks=8", body="mpirun ./solver"), id="mpirun"),
        pytest.param(job("--cpus-per-task=8", body="export OMP_NUM_THREADS=8\n./solver"), id="CPUs of a task"),
        pytest.param(job("--ntasks=8", body="export OMP_NUM_THREADS=1\n./solver"), id="one thread"),
        pytest.param(job("--ntasks=8", body="./solver -t 8 --ranks $SLURM_NTASKS"), id="hands the number on"),
        pytest.param(
            job("--ntasks=8", body="export OMP_NUM_THREADS=8\nbash run.sh"), id="another script may launch"
        ),
        pytest.param(job("--ntasks=8", body="orca a.inp -t 8"), id="a program that launches"),
        pytest.param(job("--ntasks=8", body="./a -t 8 &\nwait"), id="work in the background"),
        pytest.param(job("--ntasks=8", body="./solver"), id="nothing of threads"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
