"""array-ids-high fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "array-ids-high"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--array=1-5000"), "up to 5000", id="many tasks"),
        pytest.param(job("--array=2001,2002"), "2002", id="high numbers"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--array=0-1000"), id="up to the limit"),
        pytest.param(job("--array=1-10"), id="few"),
        pytest.param(job(), id="no array"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
