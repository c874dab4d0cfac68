"""time-in-minutes fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "time-in-minutes"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--time=24"), "for 24 hours write --time=24:00:00", id="a day in hours"),
        pytest.param(job("-t 3600"), "--time=01:00:00", id="an hour in seconds"),
        pytest.param(job("--time=86400"), "60 days", id="a day in seconds"),
        pytest.param(job("--time=20000"), "13.9 days", id="more than a week"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--time=30"), id="half an hour"),
        pytest.param(job("--time=1440"), id="a day in minutes"),
        pytest.param(job("--time=10080"), id="a week in minutes"),
        pytest.param(job("--time=24:00:00"), id="with its parts"),
        pytest.param(job("--mem=1G"), id="none"),
        pytest.param(job("--time=120"), id="two hours in minutes"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
