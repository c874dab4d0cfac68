"""foreign-directive fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "foreign-directive"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--time=60", body="#PBS -l walltime=01:00:00\npython a.py"), "", id="PBS"),
        pytest.param(job("--time=60", body="#BSUB -J other\npython a.py"), "", id="BSUB"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job("--ignore-pbs", body="#PBS -l walltime=01:00:00\npython a.py"), id="told to ignore them"),
        pytest.param(job(body="##PBS -l walltime=01:00:00\npython a.py"), id="switched off"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
