"""short-option-equals fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "short-option-equals"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("-p=gpu"), "--partition=gpu", id="a partition"),
        pytest.param(job("-J=train"), "--job-name=train", id="a name"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("-p gpu"), id="a blank"),
        pytest.param(job("-pgpu"), id="glued"),
        pytest.param(job("--partition=gpu"), id="the long name"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
