"""nodes-without-launcher fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "nodes-without-launcher"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--nodes=4"), "python", id="Python"),
        pytest.param(job("-N 2", body="module load bio\nblastn -query a.fa -db nt"), "blastn", id="a tool"),
        pytest.param(
            job("--nodes=2", body="torchrun --nnodes=2 --nproc-per-node=4 a.py"),
            "torchrun in the batch shell",
            id="torchrun alone",
        ),
        pytest.param(
            job("--nodes=2", body='bash -c "accelerate launch --num_machines $SLURM_NNODES a.py"'),
            "srun --ntasks-per-node=1 accelerate",
            id="accelerate in a shell",
        ),
        pytest.param(
            job("--nodes=2", body="python -m torch.distributed.run a.py"), "first node alone", id="the module"
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
        pytest.param(job("--nodes=4", body="srun python a.py"), id="srun"),
        pytest.param(job("--nodes=4", "--ntasks-per-node=2", body="mpirun ./a"), id="mpirun"),
        pytest.param(job("--nodes=1"), id="one node"),
        pytest.param(
            job("--nodes=2", body="python a.py --hosts $SLURM_JOB_NODELIST"), id="the list of nodes is used"
        ),
        pytest.param(job("--nodes=2", body="ssh node2 python a.py"), id="ssh"),
        pytest.param(job("--nodes=2", body="./run_all.sh"), id="another script"),
        pytest.param(job("--nodes=2", body="charmrun a"), id="a program that reaches out"),
        pytest.param(job("--nodes=2", body="./solver"), id="a program of its own"),
        pytest.param(job("--nodes=2", body="$LAUNCH python a.py"), id="a variable"),
        pytest.param(job("--nodes=2", body="srun torchrun --nnodes=2 a.py"), id="srun torchrun"),
        pytest.param(
            job(
                "--nodes=2", body="for node in $(scontrol show hostnames); do ssh $node torchrun a.py & done; wait"
            ),
            id="torchrun by ssh",
        ),
        pytest.param(job("--nodes=1", body="torchrun --standalone a.py"), id="torchrun on its node"),
        pytest.param(job("--nodes=2", body="deepspeed --hostfile hosts a.py"), id="deepspeed reaches out"),
        pytest.param(job("--nodes=2", body="$LAUNCHER torchrun a.py"), id="torchrun behind a variable"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
