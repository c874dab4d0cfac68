"""Time limits that are missing, very long, or in another unit than was meant."""

import re
from collections.abc import Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.lint.case import Case, found, number
from s2r_ci.model import Finding

_LONG_S: Final = 7 * 86_400
_MOST_MINUTES: Final = 10_080  # a week
_HOURS: Final = frozenset({24, 48, 72, 96, 168})
_SECONDS: Final = frozenset({3_600, 86_400})


def minutes_are_meant(case: Case, finding: Finding) -> bool:
    """Whether a remark says that ``--time=10:00`` is meant as it is read."""
    said = case.directives.get("time")
    return (
        finding.rule is rules.VALUE_MISLEADING
        and finding.subject == "time"
        and said is not None
        and re.search(r"\bm(?:m:ss|in(?:s|ute)?)", case.remark(said)) is not None
        and re.search(r"\bh(?:h:mm|ours?|rs?)\b", case.remark(said)) is None
    )


def time_in_minutes(case: Case) -> Iterator[Finding]:
    """Bare numbers that are likelier hours (24) or seconds (3600)."""
    said = case.directives.get("time")
    minutes = number(said.value) if said else None
    if said is None or minutes is None:
        return
    if minutes in _HOURS:
        hours, other = f"{minutes} minutes", f"for {minutes} hours write --time={minutes}:00:00"
    elif minutes > _MOST_MINUTES or minutes in _SECONDS:
        hours = f"{minutes} minutes, which is {_days(minutes * 60)}"
        other = f"for {minutes} seconds write --time={_clock(minutes)}"
    else:
        return
    yield found(rules.TIME_IN_MINUTES, f"--time={minutes} is {hours}: {other}", said.location, "time")


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def time_limit_missing(case: Case) -> Iterator[Finding]:
    """No --time at all."""
    if case.job and not case.says("time") and not case.late("--time", "-t"):
        message = "no --time: the partition's default limit counts, which may be minutes or weeks"
        yield found(rules.TIME_LIMIT_MISSING, message, case.place(), "time")


def time_limit_long(case: Case) -> Iterator[Finding]:
    """More than seven days, or without limit."""
    limit = case.job.time_limit_s if case.job else None
    if limit is None or not case.says("time") or 0 < limit <= _LONG_S:
        return
    shown = f"is {_days(limit)}" if limit else "sets no limit"
    value = case.directives["time"].value
    yield found(rules.TIME_LIMIT_LONG, f"--time={value} {shown}", case.at("time"), "time")


def _days(seconds: int) -> str:
    return f"{seconds / 86_400:.1f} days".replace(".0 ", " ")
