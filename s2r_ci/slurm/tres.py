"""GPUs and other countable resources, wherever they are written: --gres, --gpus..., --tres-per-task."""

from typing import Final, NamedTuple

from s2r_ci.slurm.options import Release
from s2r_ci.slurm.troubles import RefusedError

_FACTORS: Final = {"k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4, "p": 1024**5}
_WRAP: Final = 2**64
_LATEST: Final[Release] = (99, 1)
_BLANKS: Final = " \t\n\v\f\r"
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
        return Gres(name, parts[1], 1) if number is None else Gres(name, "", number)
    if number is None:
        raise RefusedError(f"`{text}`: the type comes before the count, {name}:TYPE:COUNT")
    return Gres(name, parts[1], number)


def amount(text: str, release: Release) -> int | None:
    """A count with an optional K, M, G, T or P, in powers of 1024; None where it is none.

    Slurm counts in 64 bits, unsigned. Up to 22.05 a negative count wraps around; later it is no count at all, and
    so ``gpu:-4`` is one GPU of a type called ``-4``. The last number but one stands for "not said".
    """
    if text.isdigit() and text.isascii() and len(text) < 9:
        return int(text)
    if release < (23, 11):
        text = text.lstrip(_BLANKS).removeprefix("+")
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
    """The part of a --tres-per-task value that sbatch itself refuses, or nothing. How many CPUs is not looked at."""
    for part in text.split(",") if text else ():
        name = part.replace(":", "=").partition("=")[0]
        if name.partition("/")[0] in _NOT_OF_TASKS:
            return part
        if name.startswith("gres/") and ("/" in name[5:] or part.endswith(":") or not _countable(part)):
            return part
    return ""


def _countable(part: str) -> bool:
    """What stands behind an equals sign is a number."""
    _, equals, number = part.rpartition("=")
    return not equals or amount(number, _LATEST) is not None


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
        if counted:
            unknown = unknown or (part if before else "")
            try:
                entries.append(_of_task(said))
            except RefusedError:
                unknown = unknown or part
        elif part.startswith("license/") or not ("=" in part or ":" in part):
            continue
        elif part[:3].lower() != "cpu" or part[3] not in "=:" or amount(part[4:], _LATEST) is None:
            unknown = unknown or part
    return PerTask(tuple(entries), unknown)


def _of_task(text: str) -> Gres:
    """``gpu:TYPE=N``, where a type may hold an equals sign, and may be empty."""
    name, _, type_ = text.partition(":")
    type_, equals, said = type_.rpartition("=")
    if equals and ":" not in type_ and (not type_ or "=" in type_):
        number = amount(said, _LATEST)
        if number is not None:
            return Gres(name, type_ or " ", number)
    return _entry(text.replace("=", ":").replace("::", ":"), _LATEST)
