"""What sbatch sends: its own arithmetic over nodes, tasks, CPUs and GPUs, and what it refuses together.

The arithmetic was found by asking; the order of the steps matters (a node count that follows from the GPUs comes
after the CPU count, for one).
"""

from collections.abc import Iterator, Mapping
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


def _topology(held: Options) -> list[int | None]:
    fields: list[int | None] = [None, None, None]
    if said := held.get("extra-node-info"):
        fields[: len(said.data)] = said.data
    return fields


def topology(held: Options) -> list[int | None]:
    """Sockets per node, cores per socket, threads per core, from one option or from three."""
    fields = _topology(held)
    if "hint" in held and not _hint_dropped(held):
        hint = held["hint"].data
        if hint in ("nomultithread", "compute_bound", "memory_bound"):
            fields[2] = 1
        if hint == "memory_bound":
            fields[1] = 1
    for place, name in enumerate(("sockets-per-node", "cores-per-socket", "threads-per-core")):
        if (said := held.get(name)) is not None:
            fields[place] = said.data
    return fields


def _hint_dropped(held: Options) -> bool:
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
        shape.tasks_said = "nodes" in held and ("gpus-per-task" in held or bool(shape.per_task))
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
        shape.cpus = max(shape.least_nodes, 1)
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
    if total and node:
        _nodes_of_gpus(shape, total, node)
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
    any_gpu = bool(total or node or task or tres.count(shape.per_socket))
    ranks = held.get("ntasks-per-gpu") or held.get("ntasks-per-tres")
    socket = tres.count(shape.per_socket) * (topology(held)[0] or 1)
    every = total or (node or socket) * shape.least_nodes
    if ranks and "ntasks" not in held:
        if not every:
            raise RefusedError("--ntasks-per-gpu needs a GPU count or a task count")
        shape.tasks, shape.tasks_said = every * ranks.data, True
    if "mem-per-gpu" in held and not any_gpu:
        raise RefusedError("--mem-per-gpu needs GPUs: give --gpus, --gpus-per-node or --gres=gpu:N")
    if (cpus := held.get("cpus-per-gpu")) and release >= (23, 2):
        if not any_gpu:
            raise RefusedError("--cpus-per-gpu needs GPUs: give --gpus, --gpus-per-node or --gres=gpu:N")
        if task:
            shape.cpus_per_task = task * cpus.data
        shape.cpus = (shape.tasks * task if task else every) * cpus.data


# --- the request -------------------------------------------------------------------------------------------

_AS_THEY_ARE: Final = (
    ("account", "account"), ("acctg-freq", "acctg_freq"), ("array", "array_inx"), ("batch", "batch_features"),
    ("bb", "burst_buffer"), ("clusters", "clusters"), ("comment", "comment"), ("container", "container"),
    ("dependency", "dependency"), ("exclude", "exc_nodes"), ("extra", "extra"), ("constraint", "features"),
    ("licenses", "licenses"), ("mail-user", "mail_user"), ("mcs-label", "mcs_label"), ("network", "network"),
    ("partition", "partition"), ("prefer", "prefer"), ("qos", "qos"), ("context", "req_context"),
    ("nodelist", "req_nodes"), ("reservation", "reservation"), ("wckey", "wckey"), ("exclusive", "shared"),
    ("oversubscribe", "shared"), ("requeue", "requeue"), ("no-requeue", "requeue"),
    ("mem", "min_mem_per_node"), ("mem-per-cpu", "min_mem_per_cpu"),
    ("tmp", "pn_min_tmp_disk"), ("nice", "nice"), ("ntasks-per-core", "ntasks_per_core"),
    ("ntasks-per-socket", "ntasks_per_socket"), ("ntasks-per-gpu", "ntasks_per_tres"),
    ("ntasks-per-tres", "ntasks_per_tres"), ("segment", "segment_size"), ("mincpus", "pn_min_cpus"),
    ("mail-type", "mail_type"), ("begin", "begin_time"),
)  # fmt: skip
_FIELDS: Final = dict(_AS_THEY_ARE)
_FIXED: Final = {"contiguous": ("contiguous", 1), "hold": ("priority", 0)}


