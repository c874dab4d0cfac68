"""Which options of srun a stand-in has to read: found in the calls of the script, by a reading of the judge's own."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from s2r_ci.model import Step
from s2r_ci.patterns import lazy

_LETTERS: Final = {
    "n": "ntasks",
    "N": "nodes",
    "c": "cpus-per-task",
    "G": "gpus",
    "o": "output",
    "e": "error",
    "i": "input",
    "w": "nodelist",
    "r": "relative",
    "m": "distribution",
    "D": "chdir",
    "O": "overcommit",
    "l": "label",
    "K": "kill-on-bad-exit",
}
_SAME: Final = {"tasks-per-node": "ntasks-per-node", "exclusive": "exact"}
MEANT: Final = frozenset(_LETTERS.values()) | {
    "ntasks-per-node", "gpus-per-task", "gpus-per-node", "gres", "export", "mpi", "multi-prog", "exact", "overlap",
}  # fmt: skip
"""Options that mean something in a pod, by their long names."""

# One option with its value, in words that end with a zero octet each.
_ONE: Final = lazy(
    r"--\0|(?P<flag>--(?:exact|exclusive|overlap|overcommit|label|multi-prog|kill-on-bad-exit|unbuffered|verbose|quiet"
    r"|pty|oversubscribe|contiguous|preserve-env|resv-ports|propagate|nice|x11|test-only|spread-job|use-min-nodes"
    r"|interactive|share|disable-status|immediate|no-[a-z0-9_-]*|container-[a-z0-9_-]*))(?:=[^\0]*)?\0"
    r"|(?P<long>--[a-z][a-z0-9_-]*)(?:=[^\0]*\0|\0(?:[^\0]*\0)?)"
    r"|(?P<valued>-[ABCDGJLMNTUWcdeimnopqrStwx])(?:\0(?:[^\0]*\0)?|[^\0]+\0)"
    r"|(?P<bare>-K)[^\0]*\0|(?P<letter>-[A-Za-z])\0"
)


class Options(NamedTuple):
    """Long names of the options that mean something, and as they are spelled the others and the flags."""

    meant: frozenset[str]
    ignored: str
    flags: str


def options(calls: Sequence[Step]) -> Options | None:
    """What the calls say; None where it cannot be known."""
    spelled: set[str] = set()
    flags: set[str] = set()
    for step in calls:
        before = step.words[1 : len(step.words) - len(step.program)]
        if re.match(r"[\"']*(?:[$`-]|\Z)", "".join(step.program[:1])):
            return None
        for kind, name in _read("".join(f"{word}\0" for word in before)):
            if kind == "unread":
                return None
            spelled.add(name)
            if kind == "flag":
                flags.add(name)
    named = {name: _long(name) for name in spelled}
    meant = frozenset(named.values()) & MEANT
    return Options(
        meant, " | ".join(sorted(n for n in spelled if named[n] not in MEANT)), " | ".join(sorted(flags))
    )


def _read(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = _ONE.match(text, at)
        if found is None:
            yield "unread", ""
            return
        at = found.end()
        if found.lastgroup is not None:
            yield found.lastgroup, found[found.lastgroup]


def _long(spelled: str) -> str:
    name = spelled.lstrip("-")
    return _LETTERS.get(name, "") if spelled[:2] != "--" else _SAME.get(name, name)
