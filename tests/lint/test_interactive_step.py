"""interactive-step fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "interactive-step"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job(body="srun --pty bash"), "terminal", id="a terminal"),
        pytest.param(job(body="salloc -n 4 ./a"), "allocation", id="an allocation"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job(body="srun bash a.sh"), id="a step"),
        pytest.param(job(body="srun ./a --pty"), id="the program's own word"),
        pytest.param(job(body="# srun --pty bash\n./a"), id="in a comment"),
        pytest.param(job(body="echo salloc first\n./a"), id="told"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
