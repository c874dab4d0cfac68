"""tilde-in-directive fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "tilde-in-directive"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--output=~/logs/a.out"), "~/logs", id="a log"),
        pytest.param(job("-D ~/work"), "--chdir", id="a folder"),
        pytest.param(job("--chdir=~"), "~", id="home itself"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--output=/home/kim/a.out"), id="in full"),
        pytest.param(job("--output=a~b.out"), id="inside a name"),
        pytest.param(job(body="cd ~/work"), id="in the program"),
        pytest.param(job(), id="nothing"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
