"""dependency-pinned fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "dependency-pinned"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--dependency=afterok:4711"), "4711", id="one job"),
        pytest.param(job("-d afterany:4711:4712"), "4711", id="several"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--dependency=singleton"), id="by name"),
        pytest.param(job("--dependency=afterok:$ID"), id="a variable has its own rule"),
        pytest.param(job(), id="nothing"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
