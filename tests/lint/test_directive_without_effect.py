"""directive-without-effect fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "directive-without-effect"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--verbose"), "--verbose", id="verbose"),
        pytest.param(job("--wrap=hostname"), "--wrap", id="wrap"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--parsable"), id="parsable works"),
        pytest.param(job("--mem=4G"), id="nothing of the kind"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
