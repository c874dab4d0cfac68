"""sbatch's own arithmetic over nodes, tasks, CPUs and GPUs, and what it refuses on the way.

The arithmetic was found by asking; the order of the steps matters (a node count that follows from the GPUs comes
after the CPU count, for one).
"""

from math import prod
from typing import Final

from s2r_ci.slurm import tres, units
from s2r_ci.slurm.gpus import count_gpus
from s2r_ci.slurm.hosts import HostListError, count, hosts, is_a_set, unique
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.per_task import cpu_count, gpu_entries, task_text
from s2r_ci.slurm.shape import Options, Shape, topology
from s2r_ci.slurm.troubles import RefusedError

_GPU_OPTIONS: Final = frozenset({
    "gres", "gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket", "tres-per-task", "ntasks-per-gpu",
    "ntasks-per-tres", "cpus-per-gpu", "mem-per-gpu",
})  # fmt: skip


_SHORT: Final = 0xFFFF
_PER_TASK: Final = frozenset({"tres-per-task", "gpus-per-task"})


class NodelistError(RefusedError):
    """The list of node names cannot be read, or does not fit --nodes."""


def shape_of(held: Options, release: Release) -> Shape:
    """Nodes, tasks and CPUs of a component. Raises RefusedError where sbatch refuses the options together."""
    shape = Shape()
    if not _PER_TASK.isdisjoint(held):
        _per_task(shape, held, release)
    if "cpus-per-task" in held and not shape.cpus_per_task:
        shape.cpus_per_task = held["cpus-per-task"].data
    if "ntasks-per-node" in held:
        shape.tasks_per_node = held["ntasks-per-node"].data
    if "ntasks" in held:
        shape.tasks = shape.tasks_exported = held["ntasks"].data
        shape.tasks_said = True
    _nodes(shape, held, release)
    _tasks(shape, held, release)
    shape.tasks = units.signed(shape.tasks)
    shape.tasks_exported = max(units.signed(shape.tasks_exported), 0)
    if shape.tasks_said and not shape.tasks and not shape.nodes_said:
        shape.least_nodes, shape.nodes_said = 0, True  # no tasks need no node
    _cpus(shape, held)
    if shape.tasks_per_node > _SHORT and "ntasks" not in held and shape.tasks_said and release >= (23, 2):
        _sent_tasks(shape, held, release)
    if not _GPU_OPTIONS.isdisjoint(held):
        count_gpus(shape, held, release)
    if (
        "nodelist" in held
        and not shape.tasks_said
        and _arbitrary(held)
        and is_a_set(held["nodelist"].data, release)
    ):
        shape.unsent = "--distribution=arbitrary needs a task count where --nodelist holds a set of nodes"
    return shape


def _per_task(shape: Shape, held: Options, release: Release) -> None:
    text = shape.task_text = task_text(held, release)
    if text is None:
        return
    shape.cpus_per_task = cpu_count(text, held, release)
    shape.per_task, unknown = tres.read_per_task(text)
    if unknown:
        shape.unsent = f"`{unknown}` is none of cpu=N, gres/NAME[:TYPE]=N, license/NAME=N"


def _nodes(shape: Shape, held: Options, release: Release) -> None:
    if nodes := held.get("nodes"):
        shape.least_nodes, shape.most_nodes = nodes.data
        shape.nodes_said = True
    if "nodelist" in held:
        _named_nodes(shape, held["nodelist"].data, release)


def _named_nodes(shape: Shape, text: str, release: Release) -> None:
    """How many nodes a list names counts where --nodes says nothing; up to 22.05 also against --nodes."""
    if "/" in text:
        return
    try:
        names = hosts(text, release)
    except HostListError as trouble:
        raise NodelistError(f"--nodelist={text} {trouble}") from None
    if is_a_set(text, release):
        return
    named = shape.names = count(unique(names))
    if release >= (23, 2):
        shape.names = count(names)
    if not shape.nodes_said:
        shape.least_nodes, shape.most_nodes, shape.nodes_said = named, 0, True
    elif release < (23, 2):
        if 0 < shape.most_nodes < named:
            raise NodelistError(f"--nodelist names {named} nodes, --nodes allows {shape.most_nodes}")
        shape.least_nodes = max(shape.least_nodes, named)


