"""From the lines of a manifest back to the lines of the script: the ledger, as comments."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from s2r_ci.model import Disposition, LedgerEntry

Steps = tuple[str | int, ...]

_MARKS: Final = {Disposition.APPROXIMATE: " (approximate)", Disposition.NEEDS_ANSWER: " (not answered yet)"}

_ENDS: Final = ("", ".", "[")  # what may stand behind a key


def backlinks(ledger: Iterable[LedgerEntry], body: Any) -> dict[Steps, str]:
    """For each node of ``body`` that the ledger names: the script lines it came from, ``line 5: --gres=gpu:2``."""
    said: dict[Steps, list[str]] = {}
    for entry in ledger:
        steps = resolve(entry.field, body)
        if steps and entry.location.line:
            mark = _MARKS.get(entry.disposition, "")
            said.setdefault(steps, []).append(f"line {entry.location.line}: {_short(str(entry.item))}{mark}")
    return {steps: ", ".join(dict.fromkeys(texts)) for steps, texts in said.items()}


def resolve(field: str, body: Any) -> Steps:
    """The steps of a dotted field path such as ``spec.containers[0].resources.limits.nvidia.com/gpu``.

    Keys may hold dots themselves, so the longest key that fits is taken. An item of a list is found by its number or
    by its ``name``: ``env[3]``, ``env.SLURM_NNODES``. Empty where the body has no such node.
    """
    steps: list[str | int] = []
    rest = field
    while rest:
        step, rest = _step(rest, body)
        if step is None:
            return ()
        steps.append(step)
        body = body[step]
    return tuple(steps)


def _step(rest: str, body: Any) -> tuple[str | int | None, str]:
    if rest.startswith("[") and isinstance(body, list):
        number, _, rest = rest[1:].partition("]")
        fits = number.isdecimal() and int(number) < len(body)
        return (int(number) if fits else None), rest.removeprefix(".")
    if isinstance(body, list):
        return _named(rest, body)
    if not isinstance(body, Mapping):
        return None, ""
    longest = ""
    for key in body:
        if len(key) > len(longest) and rest.startswith(key) and rest[len(key) : len(key) + 1] in _ENDS:
            longest = key
    return (longest, rest[len(longest) :].removeprefix(".")) if longest else (None, "")


def _named(rest: str, items: list[Any]) -> tuple[int | None, str]:
    for index, item in enumerate(items):
        name = item.get("name") if isinstance(item, Mapping) else None
        if (
            isinstance(name, str)
            and name
            and rest.startswith(name)
            and rest[len(name) : len(name) + 1] in ("", ".")
        ):
            return index, rest[len(name) :].removeprefix(".")
    return None, ""


def _short(text: str, limit: int = 60) -> str:
    first = text.split("\n", 1)[0]
    return first if len(first) <= limit else first[: limit - 1] + "…"
