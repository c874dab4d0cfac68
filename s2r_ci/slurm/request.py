"""What sbatch sends to the controller, field by field, as the controller sees it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from s2r_ci.slurm import tres, units
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.shape import Options, Shape, hint_dropped, topology

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
    if "hint" in held and held["hint"].data == "multithread" and not hint_dropped(held):
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
    said = [held["tres-per-task"].data] if "tres-per-task" in held else []
    if release < (24, 5):
        return said
    parts = [f"cpu={held['cpus-per-task'].data}"] if "cpus-per-task" in held else []
    if "gpus-per-task" in held and held["gpus-per-task"].data:
        entries = [part.replace("=", ":").rpartition(":") for part in held["gpus-per-task"].data.split(",")]
        parts += [f"gres/gpu:{kind}={count}" if kind else f"gres/gpu={count}" for kind, _, count in entries]
    return parts + said


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
    if "hint" in held and hint_dropped(held):
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
