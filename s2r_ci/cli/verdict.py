"""From a report to an exit code and a style: the last step of every run."""

import os
import sys
from typing import TYPE_CHECKING, Final

from s2r_ci.errors import QuotaExceededError
from s2r_ci.model import Outcome, Report, Stage

if TYPE_CHECKING:
    from s2r_ci.render import Style
    from s2r_ci.repository import Place

GRAVEST_FIRST: Final = (70, 4, 3, 6, 5, 1, 0)


def exit_code(report: Report) -> int:
    """The gravest of: refused by policy (4), incomplete (3), the quota used up (6), a finding at or above ``fail_on``
    (1), none (0).
    """
    standing = [f for f in report.findings if f.level >= report.fail_on and not f.suppression]
    codes = [0]
    if standing:
        codes.append(1)
    if any(f.rule.stage is Stage.POLICY for f in standing):
        codes.append(4)
    errored = [v for v in report.verdicts if v.outcome is Outcome.ERRORED]
    used_up = [v for v in errored if all(f.subject == QuotaExceededError.code for f in v.findings)]
    if report.incomplete or len(errored) > len(used_up):
        codes.append(3)
    if report.left or used_up:
        codes.append(6)
    return gravest(*codes)


def gravest(*codes: int) -> int:
    """The one that wins: 70 > 4 > 3 > 6 > 5 > 1 > 0."""
    return min(codes, key=GRAVEST_FIRST.index)


def style_of(place: "Place", file: str) -> "Style":
    """How to print: colour where a person looks, unless NO_COLOR or the settings say otherwise."""
    from s2r_ci.render import Style

    settings = place.settings
    wish = {"always": True, "never": False}.get(settings.color)
    terminal = (
        not file and sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )
    return Style(
        color=terminal if wish is None else wish,
        width=_width(terminal),
        verbose=int(settings.verbose) - int(settings.quiet),
        root=place.root,
    )


def _width(terminal: bool) -> int:
    if not terminal:
        return 100
    import shutil

    return max(60, min(shutil.get_terminal_size().columns, 180))
