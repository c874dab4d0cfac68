"""rank-expanded-early fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "rank-expanded-early"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(
            job("--nodes=2", "--ntasks-per-node=1", body="srun torchrun --node-rank=$SLURM_NODEID a.py"),
            "SLURM_NODEID",
            id="a node's number",
        ),
        pytest.param(
            job("--ntasks=4", body='srun bash -c "./a --rank $SLURM_PROCID"'), "SLURM_PROCID", id="in double quotes"
        ),
        pytest.param(
            job("--nodes=2", "--ntasks-per-node=1", body="torchrun --node_rank=${SLURM_PROCID} a.py"),
            "SLURM_PROCID",
            id="without srun",
        ),
        pytest.param(
            job("--nodes=2", "--ntasks-per-node=1", body="export RANK=$SLURM_PROCID\nsrun python -u train.py"),
            "exports RANK",
            id="exported before the step",
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
        pytest.param(job("--ntasks=4", body="srun bash -c './a --rank $SLURM_PROCID'"), id="in single quotes"),
        pytest.param(job("--ntasks=4", body='srun bash -c "./a --rank \\$SLURM_PROCID"'), id="escaped"),
        pytest.param(job("--ntasks=1", body="srun ./a --rank $SLURM_PROCID"), id="one task"),
        pytest.param(job("--ntasks=4", body="srun -n 1 ./a --rank $SLURM_PROCID"), id="one task of many"),
        pytest.param(job("--ntasks=4", body="echo $SLURM_PROCID\nsrun ./a"), id="not in a step"),
        pytest.param(
            job("--ntasks=4", body="srun bash -c '\nexport RANK=$SLURM_PROCID\n./a\n'"), id="exported in the step"
        ),
        pytest.param(
            job("--ntasks=4", body="cat > run.sh <<'END'\nexport RANK=$SLURM_PROCID\n./a\nEND\nsrun bash run.sh"),
            id="exported in a script that the step runs",
        ),
        pytest.param(job("--ntasks=1", body="export RANK=$SLURM_PROCID\nsrun ./a"), id="exported for one task"),
        pytest.param(
            job("--ntasks=4", body="srun ./a\nexport RANK=$SLURM_PROCID\n./b"), id="exported behind the step"
        ),
        pytest.param(
            job("--ntasks=4", body="for SLURM_PROCID in 1 2; do srun -N1 ./a $SLURM_PROCID; done"),
            id="set in the script",
        ),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
