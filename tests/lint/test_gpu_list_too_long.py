"""gpu-list-too-long fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "gpu-list-too-long"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(
            job("--gres=gpu:2", body="export CUDA_VISIBLE_DEVICES=0,1,2,3\npython a.py"),
            "names 4 GPUs, the job gets 2",
            id="four of two",
        ),
        pytest.param(
            job("--gpus=1", body='CUDA_VISIBLE_DEVICES="0,1" python a.py'), "names 2 GPUs", id="before the command"
        ),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--gres=gpu:2", body="CUDA_VISIBLE_DEVICES=0,1 python a.py"), id="as many"),
        pytest.param(job("--gres=gpu:2", body="CUDA_VISIBLE_DEVICES=0 python a.py"), id="fewer"),
        pytest.param(
            job("--gres=gpu:1", "--exclusive", body="CUDA_VISIBLE_DEVICES=0,1 python a.py"), id="the whole node"
        ),
        pytest.param(job(body="CUDA_VISIBLE_DEVICES=0,1 python a.py"), id="none asked for"),
        pytest.param(job("--gres=gpu:1", body="CUDA_VISIBLE_DEVICES=$LIST python a.py"), id="computed"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
