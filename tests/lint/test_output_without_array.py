"""output-without-array fires and stays silent."""

import pytest

from tests.lint.judged import Repository, job, messages

RULE = "output-without-array"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--output=fit-%A_%a.log"), "4294967294", id="both patterns"),
        pytest.param(job("--error=%x.%3a.err", "--output=%x.out"), "%3a", id="of the errors"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--output=fit-%A_%a.log", "--array=1-3"), id="an array"),
        pytest.param(job("--output=fit-%j.log"), id="the number of the job"),
        pytest.param(job("--output=fit-%A.log"), id="the number of the array alone"),
        pytest.param(
            job("--output=fit-%a.log", body="python a.py $SLURM_ARRAY_TASK_ID"),
            id="the script reckons with an array",
        ),
        pytest.param(
            job("--output=fit-%a.log", body="# sbatch --array=1-9 fit.sh\npython a.py"),
            id="the comment says how it is sent",
        ),
        pytest.param(
            job("--output=fit-%a.log", body="set -e\n#SBATCH -a 1-3\npython a.py"), id="an array that came too late"
        ),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []


def test_it_stays_silent_where_a_program_sends_the_script_as_an_array() -> None:
    script = job("--output=fit-%A_%a.log")
    assert messages(RULE, script, around=Repository(sent_with="--array=0-$N")) == []
