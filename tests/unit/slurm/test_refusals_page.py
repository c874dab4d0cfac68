"""The page of refusals says what is done: every line of its tables is read, and comes out as the table says."""

import pytest

from s2r_ci.model import Level, Script
from s2r_ci.slurm.job import read_script
from tools.refusals_page import FILES, PAGE, SECTIONS, file, page, read_as, script

STAGES = dict(zip((rows for _, _, rows in SECTIONS), ("parse", "parse", "verify", "controller"), strict=True))
ROWS = [(STAGES[rows], *row) for _, _, rows in SECTIONS for row in rows]


def test_the_page_is_the_one_that_its_tool_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make tables"


def test_the_page_has_rows_of_both_kinds() -> None:
    assert len({said for _, said, _, _ in ROWS}) > 80
    assert 15 < sum(bool(read_as(line)) for _, _, line, _ in ROWS) < len(ROWS) - 60


@pytest.mark.parametrize(("stage", "said", "line", "why"), ROWS, ids=[row[2] for row in ROWS])
def test_a_refused_line_is_read_as_meant_or_the_page_says_why_not(
    stage: str, said: str, line: str, why: str
) -> None:
    reading = read_script(Script(path="job.sh", data=script(line)))
    errors = [finding for finding in reading.findings if finding.level is Level.ERROR]
    assert reading.refused
    assert reading.header.stage == stage
    assert errors
    assert bool(reading.jobs) == (not why)
    assert all(("Read here as" in finding.message) == (not why) for finding in errors)


@pytest.mark.parametrize(("said", "text"), FILES, ids=[row[0] for row in FILES])
def test_a_file_that_sbatch_does_not_look_at_is_refused_with_a_reason(said: str, text: str) -> None:
    reading = read_script(Script(path="job.sh", data=file(text)))
    assert reading.header.stage == "read"
    assert not reading.jobs
    assert any(finding.level is Level.ERROR for finding in reading.findings)
