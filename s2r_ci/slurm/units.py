"""Slurm's amounts: durations, sizes, whole numbers, node counts, node names, array indices.

Every reader takes the text as it stands and returns None where Slurm refuses it. The rules were found by asking
running releases; none of them is what a person would guess.
"""

import re
from collections.abc import Sequence
from typing import Final

from s2r_ci.slurm.options import Release

UNLIMITED: Final = -1
NO_NODES: Final = (-1, -1)  # a list of node counts that holds none; sbatch reads it and then refuses it
MOST_ARRAY_IDS: Final = 1_000_000
_LARGEST_ID: Final = 4_000_000  # MaxArraySize may be 4,000,001 at most
_BLANKS: Final = " \t\r\v\f\n"
# D-[H[:M[:S]]], or M[:S], or H:M:S
_DURATION: Final = re.compile(r"(?:(\d+)-(?:(\d+)(?::(\d+)(?::(\d+))?)?)?|(\d+)(?::(\d+)(?::(\d+))?)?)\Z", re.ASCII)
_MINUS: Final = re.compile(r"-\d+\Z", re.ASCII)  # minus days: silly, but so it is
_MIB: Final = {"M": 1, "G": 1024, "T": 1024**2}
_NODE_FACTOR: Final = {"k": 1024, "m": 1024**2}
MOST_LONG: Final = 2**63 - 1
MOST_INT: Final = 2**31 - 1
_LEADING: Final = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)?")
_LONGEST: Final = 25  # digits, without zeros before them: past any number that counts
_WRAP: Final = 2**32


def digits(text: str) -> int | None:
    """A row of decimal digits. A number past 64 bits counts as the largest of them, as C's strtol has it."""
    if not text.isascii() or not text.isdigit():
        return None
    return int(text) if len(text) < 19 else min(int(text.lstrip("0")[:20] or "0"), MOST_LONG)


def leading(text: str) -> tuple[int, str]:
    """The number that a text begins with and what stands behind it, as C's strtol has it: blanks and a sign may stand
    before it, 64 bits hold it, and where there is none it is 0 and all of the text is left.

    >>> leading("+4x"), leading("-"), leading(" 08")
    ((4, 'x'), (0, '-'), (8, ''))
    """
    if text.isdigit() and text.isascii() and len(text) < 19:
        return int(text), ""
    found = _LEADING.match(text)
    if found is None or found[1] is None:
        return 0, text
    said = found[1]
    if len(said) > _LONGEST:
        said = said[:1].strip("0123456789") + (said.lstrip("+-0")[:_LONGEST] or "0")
    return max(-MOST_LONG - 1, min(int(said), MOST_LONG)), text[found.end() :]


def whole(text: str, release: Release, least: int = 1) -> int | None:
    """A whole number: blanks and a plus sign before it pass, nothing behind it does.

    Up to 22.05 a number past 31 bits loses its upper half, and may come out negative.
    """
    if text.isdigit() and text.isascii() and len(text) < 9:
        number: int | None = int(text)
    else:
        number = digits(text.lstrip(_BLANKS).removeprefix("+"))
    if number is None or number < least:
        return None
    if number < MOST_INT:
        return number
    return signed(number) if release < (23, 2) and number < MOST_LONG else None


