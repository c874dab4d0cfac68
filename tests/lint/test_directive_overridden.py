"""directive-overridden fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "directive-overridden"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--mem=4G", "--mem=8G"), "line 3", id="twice"),
        pytest.param(job("-J one", "--job-name=two"), "line 3", id="short and long"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--mem=4G"), id="once"),
        pytest.param(job("--contiguous", "--contiguous"), id="a flag twice"),
        pytest.param(job("--mem=4G", "hetjob", "--mem=8G"), id="one for each component"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
