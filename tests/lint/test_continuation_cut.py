"""continuation-cut fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "continuation-cut"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job(body="srun ./solver \\ \n  --steps 100"), "line 3", id="a blank"),
        pytest.param(job(body="python fit.py \\\n  --a 1 \\\t\n  --b 2"), "line 4", id="a tab, further down"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job(body="srun ./solver \\\n  --steps 100"), id="a continuation"),
        pytest.param(job(body='echo "a \\ \nb"'), id="in quotes"),
        pytest.param(job(body="cat > x.sh <<EOF\nsrun a \\ \n b\nEOF"), id="in a here-document"),
        pytest.param(job(body="ls one\\ two"), id="a blank in a name"),
        pytest.param(job(body="# srun ./solver \\ \npython a.py"), id="a comment"),
        pytest.param(job(body="srun ./solver \\ \n\n./next"), id="nothing follows"),
        pytest.param(job(body="srun ./solver \\\\ \n./next"), id="a backslash that is meant"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
