"""Tasks, nodes, threads and CPUs that do not fit what the script starts."""

import re
from collections.abc import Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.lint.case import Case, found, number
from s2r_ci.model import Finding, ItemKind, Location
from s2r_ci.patterns import lazy
from s2r_ci.slurm.launchers import base_name, words_of

_THREADS: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_THREAD_OPTION: Final = lazy(
    r"(?<!\S)(?:--?(?:threads?|num[-_]threads|nthreads|cpus?|n[-_]cpus?|cores|jobs|n[-_]jobs|num[-_]workers|t|T|j|p|@))"
    r"[= ]?(\d+)(?!\S)"
)
_TASKS: Final = ("SLURM_NTASKS", "SLURM_NPROCS", "SLURM_TASKS_PER_NODE", "SLURM_NTASKS_PER_NODE")
_NODES: Final = (
    "SLURM_JOB_NODELIST", "SLURM_NODELIST", "SLURM_JOB_NUM_NODES", "SLURM_NNODES", "SLURM_NODEFILE",
    "SLURM_JOB_CPUS_PER_NODE",
)  # fmt: skip
# Programs that start processes on the other nodes by themselves, or that may.
_REACH: Final = lazy(
    r"mpi|orca|vasp|abaqus|ansys|fluent|cfx|comsol|starccm|star-ccm|charmrun|namd|julia|matlab|spark|dask|parallel|"
    r"nextflow|snakemake|cromwell|ray|flux|pbsdsh|aprun|jsrun|lrun|ssh|clush|pdsh|qchem|g09|g16|gaussian|molpro|nwchem|"
    r"gamess|rungms|turbomole|gmx|lmp|cp2k|schrodinger|hadoop|horovod|deepspeed|accelerate|torch|cluster|launch|make|"
    r"xargs|wrf|distributed|lightning|fds|ls-dyna|dyna|relion|ipcluster|ipyparallel|prun|dvm|salloc|sbatch|bcast|run|"
    r"composer|legate|dplace|ibrun|poe|singularity|apptainer|shifter|docker|podman|enroot|R$|Rscript|train|eval|exec"
)
_OF_A_NODE: Final = ("torchrun", "torch.distributed", "accelerate")
_ELSEWHERE: Final = lazy(
    r"\b(?:srun|ssh|pdsh|clush|mpirun|mpiexec|parallel|deepspeed|ray)\b|\$\{?\w*(?:LAUNCH|RUN)"
)
_WEAK: Final = words_of(
    "echo printf cd set module ml source . export unset test [ [[ true false : exit date hostname pwd umask cp mv rm "
    "mkdir rmdir ln tar gzip gunzip rsync cat head tail grep sed awk sort uniq cut tr wc ls find touch chmod sleep "
    "wait scp tee dirname basename ulimit conda mamba source which nvidia-smi lscpu free env read let shift trap "
    "declare local return eval exec time nohup env seq type hash"
)


def _runs(case: Case) -> list[str]:
    """The commands that do the script's work."""
    return [name for name in case.body.commands if base_name(name) not in _WEAK]


def _hands_on(case: Case) -> bool:
    """Whether another script, a variable or a program that reaches out may start what is not to be seen here."""
    for name in case.body.commands:
        if (
            "$" in name
            or name.endswith((".sh", ".bash", ".sbatch", ".slurm", ".csh"))
            or name in ("bash", "sh", "eval")
        ):
            return True
        if base_name(name) in ("source", ".") and re.search(r"\.(?:sh|bash)\b", case.code):
            return True
    return any(_REACH.search(base_name(name)) for name in _runs(case))


def tasks_without_launcher(case: Case) -> Iterator[Finding]:
    """``-n 8``, one process, and 8 threads."""
    job = case.job
    if job is None or not case.shell or case.body.steps or job.resources.nodes > 1:
        return
    tasks = job.resources.tasks
    if tasks < 2 or job.resources.cpus_per_task > 1 or not case.says("ntasks", "ntasks-per-node"):
        return
    if any(name in case.variables for name in _TASKS) or _hands_on(case) or "&" in _backgrounds(case):
        return
    if threads := _threads(case, tasks):
        name = "ntasks" if case.says("ntasks") else "ntasks-per-node"
        value = case.directives[name].value
        message = (
            f"--{name}={value} asks for {tasks} tasks, and the script starts one process with {threads}: for threads "
            f"write --ntasks=1 --cpus-per-task={tasks}"
        )
        yield found(rules.TASKS_WITHOUT_LAUNCHER, message, case.at(name), "tasks")


