"""gpu-not-requested fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "gpu-not-requested"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--mem=4G", body="nvidia-smi\npython a.py"), "no directive", id="nvidia-smi"),
        pytest.param(
            job("--partition=short", body="apptainer exec --nv a.sif python a.py"), "no directive", id="a container"
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
        pytest.param(job("--gres=gpu:1", body="nvidia-smi"), id="asked for"),
        pytest.param(job("--gpus-per-task=1", "-n 2", body="nvidia-smi"), id="asked for per task"),
        pytest.param(job("--partition=dgx", body="nvidia-smi"), id="a partition of GPUs"),
        pytest.param(job("--partition=a100-long", body="nvidia-smi"), id="a partition by model"),
        pytest.param(job("--exclusive", body="nvidia-smi"), id="the whole node"),
        pytest.param(job(body="export CUDA_VISIBLE_DEVICES=''\npython a.py"), id="switched off"),
        pytest.param(job("--constraint=v100", body="nvidia-smi"), id="a constraint"),
        pytest.param(job(body="python a.py"), id="no GPU"),
        pytest.param(job(body="# nvidia-smi\npython a.py"), id="in a comment"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
