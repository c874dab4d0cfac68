"""abbreviated-option fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "abbreviated-option"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--job=train"), "--job-name", id="a name"),
        pytest.param(job("--cpus-per-t 4"), "--cpus-per-task", id="with a blank"),
        pytest.param(job("--mem=1G --part=gpu"), "--partition", id="two on a line"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--job-name=train"), id="in full"),
        pytest.param(job("-J train"), id="a letter"),
        pytest.param(job("--tasks-per-node=4"), id="an alias that is a name"),
        pytest.param(job("--container-image=team/a:1"), id="an option of a plug-in"),
        pytest.param(job('"--job-name=a b"'), id="in quotes and in full"),
        pytest.param(job("--tasks=4"), id="misread, which has its own rule"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
