"""What sbatch and the controller refuse although every option by itself is right."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from s2r_ci.patterns import lazy
from s2r_ci.slurm import tres, units
from s2r_ci.slurm.binding import unbound
from s2r_ci.slurm.hosts import is_a_set, node_names
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.shape import Held, Options, hint_dropped, topology

_MEMORY: Final = ("mem", "mem-per-cpu", "mem-per-gpu")
_HINTS: Final = ("compute_bound", "memory_bound", "multithread", "nomultithread")
_LIMITS: Final = frozenset(["AS", "CORE", "CPU", "DATA", "FSIZE", "MEMLOCK", "NOFILE", "NPROC", "RSS", "STACK"])
# option, option, first release that refuses them together
_EXCLUDE: Final[tuple[tuple[str, str, Release], ...]] = (
    ("exclusive", "oversubscribe", (23, 2)),
    ("cpus-per-task", "cpus-per-gpu", (23, 2)),  # before, it is part of the arithmetic of GPUs
    ("ntasks-per-gpu", "gpus-per-task", (0, 0)),
    ("ntasks-per-gpu", "gpus-per-socket", (0, 0)),
    ("ntasks-per-gpu", "ntasks-per-node", (0, 0)),
    ("core-spec", "thread-spec", (0, 0)),
    ("bb", "bbf", (0, 0)),
    ("tres-per-task", "ntasks-per-gpu", (0, 0)),
    ("tres-per-task", "ntasks-per-tres", (0, 0)),
    ("ntasks-per-tres", "gpus-per-task", (0, 0)),
    ("ntasks-per-tres", "gpus-per-socket", (0, 0)),
    ("ntasks-per-tres", "ntasks-per-node", (0, 0)),
)
# An option of these has to be there before anything below can be wrong: the common script skips it all.
_CONCERNED: Final = frozenset({
    "mem-per-gpu", "oversubscribe", "cpus-per-gpu", "ntasks-per-gpu",
    "ntasks-per-tres", "core-spec", "bb", "tres-per-task", "begin", "hint", "ntasks-per-core",
    "distribution", "resv-ports", "propagate", "segment", "nodefile",
})  # fmt: skip
_CONTROLLED: Final = frozenset({
    "array", "dependency", "time-min", "nice", "reboot", "test-only", "tres-bind",
})  # fmt: skip
_LIMIT: Final = lazy("^(?:RLIMIT_)+")
_LISTS: Final = frozenset({"gres", "gpus", "gpus-per-node", "gpus-per-socket", "gpus-per-task"})
_COUNTED_BADLY: Final[Release] = (22, 5)
_OTHER_MEMORY: Final = frozenset({"mem-per-cpu", "mem-per-gpu"})
_DEPENDENCY: Final = lazy(
    r"(?:singleton|\d+(?:_(?:\d+|\*))?|"
    r"(?:after|afterany|afterok|afternotok|aftercorr|afterburstbuffer)(?::\d+(?:_(?:\d+|\*))?(?:\+\d+)?)+)",
    re.IGNORECASE,
)

Clash = tuple[str, str]  # option it is about, message


def settle(held: dict[str, Held], release: Release) -> None:
    """A memory option that came by the environment gives way to one of script or command line; it stays named.

    Up to 22.05 a number of CPUs a GPU could come out as 0, which says nothing.
    """
    if "cpus-per-gpu" in held and held["cpus-per-gpu"].data == 0:
        held["cpus-per-gpu"] = held["cpus-per-gpu"]._replace(data=None)
    said = [name for name in _MEMORY if name in held]
    if len(said) > 1 and any(held[name].origin != "environment" for name in said):
        for name in said:
            if held[name].origin == "environment":
                held[name] = held[name]._replace(data=None)
    if "hint" in held and release >= (25, 5) and ("sockets-per-node" in held or "cores-per-socket" in held):
        held["hint"] = held["hint"]._replace(data=None)
    per_gpu = held.get("cpus-per-gpu")
    if per_gpu and per_gpu.origin == "environment" and release >= (23, 2) and _cpus_said(held):
        held["cpus-per-gpu"] = per_gpu._replace(data=None)


def _cpus_said(held: Options) -> bool:
    """Whether a number of CPUs a GPU of the environment gives way to one of a task; it stays where --tres-per-task
    comes from the environment too.
    """
    if (task := held.get("tres-per-task")) is not None:
        if task.origin == "environment":
            return False
        if "cpu" in task.data.lower():
            return True
    return "cpus-per-task" in held and held["cpus-per-task"].origin != "environment"


def clashes(held: Options, release: Release) -> Iterable[Clash]:
    """What sbatch refuses after it has read every directive."""
    if (
        _CONCERNED.isdisjoint(held)
        and ("mem" not in held or _OTHER_MEMORY.isdisjoint(held))
        and ("nodes" not in held or held["nodes"].data != units.NO_NODES)
        and release >= (23, 2)
        and (release < (26, 5) or "gpus-per-node" not in held)
    ):
        return ()
    return _clashes(held, release)


def _clashes(held: Options, release: Release) -> Iterator[Clash]:
    if "nodes" in held and held["nodes"].data == units.NO_NODES:
        yield "nodes", "--nodes holds no number of nodes"
    if release < (23, 2):
        yield from _wrapped(held)
    memory = [f"--{name}" for name in _MEMORY if name in held and held[name].data is not None]
    if len(memory) > 1:
        yield memory[1][2:], f"{' and '.join(memory)} exclude each other: keep one"
    for first, second, since in _EXCLUDE:
        if first in held and second in held and release >= since:
            if second == "cpus-per-gpu" and held[second].data is None:
                continue
            if first == "tres-per-task" and _only_cpus(held[first], release):
                continue
            if "environment" in (origins := (held[first].origin, held[second].origin)) and (
                second == "oversubscribe" or (second == "thread-spec" and len(set(origins)) > 1)
            ):
                continue
            yield second, f"--{first} and --{second} exclude each other: keep one"
    if "gpus-per-node" in held and release >= (26, 5) and "gpu" in str(held.get("gres", ("", ""))[1]):
        yield "gres", "--gpus-per-node and --gres=gpu exclude each other from 26.05 on: keep one"
    yield from _single(held, release)
    yield from _placed(held, release)


def _only_cpus(task: Held, release: Release) -> bool:
    """From 25.05 on a SBATCH_TRES_PER_TASK without GPUs may stand beside a number of tasks a GPU."""
    return task.origin == "environment" and release >= (25, 5) and "gres/gpu" not in task.data


def _wrapped(held: Options) -> Iterator[Clash]:
    """Numbers past 31 bits, which came out as none."""
    if "ntasks" in held and held["ntasks"].data < 0:
        yield "ntasks", f"--ntasks comes out as {held['ntasks'].data}"
    if "cpus-per-task" in held and held["cpus-per-task"].data <= 0:
        yield "cpus-per-task", f"--cpus-per-task comes out as {held['cpus-per-task'].data}"


def _single(held: Options, release: Release) -> Iterator[Clash]:
    if "nodefile" in held and not held["nodefile"].data:
        yield "nodefile", "--nodefile needs the name of a file"
    if "hint" in held and not hint_dropped(held) and held["hint"].data.lower() not in _HINTS:
        yield "hint", f"--hint takes one of {', '.join(_HINTS)}"
    begin, deadline = held.get("begin"), held.get("deadline")
    if begin and deadline and begin.data and deadline.data and deadline.data < begin.data:
        yield "deadline", "the deadline lies before the begin"
    cores, threads = held.get("ntasks-per-core"), topology(held)[2]
    if cores and threads and cores.data > threads and release >= (23, 2):
        yield "ntasks-per-core", f"--ntasks-per-core={cores.data} is more than --threads-per-core={threads}"
    if (
        "distribution" in held
        and held["distribution"].data == "arbitrary"
        and not {"nodelist", "nodefile"} & set(held)
    ):
        yield "distribution", "--distribution=arbitrary needs --nodelist"
    elif held.get("distribution", ("", ""))[1] == "arbitrary" and "nodes" in held and release >= (23, 2):
        yield "nodes", "--nodes and --distribution=arbitrary exclude each other: the list says how many"
    if "resv-ports" in held and "stepmgr" not in held:
        yield "resv-ports", "--resv-ports needs --stepmgr: give it, or take --resv-ports away"
    if "propagate" in held and "get-user-env" not in held:  # with it, nothing of the user's shell is passed on
        text = held["propagate"].data
        unknown = [word for word in re.split(r"[,\s]", text) if word and _LIMIT.sub("", word) not in _LIMITS]
        if unknown and text not in ("ALL", "NONE"):
            yield "propagate", f"`{unknown[0]}` is no resource limit, or not the only word"
    one, other = held.get("ntasks-per-gpu"), held.get("ntasks-per-tres")
    if one and other and one.data != other.data:
        yield "ntasks-per-tres", "--ntasks-per-gpu and --ntasks-per-tres differ: keep one"


def _placed(held: Options, release: Release) -> Iterator[Clash]:
    """How tasks and nodes are laid out."""
    if "distribution" in held and isinstance(held["distribution"].data, int):
        yield from _plane(held, release)
    if "segment" in held and held["segment"].data and "nodes" in held and release >= (25, 5):
        nodes, segment = held["nodes"].data, held["segment"].data
        # of a list of sizes the largest counts, of a range the smaller end
        size = max(span[-1] for span in nodes.named if span) if isinstance(nodes, units.Sizes) else nodes[0]
        if size > segment and size % segment:
            yield "segment", f"--segment={segment} does not divide the {size} nodes"


def _plane(held: Options, release: Release) -> Iterator[Clash]:
    """Every node but the last gets a full plane of tasks; zero nodes never do. What --ntasks does not say is one task,
    up to 22.05 as many as --ntasks-per-node makes it. A list of names counts where --nodes says nothing, and up to
    22.05 beside it.
    """
    plane: int = held["distribution"].data
    nodes, most = held["nodes"].data if "nodes" in held else (1, 1)
    if "nodelist" in held and "/" not in (text := held["nodelist"].data) and not is_a_set(text, release):
        named = node_names(text, release)
        nodes = named if "nodes" not in held else max(nodes, named) if release < (23, 2) else nodes
    tasks = held["ntasks"].data if "ntasks" in held else 1
    if "ntasks" not in held and "ntasks-per-node" in held and release < (23, 2) and most in (0, nodes, 1):
        tasks = nodes * held["ntasks-per-node"].data
    if not nodes:
        yield "distribution", f"--distribution=plane={plane} needs a node"
    elif tasks // plane < nodes and (nodes - 1) * plane >= tasks:
        yield (
            "distribution",
            f"--distribution=plane={plane} over {nodes} nodes needs more than {(nodes - 1) * plane} tasks",
        )


def _empty_entry(held: Options) -> bool:
    """Up to 22.05 the controller refuses a --gres with nothing in it, or between or behind its commas."""
    return "gres" in held and "gres:" in str(held["gres"].data).split(",")


def _half_counted(held: Options) -> Iterator[Clash]:
    """Up to 22.05 sbatch takes ``4x`` as a type, and the controller as a number with something behind it."""
    for name in sorted(_LISTS.intersection(held)):
        for part in str(held[name].data).split(","):
            said = part.rpartition(":")[2]
            if said[:1].isdigit() and tres.amount(said, _COUNTED_BADLY) is None:
                yield name, f"`{part}` begins with a number and is none: the type comes before the count"


def _nameless(held: Options, release: Release) -> Iterator[Clash]:
    """From 23.11 on sbatch sends ``:4``, and the controller finds no resource of that name."""
    text = str(held["gres"].data)
    if "gres/:" in text or "gres/=" in text:
        shown = text.replace("gres/", "")
        for entry in tres.read_gres(text, release):
            if entry.number and not entry.name:
                yield "gres", f"--gres={shown} counts something that has no name: write gpu:{entry.number}"


def controller(held: Options, release: Release, *, het: bool, last: bool) -> Iterable[Clash]:
    """What sbatch sends and the controller refuses. Of the arrays of a heterogeneous job only the last one counts."""
    if release < (23, 11) and not _LISTS.isdisjoint(held):
        if _empty_entry(held):
            return [("gres", "--gres is empty, or holds an empty entry: take it away")]
        if counted := [*_half_counted(held)]:
            return counted
    elif "gres" in held and (nameless := [*_nameless(held, release)]):
        return nameless
    return () if not het and _CONTROLLED.isdisjoint(held) else _controller(held, release, het, last)


def _controller(held: Options, release: Release, het: bool, last: bool) -> Iterator[Clash]:
    if "array" in held and held["array"].data and last:
        yield from _array(held["array"].data, het)
    if "dependency" in held and held["dependency"].data:
        yield from _dependency(held["dependency"].data)
    low, limit = held.get("time-min"), held.get("time")
    if low and limit and units.UNLIMITED != limit.data < (low.data if low.data > 0 else 2**32):
        yield "time-min", f"--time-min={low.spelled} is more than --time={limit.spelled}"
    elif low and low.data == units.UNLIMITED and not limit:
        yield "time-min", "--time-min says no limit"
    if "nice" in held and held["nice"].data < 0:
        yield "nice", "a negative --nice is for operators only"
    if "reboot" in held:
        yield "reboot", "--reboot is for operators only"
    if "test-only" in held:
        yield "test-only", "--test-only makes sbatch say when the job would start; no job is made"
    yield from _countable(held, release)


def _countable(held: Options, release: Release) -> Iterator[Clash]:
    if "tres-bind" in held and (unknown := unbound(held["tres-bind"].data, release)):
        yield (
            "tres-bind",
            f"`{unknown}` binds nothing: write gres/NAME:none, closest, map:LIST, mask:LIST or single:N",
        )


def too_late(held: Options, release: Release, now: float | None) -> Iterator[Clash]:
    """A deadline that the job cannot meet, where the moment of submission is known. Up to 22.05 --time had no part."""
    if "deadline" not in held or now is None or not held["deadline"].data:
        return
    least, begin = 0, held.get("begin")
    said = held.get("time-min") or (held.get("time") if release >= (23, 2) else None)
    if said is not None and said.data is not None:
        least = said.data * 60 % 2**32  # no limit is the largest number of 32 bits
    if begin and begin.data and release >= (23, 2):
        now = max(now, begin.data)
    if held["deadline"].data < now + least:
        yield "deadline", f"the deadline {held['deadline'].spelled} is over before the job can end"


def _array(text: str, het: bool) -> Iterator[Clash]:
    if het:
        yield "array", "an array cannot be heterogeneous"
    try:
        units.array_ids(text)
    except units.ArrayError as trouble:
        yield "array", str(trouble)


def _dependency(text: str) -> Iterator[Clash]:
    for part in re.split(r"[,?]", text):
        if not _DEPENDENCY.fullmatch(part):
            yield "dependency", f"`{part}` is no dependency: write TYPE:JOBID, singleton or a job id"
            return
