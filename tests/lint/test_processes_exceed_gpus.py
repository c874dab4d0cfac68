"""processes-exceed-gpus fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "processes-exceed-gpus"
FOUR = "--gres=gpu:4"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(
            job(FOUR, body="torchrun --nproc-per-node=8 a.py"), "8 processes, and a node has 4 GPUs", id="="
        ),
        pytest.param(job(FOUR, body="torchrun --nproc_per_node 8 a.py"), "8 processes", id="a word of its own"),
        pytest.param(
            job("--gpus=1", body="python -m torch.distributed.run --nproc-per-node=2 a.py"),
            "has 1 GPU",
            id="module",
        ),
        pytest.param(job("-N 2", FOUR, body="srun torchrun --nproc-per-node=8 a.py"), "a node has 4", id="by srun"),
        pytest.param(job(FOUR, body="deepspeed --num_gpus=8 a.py"), "deepspeed starts 8", id="deepspeed"),
        pytest.param(
            job("-N 2", FOUR, body="accelerate launch --num_processes 16 a.py"), "the job has 8 GPUs", id="in all"
        ),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    [message] = messages(RULE, script)
    assert says in message


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job(FOUR, body="torchrun --nproc-per-node=4 a.py"), id="as many"),
        pytest.param(job(FOUR, body="torchrun --nproc-per-node=$N a.py"), id="a variable"),
        pytest.param(job(FOUR, body="torchrun --nproc-per-node=gpu a.py"), id="a word"),
        pytest.param(job("--ntasks=8", body="torchrun --nproc-per-node=8 a.py"), id="no GPU"),
        pytest.param(job(FOUR, body="accelerate launch --cpu --num_processes 8 a.py"), id="on CPUs"),
        pytest.param(job("-N 2", FOUR, body="accelerate launch --num_processes 8 a.py"), id="of two nodes"),
        pytest.param(job(FOUR, body="torchrun a.py --nproc-per-node=8"), id="the program's own"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
