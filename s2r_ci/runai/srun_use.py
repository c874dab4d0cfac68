"""What the srun calls of a script ask for: the options that the stand-in of srun has to read, and no others."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from s2r_ci.model import Step
from s2r_ci.patterns import lazy
from s2r_ci.runai.srun_options import GROUPS

_FLAGS: Final = frozenset(
    f"--{found[0]}"
    for found in re.finditer(
        r"[\w-]+",
        "exact exclusive overlap overcommit label multi-prog kill-on-bad-exit unbuffered verbose quiet pty "
        "oversubscribe contiguous preserve-env resv-ports propagate nice x11 test-only spread-job use-min-nodes "
        "interactive share disable-status immediate",
    )
)
_WITH_VALUE: Final = frozenset("ABCDGJLMNTUWcdeimnopqrStwx")
_LONG: Final = lazy(r"--[a-z][a-z0-9_-]*")
_GROUP_OF: Final = {
    spelling.rstrip("*"): name for name, (spelled, _) in GROUPS.items() for spelling in spelled.split(" | ")
}


class Use(NamedTuple):
    """What calls of srun use: ``groups`` of the table, options that mean nothing here, long ones without a value."""

    groups: frozenset[str]
    ignored: tuple[str, ...]
    flags: tuple[str, ...]


def use(calls: Iterable[Step]) -> Use | None:
    """What these calls ask for; None where a word may hold any option."""
    spelled: set[str] = set()
    for step in calls:
        named = _named(step)
        if named is None:
            return None
        spelled |= named
    groups = frozenset(_GROUP_OF[name] for name in spelled if name in _GROUP_OF)
    flags = sorted(filter(_takes_no_value, spelled))
    return Use(groups, tuple(sorted(spelled - _GROUP_OF.keys())), tuple(flags))


def _named(step: Step) -> set[str] | None:
    """The options of one call as they are spelled, without their values."""
    if not step.program or step.program[0].lstrip("\"'")[:1] in ("$", "`", "-"):
        return None
    words = iter(step.words[1 : len(step.words) - len(step.program)])
    found = [_option(word, words) for word in words if word != "--"]
    return None if "" in found else set(found)


def _option(word: str, rest: Iterator[str]) -> str:
    """The option that a word begins, its value taken from the rest; empty where it may be something else."""
    name, equals, _ = word.partition("=")
    if _LONG.fullmatch(name):
        if not equals and not _takes_no_value(name):
            next(rest, "")
        return name
    if word[:1] == "-" and word[1:2] in _WITH_VALUE:
        if len(word) == 2:
            next(rest, "")
        return word[:2]
    return word[:2] if word[:2] == "-K" or (len(word) == 2 and word[0] == "-" and word[1].isalpha()) else ""


def _takes_no_value(name: str) -> bool:
    return name in _FLAGS or name.startswith(("--no-", "--container-"))
