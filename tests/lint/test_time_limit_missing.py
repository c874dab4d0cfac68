"""time-limit-missing fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "time-limit-missing"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--mem=1G"), "no --time", id="none"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--time=60"), id="said"),
        pytest.param(job("-t 1:00:00"), id="said by a letter"),
        pytest.param(job("--time=0"), id="no limit wished"),
        pytest.param(
            job(body="set -e\n#SBATCH --time=01:00:00\npython a.py"), id="it came too late, which is said"
        ),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
