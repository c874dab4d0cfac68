"""launcher-twice fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "launcher-twice"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--ntasks=8", body="srun mpirun ./a"), "8 times mpirun", id="mpirun"),
        pytest.param(
            job("--nodes=2", "--ntasks-per-node=4", body="srun torchrun --nproc-per-node=4 a.py"),
            "8 times torchrun",
            id="torchrun",
        ),
        pytest.param(
            job("--nodes=1", "hetjob", "--ntasks=12", body="srun --het-group=1 --ntasks=3 mpirun -n 3 ./a"),
            "3 times mpirun",
            id="in a heterogeneous job",
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
        pytest.param(
            job("--nodes=2", "--ntasks-per-node=1", body="srun torchrun --nproc-per-node=4 a.py"), id="once a node"
        ),
        pytest.param(
            job(
                "--nodes=2", "--ntasks-per-node=4", body="srun --ntasks-per-node=1 torchrun --nproc-per-node=4 a.py"
            ),
            id="told so",
        ),
        pytest.param(job("--ntasks=8", body="srun -n 1 mpirun ./a"), id="one task"),
        pytest.param(job("--ntasks=8", body="srun ./prepare\nmpirun ./a"), id="one after the other"),
        pytest.param(
            job("--nodes=2", "--ntasks-per-node=4", body="srun --ntasks=$SLURM_NNODES torchrun a.py"),
            id="a computed number",
        ),
        pytest.param(job("--ntasks=4", body="srun ray start --block"), id="ray"),
        pytest.param(
            job("--nodes=1", "hetjob", "--ntasks=12", body="srun --het-group=1 mpirun ./a"),
            id="in a heterogeneous job that says no number",
        ),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
