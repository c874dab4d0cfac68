"""The page of refusals says what is done: every line of its table is read, and comes out as the table says."""

import re
from pathlib import Path

import pytest

from s2r_ci.model import Level, Script
from s2r_ci.slurm.job import read_script

PAGE = Path(__file__).parents[3] / "docs" / "refusals.md"
ROWS = [
    [cell.strip().strip("`") for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").split("\n")
    if re.match(r"\| (?!---|sbatch says)", line)
]


def test_the_page_has_rows_of_both_kinds() -> None:
    assert len(ROWS) > 20
    assert all(bool(meant) != bool(why) for _, _, meant, why in ROWS)
    assert 5 < sum(bool(meant) for _, _, meant, _ in ROWS) < len(ROWS) - 5


@pytest.mark.parametrize("row", ROWS, ids=[row[1] for row in ROWS])
def test_a_refused_line_is_read_as_the_page_says(row: list[str]) -> None:
    _, line, meant, _ = row
    reading = read_script(Script(path="job.sh", data=f"#!/bin/bash\n#SBATCH {line}\nsrun x\n".encode()))
    errors = [finding for finding in reading.findings if finding.level is Level.ERROR]
    assert reading.refused
    assert errors
    assert bool(reading.jobs) == bool(meant)
    if meant:
        assert all(finding.message.endswith(f"Read here as `#SBATCH {meant}`") for finding in errors)
