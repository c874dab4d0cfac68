"""array-flattened: every index of the array runs, with its own id, as many at once as the script allows.

The manifest declares its ids in the variable ``S2R_ARRAY_IDS``, written as Slurm writes them (``1,3,5-7``,
``0-20:5``); the pod with completion index ``n`` takes the id that stands at place ``n``.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from s2r_ci.model import Array, ConversionRequest
from s2r_ci.patterns import lazy
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.facts import Facts

IDS: Final = "S2R_ARRAY_IDS"
_PART: Final = lazy(r"(\d{1,18})(?:-(\d{1,18})(?::(\d{1,18}))?)?")


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Completions, throttle, completion mode and the table of ids; without an array none of them."""
    array = request.job.array
    if array is None:
        if any(IDS in c.environment for role in facts.roles for c in role.containers):
            yield Breach(message="the script is no array, the manifest runs one", subject="array", steps=("spec",))
        elif facts.completion_mode not in ("", "NonIndexed"):
            yield _breach("the script is no array, the manifest numbers its pods", "completionMode")
        return
    yield from _counts(array, facts)
    yield from _ids(array, facts)


def _counts(array: Array, facts: Facts) -> Iterator[Breach]:
    count = len(array.ids)
    at_once = min(array.throttle or count, count)
    if not facts.indexed:
        yield _breach("the script is an array, the manifest gives its pods no index", "completionMode")
    if facts.completions != count:
        yield _breach(f"the array has {count} ids, the manifest runs {_said(facts.completions)}", "completions")
    if facts.parallelism != at_once and "throttle" not in facts.unsaid:
        said = _said(facts.parallelism)
        yield _breach(f"{at_once} of the array may run at once, the manifest runs {said}", "parallelism")


def _ids(array: Array, facts: Facts) -> Iterator[Breach]:
    for role in facts.carriers:
        if role.main is None:
            continue
        text = role.main.environment.get(IDS)
        steps = (*role.main.steps, "env")
        if text is None:
            yield Breach(
                message=f"the manifest does not say which ids the array has ({IDS})", subject="array", steps=steps
            )
        elif not _same(expand(text, len(array.ids)), array.ids):
            ids = array.text.partition("%")[0] or _short(array.ids)
            message = f"the array has the ids {ids[:80]}, the manifest {text[:80]!r}"
            yield Breach(message=message, subject="array", steps=steps)


def expand(text: str, most: int) -> list[range]:
    """The ids as ranges, in the order written; nothing where the text is no list or holds more than ``most``.

    >>> expand("1,3,5-7,10-20:5", 10)
    [range(1, 2), range(3, 4), range(5, 8), range(10, 21, 5)]
    """
    ranges: list[range] = []
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return []
        first, last, step = (int(number) if number else 0 for number in match.groups())
        ranges.append(range(first, (last if match[2] else first) + 1, step or 1))
        most -= len(ranges[-1])
        if most < 0:
            return []
    return ranges


def _same(ranges: list[range], ids: Sequence[int]) -> bool:
    if len(ranges) == 1 and isinstance(ids, range):
        return ranges[0] == ids
    return list(chain.from_iterable(ranges)) == list(ids)


def _short(ids: Sequence[int]) -> str:
    return f"{ids[0]} to {ids[-1]}" if ids else "none"


def _said(number: int | None) -> str:
    return "nothing it says" if number is None else str(number)


def _breach(message: str, field: str) -> Breach:
    return Breach(message=message, subject="array", steps=("spec", field))
