"""variable-unknown fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "variable-unknown"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job(body="mkdir runs/$SLURM_JOBNAME"), "SLURM_JOB_NAME", id="an underscore too few"),
        pytest.param(job(body="./a $SLURM_NUM_NODES"), "SLURM_JOB_NUM_NODES", id="number of nodes"),
        pytest.param(job("--array=1-3", body="./a $SLURM_ARRAY_ID"), "SLURM_ARRAY_TASK_ID", id="array"),
        pytest.param(job(body="./a $SLURM_JOB_NODELSIT"), "SLURM_JOB_NODELIST", id="a slip"),
        pytest.param(
            job(body="orion --workers $SBATCH_CPUS_PER_GPU"), "SLURM_CPUS_PER_GPU", id="a name that sbatch reads"
        ),
        pytest.param(
            job(body="cat > conf <<EOF\nworkers: $SBATCH_CPUS_PER_TASK\nEOF"),
            "SLURM_CPUS_PER_TASK",
            id="in a here-document",
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
        pytest.param(job(body="./a $SLURM_JOB_NAME"), id="known"),
        pytest.param(job(body="./a $SLURM_OUR_SITE_COLOUR"), id="of the site"),
        pytest.param(job(body="SLURM_JOBNAME=a\n./a $SLURM_JOBNAME"), id="set in the script"),
        pytest.param(job(body="./a $SLURM_JOB_NODELIST_HET_GROUP_0"), id="of a component"),
        pytest.param(job(body="sbatch $SBATCH_ACCOUNT a.sh"), id="an option by environment"),
        pytest.param(job(body="./a ${SLURM_NUM_NODES:-1}"), id="with a default"),
        pytest.param(job(body="sbatch -A $SBATCH_ACCOUNT next.sh"), id="one that a profile may set"),
        pytest.param(job(body="SBATCH_JOB_NAME=x\necho a$SBATCH_JOB_NAME"), id="one that the script sets"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