def build(held: Options, shape: Shape, name: str, release: Release, het: bool) -> dict[str, Any]:
    """The job description as sbatch sends it: times in minutes, memory in MiB, unset fields missing."""
    request: dict[str, Any] = {}
    for option, said in held.items():
        if field := _FIELDS.get(option):
            if said.data not in ("", None) and (option not in ("mail-type", "segment") or said.data):
                request[field] = said.data
        elif option in _FIXED:
            field, number = _FIXED[option]
            request[field] = number
    request["name"] = held["job-name"].data if "job-name" in held else name
    for option, field in (("time", "time_limit"), ("time-min", "time_min")):
        if option in held:
            total = held[option].data
            request[field] = "UNLIMITED" if total == units.UNLIMITED else total
    _put_shape(request, held, shape)
    _put_tres(request, held, shape, release)
    _put_streams(request, held)
    if "switches" in held:
        count, wait = held["switches"].data
        request["req_switch"] = count
        if wait is not None:
            request["wait4switch"] = wait * 60
    if "delay-boot" in held:
        request["delay_boot"] = held["delay-boot"].data * 60
    request["environment"] = {} if het else _environment(held, shape, request)
    return {key: value for key, value in request.items() if value != "" or key == "environment"}


def _put_shape(request: dict[str, Any], held: Options, shape: Shape) -> None:
    request["min_cpus"] = shape.cpus
    if shape.nodes_said:
        request["min_nodes"] = shape.least_nodes
        if shape.most_nodes:
            request["max_nodes"] = shape.most_nodes
    if shape.tasks_said:
        request["num_tasks"] = shape.tasks
    if shape.tasks_per_node:
        request["ntasks_per_node"] = shape.tasks_per_node
    if shape.cpus_per_task:
        request["cpus_per_task"] = shape.cpus_per_task
        if "cpus-per-gpu" not in held:
            request["pn_min_cpus"] = max(request.get("pn_min_cpus", 0), shape.cpus_per_task)
    for field, number in zip(
        ("sockets_per_node", "cores_per_socket", "threads_per_core"), topology(held), strict=True
    ):
        if number:
            request[field] = number
    if "hint" in held and held["hint"].data == "multithread" and not _hint_dropped(held):
        request["ntasks_per_core"] = 65535


def _put_tres(request: dict[str, Any], held: Options, shape: Shape, release: Release) -> None:
    prefix = "gres/gpu:" if release >= (23, 2) else "gres:gpu:"

    def listed(name: str) -> list[str]:
        return [prefix + part for part in held[name].data.split(",")] if name in held and held[name].data else []

    gres = [held["gres"].data] if "gres" in held and held["gres"].data else []
    fields = {
        "tres_per_job": listed("gpus"),
        "tres_per_node": listed("gpus-per-node") + gres,
        "tres_per_socket": listed("gpus-per-socket"),
        "tres_per_task": _per_task(held, shape, release) or ([] if release >= (24, 5) else listed("gpus-per-task")),
    }
    request.update({field: ",".join(parts) for field, parts in fields.items() if parts})
    if "cpus-per-gpu" in held:
        request["cpus_per_tres"] = f"{prefix}{held['cpus-per-gpu'].data}"
    if "mem-per-gpu" in held:
        request["mem_per_tres"] = f"{prefix}{held['mem-per-gpu'].data}"
    if "gpu-freq" in held:
        request["tres_freq"] = "gpu:" + held["gpu-freq"].data
    if "gpu-bind" in held:
        request["tres_bind"] = "gres/gpu:" + held["gpu-bind"].data
    elif "tres-bind" in held:
        request["tres_bind"] = held["tres-bind"].data
    elif (per_task := tres.count(shape.per_task)) and release >= (23, 2):
        request["tres_bind"] = f"gres/gpu:per_task:{per_task}"


