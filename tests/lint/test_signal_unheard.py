"""signal-unheard fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "signal-unheard"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--signal=B:USR1@60", body="python a.py"), "no trap", id="no trap"),
        pytest.param(
            job("--signal=B:USR1@60", body='trap "touch stop" USR1\npython a.py'), "&", id="the trap has to wait"
        ),
        pytest.param(job("--signal=USR1@60", body="python a.py"), "goes to steps", id="no step"),
        pytest.param(
            job("--signal=USR1@60", body='trap "touch stop" SIGUSR1\nsrun python a.py'),
            "traps it",
            id="the wrong ear",
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
        pytest.param(job("--signal=B:USR1@60", body='trap "touch stop" USR1\npython a.py &\nwait'), id="heard"),
        pytest.param(job("--signal=USR1@60", body="srun python a.py"), id="the step hears"),
        pytest.param(job("--signal=B:USR1@60", body="exec python a.py"), id="the shell becomes the program"),
        pytest.param(job(), id="nothing said"),
        pytest.param(
            job("--signal=B:USR1@60", body="import signal", first="#!/usr/bin/env python3"), id="a script of Python"
        ),
        pytest.param(job("--signal=B:CONT@60"), id="a signal nobody dies of"),
        pytest.param(
            job("--signal=B:USR1@60", body="source traps.env\npython a.py"), id="a file that may set the trap"
        ),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
