"""What a batch script finds under Slurm's own names: the judge's table.

As real runs of Slurm 24.11 showed it. A name has the values that are right; ``UNSET`` among them means that the
manifest may leave it out, because only the pod can know, or because only the old site knew. No value at all: Slurm
leaves the name unset here, and scripts test for that (``${SLURM_NTASKS:-1}``).
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from s2r_ci.model import Array, ConversionRequest
from s2r_ci.patterns import lazy
from s2r_ci.verify.expected import MOST_DEVICES, gpus

Values = frozenset[str | None]

UNSET: Final = None
NEVER: Final[Values] = frozenset()
IN_THE_POD: Final[Values] = frozenset({UNSET})

_SIZE: Final = lazy(r"(\d+)([KMGTP]?)B?", re.IGNORECASE)
_KIB: Final = {"K": 1, "": 1024, "M": 1024, "G": 1024**2, "T": 1024**3, "P": 1024**4}
_SPREAD: Final = lazy(r"(\d{1,9})(?:\(x(\d{1,9})\))?")


def values(name: str, request: ConversionRequest) -> Values:
    """The values that are right for a name of Slurm's; a name that Slurm does not have is never set."""
    rule = _RULES.get(name)
    return rule(request) if rule else NEVER


def every_name() -> frozenset[str]:
    """All names of Slurm's own that have a rule."""
    return frozenset(name for name in _RULES if name.startswith("SLURM_"))


def is_slurms(name: str) -> bool:
    """Whether the name is one that Slurm sets, or may come to set."""
    return name in _RULES or name.startswith(("SLURM_", "SLURMD_"))


def is_right(name: str, said: str | None, request: ConversionRequest) -> bool:
    """Whether a manifest may give the script this value (None: nothing) under this name."""
    if said is not None and name in ("SLURM_TASKS_PER_NODE", "SLURM_JOB_CPUS_PER_NODE"):
        return _spreads(said, request, cpus=name == "SLURM_JOB_CPUS_PER_NODE")
    return said in values(name, request)


def _only(*texts: object) -> Values:
    return frozenset(str(text) for text in texts)


def _always(text: str) -> Callable[[ConversionRequest], Values]:
    return lambda request: _only(text)


def _pod(request: ConversionRequest) -> Values:
    return IN_THE_POD


def _option(name: str) -> Callable[[ConversionRequest], Values]:
    """The option's own text, where it is given."""
    return lambda request: _only(request.job.options[name]) if name in request.job.options else NEVER


def _nodes(request: ConversionRequest) -> Values:
    return _only(max(1, request.job.resources.nodes))


def _tasks(request: ConversionRequest) -> Values:
    said = {"ntasks", "ntasks-per-node"} & request.job.options.keys()
    return _only(request.job.resources.tasks) if said else NEVER


def _cpus_per_task(request: ConversionRequest) -> Values:
    return _only(request.job.resources.cpus_per_task) if "cpus-per-task" in request.job.options else NEVER


def _cpus_on_node(request: ConversionRequest) -> Values:
    return _only(request.job.resources.cpus_per_node)


def _spread(request: ConversionRequest) -> Values:
    """Checked by ``_spreads``: what counts is how many tasks there are, on how many nodes."""
    return _only("checked by its sum")


def _spreads(said: str, request: ConversionRequest, *, cpus: bool) -> bool:
    """``2(x3),1``: as many nodes as the job has, and on all of them its tasks, or its CPUs.

    Tasks that do not divide evenly may lie in several ways on the nodes; each has the CPUs of its tasks.
    """
    resources = request.job.resources
    nodes = max(1, resources.nodes)
    named = {"ntasks", "ntasks-per-node"} & request.job.options.keys()
    tasks = resources.tasks if named or resources.tasks > 1 else resources.nodes
    parts = [_SPREAD.fullmatch(part) for part in said.split(",")]
    counts = [(int(part[1]), int(part[2] or 1)) for part in parts if part]
    if len(counts) != len(parts) or sum(times for _, times in counts) != nodes:
        return False
    whole = sum(count * times for count, times in counts)
    if not cpus:
        return whole == tasks
    pods = nodes * resources.cpus_per_node
    if tasks == nodes * resources.tasks_per_node:
        return whole == pods
    # Tasks that only GPUs make, and CPUs that another option asks for (--mincpus), are those of the node.
    of_node = not named or resources.cpus_per_node != resources.tasks_per_node * resources.cpus_per_task
    return whole == tasks * resources.cpus_per_task or (of_node and whole == pods)


