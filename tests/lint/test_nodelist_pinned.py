"""nodelist-pinned fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "nodelist-pinned"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--nodelist=node12"), "node12", id="one"),
        pytest.param(job("-w node[01-03]"), "node[01-03]", id="a range"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--exclude=node12"), id="excluded"),
        pytest.param(job("--nodelist=/data/nodes"), id="a file"),
        pytest.param(job(), id="nothing"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
