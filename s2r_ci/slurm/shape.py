"""How large a job is: sbatch's own arithmetic over nodes, tasks, CPUs and GPUs, and what it refuses on the way.

The arithmetic was found by asking; the order of the steps matters (a node count that follows from the GPUs comes
after the CPU count, for one).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from s2r_ci.slurm import tres, units
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.tres import Gres
from s2r_ci.slurm.troubles import RefusedError


class Held(NamedTuple):
    """An option as sbatch holds it: spelling, what the arithmetic needs, and where it was said."""

    spelled: str
    data: Any
    line: int = 0
    column: int = 0
    origin: str = "script"


Options = Mapping[str, Held]


@dataclass(slots=True)
class Shape:
    """The size of one job component, as sbatch works it out."""

    least_nodes: int = 1
    most_nodes: int = 0  # 0: no upper bound said
    nodes_said: bool = False
    tasks: int = 1
    tasks_said: bool = False  # the task count goes into the request
    tasks_exported: bool = False  # and into SLURM_NTASKS
    tasks_per_node: int = 0  # 0: not said
    cpus_per_task: int = 0  # 0: not said
    cpus: int = 1  # all CPUs of the job
    shrunk: bool = False  # fewer tasks than nodes
    gpus: tuple[Gres, ...] = ()  # per job
    per_node: tuple[Gres, ...] = ()  # all gres of each node
    per_task: tuple[Gres, ...] = ()
    per_socket: tuple[Gres, ...] = ()

    @property
    def fixed(self) -> bool:
        """The node count is one number."""
        return self.most_nodes in (0, self.least_nodes)


_GPU_OPTIONS: Final = frozenset({
    "gres", "gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket", "tres-per-task", "ntasks-per-gpu",
    "ntasks-per-tres", "cpus-per-gpu", "mem-per-gpu",
})  # fmt: skip


def shape_of(held: Options, release: Release) -> Shape:
    """Nodes, tasks and CPUs of a component. Raises RefusedError where sbatch refuses the options together."""
    shape = Shape()
    if "tres-per-task" in held and not _controller_refuses_tres(held, release):
        task = tres.read_per_task(held["tres-per-task"].data, release)
        shape.cpus_per_task, shape.per_task = task.cpus, task.gres
    if "cpus-per-task" in held:
        shape.cpus_per_task = held["cpus-per-task"].data
    if "ntasks-per-node" in held:
        shape.tasks_per_node = held["ntasks-per-node"].data
    if "ntasks" in held:
        shape.tasks, shape.tasks_said, shape.tasks_exported = held["ntasks"].data, True, True
    _nodes(shape, held, release)
    _tasks(shape, held, release)
    _cpus(shape, held)
    if not _GPU_OPTIONS.isdisjoint(held):
        _gpus(shape, held, release)
    return shape


def _controller_refuses_tres(held: Options, release: Release) -> bool:
    try:
        tres.read_per_task(held["tres-per-task"].data, release)
    except RefusedError:
        return True
    return False


def _nodes(shape: Shape, held: Options, release: Release) -> None:
    if nodes := held.get("nodes"):
        shape.least_nodes, shape.most_nodes = nodes.data
        shape.nodes_said = True
    nodelist = held.get("nodelist")
    if nodelist is None or "/" in nodelist.data:
        return
    hosts = units.host_count(nodelist.data)
    if not shape.nodes_said and hosts:
        shape.least_nodes, shape.most_nodes, shape.nodes_said = hosts, 0, True
    elif release < (23, 2) and shape.most_nodes and hosts > shape.most_nodes:
        raise RefusedError(f"--nodelist names {hosts} nodes, --nodes allows {shape.most_nodes}")


TOPOLOGY: Final = ("sockets-per-node", "cores-per-socket", "threads-per-core")


def _topology(held: Options) -> list[int | None]:
    fields: list[int | None] = [None, None, None]
    if said := held.get("extra-node-info"):
        fields[: len(said.data)] = said.data
    return fields


def topology(held: Options) -> list[int | None]:
    """Sockets per node, cores per socket, threads per core, from one option or from three."""
    fields = _topology(held)
    for place, name in enumerate(TOPOLOGY):
        if (said := held.get(name)) is not None:
            fields[place] = said.data
    if "hint" in held and not hint_dropped(held):
        hint = held["hint"].data
        if hint in ("nomultithread", "compute_bound"):
            return [None, None, 1]
        if hint == "memory_bound":
            return [fields[0], 1, 1]
    return fields


def hint_dropped(held: Options) -> bool:
    """Whether --hint gives way to an option that says the same more exactly."""
    return not {"threads-per-core", "ntasks-per-core", "extra-node-info"}.isdisjoint(held)


def _tasks(shape: Shape, held: Options, release: Release) -> None:
    per_node = shape.tasks_per_node
    if shape.tasks_said:
        _shrink(shape) if shape.nodes_said else _nodes_of_tasks(shape, release)
    elif not shape.fixed:
        return
    elif per_node:
        shape.tasks = shape.least_nodes * per_node
        shape.tasks_said = release < (23, 2) or ("nodes" in held and _per_task_said(shape, held))
    elif shape.nodes_said or "extra-node-info" in held:
        shape.tasks = shape.least_nodes
        per_task = "gpus-per-task" in held or bool(shape.per_task)
        shape.tasks_said = "nodes" in held and per_task and not shape.cpus_per_task
        if "distribution" in held and held["distribution"].spelled == "arbitrary":
            shape.tasks_said = shape.tasks_exported = True
        for factor in topology(held):
            if factor:
                shape.tasks *= factor
                shape.tasks_said = shape.tasks_exported = True


def _per_task_said(shape: Shape, held: Options) -> bool:
    return bool(shape.cpus_per_task or shape.per_task or "gpus-per-task" in held)


def _shrink(shape: Shape) -> None:
    """sbatch never asks for more nodes than tasks."""
    if shape.tasks < shape.most_nodes:
        shape.most_nodes = shape.tasks
    if shape.tasks < shape.least_nodes:
        shape.least_nodes = shape.most_nodes = shape.tasks
        shape.shrunk = True


def _nodes_of_tasks(shape: Shape, release: Release) -> None:
    if shape.tasks_per_node and release >= (23, 2):
        shape.least_nodes = -(-shape.tasks // shape.tasks_per_node)
        shape.nodes_said = True


def _cpus(shape: Shape, held: Options) -> None:
    if "overcommit" in held:
        shape.cpus = max(shape.least_nodes, 1) if "nodes" in held or "nodelist" in held else 1
    elif shape.nodes_said and shape.least_nodes == 0:
        shape.cpus = 0
    else:
        shape.cpus = shape.tasks * (shape.cpus_per_task or 1)


def _gpus(shape: Shape, held: Options, release: Release) -> None:
    """Read all that counts GPUs, then let node and task counts follow from it as sbatch does."""

    def said(name: str) -> tuple[Gres, ...]:
        return tres.read_gpus(held[name].data, release) if name in held else ()

    shape.gpus, shape.per_socket = said("gpus"), said("gpus-per-socket")
    shape.per_task += said("gpus-per-task")
    shape.per_node = said("gpus-per-node")
    if "gres" in held:
        shape.per_node += tres.read_gres(held["gres"].data, release)
    _check_entries(shape)
    total, node, task = tres.count(shape.gpus), tres.count(shape.per_node), tres.count(shape.per_task)
    if "gpus-per-node" in held and "gres" in held and release < (26, 5):
        node -= tres.count(said("gpus-per-node")) if node > tres.count(said("gpus-per-node")) else 0
    tasks_said = shape.tasks_said
    if task and node and shape.tasks_per_node and shape.tasks_per_node * task != node:
        raise RefusedError(f"{shape.tasks_per_node} tasks a node with {task} GPUs each are not {node} GPUs a node")
    if total and node:
        _nodes_of_gpus(shape, total, node)
    elif shape.nodes_said and 0 < total < shape.least_nodes:
        raise RefusedError(f"--gpus={total} is less than one GPU for each of {shape.least_nodes} nodes")
    if task and not tasks_said:
        _tasks_of_gpus(shape, total, task)
    elif task and total and shape.tasks * task != total:
        raise RefusedError(f"--gpus={total} is not {shape.tasks} tasks with {task} GPUs each")
    elif task and node and not shape.tasks_per_node and "ntasks" in held:
        shape.tasks_per_node = max(node // task, 1)
    if shape.per_socket and not topology(held)[0]:
        raise RefusedError("--gpus-per-socket needs --sockets-per-node")
    _per_gpu(shape, held, release, (total, node, task))


def _check_entries(shape: Shape) -> None:
    """A type for all or none, and shared GPUs never beside whole ones."""
    entries = (*shape.per_node, *shape.gpus, *shape.per_task)
    if len(entries) > 1:
        types = {bool(entry.type) for entry in entries if entry.name == "gpu"}
        if len(types) > 1:
            raise RefusedError("GPUs with and without a type stand in one list: name the type of all, or of none")
        names = {entry.name for entry in entries}
        if "gpu" in names and names & {"shard", "mps"}:
            raise RefusedError("gpu and shard or mps stand in one list: ask for whole GPUs or for shares")


def _nodes_of_gpus(shape: Shape, total: int, node: int) -> None:
    if total % node:
        raise RefusedError(f"--gpus={total} is no multiple of the {node} GPUs of each node")
    needed = total // node
    most = shape.most_nodes or (shape.least_nodes if shape.nodes_said else 0)
    if shape.nodes_said and not shape.least_nodes <= needed <= max(most, shape.least_nodes):
        raise RefusedError(f"--gpus={total} with {node} GPUs a node needs {needed} nodes, --nodes says otherwise")
    shape.least_nodes = shape.most_nodes = needed
    shape.nodes_said = True


def _tasks_of_gpus(shape: Shape, total: int, task: int) -> None:
    if not total:
        raise RefusedError("GPUs per task need a task count: give --ntasks, or --gpus for all of the job")
    if total % task:
        raise RefusedError(f"--gpus={total} is no multiple of the {task} GPUs of each task")
    shape.tasks, shape.tasks_said = total // task, True


def _per_gpu(shape: Shape, held: Options, release: Release, counts: tuple[int, int, int]) -> None:
    """--ntasks-per-gpu, --cpus-per-gpu and --mem-per-gpu."""
    total, node, task = counts
    ranks = held.get("ntasks-per-gpu") or held.get("ntasks-per-tres")
    any_gpu = bool(total or node or task or tres.count(shape.per_socket) or ranks)
    socket = tres.count(shape.per_socket) * (topology(held)[0] or 1)
    every = total or (node or socket) * shape.least_nodes
    if ranks and every:
        shape.tasks, shape.tasks_said = every * ranks.data, True
    elif ranks and not shape.nodes_said and not {"ntasks", "extra-node-info"} & held.keys():
        raise RefusedError("--ntasks-per-gpu needs a GPU count or a task count")
    if "mem-per-gpu" in held and not any_gpu:
        raise RefusedError("--mem-per-gpu needs GPUs: give --gpus, --gpus-per-node or --gres=gpu:N")
    if (cpus := held.get("cpus-per-gpu")) and release >= (23, 2):
        if not any_gpu:
            raise RefusedError("--cpus-per-gpu needs GPUs: give --gpus, --gpus-per-node or --gres=gpu:N")
        if task:
            shape.cpus_per_task = task * cpus.data
        if every or task:
            shape.cpus = (shape.tasks * task if task else every) * cpus.data
