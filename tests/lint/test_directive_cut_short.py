"""directive-cut-short fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "directive-cut-short"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--time=24:00:00#SBATCH -c 8"), "line of its own", id="a second directive"),
        pytest.param(job("--job-name=run#7"), "#7", id="a hash inside a word"),
        pytest.param(job('"" --mem=4G'), "empty quoted word", id="empty quotes"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--time=24:00:00 # one day"), id="a comment"),
        pytest.param(job('--job-name="run#7"'), id="a quoted hash"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
