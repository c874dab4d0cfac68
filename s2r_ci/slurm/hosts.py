"""Lists of node names such as ``n[01-03],m4``: how many nodes they name, and how sbatch folds them together.

Slurm keeps ranges, not names: ``a[1-2][3-4]`` are the ranges a1[3-4] and a2[3-4], and they do not meet the names a13
and a14, which are written in one piece.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cmp_to_key
from itertools import product
from typing import Final, NamedTuple

from s2r_ci.patterns import lazy
from s2r_ci.slurm.options import Release

_MOST_RANGES: Final = 8192  # that one list is written out to
_MOST: Final = 65_536  # nodes of one range
_LARGEST: Final = 2**64 - 1
_LONGEST: Final = 1000  # digits; Python refuses to read numbers of more than 4300
_RUN: Final = lazy("[0-9]+")
_NAME: Final = lazy(r"(.*?)([0-9]*)", re.DOTALL)


class HostListError(ValueError):
    """sbatch cannot read the list."""


class Hosts(NamedTuple):
    """Names that follow each other: prefix, first and last number, and how many digits they have at least.

    ``width`` is 0 for a single name that is all prefix.
    """

    prefix: str
    low: int = 0
    high: int = 0
    width: int = 0

    def __str__(self) -> str:
        ends = [str(end).zfill(self.width) for end in dict.fromkeys((self.low, self.high))]
        return "-".join(ends) if self.width else ""


def hosts(text: str, release: Release) -> list[Hosts]:
    """The names in the order in which they stand, repeats and all. Raises HostListError."""
    found: list[Hosts] = []
    for part in _outside_brackets(text, release):
        _put(_expanded(part, release), found)
    return found


def in_order(names: Iterable[str]) -> list[Hosts]:
    """Names one by one, in which a bracket is a letter like any other. Raises HostListError."""
    found: list[Hosts] = []
    _put(map(_single, names), found)
    return found


def _put(spans: Iterable[Hosts], found: list[Hosts]) -> None:
    """Behind those that were found; one that follows the last is joined to it."""
    for span in spans:
        before = found[-1] if found else None
        if before and before.prefix == span.prefix and before.high == span.low - 1 and _width(before, span):
            found[-1] = before._replace(high=span.high, width=_width(before, span))
        else:
            found.append(span)
        if len(found) > _MOST_RANGES:
            raise HostListError("names too many nodes")


def count(spans: Sequence[Hosts]) -> int:
    """How many names there are."""
    return sum(span.high - span.low + 1 for span in spans)


def unique(spans: Sequence[Hosts]) -> list[Hosts]:
    """The names sorted, each once."""
    found: list[Hosts] = []
    nearly = sorted(spans, key=_nearly) if len(spans) > 2 else spans  # so that few have to be compared by hand
    for span in sorted(nearly, key=cmp_to_key(_compared)):
        before = found[-1] if found else None
        if before and before.prefix == span.prefix and not before.width and not span.width:
            continue
        if (
            before
            and before.prefix == span.prefix
            and before.high >= span.low - 1
            and (width := _width(before, span))
        ):
            found[-1] = before._replace(high=max(before.high, span.high), width=width)
        else:
            found.append(span)
    return found


def first(spans: Sequence[Hosts], most: int) -> list[Hosts]:
    """At most so many of the names."""
    found: list[Hosts] = []
    for span in spans:
        if most <= 0:
            break
        found.append(span._replace(high=min(span.high, span.low + most - 1)))
        most -= span.high - span.low + 1
    return found


def folded(spans: Sequence[Hosts]) -> str:
    """The names as Slurm writes them, ranges of one prefix that follow each other in one bracket: ``m7,n[1-3,5]``."""
    groups: list[list[Hosts]] = []
    for span in spans:
        if groups and span.width and groups[-1][0].width and groups[-1][0].prefix == span.prefix:
            groups[-1].append(span)
        else:
            groups.append([span])
    return ",".join(_written(group) for group in groups)


def _written(group: list[Hosts]) -> str:
    numbers = ",".join(map(str, group))
    many = len(group) > 1 or group[0].low != group[0].high
    return f"{group[0].prefix}[{numbers}]" if many else group[0].prefix + numbers


def node_names(text: str, release: Release) -> int:
    """How many nodes a list names; 0 where it cannot be read, and where it names a set of the site's."""
    if is_a_set(text, release):
        return 0
    try:
        return count(unique(hosts(text, release)))
    except HostListError:
        return 0


def is_a_set(text: str, release: Release) -> bool:
    """From 23.02 on a list with a brace holds sets of nodes, which only the site can count."""
    return "{" in text and release >= (23, 2)


# --- reading -----------------------------------------------------------------------------------------------


