"""variable-in-directive fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "variable-in-directive"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--output=$HOME/%j.out"), "$HOME/%j.out", id="a log"),
        pytest.param(job("--job-name=${RUN}"), "${RUN}", id="a name"),
        pytest.param(job("--job-name=`hostname`"), "hostname", id="a command"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--output=%u/%j.out"), id="patterns of sbatch"),
        pytest.param(job("--mem=4G", body="echo $HOME"), id="in the program"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
