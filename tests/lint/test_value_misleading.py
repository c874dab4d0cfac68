"""value-misleading fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "value-misleading"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--time=12:00"), "12 minutes", id="hours meant"),
        pytest.param(job("--gpus=gpu:2"), "--gpus=2", id="a type called gpu"),
        pytest.param(job("--tasks=4"), "--ntasks-per-node", id="tasks"),
        pytest.param(job("--nodes=4", "--ntasks=2"), "2 tasks cannot use 4 nodes", id="more nodes than tasks"),
        pytest.param(
            job("--time=12:00 # hours:minutes", "--partition=long"), "12 minutes", id="the author says hours"
        ),
        pytest.param(job("--time=10:00", "--partition=device"), "10 minutes", id="a partition that only begins so"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--time=12:00:00"), id="all three parts"),
        pytest.param(job("--time=1-12:00"), id="days and hours"),
        pytest.param(job("--gpus=a100:2"), id="a real type"),
        pytest.param(job("--partition=short", "--time=10:00"), id="on a partition for minutes"),
        pytest.param(job("--time=05:00", "--qos=debug"), id="of a quality for minutes"),
        pytest.param(job("--time=10:00 # 10 minutes"), id="the author says minutes"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
