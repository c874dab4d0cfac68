"""secret-in-script fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "secret-in-script"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job(body="export WANDB_API_KEY=" + "0123456789" * 4), "wandb", id="a key"),
        pytest.param(job("--comment=AKIA" + "Q" * 8 + "ABCDEFGH"), "", id="a key in a directive"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job(body="export WANDB_API_KEY=$(cat ~/.wandb)"), id="read from a file"),
        pytest.param(job(body="export WANDB_API_KEY=your-key-here"), id="a mark to fill in"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
