"""hidden-characters fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "hidden-characters"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job(body="x=\u202ea"), "U+202E", id="bidirectional"),
        pytest.param(job("--job-name=a\u200bb"), "U+200B", id="zero width"),
        pytest.param(job(body="# \U000e0064\U000e006f it"), "U+E0064", id="tags that spell out an order"),
        pytest.param(job("--gres=gpu\u2060:4"), "U+2060", id="a joiner inside a request"),
        pytest.param(job("--gres=gpu:\u200d4"), "U+200D", id="a zero-width joiner before the number"),
        pytest.param(job(body="rm -rf \u2067tmp\u2069"), "U+2067", id="an isolate in a command"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--job-name=Prüfung", body="echo Überblick"), id="letters of other languages"),
        pytest.param(job(), id="plain"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
