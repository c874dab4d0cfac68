"""GPUs and other countable resources, wherever they are written: --gres, --gpus..., --tres-per-task."""

import re
from typing import Final, NamedTuple

from s2r_ci.slurm.options import Release
from s2r_ci.slurm.troubles import RefusedError
from s2r_ci.slurm.units import digits, signed

_FACTORS: Final = {"k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4, "p": 1024**5}
_WRAP: Final = 2**64
_NUMBER: Final = re.compile(r"[+-]?\d+", re.ASCII)
UNSAID: Final = _WRAP - 2  # as a count: none, where GPUs are added up
_NOT_OF_TASKS: Final = frozenset({"mem", "node", "energy", "billing", "bb", "fs", "vmem", "pages"})
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
    return tuple([_nameless(part, release) or _entry(f"gpu:{part}", release) for part in text.split(",") if part])


def _nameless(text: str, release: Release) -> Gres | None:
    """``:2`` and ``=2``, from 23.11 on: a type without a name, and a type all the same."""
    if text[:1] not in (":", "=") or release < (23, 11):
        return None
    number = amount(text[1:], release)
    return None if number is None else Gres("gpu", " ", number)


def counted_gpus(text: str, release: Release) -> tuple[Gres, ...]:
    """What of a --gpus-per-task value reaches --tres-per-task: entries with a number, up to 24.11 the first of them.

    The number ends at the first letter that is no digit; the type stays as it was written. Raises RefusedError for
    a negative number, and for an entry that cannot be read.
    """
    entries: tuple[Gres, ...] = ()
    for part in text.split(","):
        name, _, said = part.replace("=", ":").rpartition(":")
        found = _NUMBER.match(said)
        number = signed(int(found[0])) if found else 0  # it is kept in 32 bits
        if number < 0:
            raise RefusedError(f"`{part}` holds a negative number: GPUs are counted from 0")
        if found and "::" not in part and not (part[:1] == ":" and part.count(":") > 1):
            spelled = part[: len(name)] if name or said == part else " "  # `:2` has a type without a name
            entries += _one_counted(spelled, number, release)
    return tuple(entry for entry in (entries[::-1] if release >= (25, 5) else entries[:1]) if entry.number)


def _one_counted(name: str, number: int, release: Release) -> tuple[Gres, ...]:
    """Here an equals sign before the type belongs to the type."""
    if name == " " or (name[:1] == "=" and len(name) > 1):
        return (Gres("gpu", name, number),)
    made = read_gpus(f"{name}:{number}" if name else str(number), release)
    return tuple(entry._replace(type=name) if entry.type.strip() else entry for entry in made)


def count(entries: tuple[Gres, ...], name: str = "gpu") -> int:
    """How many of one name, over all types."""
    return sum(entry.number for entry in entries if entry.name == name)


def _entry(text: str, release: Release) -> Gres:
    parts = (text.replace("=", ":") if release >= (23, 11) else text).split(":")
    name = parts[0]
    if len(parts) > 3 or not all(parts) or not ((name.isidentifier() and name.isascii()) or set(name) <= _NAME):
        raise RefusedError(f"`{text}` is not NAME[:TYPE][:COUNT]")
    if name != "gpu" and name.lower() == "gpu":
        raise RefusedError(f"`{name}` is written in small letters: gpu")
    if len(parts) == 1:
        return Gres(name, "", 1)
    number = amount(parts[-1], release)
    if len(parts) == 2:
        return Gres(name, parts[1].lower(), 1) if number is None else Gres(name, "", number)
    if number is None:
        raise RefusedError(f"`{text}`: the type comes before the count, {name}:TYPE:COUNT")
    return Gres(name, parts[1].lower(), number)


def amount(text: str, release: Release) -> int | None:
    """A count with an optional K, M, G, T or P, in powers of 1024; None where it is none.

    Slurm counts in 64 bits, unsigned. Up to 22.05 a negative count wraps around; later it is no count at all, and
    so ``gpu:-4`` is one GPU of a type called ``-4``. The last number but one stands for "not said".
    """
    if text.isdigit() and text.isascii() and len(text) < 9:
        return int(text)
    if release < (23, 11):
        text = text.removeprefix("+")
    body = text.removeprefix("-")
    factor = _FACTORS.get(body[-1:].lower(), 1)
    body = body[:-1] if factor > 1 else body
    if not body.isascii() or not body.isdigit() or (text[:1] == "-" and release >= (23, 11)):
        return None
    number = int(body[-30:]) if len(body) < 30 else _WRAP
    if text[:1] == "-":
        number = (_WRAP - number) % _WRAP if number < _WRAP else _WRAP
    if number >= _WRAP - 1:  # past the largest: no number
        return None
    return number * factor % _WRAP


def unusable(text: str) -> str:
    """The part of a --tres-per-task value that sbatch itself refuses, or nothing."""
    for part in text.split(",") if text else ():
        name, _, number = part.replace(":", "=").partition("=")
        if name.partition("/")[0] in _NOT_OF_TASKS or (name == "cpu" and not digits(number)):
            return part
        if name.startswith("gres/") and (part.endswith(":") or not _countable(part)):
            return part
    return ""


def _countable(part: str) -> bool:
    """What stands behind an equals sign is a number."""
    _, equals, number = part.rpartition("=")
    return not equals or amount(number, (99, 1)) is not None


class PerTask(NamedTuple):
    """What --tres-per-task says."""

    cpus: int
    gres: tuple[Gres, ...]
    unknown: str  # the first part that the controller refuses


def read_per_task(text: str) -> PerTask:
    """``cpu=6,gres/gpu:h100=2``, colons for equals signs too; a name without a number says nothing. Never raises."""
    cpus, unknown = 0, ""
    entries: list[Gres] = []
    for part in text.split(",") if text else ():
        if part.startswith("gres/"):
            try:
                entries.append(_entry(part[5:].replace("=", ":").replace("::", ":"), (99, 1)))
            except RefusedError:
                unknown = unknown or part
        elif part.startswith(("cpu=", "cpu:")):
            cpus = cpus or digits(part[4:]) or 0
        elif not part.startswith("license/") and ("=" in part or ":" in part):
            unknown = unknown or part
    return PerTask(cpus, tuple(entries), unknown)
