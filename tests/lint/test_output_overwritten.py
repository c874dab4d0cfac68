"""output-overwritten fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "output-overwritten"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--array=1-3", "--output=run.log"), "all 3 tasks", id="one name"),
        pytest.param(job("--array=1-3", "--output=run-%A.log"), "run-%A.log", id="the number of the array alone"),
        pytest.param(job("--array=1-3", "--output=%A_%a.out", "--error=run.err"), "run.err", id="errors"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--array=1-3", "--output=run-%A_%a.log"), id="by task"),
        pytest.param(job("--array=1-3", "--output=run-%j.log"), id="by job"),
        pytest.param(job("--array=1-3", "--output=run-%3a.log"), id="with zeros"),
        pytest.param(job("--array=1-3", "--output=run.log", "--open-mode=append"), id="appended"),
        pytest.param(job("--array=1-3", "--output=/dev/null"), id="thrown away"),
        pytest.param(job("--output=run.log"), id="no array"),
        pytest.param(job("--array=1-3"), id="the default name"),
        pytest.param(job("--array=7", "--output=run.log"), id="one task"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