def _backgrounds(case: Case) -> str:
    return "&" if any(command.text.rstrip().endswith("&") for command in case.commands) else ""


def _threads(case: Case, tasks: int) -> str:
    for name in _THREADS:
        if name in case.body.sets and number(case.body.exports.get(name)) in (None, tasks):
            return f"{name} set"
    if "SLURM_CPUS_PER_TASK" in case.variables:
        return "$SLURM_CPUS_PER_TASK threads"
    for command in case.commands:
        option = _THREAD_OPTION.search(command.text)
        if option and int(option[1][:9]) == tasks:
            return f"`{option[0]}`"
    return ""


def nodes_without_launcher(case: Case) -> Iterator[Finding]:
    """Several nodes for a script that stays on the first."""
    job = case.job
    if job is None or not case.shell or job.resources.nodes < 2 or not case.says("nodes"):
        return
    if case.body.steps:
        yield from _on_one_node(case)
        return
    if any(name in case.variables for name in (*_NODES, *_TASKS)) or any(
        True for _ in case.items(ItemKind.COMMAND)
    ):
        return
    runs = _runs(case)
    if not runs or _hands_on(case) or any(name.startswith("./") for name in runs):
        return
    nodes = case.directives["nodes"].value
    message = f"--nodes={nodes}, and no srun or mpirun: `{runs[0][:40]}` runs on the first node alone"
    yield found(rules.NODES_WITHOUT_LAUNCHER, message, case.at("nodes"), "nodes")


def _on_one_node(case: Case) -> Iterator[Finding]:
    """``torchrun --nnodes=2`` in the batch shell: it starts the processes of its own node, and waits for the others."""
    if any(step.launcher not in _OF_A_NODE or step.within for step in case.body.steps) or _ELSEWHERE.search(
        case.code
    ):
        return
    first = case.body.steps[0]
    message = (
        f"--nodes={case.directives['nodes'].value}, and {first.launcher} in the batch shell starts processes on the "
        f"first node alone: write srun --ntasks-per-node=1 {first.launcher}"
    )
    yield found(rules.NODES_WITHOUT_LAUNCHER, message, first.location, "nodes")


def threads_mismatch(case: Case) -> Iterator[Finding]:
    """OMP_NUM_THREADS above the CPUs of a task."""
    job = case.job
    if job is None or not case.shell or case.says("exclusive", "overcommit", "threads-per-core", "hint"):
        return
    have = job.resources.cpus_per_task
    if case.says("cpus-per-gpu", "mincpus") or not (case.says("cpus-per-task") or job.resources.tasks == 1):
        return
    if not case.says("cpus-per-task", "ntasks", "ntasks-per-node"):
        return  # nothing said of CPUs at all: the site may give whole nodes
    for name in _THREADS:
        threads = number(case.body.exports.get(name))
        if threads and threads > max(have, 1) and (case.body.steps or threads > job.resources.cpus_per_node):
            message = f"{name}={threads}, and a task has {have} CPU{'s' * (have > 1)}"
            yield found(rules.THREADS_MISMATCH, message, _assigned(case, name), name)
            return


def _assigned(case: Case, name: str) -> Location:
    return case.place(next((c.line for c in case.commands if f"{name}=" in c.text), 0))


def exclusive_small(case: Case) -> Iterator[Finding]:
    """--exclusive for at most two CPUs and little memory, all of it said."""
    job = case.job
    if job is None or not case.says("exclusive") or not job.resources.exclusive:
        return
    size = job.resources
    few = size.nodes == 1 and size.cpus_per_node <= 2 and not size.gpus_per_node
    little = size.memory_per_node_mib is not None and 0 < size.memory_per_node_mib <= 8192
    if few and little and case.says("ntasks", "ntasks-per-node", "cpus-per-task"):
        message = f"--exclusive takes a whole node for {size.cpus_per_node} CPU{'s' * (size.cpus_per_node > 1)}"
        yield found(rules.EXCLUSIVE_SMALL, message, case.at("exclusive"), "exclusive")
