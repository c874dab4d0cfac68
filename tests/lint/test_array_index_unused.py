"""array-index-unused fires and stays silent."""

import pytest

from tests.lint.judged import Repository, job, messages

RULE = "array-index-unused"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        pytest.param(job("--array=1-10"), "10 times", id="nothing names it"),
        pytest.param(job("--array=1-10", body="sleep 5"), "nothing uses the index", id="no program of its own"),
        pytest.param(
            job("--array=1-10", body="Rscript fit.R data.csv"), "unless `fit.R` reads", id="a program that may"
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
        pytest.param(job("--array=1-10", body="python a.py $SLURM_ARRAY_TASK_ID"), id="used"),
        pytest.param(
            job(
                "--array=1-10",
                body="import os\nprint(os.environ['SLURM_ARRAY_TASK_ID'])",
                first="#!/usr/bin/env python3",
            ),
            id="used by Python",
        ),
        pytest.param(job("--array=1-10%1"), id="one after the other: a chain"),
        pytest.param(job("--array=0"), id="a single task"),
        pytest.param(job(), id="no array"),
    ],
)
def test_it_stays_silent(script: str) -> None:
    assert messages(RULE, script) == []


def test_it_stays_silent_where_the_called_program_reads_the_index() -> None:
    around = Repository(texts={"fit.py": b"import os\nfold = os.environ['SLURM_ARRAY_TASK_ID']\n"})
    assert messages(RULE, job("--array=1-10", body="python fit.py"), around=around) == []


def test_it_fires_where_the_called_program_does_not() -> None:
    around = Repository(texts={"fit.py": b"print(1)\n"})
    (said,) = messages(RULE, job("--array=1-10", body="python fit.py"), around=around)
    assert "unless `fit.py` reads SLURM_ARRAY_TASK_ID" in said
