"""mail-without-user fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "mail-without-user"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--mail-type=END,FAIL"), "login name", id="no address"),
        pytest.param(job("--mail-user=", "--mail-type=END"), "an empty --mail-user", id="empty"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--mail-type=END", "--mail-user=kim@physics.test"), id="with an address"),
        pytest.param(job("--mail-type=NONE"), id="never"),
        pytest.param(job(), id="neither"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
