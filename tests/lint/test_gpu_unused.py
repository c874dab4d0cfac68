"""gpu-unused fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "gpu-unused"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(
            job("--gres=gpu:1", body="module load rsync\nrsync -a a b\ntar czf b.tgz b"), "rsync, tar", id="copies"
        ),
        pytest.param(
            job("--ntasks=16", "--ntasks-per-tres=4", body="rsync -a a b"), "rsync", id="GPUs that follow"
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
        pytest.param(job("--gres=gpu:1", body="python a.py"), id="a program"),
        pytest.param(job("--gres=gpu:1", body="nvidia-smi"), id="looks at it"),
        pytest.param(job(body="rsync -a a b"), id="no GPU"),
        pytest.param(job("--gres=gpu:1", body="srun hostname"), id="a step"),
        pytest.param(job("--gres=gpu:1", body="$CMD"), id="a variable may be anything"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
