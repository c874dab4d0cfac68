"""What becomes of each variable that Slurm sets: one rule a variable.

The rules were seen in real runs of Slurm 24.11: SLURM_NTASKS is unset without ``-n`` and ``--ntasks-per-node``, GPU
variables depend on the option that asked, ranks are 0 in the batch script.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from s2r_ci.model import Disposition
from s2r_ci.runai.distribution import PYTORCH, Plan

_UNITS: Final = {"": 1, "G": 1024, "T": 1024**2, "P": 1024**3}
MOST_DEVICES: Final = 1024
"""Numbers in CUDA_VISIBLE_DEVICES: sbatch takes any count up to 2^63, and no pod has more devices than these."""


class Variable(NamedTuple):
    """What becomes of one variable: a constant ``value``, a name the prelude sets, or unset (neither)."""

    value: str | None = None
    runtime: bool = False
    disposition: Disposition = Disposition.EXACT
    reason: str = ""


_EXACT: Final = Disposition.EXACT
_NEAR: Final = Disposition.APPROXIMATE
_NEVER: Final = Disposition.NOT_EXPRESSIBLE

UNSET: Final = Variable(reason="Slurm leaves it unset here, and so does the pod")


_Rule = Callable[[Plan], Variable]


def _fixed(value: str, reason: str = "the same in every batch script") -> _Rule:
    found = Variable(value=value, reason=reason)
    return lambda made: found


def _at_run_time(reason: str, disposition: Disposition = _EXACT) -> _Rule:
    found = Variable(runtime=True, reason=reason, disposition=disposition)
    return lambda made: found


def _lost(reason: str) -> _Rule:
    found = Variable(reason=reason, disposition=_NEVER)
    return lambda made: found


def _unset(made: Plan) -> Variable:
    return UNSET


def _counted(count: Callable[[Plan], str]) -> _Rule:
    return lambda made: Variable(value=count(made), reason="Slurm's arithmetic, done now")


def _with(option: str, value: Callable[[Plan], str] | None = None) -> _Rule:
    """Set where the option is given: to its text, or to what ``value`` makes of the job."""

    def rule(made: Plan) -> Variable:
        text = made.job.options.get(option)
        if text is None:
            return UNSET
        return Variable(value=value(made) if value else text, reason=f"as --{option} sets it")

    return rule


def _tasks(made: Plan) -> Variable:
    if not made.job.options.keys() & {"ntasks", "ntasks-per-node"}:
        return UNSET
    return Variable(value=str(made.job.resources.tasks), reason="as --ntasks or --ntasks-per-node sets it")


def tasks_per_node(made: Plan) -> str:
    """``2(x3)``, ``3,2``: the tasks on each node, as evenly as Slurm spreads them."""
    return _runs(_spread(made))


def _cpus_of_nodes(made: Plan) -> str:
    """``6(x2)``, ``3,2``: CPUs follow the tasks where nothing else asks for more."""
    job = made.job.resources
    runs = [(tasks * job.cpus_per_task, times) for tasks, times in _spread(made)]
    return _runs(runs if runs[0][0] == job.cpus_per_node else [(job.cpus_per_node, made.nodes)])


def _spread(made: Plan) -> list[tuple[int, int]]:
    """How many tasks, on how many nodes: the fuller nodes first. A run each, whatever the number of nodes."""
    nodes = made.nodes
    options = made.job.options
    tasks = made.job.resources.tasks
    if tasks <= 1 and not options.keys() & {"ntasks", "ntasks-per-node"}:
        tasks = nodes  # no count is said, and none follows from --gpus and --gpus-per-task
    base, more = divmod(tasks, nodes)
    return [(count, times) for count, times in ((base + 1, more), (base, nodes - more)) if times]


def _runs(runs: list[tuple[int, int]]) -> str:
    return ",".join(_times(count, times) for count, times in runs)


def _times(count: int, times: int) -> str:
    return f"{count}(x{times})" if times > 1 else str(count)


def _memory(option: str) -> _Rule:
    def rule(made: Plan) -> Variable:
        text = made.job.options.get(option)
        if text is None:
            return UNSET
        match = re.fullmatch(r"(\d+)([GTP]?)[A-Za-z?]*", text)
        if option == "mem" and not made.job.resources.memory_per_node_mib:
            return Variable(
                reason="--mem=0 means all memory of a node, which only the node knows", disposition=_NEVER
            )
        mib = made.job.resources.memory_per_node_mib if option == "mem" else _mib(match)
        return Variable(value=str(mib), reason=f"--{option} in MiB")

    return rule


def _mib(match: re.Match[str] | None) -> int:
    return int(match[1]) * _UNITS[match[2]] if match else 0


def _gpu_list(made: Plan) -> Variable:
    count = made.gpus
    if not count:
        return UNSET
    return Variable(
        value=",".join(map(str, range(min(count, MOST_DEVICES)))),
        reason="a pod numbers its GPUs from 0",
        disposition=_NEAR,
    )


def _partition(made: Plan) -> Variable:
    text = made.job.options.get("partition")
    if not text:
        return Variable(reason="only the old site knows its default partition", disposition=_NEVER)
    first, comma, _ = text.partition(",")
    if not comma:
        return Variable(value=first, reason="as --partition sets it")
    return Variable(
        value=first, reason="the first of several; Slurm takes the one that starts first", disposition=_NEAR
    )


def _array(value: Callable[[Any], str]) -> _Rule:
    def rule(made: Plan) -> Variable:
        if made.job.array is None:
            return UNSET
        return Variable(value=value(made.job.array.ids), reason="the same for all elements of the array")

    return rule


def _array_step(made: Plan) -> Variable:
    """What stands behind the first colon, 1 without one: not a word about the ids themselves."""
    if made.job.array is None:
        return UNSET
    found = re.search(r":(\d+)", made.job.array.text)
    return Variable(value=str(int(found[1])) if found else "1", reason="the step that --array names, else 1")


def _array_id(made: Plan) -> Variable:
    if made.job.array is None:
        return UNSET
    return Variable(runtime=True, reason="the prelude takes it from JOB_COMPLETION_INDEX and the table of ids")


def _restarts(made: Plan) -> Variable:
    if not made.retries:
        return UNSET
    reason = "the prelude counts in a file of the working directory, which has to be on a volume"
    return Variable(runtime=True, reason=reason, disposition=_NEAR)


def _end_time(made: Plan) -> Variable:
    if not made.job.time_limit_s:
        return Variable(
            reason="the script says no time limit, so its end is the old site's default", disposition=_NEVER
        )
    return Variable(runtime=True, reason="start of the pod's script plus the time limit", disposition=_NEAR)


def _get_user_env(made: Plan) -> Variable:
    text = made.job.options.get("export")
    return UNSET if text is None or text == "ALL" else Variable(value="1", reason="as --export sets it")


def _tres_per_task(made: Plan) -> Variable:
    options = made.job.options
    parts = [f"cpu={options['cpus-per-task']}"] if "cpus-per-task" in options else []
    if "gpus-per-task" in options:
        parts.append(f"gres/gpu={options['gpus-per-task'].replace(':', '=', 1)}")
    return Variable(value=",".join(parts), reason="as the options for tasks set it") if parts else UNSET


def _per_task(made: Plan) -> str:
    return made.job.options["gpus-per-task"].rpartition(":")[2]


def _gpus_on_node(made: Plan) -> Variable:
    return Variable(value=str(made.gpus), reason="the GPUs of the pod") if made.gpus else UNSET


def _submit_dir(made: Plan) -> Variable:
    folder = made.request.target.working_directory
    if folder:
        return Variable(
            value=folder, reason="the working directory of the settings stands for it", disposition=_NEAR
        )
    return Variable(runtime=True, reason="the folder in which the container starts", disposition=_NEAR)


def _hosts(made: Plan) -> Variable:
    reason = "names of the pods, separated by commas"
    if made.kind == PYTORCH:
        reason += "; only the first one can be reached by name"
    return Variable(runtime=True, reason=reason, disposition=_NEAR)


def unknown(name: str) -> Variable:
    """What becomes of a name without a rule: it stays unset, as Slurm leaves it outside of steps."""
    if name.startswith(("SLURM_STEP_", "SLURM_SRUN_", "SLURM_LAUNCH_", "SLURM_HET_", "SLURM_PACK_")):
        return UNSET
    return Variable(reason="Slurm 24.11 sets no variable of this name; it stays unset", disposition=_NEAR)


_ID_RULE: Final = _at_run_time("a number made from the workload's uid, the same in all its pods", _NEAR)
_JOB_CPUS: Final = _counted(_cpus_of_nodes)
_NODES: Final = _counted(lambda made: str(made.nodes))
_ZERO: Final = _fixed("0", "0 in the batch script; a step sets its own")

VARIABLES: Final[Mapping[str, _Rule]] = MappingProxyType(
    {
        "CUDA_VISIBLE_DEVICES": _gpu_list,
        "ENVIRONMENT": _fixed("BATCH"),
        "GPU_DEVICE_ORDINAL": _gpu_list,
        "ROCR_VISIBLE_DEVICES": _gpu_list,
        "SLURMD_NODENAME": _at_run_time("the pod's host name", _NEAR),
        "SLURM_ARRAY_JOB_ID": _array_id,
        "SLURM_ARRAY_TASK_COUNT": _array(lambda ids: str(len(ids))),
        "SLURM_ARRAY_TASK_ID": _array_id,
        "SLURM_ARRAY_TASK_MAX": _array(lambda ids: str(ids[-1])),
        "SLURM_ARRAY_TASK_MIN": _array(lambda ids: str(ids[0])),
        "SLURM_ARRAY_TASK_STEP": _array_step,
        "SLURM_CLUSTER_NAME": _lost("there is no Slurm cluster any more; it stays unset"),
        "SLURM_CONF": _lost("there is no slurm.conf any more; it stays unset"),
        "SLURM_CPUS_ON_NODE": _counted(lambda made: str(made.job.resources.cpus_per_node)),
        "SLURM_CPUS_PER_GPU": _with("cpus-per-gpu"),
        "SLURM_CPUS_PER_TASK": _with("cpus-per-task", lambda made: str(made.job.resources.cpus_per_task)),
        "SLURM_DISTRIBUTION": _unset,
        "SLURM_EXPORT_ENV": _with("export"),
        "SLURM_GET_USER_ENV": _get_user_env,
        "SLURM_GPUS": _with("gpus"),
        "SLURM_GPUS_ON_NODE": _gpus_on_node,
        "SLURM_GPUS_PER_NODE": _with("gpus-per-node"),
        "SLURM_GPUS_PER_TASK": _unset,
        "SLURM_GTIDS": _ZERO,
        "SLURM_JOBID": _ID_RULE,
        "SLURM_JOB_ACCOUNT": _with("account"),
        "SLURM_JOB_CPUS_PER_NODE": _JOB_CPUS,
        "SLURM_JOB_DEPENDENCY": _with("dependency"),
        "SLURM_JOB_END_TIME": _end_time,
        "SLURM_JOB_GID": _at_run_time("the group of the container's user", _NEAR),
        "SLURM_JOB_GPUS": _gpu_list,
        "SLURM_JOB_ID": _ID_RULE,
        "SLURM_JOB_NAME": _counted(lambda made: made.job.name),
        "SLURM_JOB_NODELIST": _hosts,
        "SLURM_JOB_NUM_NODES": _NODES,
        "SLURM_JOB_PARTITION": _partition,
        "SLURM_JOB_QOS": _with("qos"),
        "SLURM_JOB_START_TIME": _at_run_time("the start of the script in the pod", _NEAR),
        "SLURM_JOB_UID": _at_run_time("the container's user", _NEAR),
        "SLURM_JOB_USER": _at_run_time("the container's user", _NEAR),
        "SLURM_LABELIO": _unset,
        "SLURM_LOCALID": _ZERO,
        "SLURM_MEM_PER_CPU": _memory("mem-per-cpu"),
        "SLURM_MEM_PER_GPU": _memory("mem-per-gpu"),
        "SLURM_MEM_PER_NODE": _memory("mem"),
        "SLURM_NNODES": _NODES,
        "SLURM_NODEID": _ZERO,
        "SLURM_NODELIST": _hosts,
        "SLURM_NPROCS": _tasks,
        "SLURM_NTASKS": _tasks,
        "SLURM_NTASKS_PER_NODE": _with("ntasks-per-node"),
        "SLURM_OOM_KILL_STEP": lambda made: Variable(
            value=made.job.options.get("oom-kill-step", "0"), reason="0 unless --oom-kill-step says otherwise"
        ),
        "SLURM_OPEN_MODE": _with("open-mode", lambda made: made.job.options["open-mode"][:1]),
        "SLURM_PRIO_PROCESS": _fixed("0"),
        "SLURM_PROCID": _ZERO,
        "SLURM_RESTART_COUNT": _restarts,
        "SLURM_STEPID": _unset,
        "SLURM_STEP_ID": _unset,
        "SLURM_SUBMIT_DIR": _submit_dir,
        "SLURM_SUBMIT_HOST": _at_run_time("the pod's host name; nothing is submitted from a host any more", _NEAR),
        "SLURM_TASKS_PER_NODE": _counted(tasks_per_node),
        "SLURM_TASK_PID": _at_run_time("the number of the script's process"),
        "SLURM_TMPDIR": _at_run_time("a folder of the pod, as sites make one for each job", _NEAR),
        "SLURM_TOPOLOGY_ADDR": _at_run_time("the pod's host name", _NEAR),
        "SLURM_TOPOLOGY_ADDR_PATTERN": _fixed("node"),
        "SLURM_TRES_BIND": _with("gpus-per-task", lambda made: f"gres/gpu:per_task:{_per_task(made)}"),
        "SLURM_TRES_PER_TASK": _tres_per_task,
        "SLURM_UMASK": _unset,
        "TMPDIR": _at_run_time("the folder for temporary files, as on a node"),
    }
)
