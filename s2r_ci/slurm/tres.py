"""GPUs and other countable resources, wherever they are written: --gres, --gpus..., --tres-per-task."""

from string import ascii_letters
from typing import Final, NamedTuple

from s2r_ci.patterns import lazy
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.troubles import RefusedError

# k and kib are 1024, kb is 1000, in capitals too
_FACTORS: Final[dict[str, int]] = {
    f"{letter}{behind}": base**power
    for power, letter in enumerate("kmgtp", 1)
    for behind, base in (("", 1024), ("ib", 1024), ("b", 1000))
}
_WRAP: Final = 2**64
_LATEST: Final[Release] = (99, 1)
_BLANKS: Final = " \t\n\v\f\r"
UNSAID: Final = _WRAP - 2  # as a count: none, where GPUs are added up
_NOT_OF_TASKS: Final = frozenset({"mem", "node", "energy", "billing", "bb", "fs", "vmem", "pages"})
_NAMELESS: Final = "(null)"  # as sbatch calls what has no name
_BEFORE: Final = lazy("[:=]")
_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")


class Gres(NamedTuple):
    """One entry: ``gpu:a100:2``."""

    name: str
    type: str
    number: int


def read_gres(text: str, release: Release) -> tuple[Gres, ...]:
    """The entries of a --gres value, with or without ``gres/``. Raises RefusedError where Slurm refuses the list."""
    if not text or text in ("gres/", "gres:"):
        return ()
    if release >= (23, 11) and "gres/gres:" in text:
        raise RefusedError("knows the prefix gres: no more, write gres/ or leave it out")
    parts = (part.removeprefix("gres/").removeprefix("gres:") for part in text.split(","))
    return tuple([_entry(part, release) for part in parts if part])


def read_gpus(text: str, release: Release) -> tuple[Gres, ...]:
    """The entries of a --gpus value: the type stands first, so ``gpu:2`` asks for a type called gpu."""
    if not text:
        return ()
    return tuple([_entry(f"gpu:{part}", release) for part in text.split(",") if part])


def count(entries: tuple[Gres, ...], name: str = "gpu") -> int:
    """How many of one name, over all types."""
    return sum(entry.number for entry in entries if entry.name == name)


def _entry(text: str, release: Release) -> Gres:
    name, type_, said = _split(text, release)
    number = 1 if said is None else amount(said, release)
    if not number and number is not None:
        return Gres(name, type_, 0)  # of no matter what
    if not name and release >= (23, 11) and (number or (text[:1] == ":" and said)):
        return Gres("", type_, number or 1)  # sbatch sends it, the controller refuses it
    if not ((name.isidentifier() and name.isascii()) or (name and set(name) <= _NAME) or name == _NAMELESS):
        raise RefusedError(f"`{text}` is not NAME[:TYPE][:COUNT]")
    if name != "gpu" and name.lower() == "gpu":
        raise RefusedError(f"`{name}` is written in small letters: gpu")
    if number is not None:
        return Gres(name, type_, number)
    if type_ or (release >= (23, 11) and text[len(name)] == "="):
        raise RefusedError(f"`{text}`: the type comes before the count, {name}:TYPE:COUNT")
    return Gres(name, said or "", 1)


def _split(text: str, release: Release) -> tuple[str, str, str | None]:
    """Name, type and count of an entry; a count that is none is the type.

    From 23.11 on the count stands behind the last equals sign, or else behind the last colon, and what is left of
    it, if it is nothing, is a type all the same (a blank here). An equals sign behind the name leaves no type.
    """
    parts = text.split(":")
    if release < (23, 11):
        if len(parts) > 3 or not (all(parts[1:]) and (parts[0] or not amount(parts[-1], release))):
            raise RefusedError(f"`{text}` is not NAME[:TYPE][:COUNT]")
        if len(parts) == 3:  # a unit alone is a count of none
            return parts[0], parts[1], "0" if parts[2].lower() in _FACTORS else parts[2]
        return parts[0], "", parts[1] if len(parts) > 1 else None
    if "=" not in text and len(parts) < 3 and parts[-1]:  # what most people write
        return parts[0], "", parts[1] if len(parts) > 1 else None
    name = _BEFORE.split(text, maxsplit=1)[0]
    mark, rest = text[len(name) : len(name) + 1], text[len(name) + 1 :]
    if mark and not rest:
        raise RefusedError(f"`{text}` is not NAME[:TYPE][:COUNT]")
    between = "=" if "=" in rest else ":" if ":" in rest else ""
    if mark == ":" and between:
        type_, _, said = rest.rpartition(between)
        return name, type_ or " ", said
    if mark == "=" and amount(rest.rpartition("=")[2], release) == 0:
        return name, "", "0"
    return name, "", rest if mark else None


