"""body-not-understood fires and stays silent."""

import pytest

from tests.lint.judged import job, messages

RULE = "body-not-understood"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job(body='for f in *.csv; do echo "$f"'), "grammar", id="a loop without end"),
        pytest.param(job(body='echo "a'), "grammar", id="a quote without end"),
    ],
)
def test_it_fires(script: str, says: str) -> None:
    first, *others = messages(RULE, script)
    assert says in first
    assert all(message != first for message in others)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(job(body='for f in *.csv; do echo "$f"; done'), id="a loop"),
        pytest.param(
            job(body="for f in range(3):\n    print(f)", first="#!/usr/bin/env python3"), id="a script of Python"
        ),
        pytest.param(
            job(body="srun python a.py \\\n  --x 1 \\").rstrip("\n"), id="a continuation that nothing follows"
        ),
        pytest.param(job(body="srun python a.py \\\n  --x 1 \\"), id="a continuation before the last line's end"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []
