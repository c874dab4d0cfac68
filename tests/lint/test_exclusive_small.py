"""exclusive-small fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "exclusive-small"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--exclusive", "--ntasks=1", "--mem=2G"), "1 CPU", id="one CPU"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--exclusive", "--ntasks=1", "--mem=0"), id="all memory"),
        pytest.param(job("--exclusive", "--cpus-per-task=32", "--mem=2G"), id="many CPUs"),
        pytest.param(job("--exclusive"), id="nothing else said"),
        pytest.param(job("--exclusive", "--ntasks=1", "--mem=2G", "--gres=gpu:1"), id="GPUs"),
        pytest.param(job("--exclusive", "--nodes=2", "--ntasks=2", "--mem=2G"), id="several nodes"),
        pytest.param(job("--ntasks=1", "--mem=2G"), id="shared"),
        pytest.param(job("--exclusive=user", "--ntasks=1", "--mem=2G"), id="among one's own jobs"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
