"""time-limit-long fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "time-limit-long"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--time=30-00:00:00"), "30 days", id="a month"),
        pytest.param(job("--time=UNLIMITED"), "no limit", id="no limit"),
        pytest.param(job("--time=0"), "no limit", id="zero"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--time=7-00:00:00"), id="a week"),
        pytest.param(job("--time=60"), id="an hour"),
        pytest.param(job(), id="nothing said"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
