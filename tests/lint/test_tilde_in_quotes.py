"""tilde-in-quotes fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "tilde-in-quotes"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job(body='cd "~/work"'), "~/work", id="a folder"),
        pytest.param(job(body="DATA='~/data'"), "~/data", id="an assignment"),
        pytest.param(job(body='./a --out="~/out"'), "~/out", id="an option"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job(body="cd ~/work"), id="bare"),
        pytest.param(job(body='cd "$HOME/work"'), id="HOME"),
        pytest.param(job(body='echo "~/work"'), id="told"),
        pytest.param(job(body="sed 's~a~b~' x"), id="a pattern"),
        pytest.param(job(body='ssh node "~/a.sh"'), id="on another machine"),
        pytest.param(job(body='# cd "~/work"\n./a'), id="in a comment"),
        pytest.param(job(body='cd "~kim/work"'), id="somebody else\\'s"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
