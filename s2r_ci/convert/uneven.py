"""Totals that the nodes do not divide: all pods of a workload are alike, each as large as the largest.

Slurm gives 7 GPUs on 2 nodes as 4 and 3; two equal pods hold 8.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from s2r_ci.convert.answers import ASK, EXACT, NEAR, Answer, Row
from s2r_ci.model import Item, LedgerEntry, Question, Resources
from s2r_ci.runai.distribution import Plan

HOLD: Final = "equal pods hold"
"""How the reason of such an entry begins."""


def evenly(row: Row) -> Row:
    """The row, and both numbers, no longer called exact, where equal pods hold more than the script asks for."""

    def answered(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
        end = row(item, made, asked)
        placed = end.disposition is ASK or (bool(end.field) and end.disposition in (EXACT, NEAR))
        more = surplus(item.name, made) if placed else ""
        # An open question stays one: that pods hold more is true whatever the answer is.
        disposition = ASK if end.disposition is ASK else NEAR
        return Answer(disposition, end.field, f"{HOLD} {more}; {end.reason}") if more else end

    return answered


def said_with(entry: LedgerEntry, reason: str) -> str:
    """Another reason for the entry, behind what equal pods hold, where it says that."""
    more, mark, _ = entry.reason.partition(";")
    return f"{more}; {reason}" if mark and more.startswith(HOLD) else reason


def surplus(option: str, made: Plan) -> str:
    """``8 GPUs instead of 7`` where all pods together get more than the option asks for; else empty."""
    size = made.job.resources
    if size.nodes <= 1 or option not in _COUNTS:
        return ""
    what, asked, granted = _COUNTS[option](size, made.job.options)
    return f"{granted} {what} instead of {asked}" if 0 < asked < granted else ""


_Count = tuple[str, int, int]


def _tasks(size: Resources, options: Mapping[str, str]) -> _Count:
    """Fewer tasks than nodes leave nodes idle, which is another matter."""
    asked = size.tasks if size.tasks >= size.nodes else 0
    return "tasks", asked, size.nodes * size.tasks_per_node


def _cpus(size: Resources, options: Mapping[str, str]) -> _Count:
    _, tasks, places = _tasks(size, options)
    counts = size.cpus_per_node == size.tasks_per_node * size.cpus_per_task
    return "CPUs", tasks * size.cpus_per_task if counts else 0, places * size.cpus_per_task


def _gpus(size: Resources, options: Mapping[str, str]) -> _Count:
    """The total of ``--gpus``; several models are listed with commas."""
    counts = not options.keys() & {"gpus-per-node", "gres"}
    amounts = re.findall(r"(?:^|[:=,])(\d+)(?=,|$)", options.get("gpus", "")) if counts else ()
    return "GPUs", sum(map(int, amounts)), size.gpus


def _gpus_of_tasks(size: Resources, options: Mapping[str, str]) -> _Count:
    counts = not options.keys() & {"gpus-per-node", "gres", "gpus"}
    _, tasks, _ = _tasks(size, options)
    return "GPUs", tasks * (size.gpus_per_node // size.tasks_per_node) if counts else 0, size.gpus


def _of_gpus(size: Resources, options: Mapping[str, str]) -> _Count:
    """What comes with each GPU is rounded up with them."""
    return _gpus(size, options) if "gpus" in options else _gpus_of_tasks(size, options)


def _cpus_of_gpus(size: Resources, options: Mapping[str, str]) -> _Count:
    _, asked, granted = _of_gpus(size, options)
    each = int(options["cpus-per-gpu"]) if options["cpus-per-gpu"].isdecimal() else 0
    return "CPUs", asked * each, granted * each


_COUNTS: Final[Mapping[str, Callable[[Resources, Mapping[str, str]], _Count]]] = MappingProxyType(
    {
        "ntasks": _tasks,
        "cpus-per-task": _cpus,
        "ntasks-per-gpu": _tasks,
        "mem-per-cpu": _cpus,
        "cpus-per-gpu": _cpus_of_gpus,
        "mem-per-gpu": _of_gpus,
        "gpus": _gpus,
        "gpus-per-task": _gpus_of_tasks,
        "tres-per-task": _gpus_of_tasks,
    }
)