def _expanded(part: str, release: Release) -> Iterator[Hosts]:
    """One entry. What is in the last brackets is a range where nothing stands behind them."""
    if "[" not in part:
        yield _single(part)
        return
    opened = part.rindex("[")
    before, inside = part[:opened], part[opened + 1 :]
    inside, closed, behind = inside.partition("]")
    if not closed:
        if release >= (23, 2):
            raise HostListError("has a bracket that is never closed")
        yield Hosts(f"{before}]") if before else _single(inside)  # as up to 22.05 it is read
        return
    if behind and release < (23, 2):
        raise HostListError(f"has `{behind}` behind its last bracket, which Slurm reads from 23.02 on")
    spans = list(_spans(inside))
    for prefix in _prefixes(before):
        for low, high, width in spans:
            if behind:
                for number in range(low, high + 1):
                    yield Hosts(f"{prefix}{str(number).zfill(width)}{behind}")
            else:
                yield Hosts(prefix, low, high, width)


def _single(name: str) -> Hosts:
    """A name without brackets: its last digits are its number."""
    found = _NAME.fullmatch(name)
    if found is None or not found[2]:
        return Hosts(name)
    number = _number(found[2])
    return Hosts(found[1], number, number, len(found[2]))


def _number(text: str) -> int:
    return int(text) if len(text) < 20 else min(int(text.lstrip("0")[:_LONGEST] or "0"), _LARGEST)


def _prefixes(text: str) -> Iterator[str]:
    """What brackets before the last ones come to; one that is never closed is a letter like any other."""
    pieces: list[list[str]] = []
    combinations, rest = 1, text
    while rest:
        plain, bracket, rest = rest.partition("[")
        inside, closed, behind = rest.partition("]")
        pieces.append([plain])
        if bracket and closed:
            spans = list(_spans(inside))
            combinations *= sum(high - low + 1 for low, high, _ in spans)
            if combinations > _MOST_RANGES:
                raise HostListError("names too many nodes")
            pieces.append(
                [str(number).zfill(width) for low, high, width in spans for number in range(low, high + 1)]
            )
            rest = behind
        elif bracket:
            pieces.append([f"[{rest}"])
            rest = ""
    for combined in product(*pieces):
        yield "".join(combined)


def _spans(inside: str) -> Iterator[tuple[int, int, int]]:
    for part in inside.split(","):
        low, _, high = part.partition("-")
        if not _digits(low.removeprefix("+")) or not _digits(high.removeprefix("+") or "0"):
            raise HostListError(f"has no range of numbers in `[{inside}]`")
        start = _number(low.removeprefix("+"))
        end = _number(high.removeprefix("+")) if high else start
        if not 0 <= end - start < _MOST:
            raise HostListError(f"has no range of numbers in `[{inside}]`")
        yield start, end, len(low)


def _digits(text: str) -> bool:
    return text.isdigit() and text.isascii()


def _outside_brackets(text: str, release: Release) -> list[str]:
    """The entries of a list. Up to 22.05 a bracket that is never closed does not hold them together."""
    parts, depth, current = [], 0, ""
    for at, letter in enumerate(text):
        opens = letter == "[" and (release >= (23, 2) or "]" in text[at:])
        depth += opens - (letter == "]")
        if letter in ", \t\n" and depth <= 0:
            parts.append(current)
            current = ""
        else:
            current += letter
    parts.append(current)
    return [part for part in parts if part]


# --- sorting -----------------------------------------------------------------------------------------------


def _nearly(span: Hosts) -> tuple[str, bool, int, int]:
    return _RUN.sub(lambda run: run[0].zfill(20), span.prefix), span.width > 0, span.width, span.low


def _compared(one: Hosts, other: Hosts) -> int:
    """Prefixes as people sort them, a name that is all prefix first; then numbers of one width, or the widths."""
    if one.prefix != other.prefix:
        return _natural(one.prefix, other.prefix)
    if not one.width or not other.width:
        return one.width - other.width
    return one.low - other.low if _width(one, other) else one.width - other.width


def _width(one: Hosts, other: Hosts) -> int:
    """How many digits both have if they can be counted on from each other; 0 where they cannot.

    The width of one of them has to be as good as that of the other: 9 and 10, or 09 and 10, and not 9 and 010.
    """
    if one.width == other.width or not one.width or not other.width:
        return one.width if one.width == other.width else 0
    same = [len(str(span.low).zfill(one.width)) == len(str(span.low).zfill(other.width)) for span in (one, other)]
    if not any(same):
        return 0
    return one.width if not same[0] else other.width


def _natural(one: str, other: str) -> int:
    """Less than 0 where ``one`` comes first: numbers inside names count as numbers, those with a zero before them
    digit by digit.
    """
    at = 0
    while at < len(one) and at < len(other):
        a, b = one[at], other[at]
        if _digits(a) and _digits(b) and (order := _numbers(one[at:], other[at:])):
            return order
        if a != b:
            return ord(a) - ord(b)
        at += 1
    return len(one) - len(other)


def _numbers(one: str, other: str) -> int:
    first_run, second_run = (re.match("[0-9]*", text, re.ASCII) for text in (one, other))
    a, b = first_run[0] if first_run else "", second_run[0] if second_run else ""
    if not a.startswith("0") and not b.startswith("0") and len(a) != len(b):
        return len(a) - len(b)
    return (a > b) - (a < b)
