"""How large a job is, as a value; ``arithmetic`` works it out."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from s2r_ci.slurm.tres import Gres

_UNSAID: Final = -2  # what a number past 31 bits could come out as up to 22.05
UNNAMED: Final = "(not named)"  # a value that sbatch holds without counting its option as set


class Held(NamedTuple):
    """An option as sbatch holds it: spelling, what the arithmetic needs, and where it was said."""

    spelled: str
    data: Any
    line: int = 0
    column: int = 0
    origin: str = "script"


Options = Mapping[str, Held]


def counts(held: Options, name: str) -> bool:
    """The option is there, and has not given way to another one."""
    return name in held and held[name].data is not None


class Shape:
    """The size of one job component, as sbatch works it out; what is never set stays the class's."""

    least_nodes: int = 1
    most_nodes: int = 0  # 0: no upper bound said
    nodes_said: bool = False
    names: int = 0  # of a list of nodes; from 23.02 on repeats count
    most_said: bool = False  # the upper bound follows from the GPUs, and may be 0
    tasks: int = 1
    tasks_said: bool = False  # the task count goes into the request
    tasks_exported: int = 0  # what SLURM_NTASKS says; 0: it is not set
    tasks_per_node: int = 0  # 0: not said
    tasks_per_socket: int = 0  # 0: it does not follow from the GPUs
    cpus_per_task: int = 0  # 0: not said
    cpus: int = 1  # all CPUs of the job
    shrunk: bool = False  # fewer tasks than nodes
    task_text: str | None = None  # --tres-per-task as sbatch holds it, with what other options say of a task
    unsent: str = ""  # what sbatch takes and the controller refuses
    gpus: tuple[Gres, ...] = ()  # per job
    per_node: tuple[Gres, ...] = ()  # all gres of each node
    per_task: tuple[Gres, ...] = ()
    per_socket: tuple[Gres, ...] = ()

    def bounded(self, held: Options) -> bool:
        """--nodes is there and does not end in 0, as 2-0 does, which sets no upper bound."""
        return "nodes" in held and self.most_nodes >= self.least_nodes

    @property
    def fixed(self) -> bool:
        """The node count is one number."""
        return self.most_nodes in (0, self.least_nodes)


TOPOLOGY: Final = ("sockets-per-node", "cores-per-socket", "threads-per-core")


SHAPED: Final = frozenset({*TOPOLOGY, "extra-node-info", "hint"})


def _topology(held: Options) -> list[int | None]:
    fields: list[int | None] = [None, None, None]
    if said := held.get("extra-node-info"):
        fields[: len(said.data)] = said.data
    return fields


def topology(held: Options, *, hinted: bool = True) -> list[int | None]:
    """Sockets per node, cores per socket, threads per core, from one option or from three."""
    if SHAPED.isdisjoint(held):
        return [None, None, None]
    fields = _topology(held)
    for place, name in enumerate(TOPOLOGY):
        if (said := held.get(name)) is not None:
            fields[place] = None if said.data == _UNSAID else said.data
    if hinted and "hint" in held and not hint_dropped(held):
        hint = str(held["hint"].data).lower()
        if held["hint"].origin not in ("environment", "carried"):  # these two come last; another wipes the fields
            fields = [None, None, None]
        if hint == "compute_bound":
            return [None, None, 1]
        if hint == "memory_bound":
            return [fields[0], 1, 1]
        return [*fields[:2], 1] if hint == "nomultithread" else fields
    return fields


MORE_EXACT: Final = frozenset({"threads-per-core", "ntasks-per-core", "extra-node-info"})


def gave_way(held: Options) -> bool:
    """--hint gives way to options that say more; to one of a variable only if it comes by a variable too."""
    if MORE_EXACT.isdisjoint(held):
        return False
    either = "hint" in held and held["hint"].origin in ("environment", "carried")
    return either or any(name in held and held[name].origin != "environment" for name in MORE_EXACT)


def hint_dropped(held: Options) -> bool:
    """Whether --hint gives way to an option that says the same more exactly."""
    if gave_way(held):
        return True
    return "hint" in held and held["hint"].data is None
