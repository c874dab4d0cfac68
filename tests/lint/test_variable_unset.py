"""variable-unset fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "variable-unset"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(
            job("--ntasks=1", body="export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK"),
            "--cpus-per-task",
            id="CPUs of a task",
        ),
        pytest.param(job("--nodes=2", body="mpirun -np $SLURM_NTASKS ./a"), "--ntasks", id="tasks"),
        pytest.param(job("--nodes=2", body="srun -n $SLURM_NTASKS ./a"), "--ntasks", id="tasks of a step"),
        pytest.param(
            job("--gres=gpu:4", body="python a.py --gpus ${SLURM_GPUS_PER_NODE}"),
            "--gpus-per-node",
            id="GPUs of a node, asked as gres",
        ),
        pytest.param(job("--mem-per-cpu=1G", body="./a --mem $SLURM_MEM_PER_NODE"), "--mem", id="memory of a node"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--cpus-per-task=4", body="export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK"), id="given"),
        pytest.param(job(body="export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}"), id="with a default"),
        pytest.param(
            job("--nodes=2", "--ntasks-per-node=4", body="mpirun -np $SLURM_NTASKS ./a"),
            id="tasks follow from those of a node",
        ),
        pytest.param(job(body='if [ -z "$SLURM_NTASKS" ]; then exit 1; fi; ./a $SLURM_NTASKS'), id="tested"),
        pytest.param(job(body='echo "tasks: $SLURM_NTASKS"'), id="only printed"),
        pytest.param(job(body="SLURM_NTASKS=4\n./a $SLURM_NTASKS"), id="set in the script"),
        pytest.param(job("--nodes=2", body="srun bash -c './a $SLURM_NTASKS'"), id="expanded in the step"),
        pytest.param(job(body="./a $SLURM_JOB_ID $SLURM_JOB_NODELIST"), id="always there"),
        pytest.param(
            job(body="import os\nn = os.environ.get('SLURM_NTASKS', 1)", first="#!/usr/bin/env python3"),
            id="Python has a default of its own",
        ),
        pytest.param(job(body="# uses $SLURM_NTASKS\n./a"), id="in a comment"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