def _per_task(held: Options, shape: Shape, release: Release) -> list[str]:
    """From 24.05 on CPUs and GPUs of a task travel in one list."""
    parts = [held["tres-per-task"].data] if "tres-per-task" in held else []
    if release < (24, 5):
        return parts
    if "cpus-per-task" in held:
        parts.insert(0, f"cpu={held['cpus-per-task'].data}")
    if "gpus-per-task" in held and held["gpus-per-task"].data:
        entries = [part.replace("=", ":").rpartition(":") for part in held["gpus-per-task"].data.split(",")]
        parts += [f"gres/gpu:{kind}={count}" if kind else f"gres/gpu={count}" for kind, _, count in entries]
    return parts


def _put_streams(request: dict[str, Any], held: Options) -> None:
    folder = held["chdir"].data if "chdir" in held else ""
    if folder:
        request["work_dir"] = folder
    request["std_in"] = "/dev/null"
    for option, field in (("output", "std_out"), ("error", "std_err"), ("input", "std_in")):
        if option in held and held[option].data:
            name = held[option].data
            request[field] = name if name.startswith("/") or not folder else f"{folder}/{name}"


_COPIED: Final = (
    ("ntasks_per_node", "SLURM_NTASKS_PER_NODE", "ntasks-per-node"),
    ("cpus_per_task", "SLURM_CPUS_PER_TASK", ""),
    ("ntasks_per_core", "SLURM_NTASKS_PER_CORE", ""),
    ("ntasks_per_socket", "SLURM_NTASKS_PER_SOCKET", ""),
    ("ntasks_per_tres", "SLURM_NTASKS_PER_GPU", ""),
    ("threads_per_core", "SLURM_THREADS_PER_CORE", ""),
    ("dependency", "SLURM_JOB_DEPENDENCY", ""),
    ("tres_per_task", "SLURM_TRES_PER_TASK", ""),
)


def _environment(held: Options, shape: Shape, request: Mapping[str, Any]) -> dict[str, str]:
    """The variables that sbatch itself puts into the job's environment, and those of --export."""
    found = {
        variable: str(request[field])
        for field, variable, option in _COPIED
        if field in request and (not option or option in held)
    }
    if "cpus-per-gpu" in held:
        found.pop("SLURM_CPUS_PER_TASK", None)
    if shape.tasks_exported:
        found["SLURM_NTASKS"] = found["SLURM_NPROCS"] = str(shape.tasks)
    for option, variable in (
        ("gpus", "SLURM_GPUS"), ("gpus-per-node", "SLURM_GPUS_PER_NODE"), ("cpus-per-gpu", "SLURM_CPUS_PER_GPU"),
        ("mem-per-gpu", "SLURM_MEM_PER_GPU"), ("hint", "SLURM_HINT"),
    ):  # fmt: skip
        if option in held and str(held[option].data) != "":
            found[variable] = str(held[option].data)
    if "hint" in held and _hint_dropped(held):
        found.pop("SLURM_HINT", None)
    if "mem-bind" in held and held["mem-bind"].spelled != "unset":
        found["SLURM_MEM_BIND"] = held["mem-bind"].spelled
    if "distribution" in held:
        kind, _, planes = held["distribution"].spelled.partition("=")
        found["SLURM_DISTRIBUTION"] = kind
        found |= {"SLURM_DIST_PLANESIZE": planes} if planes else {}
    if "get-user-env" in held:
        found["SLURM_GET_USER_ENV"] = "1"
    if "export" in held:
        text = held["export"].data
        found |= exported(text)
        if text.upper() != "ALL":
            found |= {"SLURM_EXPORT_ENV": text} if text else {}
            found |= {} if text.upper() == "NIL" else {"SLURM_GET_USER_ENV": "1"}
    return found


def exported(text: str) -> dict[str, str]:
    """NAME=VALUE pairs of --export. Quotes inside protect commas and stay part of the value; nothing is expanded."""
    return {name: value for part in _commas(text) for name, equals, value in [part.partition("=")] if equals}


def _commas(text: str) -> Iterator[str]:
    current, quote = "", ""
    for letter in text:
        if letter == "," and not quote:
            yield current
            current = ""
            continue
        if letter in "\"'" and quote in ("", letter):
            quote = "" if quote else letter
        current += letter
    yield current
