"""gpus-said-twice fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "gpus-said-twice"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--gres=gpu:2", "--gpus-per-node=4"), "--gpus-per-node=4", id="both of a node"),
        pytest.param(job("--gres=gpu:2", "--gpus=4"), "makes it 2 nodes", id="in all, on nodes that follow"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--gres=gpu:2"), id="once"),
        pytest.param(job("--nodes=2", "--gres=gpu:2", "--gpus=4"), id="nodes said"),
        pytest.param(job("--gpus=8", "--gpus-per-node=4"), id="in all and of a node"),
        pytest.param(job("--gres=tmpdisk:20", "--gpus=4"), id="another resource"),
        pytest.param(job("--nodes=1", "--gres=gpu:2", "--gpus=4"), id="refused anyway"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