def signed(number: int) -> int:
    """The lower 32 bits, as C keeps them in an int."""
    return (number + _WRAP // 2) % _WRAP - _WRAP // 2


def minutes(text: str) -> int | None:
    """A duration in minutes, seconds rounded up; UNLIMITED where Slurm reads "no limit".

    ``M``, ``M:S``, ``H:M:S``, ``D-H``, ``D-H:M``, ``D-H:M:S``: one or two fields are minutes, not hours.
    Slurm counts the seconds in 32 bits, signed, and the minutes in 32 bits, unsigned.
    """
    if text.isascii() and text.isdigit() and len(text) < 8:
        return int(text) or UNLIMITED
    total = seconds(text)
    if total is None or total == UNLIMITED:
        return total
    total += 59
    if total > MOST_INT:
        total = signed(total)
    return (total // 60 if total >= 0 else -(-total // 60)) % _WRAP or UNLIMITED


def seconds(text: str) -> int | None:
    """A duration as ``minutes`` takes it, in seconds; one past 31 bits comes out negative."""
    found = _DURATION.match(text)
    if not found:
        if text == "-1" or text.lower() in ("infinite", "unlimited"):
            return UNLIMITED
        return signed(-(digits(text[1:]) or 0) * 86400) if _MINUS.match(text) else None
    if len(text) > 18:  # each field is clipped to 64 bits before they are added
        days, hours, middle, rest, first, second, third = [digits(field or "0") or 0 for field in found.groups()]
    else:
        days, hours, middle, rest, first, second, third = [int(field or 0) for field in found.groups()]
    if found[7]:
        return signed(first * 3600 + second * 60 + third)
    return signed(days * 86400 + hours * 3600 + middle * 60 + rest + first * 60 + second)


def clock(total: int) -> str:
    """Minutes as Slurm prints them: ``[D-]HH:MM:SS``, or UNLIMITED."""
    if total == UNLIMITED:
        return "UNLIMITED"
    days, rest = divmod(total, 1440)
    return f"{days}-{rest // 60:02}:{rest % 60:02}:00" if days else f"{rest // 60:02}:{rest % 60:02}:00"


def clock_of_seconds(total: int) -> str:
    """Seconds as Slurm prints them; a negative number counts as the unsigned one of the same bits."""
    if total == UNLIMITED:
        return "UNLIMITED"
    whole_minutes, rest = divmod(total % _WRAP, 60)
    return f"{clock(whole_minutes)[:-2]}{rest:02}"


def mebibytes(text: str) -> int | None:
    """A size in MiB. No unit is MiB; K, M, G, T with or without B are binary; K rounds up. No decimals, no Ki."""
    factor, plain = _MIB.get(text[-1:]), text[:-1]
    if factor and plain.isdigit() and plain.isascii() and len(plain) < 9:
        return int(plain) * factor
    body = text.lstrip(_BLANKS).removeprefix("+").upper()
    if len(body) > 2 and body[-1] == "B" and body[-2] in "KMGT":
        body = body[:-1]
    unit = body[-1:] if body[-1:] in ("K", "M", "G", "T") else ""
    number = digits(body.removesuffix(unit))
    if number is None or (number == MOST_LONG and int(body.removesuffix(unit).lstrip("0")[:20]) > MOST_LONG):
        return None
    if unit == "K":
        return (number + 1023 - (2**64 if number + 1023 > MOST_LONG else 0)) // 1024 % 2**64  # a sum of 63 bits
    return number * _MIB.get(unit, 1) % 2**64


def size(mib: int) -> str:
    """MiB as Slurm prints them: the largest unit that divides, none for MiB, and ``?`` past the last."""
    if mib == 0:
        return "0?"
    for unit in ("", "G", "T", "P"):
        if mib % 1024:
            return f"{mib}{unit}"
        mib //= 1024
    return f"{mib}?"


class Sizes(tuple[int, int]):
    """Least and most nodes, as of a range, with the sizes that a list names."""

    named: Sequence[range]

    def __new__(cls, least: int, most: int, named: Sequence[range]) -> "Sizes":
        """A pair that is equal to one without the names."""
        made = super().__new__(cls, (least, most))
        made.named = named
        return made


def node_count(text: str, release: Release) -> tuple[int, int] | None:
    """Least and most nodes of ``3``, ``2-5``, ``-4`` (1 to 4), ``1k``, and from 23.02 of ``2,4`` and ``2-8:2``."""
    if text.isdigit() and text.isascii() and len(text) < 9:
        return int(text), int(text)
    body = text.strip(_BLANKS)
    if "," in body or ":" in body:
        return _node_list(body) if release >= (23, 2) else None
    least, dash, most = body.partition("-")
    if not dash:
        number = _nodes(least, release)
        return None if number is None else (number, number)
    low = _nodes(least, release) if least else 1
    high = _nodes(most, release)
    return None if low is None or high is None else (low, high)


def _node_list(body: str) -> tuple[int, int] | None:
    """Sizes that the job can take: a list with ranges, or one range with a step, whose end does not belong to it."""
    if ":" in body:
        return _stepped(body)
    if body.startswith(","):
        return NO_NODES
    sizes: list[int] = []
    spans: list[range] = []
    for part in body.split(","):
        least, dash, most = part.partition("-")
        low = _nodes(least) if least else 0
        high = _nodes(most) if dash else low
        if low is None or high is None or high < low:
            return None
        sizes += (low, high)
        spans.append(range(low, high + 1))
    return Sizes(min(sizes), max(sizes), spans)


def _stepped(body: str) -> tuple[int, int] | None:
    span, _, step = body.partition(":")
    least, _, most = span.partition("-")
    low, high, every = _nodes(least), _nodes(most), digits(step)
    if low is None or high is None or not every or high < low:
        return None
    if low >= high:
        return NO_NODES
    sizes = range(low, high, every)
    return Sizes(low, sizes[-1], [sizes])


def _nodes(text: str, release: Release = (23, 2)) -> int | None:
    body = text.strip(_BLANKS).removeprefix("+")
    factor = _NODE_FACTOR.get(body[-1:].lower(), 0)
    number = digits(body[:-1] if factor else body)
    if number is None:
        return None
    number *= factor or 1
    if release < (23, 2):
        number = signed(number)
    return number if 0 <= number <= MOST_INT else None


class ArrayError(ValueError):
    """The controller refuses an array, or it is larger than this tool takes."""


def array_ids(text: str) -> tuple[Sequence[int], int]:
    """The ids of ``0-20:5``, ``1,4,9``, ``[3-6]%2`` in ascending order, and how many may run at once (0: no limit).

    Ids with one step are a range. Raises ArrayError where the controller refuses the text, or above a million.
    """
    body, throttle = _throttle(text)
    spans = [_span(part) for part in body.split(",") if part]
    if not spans:
        return range(1), throttle
    if sum(len(span) for span in spans) > MOST_ARRAY_IDS:
        raise ArrayError(f"an array of more than {MOST_ARRAY_IDS:,} ids is more than this tool takes")
    if len(spans) == 1:
        return spans[0], throttle
    ids = sorted({number for span in spans for number in span})
    step = ids[1] - ids[0] if len(ids) > 1 else 1
    regular = range(ids[0], ids[-1] + 1, step)
    return (
        regular
        if len(regular) == len(ids) and all(a == b for a, b in zip(regular, ids, strict=True))
        else tuple(ids)
    ), throttle


def _throttle(text: str) -> tuple[str, int]:
    """The limit may stand anywhere; what is no number in it, up to a comma, does not count."""
    body, percent, rest = text.partition("%")
    if not percent:
        return text, 0
    number = ""
    for letter in rest:
        if not letter.isascii() or not letter.isdigit():
            break
        number += letter
    tail = rest[len(number) :]
    _, comma, others = tail.partition(",")
    return body + comma + others, digits(number) or 0


def _span(part: str) -> range:
    """One entry, as C reads numbers: where none stands it is 0. A bracket may open it, and one may close each number;
    Slurm takes them away wherever they are.
    """
    first, dash, last = part.partition("-")
    if dash and first.isdigit() and last.isdigit() and part.isascii() and len(part) < 14:  # what most people write
        low, high, step, rest = int(first), int(last), 1, ""
    else:
        low, high, step, rest = _fields(part)
    if rest or low < 0 or high < low or not 0 < step <= _LARGEST_ID:
        raise ArrayError(f"`{part}` is no array index: write N, N-M or N-M:STEP, ascending, not negative")
    if high > _LARGEST_ID:
        raise ArrayError(f"`{part}` is above {_LARGEST_ID}, the largest index that any site can allow")
    if high - low > MOST_ARRAY_IDS * step:
        raise ArrayError(f"an array of more than {MOST_ARRAY_IDS:,} ids is more than this tool takes")
    return range(low, high + 1, step)


def _fields(part: str) -> tuple[int, int, int, str]:
    """Low, high and step of an entry, and what is left of it."""
    low, rest = _index(part.removeprefix("["))
    high, step = low, 1
    if rest[:1] == "-":
        high, rest = _index(rest[1:])
        if rest[:1] == ":":
            step, rest = _index(rest[1:])
    return (low, high, step, rest) if part.strip("[]") else (0, 0, 1, "")


def _index(text: str) -> tuple[int, str]:
    number, rest = leading(text)
    return number, rest.removeprefix("]")
