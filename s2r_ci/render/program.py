"""The program part of a script for a person: steps, software, files read and written, what comes from outside."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from s2r_ci.model import Body, Item, ItemKind, Reading, Script
from s2r_ci.patterns import lazy
from s2r_ci.render.safe import printable
from s2r_ci.slurm.body import read_body
from s2r_ci.slurm.touched import touched

_ASSIGNED: Final = lazy(
    r"^[ \t]*(?:export[ \t]+|readonly[ \t]+)?([A-Za-z_]\w*)=(\"[^\"`()]*\"|'[^']*'|[^\s\"'`()]*)[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
_NAMED: Final = lazy(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_DEEP: Final = 4  # variables in variables that are followed
_MOST: Final = 40  # lines under one title
_WIDE: Final = 78


def program(script: Script, reading: Reading) -> Iterator[str]:
    """The structure of the program part: steps, background work, software, files, what comes from outside."""
    if reading.jobs:
        body: Body = reading.jobs[0].body
        inventory: Iterable[Item] = reading.jobs[0].inventory
    else:
        body, inventory, _ = read_body(script)
    reader = printable(body.interpreter) or "nothing: the first line does not say"
    yield row("read by", reader + ("" if body.understood else ", and not all understood"))
    yield from rows("steps", _steps(body))
    items = [item for item in inventory if item.kind is not ItemKind.DIRECTIVE]
    yield from rows("software", _software(items))
    if body.language == "shell":
        files, named, behind, runs = touched(script.text)
        steps = {step.location.line for step in body.steps}
        held = _held(script.text)
        alone = [each for each in runs if each.line not in steps]
        yield from rows("runs", [(each.line, _with_value(each.command, held)) for each in alone])
        yield from rows("background", [(each.line, each.command) for each in behind if each.line not in steps])
        started = {word for step in body.steps for word in step.program[:2]}
        started |= {item.value for item in items if item.kind is ItemKind.CONTAINER}
        seen = [each for each in (*files, *named) if each.how != "names" or each.name not in started]
        told = [*((each.line, each.how, each.name) for each in seen), *_streams(reading)]
        told.sort(key=lambda each: (not each[0], each))  # Slurm's default for the log stands nowhere
        for how in ("reads", "writes", "names"):
            yield from rows(how, [(line, _with_value(name, held)) for line, kind, name in told if kind == how])
    yield from rows("host paths", _items(items, ItemKind.PATH))
    yield from rows("from Slurm", _items(items, ItemKind.VARIABLE))
    yield from rows("from outside", _items(items, ItemKind.ARGUMENT))
    yield from rows("cluster", _items(items, ItemKind.COMMAND))


def _streams(reading: Reading) -> Iterator[tuple[int, str, str]]:
    """The files of the job itself: its log, its errors where they go elsewhere, and its input."""
    for job in reading.jobs[:1]:
        several = "slurm-%A_%a.out" if job.array else "slurm-%j.out"
        output, errors, given = (job.options.get(name, "") for name in ("output", "error", "input"))
        what = "the job's output" if errors and errors != output else "the job's output and errors"
        default = "" if output else ", Slurm's default"
        line = {each.name: each.line for part in reading.header.components[:1] for each in part.directives}
        yield line.get("output", 0), "writes", f"{output or several} ({what}{default})"
        if errors and errors != output:
            yield line.get("error", 0), "writes", f"{errors} (the job's errors)"
        if given:
            yield line.get("input", 0), "reads", f"{given} (the job's input)"


def _held(text: str) -> dict[str, str]:
    """Variables that are set once, to a text, in the order of the script."""
    held: dict[str, str] = {}
    for name, value in _ASSIGNED.findall(text):
        held[name] = "" if name in held else value.strip("\"'")
    return held


def _with_value(name: str, held: Mapping[str, str]) -> str:
    """The name, and what it comes out as where the script says all of it."""
    whole = name
    if " " in name:
        return name
    for _ in range(_DEEP):
        if "$" not in whole:
            both = f"{name} = {whole}" if whole != name else name
            return both if len(both) <= _WIDE else whole
        whole = _NAMED.sub(lambda found: held.get(found[1] or found[2]) or found[0], whole)
    return name


def _steps(body: Body) -> Iterator[tuple[int, str]]:
    for step in body.steps:
        words = " ".join(step.program) or " ".join(step.words)
        within = f" within {step.within}" if step.within else ""
        behind = " (in the background)" if step.background else ""
        yield step.location.line, f"{step.launcher}{within}: {words}{behind}"


def _items(items: Iterable[Item], *kinds: ItemKind) -> Iterator[tuple[int, str]]:
    """Each name once, where it stands first."""
    seen: dict[str, int] = {}
    for item in items:
        if item.kind in kinds:
            named = item.kind in (ItemKind.VARIABLE, ItemKind.PATH, ItemKind.ARGUMENT)
            seen.setdefault(item.name if named else item.value or item.name, item.location.line)
    yield from ((line, name) for name, line in seen.items())


def _software(items: Iterable[Item]) -> Iterator[tuple[int, str]]:
    """By what it comes, and its name: ``module cuda/12``."""
    seen: dict[str, int] = {}
    for item in items:
        if item.kind in (ItemKind.MODULE, ItemKind.CONTAINER) and item.value not in ("list", "avail"):
            seen.setdefault(f"{item.name} {item.value}".strip(), item.location.line)
    yield from ((line, name) for name, line in seen.items())


def rows(title: str, found: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Lines of the script with what stands there, under one title; line 0 is none of them."""
    for number, (line, text) in enumerate(found):
        if number == _MOST:
            yield row("", "and more")
            return
        yield row(title, f"line {line}: {short(text, _WIDE)}" if line else short(text, 86))
        title = ""


def row(title: str, text: str) -> str:
    """A text behind its title."""
    return f"  {title:>12}  {text}".rstrip()


def short(text: str, limit: int) -> str:
    """At most so many characters of a text, safe to print."""
    shown = printable(text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
