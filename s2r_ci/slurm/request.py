"""What sbatch sends to the controller, field by field, as the controller sees it."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from s2r_ci.slurm import units
from s2r_ci.slurm.exports import variables
from s2r_ci.slurm.hosts import HostListError, first, folded, hosts, unique
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.shape import SHAPED, Options, Shape, counts, hint_dropped, topology

_FIELDS: Final = {
    "account": "account", "acctg-freq": "acctg_freq", "array": "array_inx", "batch": "batch_features",
    "bb": "burst_buffer", "clusters": "clusters", "cluster": "clusters", "comment": "comment",
    "container": "container", "dependency": "dependency", "exclude": "exc_nodes", "extra": "extra",
    "constraint": "features", "licenses": "licenses", "mail-user": "mail_user", "network": "network",
    "partition": "partition", "prefer": "prefer", "qos": "qos", "context": "req_context",
    "reservation": "reservation", "wckey": "wckey", "exclusive": "shared", "oversubscribe": "shared",
    "requeue": "requeue", "no-requeue": "requeue",
    "nice": "nice", "begin": "begin_time", "job-name": "name",
}  # fmt: skip
_SHORT, _LONG = 0xFFFF, 0xFFFFFFFF
_PER_CPU = 2**63
_OF_THREADS = 0x8000
_UNSAID = _SHORT - 1  # in 16 bits this number stands for "not said"
# Numbers that travel in fewer bits than they are held in; what does not fit is cut off.
_NARROW: Final = {
    "ntasks-per-core": ("ntasks_per_core", _SHORT), "ntasks-per-socket": ("ntasks_per_socket", _SHORT),
    "ntasks-per-gpu": ("ntasks_per_tres", _SHORT), "ntasks-per-tres": ("ntasks_per_tres", _SHORT),
    "tmp": ("pn_min_tmp_disk", _LONG),
}  # fmt: skip
_COUNTED: Final = frozenset({
    "gpus", "gpus-per-node", "gpus-per-socket", "gpus-per-task", "gres", "tres-per-task", "cpus-per-task",
    "cpus-per-gpu", "mem-per-gpu", "gpu-freq", "gpu-bind", "tres-bind",
})  # fmt: skip
_TIMES: Final = {"time": "time_limit", "time-min": "time_min"}
_STREAMS: Final = (("output", "std_out"), ("error", "std_err"), ("input", "std_in"))
_TOPOLOGY: Final = ("sockets_per_node", "cores_per_socket", "threads_per_core")

Request = dict[str, Any]


def build(held: Options, shape: Shape, name: str, release: Release, het: bool) -> Request:
    """The job description as sbatch sends it: times in minutes, memory in MiB, unset fields missing. ``name`` is what
    the job is called where no option says.
    """
    request: Request = {"name": name}
    own: list[_Put] = []
    for option, said in held.items():
        data = said[1]
        if field := _FIELDS.get(option):
            if data != "" and data is not None:
                request[field] = data
        elif option in _TIMES:
            request[_TIMES[option]] = "UNLIMITED" if data == units.UNLIMITED else data
        elif narrow := _NARROW.get(option):
            if (number := data & narrow[1]) != narrow[1] - 1:
                request[narrow[0]] = number
        elif put := _OWN_WAY.get(option):
            own.append(put)
    if "job-name" in held and not held["job-name"].data:
        del request["name"]
    for put in own:
        put(request, held, shape, release)
    _put_shape(request, held, shape)
    if not _COUNTED.isdisjoint(held):
        _put_tres(request, held, shape, release)
    _put_streams(request, held)
    request["environment"] = {} if het else variables(held, shape, request, release)
    return request


# --- options that do not simply become a field ---------------------------------------------------------------


def _put_mail(request: Request, held: Options, shape: Shape, release: Release) -> None:
    if held["mail-type"].data:
        request["mail_type"] = held["mail-type"].data


def _put_nodelist(request: Request, held: Options, shape: Shape, release: Release) -> None:
    """Up to 22.05 one node a task, the first ones."""
    text = held["nodelist"].data
    if "/" not in text:  # a file of names stays as it stands
        try:
            names = hosts(text, release)
        except HostListError:
            return
        if held.get("distribution", ("", ""))[1] != "arbitrary" or release < (23, 2):
            names = unique(names)
        if release < (23, 2) and (shape.tasks_exported or "ntasks" in held):
            names = first(names, shape.tasks_exported)
        text = folded(names)
    if text:
        request["req_nodes"] = text


def _put_speed(request: Request, held: Options, shape: Shape, release: Release) -> None:
    numbers = zip(("cpu_freq_min", "cpu_freq_max", "cpu_freq_gov"), held["cpu-freq"].data, strict=True)
    for field, number in numbers:
        if number is not None:
            _put_long(request, field, number)


# Up to 26.05 the controller's plug-ins did not see the next two.


def _put_spec(request: Request, held: Options, shape: Shape, release: Release) -> None:
    """Cores or threads: the highest of 16 bits says which."""
    for option in ("core-spec", "thread-spec"):
        if release >= (26, 5) and counts(held, option) and (field := held[option].data & _SHORT) != _UNSAID:
            request["thread_spec" if field & _OF_THREADS else "core_spec"] = field & ~_OF_THREADS


def _put_segment(request: Request, held: Options, shape: Shape, release: Release) -> None:
    if release >= (26, 5) and held["segment"].data and held["segment"].spelled != "unset":
        request["segment_size"] = held["segment"].data & _SHORT


def _put_switches(request: Request, held: Options, shape: Shape, release: Release) -> None:
    count, wait = held["switches"].data
    if count is not None and count >= 0:
        request["req_switch"] = count
    if wait is not None and wait >= 0:
        request["wait4switch"] = wait


def _put_delay(request: Request, held: Options, shape: Shape, release: Release) -> None:
    delay = held["delay-boot"].data
    request["delay_boot"] = "UNLIMITED" if delay == units.UNLIMITED else delay & _LONG


def _put_label(request: Request, held: Options, shape: Shape, release: Release) -> None:
    if release >= (23, 2) and held["mcs-label"].data:
        request["mcs_label"] = held["mcs-label"].data


def _put_resources(request: Request, held: Options, shape: Shape, release: Release) -> None:
    """They travel behind the licenses."""
    if said := ",".join(filter(None, [request.get("licenses"), held["resources"].data])):
        request["licenses"] = said


def _put_hint(request: Request, held: Options, shape: Shape, release: Release) -> None:
    if str(held["hint"].data).lower() == "multithread" and not hint_dropped(held):
        request["ntasks_per_core"] = 65535


def _put_memory(request: Request, held: Options, shape: Shape, release: Release) -> None:
    """One field of 64 bits for both; the highest of them says that a CPU is meant, also where a size reaches it."""
    for option, flag in (("mem", 0), ("mem-per-cpu", _PER_CPU)):
        if counts(held, option):
            size = held[option].data | flag
            if size < _PER_CPU:
                request["min_mem_per_node"] = size
            elif size != 2 * _PER_CPU - 2:
                request["min_mem_per_cpu"] = size - _PER_CPU


_Put = Callable[[Request, Options, Shape, Release], None]
_OWN_WAY: Final[dict[str, _Put]] = {
    "contiguous": lambda request, *_: request.update(contiguous=1),
    "hold": lambda request, *_: request.update(priority=0),
    "mail-type": _put_mail, "nodelist": _put_nodelist, "cpu-freq": _put_speed, "switches": _put_switches,
    "core-spec": _put_spec, "thread-spec": _put_spec,
    "segment": _put_segment, "delay-boot": _put_delay, "mcs-label": _put_label,
    "resources": _put_resources, "mem": _put_memory, "mem-per-cpu": _put_memory, "hint": _put_hint,
}  # fmt: skip


def keep_apart(requests: Sequence[dict[str, Any]], *, tested: bool) -> None:
    """The nodes that one component of a heterogeneous job names are barred to the others, but where --test-only asks
    about each by itself; of arrays, of which it can have none, and of the batch node's features the last is sent.
    """
    for field in ("array_inx", "batch_features"):
        said = [request[field] for request in requests if field in request]
        for request in requests:
            if field in request:
                request[field] = said[-1]
    if tested:
        return
    named = [request.get("req_nodes", "") for request in requests]
    for number, request in enumerate(requests):
        others = [nodes for at, nodes in enumerate(named) if nodes and at != number]
        if others:
            request["exc_nodes"] = ",".join(filter(None, [request.get("exc_nodes", ""), *others]))


def _put_shape(request: dict[str, Any], held: Options, shape: Shape) -> None:
    _put_long(request, "min_cpus", shape.cpus)
    if shape.nodes_said:
        request["min_nodes"] = shape.least_nodes
        if shape.most_nodes or shape.most_said:
            request["max_nodes"] = shape.most_nodes
    if shape.tasks_said:
        _put_long(request, "num_tasks", shape.tasks)
    if (shape.tasks_per_node or "ntasks-per-node" in held) and shape.tasks_per_node & _SHORT != _UNSAID:
        request["ntasks_per_node"] = shape.tasks_per_node & _SHORT
    if shape.tasks_per_socket:
        request["ntasks_per_socket"] = shape.tasks_per_socket & _SHORT
    if shape.cpus_per_task and shape.cpus_per_task & _SHORT != _UNSAID:
        request["cpus_per_task"] = shape.cpus_per_task & _SHORT
    per_node = held["mincpus"].data if "mincpus" in held else -1  # a negative one is none
    if shape.cpus_per_task and ("cpus-per-task" in held or not counts(held, "cpus-per-gpu")):
        per_node = max(per_node, shape.cpus_per_task)
    if per_node >= 0 and per_node & _SHORT != _UNSAID:
        request["pn_min_cpus"] = per_node & _SHORT
    if not SHAPED.isdisjoint(held):
        for field, number in zip(_TOPOLOGY, topology(held), strict=True):
            if number is not None and number & _SHORT != _UNSAID:
                request[field] = number & _SHORT


def _put_long(request: dict[str, Any], field: str, number: int) -> None:
    """A number of 32 bits; the two largest stand for "no limit" and "not said"."""
    number &= _LONG
    if number != _LONG - 1:
        request[field] = "UNLIMITED" if number == _LONG else number


def _put_tres(request: Request, held: Options, shape: Shape, release: Release) -> None:
    prefix = "gres/gpu:" if release >= (23, 2) else "gres:gpu:"

    def listed(name: str) -> str:
        said = held[name].data if name in held else ""
        return ",".join(prefix + part for part in said.split(",") if part)

    gres = held["gres"].data if "gres" in held else ""
    if every := ",".join(filter(None, (listed("gpus-per-node"), gres))):
        request["tres_per_node"] = every
    for option, field in (("gpus", "tres_per_job"), ("gpus-per-socket", "tres_per_socket")):
        if option in held and (said := listed(option)):
            request[field] = said
    if said := _per_task(held, shape, release) or ("" if release >= (24, 5) else listed("gpus-per-task")):
        request["tres_per_task"] = said
    if counts(held, "cpus-per-gpu"):
        request["cpus_per_tres"] = f"{prefix}{held['cpus-per-gpu'].data}"
    if counts(held, "mem-per-gpu"):
        request["mem_per_tres"] = f"{prefix}{held['mem-per-gpu'].data}"
    if "gpu-freq" in held:
        request["tres_freq"] = "gpu:" + held["gpu-freq"].data
    if bound := _bound(held, shape, release):
        request["tres_bind"] = bound


def _bound(held: Options, shape: Shape, release: Release) -> str:
    """What is said of binding, and from 23.02 on what follows from the counts per task."""
    said = []
    if "tres-bind" in held:
        said = [held["tres-bind"].data]
    elif "gpu-bind" in held:
        said = [("gres/gpu:" if release >= (23, 2) else "gpu:") + held["gpu-bind"].data]
    if release >= (23, 2):
        names = list(dict.fromkeys(entry.name for entry in shape.per_task))
        if release >= (25, 5):
            names.sort(key=lambda name: name == "gpu")
        for name in names:  # sbatch looks for the letters of the name in all that is said so far
            if (number := _each(shape, name, release)) and not any(name in part for part in said):
                said.append(f"gres/{name}:per_task:{number}")
    return "+".join(said)  # an empty --tres-bind too


def _each(shape: Shape, name: str, release: Release) -> int:
    """How many of a name a task has; up to 24.11 the first entry of the name that says any."""
    numbers = [entry.number for entry in shape.per_task if entry.name == name and entry.number] or [0]
    return numbers[0] if release < (25, 5) else sum(numbers)


def _per_task(held: Options, shape: Shape, release: Release) -> str:
    """From 24.05 on CPUs and GPUs of a task travel in one list."""
    if shape.task_text is None and release >= (24, 5) and "cpus-per-task" in held:
        return f"cpu={held['cpus-per-task'].data}"
    return shape.task_text or ""


def _put_streams(request: dict[str, Any], held: Options) -> None:
    folder = held["chdir"].data if "chdir" in held else ""
    if "chdir" in held:
        request["work_dir"] = folder
    if "external" in held:  # no program, no streams
        return
    request["std_in"] = "/dev/null"
    for option, field in _STREAMS:
        if option in held:
            name = held[option].data
            settled = name.startswith("/") or not folder or held[option].origin == "carried"
            request[field] = name if settled else f"{folder}/{name}"
