"""The page of transcripts shows every mode and every situation, and holds nothing of the machine that recorded it."""

import re

import pytest

from s2r_ci.action.inputs import MODES
from s2r_ci.action.situation import _PRIVILEGED
from tools.transcripts import CASES, LIFE, PAGE, plain

TEXT = PAGE.read_text()


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_is_shown(mode: str) -> None:
    assert any(case.given.get("mode", "check") == mode for case in CASES)


@pytest.mark.parametrize("event", ["push", "pull_request", "schedule", "merge_group", *_PRIVILEGED])
def test_every_event_is_shown(event: str) -> None:
    assert f"Event `{event}`" in TEXT


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_every_situation_has_its_section_with_exit_code_and_output(case: object) -> None:
    title = re.escape(case.title)  # type: ignore[attr-defined]
    assert re.search(rf"## {title}\n\nEvent `.*exit code \d+, outcome `\w+`.*\n\n```\n(?:s2r: |::)", TEXT)


@pytest.mark.parametrize("act", LIFE, ids=lambda act: act.title)
def test_every_step_of_a_life_has_its_row(act: object) -> None:
    row = f"| {act.title} | {act.code} |"  # type: ignore[attr-defined]
    assert row in TEXT


def test_nothing_of_the_machine_is_left() -> None:
    assert plain(TEXT) == TEXT
    assert "Traceback" not in TEXT
    assert not re.search(r"/(?:tmp|home|root|work)/", TEXT)