def amount(text: str, release: Release) -> int | None:
    """A count with an optional K, M, G, T or P, in powers of 1024 or, with a B behind it, of 1000; None where it is
    none.

    Slurm counts in 64 bits, unsigned. Up to 22.05 a negative count wraps around; later it is no count at all, and
    so ``gpu:-4`` is one GPU of a type called ``-4``. The last number but one stands for "not said".
    """
    if text.isdigit() and text.isascii() and len(text) < 9:
        return int(text)
    if release < (23, 11):
        text = text.lstrip(_BLANKS).removeprefix("+")
    body = text.removeprefix("-")
    suffix = body[len(body.rstrip(ascii_letters)) :]
    factor = _FACTORS.get(suffix.lower(), 1)
    body = body.removesuffix(suffix) if factor > 1 else body
    if not body.isascii() or not body.isdigit() or (text[:1] == "-" and release >= (23, 11)):
        return None
    number: int = int(body[-30:]) if len(body) < 30 else _WRAP
    if text[:1] == "-":
        number = (_WRAP - number) % _WRAP if number < _WRAP else _WRAP
    if number >= _WRAP - 1:  # past the largest: no number
        return None
    return number * factor % _WRAP


def unusable(text: str) -> str:
    """The part of a --tres-per-task value that sbatch itself refuses, or nothing. How many CPUs is not looked at."""
    for part in text.split(",") if text else ():
        name = part.replace(":", "=").partition("=")[0]
        if name.partition("/")[0] in _NOT_OF_TASKS or part.startswith(("gres=", "gres/gres:")):
            return part
        if "gres" in part and "gres/" not in part and part != "gres" and _nobodys(part) is None:
            return part
        if name.startswith("gres/") and ("/" in name[5:] or part.endswith(":") or not _countable(part)):
            return part
    return ""


def _nobodys(part: str) -> int | None:
    """The count of what has ``gres`` in the midst of a word, as in ``xgres=2``: sbatch looks for these letters, and
    what it finds so has no name. None where it refuses it.
    """
    before, _, said = part.partition("gres")
    return amount(said[1:].rpartition(":")[2], _LATEST) if before and said[:1] in (":", "=") else None


def _countable(part: str) -> bool:
    """What stands behind an equals sign, or behind the last of several colons, is a number."""
    _, mark, number = part.rpartition("=" if "=" in part or part.count(":") < 2 else ":")
    return not mark or amount(number, _LATEST) is not None


class PerTask(NamedTuple):
    """What --tres-per-task says, but for CPUs."""

    gres: tuple[Gres, ...]
    unknown: str  # the first part that the controller refuses


def read_per_task(text: str) -> PerTask:
    """``cpu=6,gres/gpu:h100=2``, colons for equals signs too; a name without a number says nothing. Never raises.

    sbatch counts a resource wherever ``gres/`` stands, also where the controller does not know the word before it.
    """
    unknown = ""
    entries: list[Gres] = []
    for part in text.split(",") if text else ():
        before, counted, said = part.partition("gres/")
        if counted and not said and not before:
            continue
        if counted:
            unknown = unknown or (part if before or said[:1] in ":=" else "")
            try:
                entries.append(_of_task(f"{_NAMELESS}{said}" if said[:1] in ":=" else said))
            except RefusedError:
                unknown = unknown or part
        elif "gres" in part and (number := _nobodys(part)) is not None:
            unknown = unknown or part
            entries.append(Gres(_NAMELESS, "", number))
        elif part.startswith("license/") or not ("=" in part or ":" in part):
            continue
        elif part[:3].lower() != "cpu" or part[3] not in "=:" or amount(part[4:], _LATEST) is None:
            unknown = unknown or part
    return PerTask(tuple(entries), unknown)


def _of_task(text: str) -> Gres:
    """``gpu=N`` and ``gpu:TYPE=N``; one colon too many does no harm here."""
    return _entry(text.replace("::", ":") if "=" not in text else text, _LATEST)