def _tasks(shape: Shape, held: Options, release: Release) -> None:
    per_node = shape.tasks_per_node
    if shape.tasks_said:
        _shrink(shape) if shape.nodes_said else _nodes_of_tasks(shape, release)
    elif shape.names and _arbitrary(held) and (release >= (23, 2) or not (per_node and shape.fixed)):
        shape.tasks, shape.tasks_said, shape.tasks_exported = shape.names, True, shape.names
        if shape.fixed and any(factor is not None for factor in topology(held)):
            shape.tasks = shape.least_nodes
            _by_topology(shape, held)
    elif not shape.fixed:
        return
    elif per_node > 0:
        shape.tasks = shape.least_nodes * per_node
        if release < (23, 2) and units.signed(shape.tasks) < 0:
            raise RefusedError(f"{per_node} tasks a node come out as {units.signed(shape.tasks)} tasks")
        shape.tasks_said = release < (23, 2) or (
            shape.bounded(held) and shape.tasks != 0 and _per_task_said(shape, held, release)
        )
        shape.tasks_exported = shape.tasks if release < (23, 2) else 0
    elif shape.nodes_said or "extra-node-info" in held:
        shape.tasks = shape.least_nodes
        unsaid = shape.cpus_per_task & _SHORT == _SHORT - 1  # and then the text of a task's resources counts
        per_task = _gpus_per_task(held, release) or "tres-per-task" in held or (unsaid and release >= (24, 5))
        shape.tasks_said = (
            shape.bounded(held) and shape.tasks != 0 and per_task and (unsaid or not shape.cpus_per_task)
        )
        if "distribution" in held and _arbitrary(held):
            shape.tasks_said, shape.tasks_exported = True, shape.tasks
        _by_topology(shape, held)


def _sent_tasks(shape: Shape, held: Options, release: Release) -> None:
    """From 23.02 on the tasks that follow from --ntasks-per-node are counted with the 16 bits of it that travel."""
    per_node = shape.tasks_per_node & _SHORT
    if per_node != _SHORT - 1:
        shape.tasks = shape.least_nodes * per_node
    else:  # which stands for "not said"
        shape.tasks = shape.least_nodes
        shape.tasks_said = not shape.cpus_per_task


def _by_topology(shape: Shape, held: Options) -> None:
    factors = [factor for factor in topology(held) if factor is not None]
    if factors:
        shape.tasks = shape.tasks or int(not shape.tasks_exported)  # zero nodes count as one here
        shape.tasks *= prod(factors)
        shape.tasks_said, shape.tasks_exported = True, shape.tasks


def _arbitrary(held: Options) -> bool:
    """The list of nodes says on which one each task runs."""
    return "distribution" in held and held["distribution"].data == "arbitrary"


def _per_task_said(shape: Shape, held: Options, release: Release) -> bool:
    return bool(shape.cpus_per_task or "tres-per-task" in held or _gpus_per_task(held, release))


def _gpus_per_task(held: Options, release: Release) -> bool:
    """From 24.05 on a type without a number is dropped on the way."""
    if "gpus-per-task" not in held:
        return False
    return release < (24, 5) or any(number for _, number in gpu_entries(held["gpus-per-task"].data, release))


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
    elif shape.nodes_said and shape.least_nodes == 0 and not shape.cpus_per_task:
        shape.cpus = 0
    else:
        # zero nodes hold a task here, where nothing says how many a node has
        tasks = shape.tasks or int(not shape.tasks_said and shape.tasks_per_node <= 0)
        shape.cpus = tasks * (shape.cpus_per_task or 1)
