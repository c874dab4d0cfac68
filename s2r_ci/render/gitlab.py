"""GitLab's Code Quality face: a JSON list, one entry a finding that stands."""

import json
from hashlib import sha256
from typing import Any, Final

from s2r_ci.model import Finding, Level, Report
from s2r_ci.render import Style
from s2r_ci.render.safe import printable
from s2r_ci.render.words import gravest_first, with_occurrence
from s2r_ci.wire import text

_SEVERITIES: Final = {Level.ERROR: "major", Level.WARNING: "minor", Level.NOTE: "info", Level.NONE: "info"}


def render(report: Report, style: Style) -> str:
    """The list; no two entries have one fingerprint, or GitLab would show only one of them."""
    told = with_occurrence(gravest_first(report.findings))
    return json.dumps([_entry(finding, mark) for finding, mark in told], indent=1) + "\n"


def _entry(finding: Finding, mark: str) -> dict[str, Any]:
    return {
        "description": printable(finding.message),
        "check_name": finding.rule.id,
        "fingerprint": sha256(mark.encode()).hexdigest(),
        "severity": _SEVERITIES[finding.level],
        "location": {"path": text(finding.location.path), "lines": {"begin": max(finding.location.line, 1)}},
    }
