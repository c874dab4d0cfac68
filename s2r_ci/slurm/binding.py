"""How memory and GPUs are bound to tasks: --mem-bind and --gpu-bind."""

import itertools
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from s2r_ci.patterns import lazy
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.troubles import RefusedError

_BOUND: Final = lazy("closest|none|map|mask|per_task:|single:")
_HEX: Final = re.compile(r"(?:0x)?[0-9a-f]+(?:\*\d+)?")
_NUMBERS: Final = {
    "map": re.compile(r"\d*(?:\*\d*)?", re.ASCII),
    "mask": re.compile(r"(?:0x)?[0-9a-f]*(?:\*\d*)?", re.ASCII),
}
_MEM_BIND: Final = {
    "q": "quiet", "quiet": "quiet", "v": "verbose", "verbose": "verbose", "p": "prefer", "prefer": "prefer",
    "sort": "sort", "nosort": "nosort", "no": "none", "none": "none", "rank": "rank", "local": "local",
}  # fmt: skip
_BINDS: Final = ("none", "rank", "local")
_MANNERS: Final = {
    "quiet": ("verbose", False), "verbose": ("verbose", True), "prefer": ("prefer", True), "sort": ("sort", True),
    "nosort": ("sort", False),
}  # fmt: skip


class Binding(NamedTuple):
    """What --mem-bind says: verbose, prefer and sort as they are switched, the way to bind, and whether a variable
    had a part in it.
    """

    manner: Mapping[str, bool]
    bind: str
    outside: bool = False

    def __str__(self) -> str:
        shown = [word for word in ("verbose", "prefer", "sort") if self.manner.get(word)]
        return ",".join([*shown, self.bind] if self.bind else shown) or "unset"

    def over(self, before: "Binding") -> "Binding":
        """Added to what an earlier option said; of a list only the way to bind is left."""
        bind = self.bind or before.bind.partition(":")[0]
        return Binding({**before.manner, **self.manner}, bind, self.outside or before.outside)


def read_mem_bind(text: str, release: Release) -> tuple[str, Any]:
    """Words with a manner each; of the ways to bind the last one counts."""
    manner: dict[str, bool] = {}
    bind = ""
    words = iter(text.lower().split(","))
    for word in words:
        kind, _, first = word.partition(":")
        if kind in ("map_mem", "mask_mem"):
            numbers = [first.removeprefix("0x")]
            numbers += [
                word.removeprefix("0x") for word in itertools.takewhile(lambda word: word[:1].isdigit(), words)
            ]
            if not all(_HEX.fullmatch(number) for number in numbers):
                raise RefusedError(f"needs a list of numbers behind {kind}:")
            bind = f"{kind}:{','.join(numbers)}"
        elif word not in _MEM_BIND or (word in ("sort", "nosort") and release >= (26, 5)):
            raise RefusedError("takes none, rank, local, map_mem:LIST, mask_mem:LIST, prefer, verbose, quiet")
        elif _MEM_BIND[word] in _BINDS:
            bind = _MEM_BIND[word]
        else:
            name, switched = _MANNERS[_MEM_BIND[word]]
            manner[name] = switched
    binding = Binding(manner, bind)
    return str(binding), binding


def read_gpu_bind(text: str, release: Release) -> tuple[str, Any]:
    """One way to bind, the word verbose before it."""
    kind, colon, numbers = text.removeprefix("verbose,").lower().partition(":")
    known = kind in ("map_gpu", "mask_gpu", "per_task", "single") if colon else kind.startswith(("closest", "none"))
    if not known or (
        kind.endswith("_gpu") and not all(_HEX.fullmatch(part) for part in numbers.split(",") if part)
    ):
        raise RefusedError("takes closest, none, map_gpu:LIST, mask_gpu:LIST, per_task:N or single:N")
    return text, text


def unbound(text: str, release: Release) -> str:
    """The part of a --tres-bind value that the controller refuses, or nothing."""
    parts = text.removesuffix("+").split("+") if text else []
    for place, part in enumerate(parts):
        name, colon, how = part.partition(":")
        how = how.removeprefix("verbose,").lower()
        if not colon or not name.startswith("gres/") or not _BOUND.match(how):
            return part or text
        kind = how.partition(":")[0]
        if kind in _NUMBERS:
            listed = how[len(kind) + 1 :] if release >= (25, 5) else _past_the_name(how, kind, parts[place + 1 :])
            if not all(_NUMBERS[kind].fullmatch(number) for number in filter(None, listed.split(","))):
                return part
    return ""


def _past_the_name(how: str, kind: str, behind: list[str]) -> str:
    """Up to 24.11 as much is skipped as ``map_gpu:`` and ``mask_gpu:`` take: four letters of the list, and where it
    is shorter, of the entry behind it, which the plus sign that was taken away still joins to it.
    """
    return "\0".join([how, *behind])[len(kind) + len("_gpu:") :].partition("\0")[0].lower()
