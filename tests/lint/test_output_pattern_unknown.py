"""output-pattern-unknown fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "output-pattern-unknown"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--output=run-%d.log"), "`%d`", id="a date"),
        pytest.param(job("--output=run-%"), "`%`", id="at the end"),
        pytest.param(job("--error=%Q.err"), "`%Q`", id="errors"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--output=%A_%a_%j_%J_%N_%n_%s_%t_%u_%x_%b.log"), id="all that there are"),
        pytest.param(job("--output=100%%.log"), id="a percent sign"),
        pytest.param(job("--output=%5a.log"), id="with zeros"),
        pytest.param(job("--output=a.log"), id="none"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
