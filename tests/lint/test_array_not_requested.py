"""array-not-requested fires and stays silent."""

import pytest

from tests.lint.judged import Repository, job, messages

RULE = "array-not-requested"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--mem=1G", body="python a.py $SLURM_ARRAY_TASK_ID"), "--array", id="used without one"),
        pytest.param(job(body="echo $SLURM_ARRAY_TASK_COUNT"), "SLURM_ARRAY_TASK_COUNT", id="how many"),
        pytest.param(job(body='x=$(sed -n "${SLURM_ARRAY_TASK_ID}p" list.txt)'), "--array", id="a line of a file"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--array=1-3", body="python a.py $SLURM_ARRAY_TASK_ID"), id="asked for"),
        pytest.param(job(body="python a.py ${SLURM_ARRAY_TASK_ID:-0}"), id="with a default"),
        pytest.param(job(body='if [ -n "$SLURM_ARRAY_TASK_ID" ]; then echo array; fi'), id="tested"),
        pytest.param(job(), id="not used"),
        pytest.param(
            job(body="set -e\n#SBATCH --array=1-6\npython a.py $SLURM_ARRAY_TASK_ID"),
            id="it came too late, which is said",
        ),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []


@pytest.mark.parametrize(("option", "count"), [("--array=1-9", 0), ("-a", 0), ("--mem=1G", 1)])
def test_a_program_that_sends_the_script_as_an_array_is_enough(option: str, count: int) -> None:
    script = job(body="python a.py $SLURM_ARRAY_TASK_ID")
    assert len(messages(RULE, script, around=Repository(sent_with=option))) == count
