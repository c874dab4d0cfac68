"""Where the reading stages put what they find, and the way they say that a word cannot be read."""

from typing import Final

from s2r_ci import rules
from s2r_ci.model import Finding, Location, Rule

_new: Final = tuple.__new__  # a named tuple's own constructor takes twice as long


class RefusedError(Exception):
    """sbatch refuses a word or a value; the text says why. Never leaves this package."""


class Troubles:
    """Findings about one script, in the order in which they are met."""

    __slots__ = ("_path", "found")

    def __init__(self, path: str) -> None:
        self._path = path
        self.found: list[Finding] = []

    def add(self, rule: Rule, message: str, line: int = 0, column: int = 0, subject: str = "") -> None:
        """Note one trouble. Line and column count from 1; 0 stands for the whole file, the whole line."""
        place = _new(Location, (self._path, line, column))
        self.found.append(Finding(rule=rule, message=message, location=place, subject=subject))

    def refuse(self, message: str, line: int = 0, column: int = 0, subject: str = "") -> None:
        """Note that sbatch does not take the script, and why."""
        self.add(rules.SCRIPT_REFUSED, message, line, column, subject)
