"""Points in time: --begin and --deadline.

A time that depends on the moment of submission (``tomorrow``, ``16:00``, ``now+1hour``) is checked and kept as
written, because a reading must not depend on the clock. A full date is spelled and counted as Slurm does, in UTC.
"""

import re
from datetime import UTC, datetime
from typing import Any, Final

from s2r_ci.slurm.options import Release
from s2r_ci.slurm.troubles import RefusedError

_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?)?$")
_SECONDS: Final = re.compile(r"uts(\d{1,11})$")
_NOW: Final = re.compile(r"now\s*(?:[+-]\s*\d+\s*(?:seconds?|minutes?|hours?|days?|weeks?)?)?$", re.IGNORECASE)
_WORDS: Final = r"today|tomorrow|midnight|noon|elevenses|fika|teatime"
_CLOCK: Final = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?\s*(?:am|pm)?"
_DAY: Final = r"\d{4}(?:\d{2})?|\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{1,2}\.\d{1,2}(?:\.\d{2,4})?|\d{4}-\d{2}-\d{2}"
_LOOSE: Final = re.compile(
    rf"(?:{_WORDS}|{_CLOCK}|{_DAY})(?:[\s\-T]+(?:{_WORDS}|{_CLOCK}|{_DAY}))?$", re.IGNORECASE
)


def read_moment(text: str, release: Release) -> tuple[str, Any]:
    """A point in time: as Slurm spells it and seconds since 1970, or as written and None where "now" decides."""
    if found := _SECONDS.match(text):
        return _spelled(datetime.fromtimestamp(int(found[1]), UTC))
    if found := _DATE.match(text):
        numbers = [int(part or 0) for part in found.groups()]
        try:
            return _spelled(datetime(*numbers, tzinfo=UTC))  # type: ignore[misc, arg-type]
        except ValueError:
            raise RefusedError("is no date of the calendar") from None
    if _NOW.match(text) or _LOOSE.match(text):
        return text, None
    raise RefusedError("needs a time such as 2032-01-31T16:00, 16:00, tomorrow or now+2hours")


def _spelled(moment: datetime) -> tuple[str, int]:
    return moment.strftime("%Y-%m-%dT%H:%M:%S"), int(moment.timestamp())
