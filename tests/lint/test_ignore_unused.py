"""ignore-unused fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "ignore-unused"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(
            job("--time=12:00:00 # s2r: ignore[value-misleading] enough"),
            "value-misleading",
            id="nothing to silence",
        ),
        pytest.param(
            job("--time=12:00 # s2r: ignore[no-such-rule] enough"), "no-such-rule", id="a rule that is not there"
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
        pytest.param(job("--time=12:00 # s2r: ignore[value-misleading] enough"), id="used"),
        pytest.param(
            job("--mem=64 # s2r: ignore[memory-without-unit] a tiny job"), id="a rule of the linter alone"
        ),
        pytest.param(
            job("--mem=64G # s2r: ignore[question-open] nobody knows"), id="a rule that only check looks for"
        ),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
