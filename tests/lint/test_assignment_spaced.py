"""assignment-spaced fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "assignment-spaced"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job(body="STEPS = 100\npython fit.py --steps $STEPS"), "STEPS", id="a number"),
        pytest.param(job(body="N = $(($SLURM_NNODES-1))\nsrun -n ${N} ./a"), "write N=", id="a sum"),
        pytest.param(job(body='OUT ="runs"\nmkdir -p "$OUT"'), "OUT", id="a blank before it"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job(body="STEPS=100\npython fit.py --steps $STEPS"), id="an assignment"),
        pytest.param(job(body="NAME = value"), id="a name that nothing reads"),
        pytest.param(job(body="[ $A = 1 ] && echo $A\ntest $A = 1"), id="a comparison"),
        pytest.param(job(body='python -c "\nx = 1\nprint($x)\n"'), id="a program in quotes"),
        pytest.param(job(body="cat > a.ini <<EOF\nSTEPS = $STEPS\nEOF"), id="a here-document"),
        pytest.param(job(body="awk '\nx = 1 { print $x }' a.txt"), id="a program of awk"),
        pytest.param(job(body="if [[ $a == b ]]; then\n  a= run\nfi"), id="an empty variable for one command"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
