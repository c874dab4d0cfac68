"""background-without-wait fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "background-without-wait"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job(body="python serve.py &"), "kills it", id="the last line"),
        pytest.param(job(body="for i in 1 2; do\n  srun -n1 ./a $i &\ndone"), "kills it", id="a loop"),
        pytest.param(job(body="./a &\necho started"), "kills it", id="then a word"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job(body="./a &\nwait"), id="waits"),
        pytest.param(job(body="./a &\np=$!\nwait $p"), id="waits for one"),
        pytest.param(job(body="ray start --block &\nsleep 5\npython a.py"), id="works on"),
        pytest.param(job(body="make &&\n  ./a"), id="both must do"),
        pytest.param(job(), id="nothing behind"),
        pytest.param(job(body="cat > b.sh <<EOF\n./a &\nEOF"), id="in another script"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
