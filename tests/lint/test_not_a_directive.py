"""not-a-directive fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "not-a-directive"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job(body="#Sbatch --mem=4G\npython a.py"), "capitals", id="capitals"),
        pytest.param(job(body="# SBATCH --mem=4G\npython a.py"), "blanks", id="a blank behind the hash"),
        pytest.param(job(body=" #SBATCH --mem=4G\npython a.py"), "blanks", id="a blank before the hash"),
        pytest.param(
            job(body="#S\u0412ATCH --mem=4G\npython a.py"), "look like", id="a letter of another alphabet"
        ),
        pytest.param(job(body="#SBTACH --mem=4G\npython a.py"), "SBTACH", id="letters swapped"),
        pytest.param(job(body="#SLURM -c 2\npython a.py"), "SLURM", id="another word"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job(body="##SBATCH --mem=4G\npython a.py"), id="switched off with two hashes"),
        pytest.param(job(body="# #SBATCH --mem=4G\npython a.py"), id="switched off with a hash and a blank"),
        pytest.param(job(body="# sbatch reads the lines above\npython a.py"), id="prose"),
        pytest.param(job(body="# sbatch --mem=4G train.sh\npython a.py"), id="how to call it"),
        pytest.param(
            job("--mem=4G", "--time=10:00:00", body="# SBATCH --array=1-3\npython a.py"),
            id="switched off among others",
        ),
        pytest.param(job(body="#SLURM is what runs this\npython a.py"), id="prose about Slurm"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
