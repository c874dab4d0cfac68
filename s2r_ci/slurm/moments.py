"""Points in time: --begin and --deadline.

A full date is spelled and counted as Slurm does, in UTC. What depends on the moment of submission (``tomorrow``,
``16:00``, ``0131``, ``now+1hour``) needs that moment; a reading that must not depend on the clock keeps it as written.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from s2r_ci.patterns import lazy
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.troubles import RefusedError

_SECONDS: Final = lazy(r"uts\s*\+?(\d{7,11})$", re.IGNORECASE | re.ASCII)
_FIRST_SECOND: Final = 1_000_000  # an earlier one is none
_ELEVENSES: Final[Release] = (23, 2)
# Pieces in the order in which Slurm tries them; a capital T counts as a blank, so `Tomorrow` is refused.
_PIECE: Final = lazy(
    r"(?P<blank>[ \t\-T]+)"
    r"|(?P<day>(?i:today|tomorrow))"
    r"|(?P<word>(?i:midnight|noon|elevenses|fika|teatime))"
    r"|(?P<now>(?i:now))[ \t]*(?:$|(?P<sign>[+-])[ \t]*(?P<count>\d+)[ \t]*"
    r"(?P<unit>(?i:second|minute|hour|day|week))?(?(unit)(?i:s)?))"
    r"|(?P<year>\d{4})-(?P<month>\d{2})-(?P<date>\d{2})"
    r"|(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:[ \t]*(?P<half>(?i:[ap]m)))?"
    r"|(?P<mm>\d{2})(?P<dd>\d{2})(?P<yy>\d{2})?"
    r"|(?P<m>\d{1,2})[/.](?P<d>\d{1,2})(?:[/.](?P<y>\d{2}))?"
)
_HOURS: Final = {"midnight": 0, "elevenses": 11, "noon": 12, "fika": 15, "teatime": 16}
_UNITS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_WHEN_UNKNOWN: Final = datetime(2000, 1, 1, tzinfo=UTC)
_EXPECTED: Final = "needs a time such as 2032-01-31T16:00, 16:00, tomorrow or now+2hours"


def read_moment(text: str, release: Release, now: float | None = None) -> tuple[str, Any]:
    """A point in time: as Slurm spells it and seconds since 1970, or as written and None where ``now`` decides."""
    try:
        if (found := _SECONDS.match(text)) and int(found[1]) >= _FIRST_SECOND:
            return _spelled(datetime.fromtimestamp(int(found[1]), UTC))
        given = _WHEN_UNKNOWN if now is None else datetime.fromtimestamp(int(now), UTC)
        moment, relative = _Moment(given, release).read(text)
    except (ValueError, OverflowError):
        raise RefusedError(_EXPECTED) from None
    return (text, None) if relative and now is None else _spelled(moment)


def _spelled(moment: datetime) -> tuple[str, int]:
    return f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}", int(moment.timestamp())


class _Moment:
    """Puts the pieces of one moment together; a later piece wins over an earlier one."""

    def __init__(self, now: datetime, release: Release) -> None:
        self._now = now
        self._release = release
        self._relative = False
        self._year: int | None = None
        self._day: tuple[int, int] | None = None  # month, day of the month
        self._clock: tuple[int, int, int] | None = None

    def read(self, text: str) -> tuple[datetime, bool]:
        """The moment, and whether it depends on now. Raises ValueError."""
        at = 0
        while at < len(text):
            piece = _PIECE.match(text, at)
            if piece is None:
                raise ValueError(text)
            if piece["word"] == "elevenses" and self._release < _ELEVENSES:
                raise ValueError(text)
            self._take(piece)
            at = piece.end()
        if self._clock is None and self._day is None:
            raise ValueError(text)
        return self._moment(), self._relative or self._year is None

    def _take(self, piece: re.Match[str]) -> None:
        if day := piece["day"]:
            self._relative = True
            self._put_date(self._now + timedelta(days=day.lower() == "tomorrow"))
        elif word := piece["word"]:
            self._clock = (_HOURS[word.lower()], 0, 0)
        elif piece["now"]:
            self._take_now(piece)
        elif piece["hour"]:
            self._clock = _clock(piece)
        elif not piece["blank"]:
            month, day_of_month = (
                piece["month"] or piece["mm"] or piece["m"],
                piece["date"] or piece["dd"] or piece["d"],
            )
            year = piece["year"] or (f"20{piece['yy'] or piece['y']}" if piece["yy"] or piece["y"] else None)
            self._put_day(int(month), int(day_of_month))
            self._year = int(year) if year else self._year

    def _take_now(self, piece: re.Match[str]) -> None:
        seconds = int(piece["count"] or 0) * _UNITS[(piece["unit"] or "second").lower()]
        later = self._now + timedelta(seconds=-seconds if piece["sign"] == "-" else seconds)
        self._relative = True
        self._put_date(later)
        self._clock = (later.hour, later.minute, later.second)

    def _put_date(self, date: datetime) -> None:
        self._year, self._day = date.year, (date.month, date.day)

    def _put_day(self, month: int, day: int) -> None:
        if not (1 <= month <= 12 and 1 <= day <= 31):
            raise ValueError(month, day)
        self._day = (month, day)

    def _moment(self) -> datetime:
        """Without a date it is the next such time, without a year the next such date."""
        hour, minute, second = self._clock or (0, 0, 0)
        clock = timedelta(hours=hour, minutes=minute, seconds=second)
        if self._day is None:
            today = self._now.replace(hour=0, minute=0, second=0)
            later = (hour, minute) > (self._now.hour, self._now.minute)
            return today + clock + timedelta(days=not later)
        month, day = self._day
        year = self._year
        if year is None:
            year = self._now.year + (
                (month, day, hour, minute) <= (*_date(self._now), self._now.hour, self._now.minute)
            )
        # A day that the month does not have runs over into the next one.
        return datetime(year, month, 1, tzinfo=UTC) + timedelta(days=day - 1) + clock


def _date(moment: datetime) -> tuple[int, int]:
    return moment.month, moment.day


def _clock(piece: re.Match[str]) -> tuple[int, int, int]:
    hour, minute, second = int(piece["hour"]), int(piece["minute"]), int(piece["second"] or 0)
    if half := (piece["half"] or "").lower():
        if hour > 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(hour, minute, second)
    return hour, minute, second
