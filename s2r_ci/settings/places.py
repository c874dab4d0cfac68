"""Where a value of the settings stands, so that an error can say it.

The small values of this package are named tuples: a class of theirs is made in a fifth of the time of a dataclass,
and every start of the command pays for it.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple, NoReturn

from s2r_ci.errors import ConfigurationError

Step = str | int
_LARGEST: Final = 10**18
_SHOWN: Final = 60  # characters of a wrong value that an error repeats
_WORD: Final = r'\s*("(?:[^"\\]|\\.)*"|\'[^\']*\'|[A-Za-z0-9_-]+)\s*(\.?)'


class Source(NamedTuple):
    """Something that gives settings: a file, the environment, the arguments."""

    name: str  # as an error shows it: pyproject.toml, S2R_JOBS, --jobs
    text: str = ""  # of a file, for line numbers
    within: tuple[str, ...] = ()  # the table that holds the settings: ("tool", "s2r-ci")


class Place(NamedTuple):
    """One value of a source; ``steps`` lead to it from the top of the settings."""

    source: Source
    steps: tuple[Step, ...] = ()

    def step(self, *names: Step) -> "Place":
        """A place further down."""
        return Place(source=self.source, steps=(*self.steps, *names))

    @property
    def key(self) -> str:
        """The value's name as people write it: ``site.volumes."/data".claim``, ``answers[2].image``."""
        text = ""
        for name in self.steps:
            text += f"[{name + 1}]" if isinstance(name, int) else f".{_spelled(name)}"
        return text.removeprefix(".")

    @property
    def line(self) -> int:
        """The line of the source it stands on, counted from 1; 0 where that is unknown."""
        return line_of(self.source.text, (*self.source.within, *self.steps)) if self.source.text else 0

    def __str__(self) -> str:
        line = self.line
        return f"{self.source.name}:{line}" if line else self.source.name

    def wrong(self, expected: str, value: object, *, hint: str = "") -> NoReturn:
        """Raise the error that says what stands here and what would be valid."""
        what = f"{self.key or 'the settings'} must be {expected}, not {shown(value)}"
        raise ConfigurationError(what, where=str(self), hint=hint)

    def unknown(self, known: Iterable[str], *, hint: str = "") -> NoReturn:
        """Raise the error for a key that nobody knows, with the nearest one that somebody does."""
        from difflib import get_close_matches  # 3 ms, paid only by those who mistype

        names = sorted(known)
        near = get_close_matches(str(self.steps[-1]).lower().replace("_", "-"), names, n=1, cutoff=0.5)
        meant = f"did you mean {near[0]}?" if near else f"known here: {', '.join(names)}"
        raise ConfigurationError(f"unknown setting {self.key}", where=str(self), hint=hint or meant)


def shown(value: object) -> str:
    """A value as an error repeats it: short, on one line, and nothing that a terminal would obey."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, int) and abs(value) > _LARGEST:
        return "a number of more digits"  # one of 5,000 digits cannot even be written out
    text = ascii(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def line_of(text: str, steps: tuple[Step, ...]) -> int:
    """The line on which a TOML document gives a value, or the nearest one above it; 0 where nothing is found.

    ``tomllib`` knows no lines. This reads table headers and keys only; what it does not understand (a key inside
    an inline table) ends at the line of the value around it.
    """
    table: tuple[Step, ...] = ()
    seen: dict[tuple[Step, ...], int] = {}
    best, depth = 0, 0
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("["):
            table = _header(stripped, seen)
            here = table
        else:
            here = (*table, *_words(stripped.partition("=")[0])) if "=" in stripped else ()
        if depth < len(here) and here == steps[: len(here)]:
            best, depth = number, len(here)
    return best


def _header(line: str, seen: dict[tuple[Step, ...], int]) -> tuple[Step, ...]:
    """The steps of ``[a.b]`` or ``[[a.b]]``; ``seen`` counts the elements of arrays of tables."""
    steps: tuple[Step, ...] = ()
    words = _words(line.lstrip("["))
    for word in words[:-1]:
        steps = (*steps, word)
        if steps in seen:
            steps = (*steps, seen[steps])
    steps = (*steps, *words[-1:])
    if line.startswith("[["):
        seen[steps] = seen.get(steps, -1) + 1
        steps = (*steps, seen[steps])
    return steps


def _words(text: str) -> list[str]:
    words = []
    pattern = re.compile(_WORD)
    found = pattern.match(text)
    while found:
        word = found[1]
        words.append(word[1:-1] if word[0] in "\"'" else word)
        found = pattern.match(text, found.end()) if found[2] else None
    return words


def _spelled(name: str) -> str:
    plain = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if plain else ascii(name)[:_SHOWN]
