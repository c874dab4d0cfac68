"""Lists of node names such as ``n[01-03],m4``: how many nodes they name, and how sbatch folds them together."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

from s2r_ci.slurm.units import digits

_MOST: Final = 65_536  # names that are written out; a longer list stays as it is

_DIGITS: Final = 1000  # Python refuses to read numbers of more than 4300


class HostListError(ValueError):
    """sbatch cannot read the list."""


def hosts(text: str) -> list[str]:
    """All names, each once, in order. Raises HostListError."""
    found: dict[str, None] = {}
    for part in _outside_brackets(text):
        for name in _expanded(part):
            found[name] = None
            if len(found) > _MOST:
                raise HostListError("names too many nodes")
    return list(found)


def folded(names: Iterable[str], most: int | None = None, *, in_order: bool = False) -> str:
    """The names sorted, at most so many, numbers that follow each other as ranges: ``m7,n[1-3,5]``.

    ``in_order`` leaves them in the order in which they stand.
    """
    groups: dict[str, list[str]] = {}
    pairs = [_split(name) for name in dict.fromkeys(names)]
    for prefix, number in (pairs if in_order else sorted(pairs, key=_order))[:most]:
        groups.setdefault(prefix, []).append(number)
    return ",".join(prefix + _ranges(numbers) for prefix, numbers in groups.items())


def _order(pair: tuple[str, str]) -> tuple[str, int, int]:
    return pair[0], int(pair[1][-_DIGITS:] or -1), len(pair[1])


def _split(name: str) -> tuple[str, str]:
    prefix = name.rstrip("0123456789")
    return prefix, name[len(prefix) :]


def _ranges(numbers: list[str]) -> str:
    spans: list[list[str]] = []
    for number in numbers:
        if spans and number and spans[-1][1] and _follows(spans[-1][1], number):
            spans[-1][1] = number
        else:
            spans.append([number, number])
    parts = [first if first == last else f"{first}-{last}" for first, last in spans]
    return parts[0] if len(parts) == 1 and "-" not in parts[0] else f"[{','.join(parts)}]"


def _follows(before: str, number: str) -> bool:
    """The next number, written with as many digits as counting on from the one before gives."""
    return len(before) < _DIGITS and str(int(before) + 1).zfill(len(before)) == number


def _expanded(part: str) -> Iterator[str]:
    pieces: list[list[str]] = []
    rest = part
    while rest:
        plain, bracket, rest = rest.partition("[")
        pieces.append([plain])
        if bracket:
            inside, closed, rest = rest.partition("]")
            if not closed:
                raise HostListError("has a bracket that is never closed")
            pieces.append(list(_numbers(inside)))
    for combined in product(*pieces):
        yield "".join(combined)


def _numbers(inside: str) -> Iterator[str]:
    for part in inside.split(","):
        first, dash, last = part.partition("-")
        low, high = digits(first), digits(last) if dash else digits(first)
        if low is None or high is None or high < low or high - low > _MOST:
            raise HostListError(f"has no range of numbers in `[{inside}]`")
        for number in range(low, high + 1):
            yield str(number).zfill(len(first))


def _outside_brackets(text: str) -> list[str]:
    parts, depth, current = [], 0, ""
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter in ", \t\n" and depth <= 0:
            parts.append(current)
            current = ""
        else:
            current += letter
    parts.append(current)
    return [part for part in parts if part]


def node_names(text: str) -> int:
    """How many nodes a list names; 0 where it cannot be read."""
    try:
        return len(hosts(text))
    except HostListError:
        return 0
