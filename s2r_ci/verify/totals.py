"""What a script asks for in all, and what the pods of a manifest hold in all.

Slurm gives 7 GPUs on 2 nodes as 4 and 3. All pods of a workload are alike, so each holds as much as the largest share:
more is said in the ledger, less is a broken promise. The sums are made from the options as they were written, not
from the shares of a node that the reading of the script has worked out.
"""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from s2r_ci.model import ConversionRequest
from s2r_ci.patterns import lazy
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import gpu_resource
from s2r_ci.verify.facts import MIB, Facts

_COUNTS: Final = lazy(r"(?:^|[:=,])([0-9]{1,9})(?=,|$)")  # 8, a100:2, v100:2,a100:3
_SIZE: Final = lazy(r"([0-9]{1,12})([KMGT]?)B?", re.IGNORECASE)
_MIB_OF: Final[Mapping[str, Fraction]] = {
    "K": Fraction(1, 1024),
    "": Fraction(1),
    "M": Fraction(1),
    "G": Fraction(1024),
    "T": Fraction(1024**2),
}
_GPU_OPTIONS: Final = ("gpus-per-node", "gres", "gpus-per-socket")
_LARGER: Final = (
    "mincpus",
    "exclusive",
    "cores-per-socket",
    "threads-per-core",
    "ntasks-per-core",
    "core-spec",
    "thread-spec",
)


class Total(NamedTuple):
    """One option's sum over the whole job."""

    option: str
    what: str  # GPUs, tasks, CPUs, MiB
    asked: int
    parts: int  # equal parts of which the nodes get whole ones

    @property
    def subject(self) -> str:
        """The key of JobSpec.origins that has its line."""
        return _SUBJECTS[self.what]


def totals(request: ConversionRequest) -> Iterator[Total]:
    """The sums that the script's options make, where nothing else says how much a node gets."""
    options = request.job.options
    tasks = _whole(options.get("ntasks", ""))
    if tasks and "ntasks-per-gpu" not in options:  # the two of them make a number of GPUs
        yield Total("ntasks", "tasks", tasks, tasks)
        yield from _of_tasks(options, tasks)
    gpus = _gpus(options, tasks)
    if gpus:
        option, count = gpus
        yield Total(option, "GPUs", count, count)
        yield from _of_gpus(options, count)


def _gpus(options: Mapping[str, str], tasks: int) -> tuple[str, int] | None:
    if options.keys() & set(_GPU_OPTIONS):
        return None
    if "gpus" in options:
        return "gpus", sum(int(count) for count in _COUNTS.findall(options["gpus"]))
    found = _COUNTS.findall(options.get("gpus-per-task", ""))
    if found:
        return "gpus-per-task", tasks * sum(map(int, found))
    each = re.search(r"gres/gpu[:=](?:[\w.-]+[:=])?([0-9]{1,9})(?=,|$)", options.get("tres-per-task", ""))
    return ("tres-per-task", tasks * int(each[1])) if each else None


def _of_tasks(options: Mapping[str, str], tasks: int) -> Iterator[Total]:
    """Each task has its CPUs, each CPU its memory."""
    if options.keys() & {*_LARGER, "cpus-per-gpu", "tres-per-task"}:
        return
    cpus = tasks * (_whole(options.get("cpus-per-task", "")) or 1)
    yield Total("cpus-per-task" if "cpus-per-task" in options else "ntasks", "CPUs", cpus, tasks)
    if (size := _mib(options.get("mem-per-cpu", ""))) and "mem" not in options:
        yield Total("mem-per-cpu", "MiB", -int(-cpus * size // 1), tasks)


def _of_gpus(options: Mapping[str, str], gpus: int) -> Iterator[Total]:
    """What comes with each GPU."""
    if options.keys() & set(_LARGER):
        return
    if (cpus := _whole(options.get("cpus-per-gpu", ""))) and "ntasks" not in options:
        yield Total("cpus-per-gpu", "CPUs", gpus * cpus, gpus)
    if (size := _mib(options.get("mem-per-gpu", ""))) and "mem" not in options:
        yield Total("mem-per-gpu", "MiB", -int(-gpus * size // 1), gpus)


def granted(what: str, request: ConversionRequest, facts: Facts) -> Fraction | None:
    """What all pods that work hold together; None where the manifest does not say it, which is another promise."""
    if facts.pods is None or not facts.workers or request.job.array is not None:
        return None
    if what == "tasks":
        each = facts.processes_per_pod
        return Fraction(facts.pods * int(each)) if re.fullmatch("[0-9]{1,9}", each) else None
    name = {"GPUs": gpu_resource(request), "CPUs": "cpu", "MiB": "memory"}[what]
    amounts = [role.limits.get(name) for role in facts.workers]
    counts = [facts.pods if facts.kind == "Job" else role.replicas for role in facts.workers]
    if None in amounts or None in counts:
        return None
    whole = sum(
        (amount * count for amount, count in zip(amounts, counts, strict=True) if amount and count), Fraction(0)
    )
    return whole / MIB if what == "MiB" else whole


def less(what: str, request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """A breach where the pods hold less than the script asks for in all: its shares were rounded down."""
    for total in totals(request):
        held = granted(what, request, facts) if total.what == what else None
        if held is not None and held < total.asked:
            message = (
                f"--{total.option} makes {total.asked} {what} in all, the manifest's pods hold {float(held):g}"
            )
            yield Breach(message=message, subject=total.subject, steps=("spec",))


def uneven(request: ConversionRequest) -> list[Total]:
    """The sums that the nodes do not divide: equal pods hold more."""
    nodes = request.job.resources.nodes
    return [total for total in totals(request) if total.parts >= nodes and total.parts % nodes] if nodes > 1 else []


def more(request: ConversionRequest, facts: Facts) -> Iterator[tuple[Total, int]]:
    """Sums that equal pods exceed, and what they hold: each has to be said to who reads the ledger."""
    for total in uneven(request):
        held = granted(total.what, request, facts)
        if held is not None and held > total.asked:
            yield total, int(held)


_SUBJECTS: Final = {"GPUs": "gpus", "tasks": "tasks", "CPUs": "cpus", "MiB": "memory"}


def _whole(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else 0


def _mib(text: str) -> Fraction:
    found = _SIZE.fullmatch(text)
    return int(found[1]) * _MIB_OF[found[2].upper()] if found else Fraction(0)
