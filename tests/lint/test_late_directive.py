"""late-directive fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "late-directive"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job(body="set -e\n#SBATCH --gres=gpu:1\npython a.py"), "line 2", id="behind set -e"),
        pytest.param(job(body="X=1\n\n# remark\n#SBATCH --mem=4G"), "line 2", id="behind an assignment"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job(body="# remark\n\n#SBATCH --mem=4G\npython a.py"), id="behind comments and blank lines"),
        pytest.param(
            job(body="cat > a.sh <<EOF\n#!/bin/bash\n#SBATCH --mem=4G\nEOF"),
            id="in another script that this one writes",
        ),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
