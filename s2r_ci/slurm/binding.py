"""How memory, GPUs and other resources are bound to tasks: --mem-bind, --gpu-bind and --tres-bind."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from s2r_ci.patterns import lazy
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.troubles import RefusedError
from s2r_ci.slurm.units import MOST_LONG, leading

# A comma ends a word of --mem-bind where no number follows it, decimal or hexadecimal; nothing counts as a number.
_NEXT_WORD: Final = lazy(r",(?!\d|[0-9A-Fa-f]*(?:,|\Z))", re.ASCII)
_MEM_NUMBERS: Final = {
    "map_mem": lazy(r"()(\d*)(?:\*(\d+))?", re.ASCII),
    "mask_mem": lazy(r"(0x)?([0-9A-Fa-f]*)(?:\*(\d+))?", re.ASCII),
}
_NUMBERS: Final = {
    "map": lazy(r"\d*(?:\*\d*)?", re.ASCII),
    "mask": lazy(r"(?:0x)?[0-9A-Fa-f]*(?:\*\d*)?", re.ASCII),
}
_VERBOSE: Final = lazy(r"verbose,", re.IGNORECASE)
_MOST_REPEATS: Final = 65_536
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
    for word in _NEXT_WORD.split(text):
        known = word.lower()
        if known.startswith(("map_mem", "mask_mem")):
            bind = _mem_list(word, "map_mem" if known.startswith("map") else "mask_mem", release)
        elif known not in _MEM_BIND or (known in ("sort", "nosort") and release >= (26, 5)):
            raise RefusedError("takes none, rank, local, map_mem:LIST, mask_mem:LIST, prefer, verbose, quiet")
        elif _MEM_BIND[known] in _BINDS:
            bind = _MEM_BIND[known]
        else:
            name, switched = _MANNERS[_MEM_BIND[known]]
            manner[name] = switched
    binding = Binding(manner, bind)
    return str(binding), binding


def _mem_list(word: str, kind: str, release: Release) -> str:
    """``map_mem:0*2,1`` written out: ``map_mem:0,0,1``. The list stands behind a colon or an equals sign, to the next
    of them. Up to 22.05 one of commas alone passed.
    """
    parts = re.split("[:=]", word)
    numbers = [number for number in parts[1].split(",") if number] if len(parts) > 1 else []
    listed: list[str] = []
    for number in numbers:
        found = _MEM_NUMBERS[kind].fullmatch(number)
        times = int(found[3][:9]) if found and found[3] else 1
        if not found or not times or times > _MOST_REPEATS:
            raise RefusedError(f"needs a list of numbers behind {kind}:")
        listed += [found[2]] * times
    if listed:
        return f"{kind}:{','.join(listed)}"
    if release < (23, 2) and len(parts) > 1 and parts[1]:
        return kind
    raise RefusedError(f"needs a list of numbers behind {kind}:")


def read_gpu_bind(text: str, release: Release) -> tuple[str, Any]:
    """One way to bind, the word verbose before it. From 23.02 on it is read as a part of --tres-bind."""
    fits = not unbound(f"gres/gpu:{text}", release) if release >= (23, 2) else _fitted(text, release)
    if not fits:
        raise RefusedError("takes closest, none, map_gpu:LIST, mask_gpu:LIST, per_task:N or single:N")
    return text, text


def _fitted(text: str, release: Release) -> bool:
    """Up to 22.05 a c stood for closest and an n for none, and more could follow behind a semicolon."""
    parts = [part for part in f"gpu:{text}".split(";") if part]
    for part in parts:
        name, colon, how = part.partition(":")
        how = _plain(how)
        if name != "gpu" or not colon:
            return False
        if how[:1].lower() not in ("c", "n") and (
            how.lower().startswith(("map:", "mask:")) or not _binds(how, (), release)
        ):
            return False
    return True


def unbound(text: str, release: Release) -> str:
    """The part of a --tres-bind value that the controller refuses, or nothing."""
    parts = [part for part in text.split("+") if part]
    for place, part in enumerate(parts):
        name, colon, how = part.partition(":")
        if not colon or not name.startswith("gres/") or not _binds(_plain(how), parts[place + 1 :], release):
            return part or text
    return ""


def _plain(how: str) -> str:
    """Without the word verbose before it."""
    return how[len("verbose,") :] if _VERBOSE.match(how) else how


def _binds(how: str, behind: Sequence[str], release: Release) -> bool:
    """Whether Slurm can read one way to bind; of closest and none only the beginning counts, of a number it looks
    whether it is negative.
    """
    kind, colon, said = how.partition(":")
    kind = kind.lower()
    if kind.startswith(("closest", "none")):
        return True
    if kind in ("single", "per_task") and colon:
        return 0 <= leading(said)[0] < MOST_LONG
    numbers = _NUMBERS.get(kind.removesuffix("_gpu"))
    if numbers is None or not colon:
        return False
    if kind in _NUMBERS and release < (25, 5):
        said = _past_the_name(how, kind, behind)
    return all(numbers.fullmatch(number) for number in said.split(","))


def _past_the_name(how: str, kind: str, behind: Sequence[str]) -> str:
    """Up to 24.11 as much is skipped as ``map_gpu:`` and ``mask_gpu:`` take: four letters of the list, and where it
    is shorter, of the entry behind it, which the plus sign that was taken away still joins to it.
    """
    return "\0".join([how, *behind])[len(kind) + len("_gpu:") :].partition("\0")[0]
