"""mail-without-type fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "mail-without-type"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--mail-user=kim@physics.test"), "kim@physics.test", id="no type"),
        pytest.param(job("--mail-user=kim@physics.test", "--mail-type=NONE"), "no mail", id="NONE"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--mail-user=kim@physics.test", "--mail-type=END"), id="with a type"),
        pytest.param(job(), id="neither"),
        pytest.param(job("--mail-type=END"), id="a type alone"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
