"""counts-as-number fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "counts-as-number"
TWO = ("--nodes=2", "--ntasks-per-node=4")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param("mpirun -n $SLURM_TASKS_PER_NODE ./a", "4(x2)", id="a launcher's number"),
        pytest.param('srun -n "${SLURM_TASKS_PER_NODE}" ./a', "SLURM_NTASKS_PER_NODE?", id="braces and quotes"),
        pytest.param("srun torchrun --nproc_per_node=$SLURM_TASKS_PER_NODE a.py", "no number", id="an option"),
        pytest.param("srun a.py --num-workers $SLURM_JOB_CPUS_PER_NODE", "SLURM_CPUS_ON_NODE?", id="workers"),
        pytest.param("export OMP_NUM_THREADS=$SLURM_JOB_CPUS_PER_NODE", "SLURM_CPUS_ON_NODE?", id="threads"),
        pytest.param("srun a.py $((SLURM_JOB_CPUS_PER_NODE / 2))", "SLURM_CPUS_ON_NODE?", id="arithmetic"),
        pytest.param('let "all = 2 * ${SLURM_TASKS_PER_NODE}"', "no number", id="let"),
        pytest.param("export WORLD_SIZE=$SLURM_TASKS_PER_NODE", "no number", id="the size of the world"),
        pytest.param("srun a.py $(( $SLURM_TASKS_PER_NODE * 2 ))", "no number", id="arithmetic with a dollar"),
    ],
)
def test_it_fires(body: str, says: str) -> None:
    (message,) = messages(RULE, job(*TWO, body=body))
    assert says in message


def test_it_names_the_variable_that_is_set_alone() -> None:
    (message,) = messages(RULE, job("-N 2", "-n 8", body="mpirun -n $SLURM_TASKS_PER_NODE ./a"))
    assert "did you mean" not in message


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            job("--ntasks=4", body="mpirun -n $SLURM_TASKS_PER_NODE ./a"), id="nothing says several nodes"
        ),
        pytest.param(job("--nodes=1-2", body="mpirun -n $SLURM_TASKS_PER_NODE ./a"), id="one node may do"),
        pytest.param(job(*TWO, body="mpirun -n ${SLURM_TASKS_PER_NODE%%(*} ./a"), id="cut at the bracket"),
        pytest.param(
            job(*TWO, body="NPROCS=$SLURM_TASKS_PER_NODE\nmpirun -n ${NPROCS%(*} ./a"), id="cut a line further"
        ),
        pytest.param(
            job(*TWO, body="OMP_NUM_THREADS=$(echo $SLURM_JOB_CPUS_PER_NODE | cut -d'(' -f1)"),
            id="cut by a program",
        ),
        pytest.param(job(*TWO, body="echo tasks: $SLURM_TASKS_PER_NODE"), id="printed"),
        pytest.param(
            job(*TWO, body="echo WORLD: SLURM_TASKS_PER_NODE=$SLURM_TASKS_PER_NODE"), id="printed by name"
        ),
        pytest.param(job(*TWO, body="N=$((${SLURM_TASKS_PER_NODE%%[!0-9]*} * 2))"), id="cut in arithmetic"),
        pytest.param(job(*TWO, body='[ -n "$SLURM_TASKS_PER_NODE" ] && srun ./a'), id="asked whether it is set"),
        pytest.param(
            job(*TWO, body="python hosts.py --list $SLURM_TASKS_PER_NODE"), id="an option of another kind"
        ),
        pytest.param(job(*TWO, body="SLURM_TASKS_PER_NODE=4\nsrun -n $SLURM_TASKS_PER_NODE ./a"), id="set by hand"),
        pytest.param(job(*TWO, body="srun -n $SLURM_NTASKS ./a"), id="the number of all"),
        pytest.param(job(*TWO, body="srun a --nproc $SLURM_CPUS_ON_NODE"), id="the number of one node"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
