"""What sbatch sends to the controller, field by field, as the controller sees it."""

from collections.abc import Sequence
from typing import Any, Final

from s2r_ci.slurm import tres, units
from s2r_ci.slurm.exports import variables
from s2r_ci.slurm.hosts import HostListError, folded, hosts
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.shape import Options, Shape, counts, hint_dropped, topology

_AS_THEY_ARE: Final = (
    ("account", "account"), ("acctg-freq", "acctg_freq"), ("array", "array_inx"), ("batch", "batch_features"),
    ("bb", "burst_buffer"), ("clusters", "clusters"), ("comment", "comment"), ("container", "container"),
    ("dependency", "dependency"), ("exclude", "exc_nodes"), ("extra", "extra"), ("constraint", "features"),
    ("licenses", "licenses"), ("mail-user", "mail_user"), ("network", "network"),
    ("partition", "partition"), ("prefer", "prefer"), ("qos", "qos"), ("context", "req_context"),
    ("reservation", "reservation"), ("wckey", "wckey"), ("exclusive", "shared"),
    ("oversubscribe", "shared"), ("requeue", "requeue"), ("no-requeue", "requeue"),
    ("mem", "min_mem_per_node"), ("mem-per-cpu", "min_mem_per_cpu"),
    ("nice", "nice"), ("mail-type", "mail_type"), ("begin", "begin_time"),
)  # fmt: skip
_FIELDS: Final = {**dict(_AS_THEY_ARE), "job-name": "name"}
_SHORT, _LONG = 0xFFFF, 0xFFFFFFFF
# Numbers that travel in fewer bits than they are held in; what does not fit is cut off.
_NARROW: Final = {
    "ntasks-per-core": ("ntasks_per_core", _SHORT), "ntasks-per-socket": ("ntasks_per_socket", _SHORT),
    "ntasks-per-gpu": ("ntasks_per_tres", _SHORT), "ntasks-per-tres": ("ntasks_per_tres", _SHORT),
    "mincpus": ("pn_min_cpus", _SHORT), "tmp": ("pn_min_tmp_disk", _LONG),
}  # fmt: skip
_COUNTED: Final = frozenset({
    "gpus", "gpus-per-node", "gpus-per-socket", "gpus-per-task", "gres", "tres-per-task", "cpus-per-task",
    "cpus-per-gpu", "mem-per-gpu", "gpu-freq", "gpu-bind", "tres-bind",
})  # fmt: skip
_MAY_BE_EMPTY: Final = frozenset({"std_in", "std_out", "std_err", "work_dir"})
_TIMES: Final = {"time": "time_limit", "time-min": "time_min"}
_SEEN_LATE: Final = (("core-spec", "core_spec"), ("thread-spec", "thread_spec"), ("segment", "segment_size"))
_RARE: Final = frozenset({
    "contiguous", "hold", "nodelist", "cpu-freq", "core-spec", "thread-spec", "segment", "switches", "delay-boot",
    "hint", "mcs-label", "resources", "external",
})  # fmt: skip
_FIXED: Final = {"contiguous": ("contiguous", 1), "hold": ("priority", 0)}


def build(held: Options, shape: Shape, name: str, release: Release, het: bool) -> dict[str, Any]:
    """The job description as sbatch sends it: times in minutes, memory in MiB, unset fields missing."""
    request: dict[str, Any] = {"name": held["job-name"].data if "job-name" in held else name}
    rare = False
    for option, said in held.items():
        data = said.data
        if field := _FIELDS.get(option):
            if data not in ("", None) and (data or option != "mail-type"):
                request[field] = data
        elif option in _TIMES:
            request[_TIMES[option]] = "UNLIMITED" if data == units.UNLIMITED else data
        elif narrow := _NARROW.get(option):
            request[narrow[0]] = data & narrow[1]
        elif option in _RARE:
            rare = True
    if rare:
        _put_rare(request, held, shape, release)
    _put_shape(request, held, shape)
    _put_tres(request, held, shape, release)
    _put_streams(request, held)
    request["environment"] = {} if het else variables(held, shape, request, release)
    return {key: value for key, value in request.items() if value != "" or key in _MAY_BE_EMPTY}


