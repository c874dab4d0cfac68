"""srun-only-option fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "srun-only-option"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--mpi=pmix"), "srun --mpi", id="mpi"),
        pytest.param(job("--label"), "srun --label", id="label"),
        pytest.param(job("--cpu-bind=cores"), "srun --cpu-bind", id="binding"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job(body="srun --mpi=pmix ./a"), id="given to srun"),
        pytest.param(job("--distribution=block"), id="of both"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
