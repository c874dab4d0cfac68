"""value-swallowed fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "value-swallowed"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--job-name", "--mem=4G"), "line 3", id="the next line"),
        pytest.param(job("--job-name --mem=4G"), "--mem=4G", id="the next option"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--job-name train", "--mem=4G"), id="with its value"),
        pytest.param(job("--exclusive", "--mem=4G"), id="a flag"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
