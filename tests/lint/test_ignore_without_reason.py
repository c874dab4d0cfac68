"""ignore-without-reason fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "ignore-without-reason"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--time=12:00 # s2r: ignore[value-misleading]"), "does not say why", id="behind the line"),
        pytest.param(
            job(body="# s2r: ignore[time-limit-missing]\npython a.py"), "does not say why", id="above the line"
        ),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            job("--time=12:00 # s2r: ignore[value-misleading] twelve minutes are enough"), id="with a reason"
        ),
        pytest.param(job("--time=12:00"), id="no such comment"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
