"""One issue that shows where every script stands, updated in place; a tick asks for a script's pull request.

It is found by its memory, a comment at its end, in an issue that our own account opened or whose text we wrote. A tick
stands until the pull request is there.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from s2r_ci.model import Outcome, Verdict
from s2r_ci.patterns import lazy
from s2r_ci.publish.github_api import GitHub
from s2r_ci.publish.groups import key_of
from s2r_ci.publish.pull_request import REFUSED, Pull
from s2r_ci.render.markdown import code
from s2r_ci.render.safe import shown_path
from s2r_ci.render.words import count, gravest_first

TITLE: Final = "s2r-ci: where the Slurm batch scripts stand"
_MARKER: Final = "<!-- s2r-ci dashboard -->"
_ROW: Final = lazy(r"^- \[([ xX])\] <!-- ([a-z0-9-]+) -->", re.MULTILINE)
_LONGEST: Final = 60_000
_STATES: Final = {
    "created": "pull request open",  # the same in the next run, which would otherwise write the issue again
    "updated": "pull request open",
    "unchanged": "pull request open",
    "waiting": "waits for room",
    "closed": "pull request closed",
}


class Dashboard(NamedTuple):
    """The issue as it is; ``number`` 0: there is none."""

    number: int = 0
    body: str = ""
    ticked: frozenset[str] = frozenset()  # keys of scripts


def read_dashboard(gh: GitHub) -> Dashboard:
    """Find the issue. Pull requests are issues too, to GitHub, and are passed over."""
    for issue in gh.pages("issues", state="open"):
        body = issue["body"] or ""
        if issue["title"] == TITLE and _MARKER in body and "pull_request" not in issue:
            ticked = frozenset(key for tick, key in _ROW.findall(body) if tick in "xX")
            return Dashboard(int(issue["number"]), body.replace("\r\n", "\n"), ticked)
    return Dashboard()


def wanted_of(dashboard: Dashboard, scripts: Sequence[str]) -> frozenset[str]:
    """The scripts that somebody ticked."""
    return frozenset(path for path in scripts if key_of(path, "script") in dashboard.ticked)


def keep_dashboard(gh: GitHub, dashboard: Dashboard, verdicts: Sequence[Verdict], pulls: Sequence[Pull]) -> int:
    """Write the issue where it says something else; returns its number."""
    body = dashboard_body(verdicts, pulls)
    if dashboard.number and dashboard.body.strip() == body.strip():
        return dashboard.number
    if dashboard.number:
        gh.write("PATCH", f"issues/{dashboard.number}", {"body": body}, done=lambda: None)
        return dashboard.number
    made: Mapping[str, Any] = gh.write("POST", "issues", {"title": TITLE, "body": body}, done=lambda: _found(gh))
    return int(made["number"])


def _found(gh: GitHub) -> Mapping[str, Any] | None:
    there = read_dashboard(gh)
    return {"number": there.number} if there.number else None


def dashboard_body(verdicts: Sequence[Verdict], pulls: Sequence[Pull]) -> str:
    """The whole text, at most 60,000 characters."""
    of_script = {path: pull for pull in pulls for path in pull.group.scripts}
    waiting = sum(pull.operation == "waiting" for pull in pulls)
    head = (
        f"{count(len(verdicts), 'batch script')}. A tick asks for the pull request of a script, also where "
        "one was closed before; it counts at the next run.\n"
    )
    if waiting:
        head += f"\n{count(waiting, 'pull request')} wait until others are merged or closed.\n"
    rows = [_row(verdict, of_script.get(verdict.path)) for verdict in sorted(verdicts, key=lambda v: v.path)]
    kept, room = [], _LONGEST - len(head) - 200
    for row in rows:
        room -= len(row)
        if room < 0:
            break
        kept.append(row)
    left = f"\n{len(rows) - len(kept)} more have no room here.\n" if len(kept) < len(rows) else ""
    return f"{head}\n{''.join(kept)}{left}\n{_MARKER}\n"


def _row(verdict: Verdict, pull: Pull | None) -> str:
    told = _state(verdict, pull)
    number = f" #{pull.number}" if pull and pull.number else ""
    return f"- [ ] <!-- {key_of(verdict.path, 'script')} --> {code(shown_path(verdict.path))}: {told}{number}\n"


def _state(verdict: Verdict, pull: Pull | None) -> str:
    if verdict.outcome >= Outcome.FAILED:
        rule = next((f"{finding.rule.id}" for finding in gravest_first(verdict.findings)), "")
        return f"{verdict.outcome.word} ({rule})" if rule else verdict.outcome.word
    if pull is None:
        return "current" if verdict.outcome > Outcome.SKIPPED else "skipped"
    if pull.operation == "unchanged" and not pull.number:
        return "refused" if pull.why == REFUSED else "left alone"
    return _STATES[pull.operation]