def _memory(name: str) -> Callable[[ConversionRequest], Values]:
    """An option's size in MiB; all of the node (0) is known only there."""

    def rule(request: ConversionRequest) -> Values:
        found = _SIZE.fullmatch(request.job.options.get(name, "").strip("?"))
        if found is None:
            return NEVER
        mib = -(-int(found[1]) * _KIB[found[2].upper()] // 1024)
        return _only(mib) if mib else IN_THE_POD

    return rule


def _devices(request: ConversionRequest) -> Values:
    count = gpus(request)
    return _only(",".join(map(str, range(min(count, MOST_DEVICES))))) | IN_THE_POD if count else NEVER


def _gpus_on_node(request: ConversionRequest) -> Values:
    return _only(gpus(request)) if gpus(request) else NEVER


def _job_gpus(request: ConversionRequest) -> Values:
    return _devices(request) - {UNSET}


def _partition(request: ConversionRequest) -> Values:
    text = request.job.options.get("partition", "")
    return _only(*text.split(",")[:1]) if text else IN_THE_POD


def _of_the_array(value: Callable[[Array], object]) -> Callable[[ConversionRequest], Values]:
    def rule(request: ConversionRequest) -> Values:
        array = request.job.array
        return _only(value(array)) if array is not None and len(array.ids) else NEVER

    return rule


def _step(array: Array) -> int:
    """The first step that ``--array`` names, whatever ids there are; 1 where it names none."""
    digits = array.text.partition("%")[0].partition(":")[2].partition(",")[0]
    return int(digits) if digits.isdecimal() else 1


def _in_an_array(request: ConversionRequest) -> Values:
    return IN_THE_POD if request.job.array is not None else NEVER


def _submit_dir(request: ConversionRequest) -> Values:
    folder = request.target.working_directory
    return _only(folder) if folder else IN_THE_POD


def _user_env(request: ConversionRequest) -> Values:
    return _only("1") if request.job.options.get("export", "ALL") != "ALL" else NEVER


def _tres_per_task(request: ConversionRequest) -> Values:
    options = request.job.options
    parts = [f"cpu={options['cpus-per-task']}"] if "cpus-per-task" in options else []
    if named := options.get("gpus-per-task", ""):
        parts.append("gres/gpu=" + named.replace(":", "=", 1))
    return _only(",".join(parts)) if parts else NEVER


def _tres_bind(request: ConversionRequest) -> Values:
    count = request.job.options.get("gpus-per-task", "").rpartition(":")[2]
    return _only(f"gres/gpu:per_task:{count}") if count else NEVER


def _open_mode(request: ConversionRequest) -> Values:
    return _only(*request.job.options.get("open-mode", "")[:1])


def _oom_kill(request: ConversionRequest) -> Values:
    return _only(request.job.options.get("oom-kill-step", "0"))


def _name(request: ConversionRequest) -> Values:
    return _only(request.job.name)


def _restarts(request: ConversionRequest) -> Values:
    return IN_THE_POD


_RULES: Final[Mapping[str, Callable[[ConversionRequest], Values]]] = MappingProxyType(
    {
        **dict.fromkeys(("SLURM_NNODES", "SLURM_JOB_NUM_NODES"), _nodes),
        **dict.fromkeys(("SLURM_NTASKS", "SLURM_NPROCS"), _tasks),
        **dict.fromkeys(("SLURM_PROCID", "SLURM_LOCALID", "SLURM_NODEID", "SLURM_GTIDS"), _always("0")),
        **dict.fromkeys(("CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ROCR_VISIBLE_DEVICES"), _devices),
        **dict.fromkeys(
            (
                "SLURM_JOB_ID", "SLURM_JOBID", "SLURMD_NODENAME", "SLURM_JOB_NODELIST", "SLURM_NODELIST",
                "SLURM_SUBMIT_HOST", "SLURM_TOPOLOGY_ADDR", "SLURM_JOB_START_TIME", "SLURM_JOB_END_TIME",
                "SLURM_JOB_UID", "SLURM_JOB_GID", "SLURM_JOB_USER", "SLURM_TASK_PID", "SLURM_TMPDIR", "TMPDIR",
                "SLURM_CLUSTER_NAME", "SLURM_CONF",
            ),
            _pod,
        ),
        **dict.fromkeys(("SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID"), _in_an_array),
        "ENVIRONMENT": lambda request: _only("BATCH") | IN_THE_POD,
        "SLURM_ARRAY_TASK_COUNT": _of_the_array(lambda array: len(array.ids)),
        "SLURM_ARRAY_TASK_MAX": _of_the_array(lambda array: array.ids[-1]),
        "SLURM_ARRAY_TASK_MIN": _of_the_array(lambda array: array.ids[0]),
        "SLURM_ARRAY_TASK_STEP": _of_the_array(_step),
        "SLURM_CPUS_ON_NODE": _cpus_on_node,
        "SLURM_CPUS_PER_GPU": _option("cpus-per-gpu"),
        "SLURM_CPUS_PER_TASK": _cpus_per_task,
        "SLURM_EXPORT_ENV": _option("export"),
        "SLURM_GET_USER_ENV": _user_env,
        "SLURM_GPUS": _option("gpus"),
        "SLURM_GPUS_ON_NODE": _gpus_on_node,
        "SLURM_GPUS_PER_NODE": _option("gpus-per-node"),
        "SLURM_JOB_ACCOUNT": _option("account"),
        "SLURM_JOB_CPUS_PER_NODE": _spread,
        "SLURM_JOB_DEPENDENCY": _option("dependency"),
        "SLURM_JOB_GPUS": _job_gpus,
        "SLURM_JOB_NAME": _name,
        "SLURM_JOB_PARTITION": _partition,
        "SLURM_JOB_QOS": _option("qos"),
        "SLURM_MEM_PER_CPU": _memory("mem-per-cpu"),
        "SLURM_MEM_PER_GPU": _memory("mem-per-gpu"),
        "SLURM_MEM_PER_NODE": _memory("mem"),
        "SLURM_NTASKS_PER_NODE": _option("ntasks-per-node"),
        "SLURM_OOM_KILL_STEP": _oom_kill,
        "SLURM_OPEN_MODE": _open_mode,
        "SLURM_PRIO_PROCESS": _always("0"),
        "SLURM_RESTART_COUNT": _restarts,
        "SLURM_SUBMIT_DIR": _submit_dir,
        "SLURM_TASKS_PER_NODE": _spread,
        "SLURM_TOPOLOGY_ADDR_PATTERN": _always("node"),
        "SLURM_TRES_BIND": _tres_bind,
        "SLURM_TRES_PER_TASK": _tres_per_task,
    }
)  # fmt: skip
"""A name that is not here (SLURM_STEP_ID, SLURM_DISTRIBUTION, SLURM_GPUS_PER_TASK) is unset in a batch script."""
SLURMS: Final = frozenset(name for name in _RULES if name.startswith("SLURM_"))
"""Those that only Slurm sets."""
