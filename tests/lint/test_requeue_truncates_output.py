"""requeue-truncates-output fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "requeue-truncates-output"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--requeue"), "append", id="requeue"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--requeue", "--open-mode=append"), id="appended"),
        pytest.param(job("--no-requeue"), id="never again"),
        pytest.param(job("--requeue", "--no-requeue"), id="taken back"),
        pytest.param(job(), id="nothing said"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
