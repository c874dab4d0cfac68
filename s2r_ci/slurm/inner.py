"""What a file that the script runs or sources adds to what the script needs: one level deep, at the line of the call.

The variables of Slurm's that it reads are the script's own to the manifest; so are its absolute paths and the modules
it loads. Commands that the prelude would have to know of (srun, a container, the cluster's) are only named: a person
decides about those. What it calls itself is named and not read.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from s2r_ci.called import PROGRAM, script_of
from s2r_ci.frozen import replace
from s2r_ci.model import Body, Called, Inner, Item, ItemKind, Location, Script
from s2r_ci.slurm.body import read_body
from s2r_ci.slurm.launchers import SHELLS, base_name

_MERGED: Final = frozenset({"module", "ml", "mpirun", "mpiexec"})
"""Commands whose stand-ins lie on PATH and need nothing to be known of the call."""

_NAMED: Final = (ItemKind.COMMAND, ItemKind.CONTAINER)


def with_called(
    script: Script, body: Body, items: tuple[Item, ...]
) -> tuple[Body, tuple[Item, ...], tuple[Inner, ...]]:
    """Body and inventory with what the called files add, and the files themselves. Never raises."""
    made = body
    more: list[Item] = []
    inners: list[Inner] = []
    more += (item for each in script.called if each.how == PROGRAM for item in _names(each, script, body))
    for each in script.called:
        if not _is_called(each, body, items):
            continue
        place = Location(script.path, each.line, each.column)
        if each.how != "source":
            more.append(Item(ItemKind.CALL, each.name, each.path, place))
        if each.data is None:
            inners.append(Inner(each.name, place, ""))
            continue
        inner = script_of(each.path, each.data, lambda name: None)
        theirs, found, _ = read_body(inner)
        more += _kept(found, place)
        made = _merged(made, theirs)
        deeper = tuple(dict.fromkeys(call.name for call in inner.called if _is_called(call, theirs, found)))
        inners.append(Inner(each.name, place, each.path, tuple(_needs(theirs, found)), deeper))
    if not (inners or more):
        return body, items, ()
    known = {(item.kind, item.name, item.value) for item in items}
    fresh = [item for item in dict.fromkeys(more) if (item.kind, item.name, item.value) not in known]
    every = sorted((*items, *fresh), key=lambda item: (item.location.line, item.location.column))
    return made, tuple(every), tuple(inners)


def _names(each: Called, script: Script, body: Body) -> Iterator[Item]:
    """Slurm's variables that a program reads; who starts it on its line may be any command."""
    if body.language == "shell" and each.data:
        place = Location(script.path, each.line, each.column)
        yield from (Item(ItemKind.VARIABLE, name.decode(), "", place) for name in each.data.split())


def _is_called(each: Called, body: Body, items: Iterable[Item]) -> bool:
    """Whether the grammar too sees a call there: the text alone may stand in quotes, or be another command's word."""
    if body.language != "shell" or each.how == PROGRAM:
        return False
    if each.how == "source":
        return any(item.kind is ItemKind.MODULE and item.name == "source" and _same(item, each) for item in items)
    if each.how == "shell":
        return any(base_name(command) in SHELLS for command in body.commands)
    return any(_ends(command, each.name) for command in body.commands)


def _same(item: Item, each: Called) -> bool:
    return item.location.line == each.line and _ends(item.value, each.name)


def _ends(word: str, name: str) -> bool:
    return word == name or (word.startswith("$") and word.endswith(f"/{name}"))


def _kept(found: Iterable[Item], place: Location) -> Iterator[Item]:
    for item in found:
        if item.kind in (ItemKind.VARIABLE, ItemKind.MODULE) or (item.kind is ItemKind.PATH and not item.value):
            yield item._replace(location=place)


def _needs(body: Body, found: Iterable[Item]) -> Iterator[str]:
    told: set[str] = set()
    for item in found:
        srun = item.kind is ItemKind.LAUNCHER and item.name == "srun"
        if (srun or item.kind in _NAMED) and item.name not in told:
            told.add(item.name)
            yield f"{item.name} (line {item.location.line})"


def _merged(body: Body, theirs: Body) -> Body:
    more = tuple(name for name in theirs.commands if name in _MERGED and name not in body.commands)
    return replace(body, commands=(*body.commands, *more), uses_gpu=body.uses_gpu or theirs.uses_gpu)