def _put_rare(request: dict[str, Any], held: Options, shape: Shape, release: Release) -> None:
    """Fields that do not simply take over what an option says."""
    for option, (field, number) in _FIXED.items():
        if option in held:
            request[field] = number
    if "nodelist" in held and held["nodelist"].data:
        most = shape.tasks_exported or None if release < (23, 2) else None  # one node a task, the first ones
        arbitrary = held.get("distribution", ("", ""))[1] == "arbitrary" and release >= (23, 2)
        request["req_nodes"] = _folded(held["nodelist"].data, most, in_order=arbitrary)
    if "cpu-freq" in held:
        numbers = zip(("cpu_freq_min", "cpu_freq_max", "cpu_freq_gov"), held["cpu-freq"].data, strict=True)
        request.update({field: number for field, number in numbers if number is not None})
    if release >= (26, 5):  # up to then the controller's plug-ins did not see them
        for option, field in _SEEN_LATE:
            if option in held and (held[option].data or (option == "core-spec" and held[option].data == 0)):
                request[field] = held[option].data & _SHORT
    if "switches" in held:
        count, wait = held["switches"].data
        request |= {} if count is None else {"req_switch": count}
        request |= {} if wait is None or wait < 0 else {"wait4switch": wait}
    if "delay-boot" in held:
        delay = held["delay-boot"].data
        request["delay_boot"] = "UNLIMITED" if delay == units.UNLIMITED else delay & _LONG
    if "mcs-label" in held and release >= (23, 2):
        request["mcs_label"] = held["mcs-label"].data
    if "resources" in held:
        request["licenses"] = ",".join(filter(None, [request.get("licenses"), held["resources"].data]))
    if "external" in held and "job-name" not in held:
        request["name"] = "external"
    if "hint" in held and str(held["hint"].data).lower() == "multithread" and not hint_dropped(held):
        request["ntasks_per_core"] = 65535


def keep_apart(requests: Sequence[dict[str, Any]]) -> None:
    """The nodes that one component of a heterogeneous job names are barred to the others; of arrays, of which it
    can have none, the last one is sent.
    """
    arrays = [request["array_inx"] for request in requests if "array_inx" in request]
    for request in requests:
        if "array_inx" in request:
            request["array_inx"] = arrays[-1]
    named = [request.get("req_nodes", "") for request in requests]
    for number, request in enumerate(requests):
        others = [nodes for at, nodes in enumerate(named) if nodes and at != number]
        if others:
            request["exc_nodes"] = ",".join(filter(None, [request.get("exc_nodes", ""), *others]))


def _folded(text: str, most: int | None, *, in_order: bool) -> str:
    """Node names as the controller gets them; a file of names, or what cannot be read, as it stands."""
    if "/" in text:
        return text
    try:
        return folded(hosts(text), most, in_order=in_order)
    except HostListError:
        return text


def _put_shape(request: dict[str, Any], held: Options, shape: Shape) -> None:
    request["min_cpus"] = shape.cpus & _LONG
    if shape.nodes_said:
        request["min_nodes"] = shape.least_nodes
        if shape.most_nodes:
            request["max_nodes"] = shape.most_nodes
    if shape.tasks_said:
        request["num_tasks"] = shape.tasks & _LONG
    if shape.tasks_per_node:
        request["ntasks_per_node"] = shape.tasks_per_node & _SHORT
    if shape.tasks_per_socket:
        request["ntasks_per_socket"] = shape.tasks_per_socket
    if shape.cpus_per_task:
        request["cpus_per_task"] = shape.cpus_per_task & _SHORT
        if not counts(held, "cpus-per-gpu"):
            request["pn_min_cpus"] = max(request.get("pn_min_cpus", 0), shape.cpus_per_task & _SHORT)
    for field, number in zip(
        ("sockets_per_node", "cores_per_socket", "threads_per_core"), topology(held), strict=True
    ):
        if number:
            request[field] = number & _SHORT


def _put_tres(request: dict[str, Any], held: Options, shape: Shape, release: Release) -> None:
    if _COUNTED.isdisjoint(held):
        return
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
        if release < (25, 5):
            names.sort(key=lambda name: name != "gpu")
        said += [
            f"gres/{name}:per_task:{number}"
            for name in names
            if (number := _each(shape, name, release)) and (not said or name != "gpu")
        ]
    return "+".join(filter(None, said))


def _each(shape: Shape, name: str, release: Release) -> int:
    """How many of a name a task has; up to 24.11 the last list of the name alone."""
    numbers = [entry.number for entry in shape.per_task if entry.name == name]
    return numbers[-1] if release < (25, 5) else sum(numbers)


def _per_task(held: Options, shape: Shape, release: Release) -> list[str]:
    """From 24.05 on CPUs and GPUs of a task travel in one list."""
    said = [held["tres-per-task"].data] if "tres-per-task" in held and held["tres-per-task"].data else []
    if release < (24, 5):
        return said
    parts = [f"cpu={held['cpus-per-task'].data}"] if "cpus-per-task" in held else []
    if "gpus-per-task" in held and held["gpus-per-task"].data:
        entries = tres.counted_gpus(held["gpus-per-task"].data, release)
        parts += [
            f"gres/gpu:{entry.type}={entry.number}" if entry.type else f"gres/gpu={entry.number}"
            for entry in entries
        ]
    return parts + said


def _put_streams(request: dict[str, Any], held: Options) -> None:
    folder = held["chdir"].data if "chdir" in held else ""
    if "chdir" in held:
        request["work_dir"] = folder
    if "external" not in held:
        request["std_in"] = "/dev/null"
    for option, field in (("output", "std_out"), ("error", "std_err"), ("input", "std_in")):
        if option in held:
            name = held[option].data
            settled = name.startswith("/") or not folder or held[option].origin == "carried"
            request[field] = name if settled else f"{folder}/{name}"
