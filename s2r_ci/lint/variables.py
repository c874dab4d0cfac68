"""Slurm's variables: those that do not exist, and those that are not set under the script's options.

Which option sets which variable was seen in runs of Slurm 24.11 (the table of ``runai/environment`` rests on the same).
"""

import re
from collections.abc import Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.lint.case import Case, found
from s2r_ci.model import Finding, ItemKind
from s2r_ci.patterns import lazy
from s2r_ci.slurm.launchers import words_of
from s2r_ci.slurm.options import OPTIONS

# variable -> the options of which one has to be given
_SET_BY: Final = {
    "SLURM_NTASKS": ("ntasks", "ntasks-per-node", "ntasks-per-gpu", "ntasks-per-tres"),
    "SLURM_NPROCS": ("ntasks", "ntasks-per-node", "ntasks-per-gpu", "ntasks-per-tres"),
    "SLURM_CPUS_PER_TASK": ("cpus-per-task", "tres-per-task"),
    "SLURM_NTASKS_PER_NODE": ("ntasks-per-node",),
    "SLURM_NTASKS_PER_CORE": ("ntasks-per-core",),
    "SLURM_NTASKS_PER_SOCKET": ("ntasks-per-socket",),
    "SLURM_NTASKS_PER_GPU": ("ntasks-per-gpu",),
    "SLURM_GPUS": ("gpus", "ntasks-per-gpu"),
    "SLURM_GPUS_PER_NODE": ("gpus-per-node",),
    "SLURM_GPUS_PER_SOCKET": ("gpus-per-socket",),
    "SLURM_CPUS_PER_GPU": ("cpus-per-gpu",),
    "SLURM_MEM_PER_NODE": ("mem",),
    "SLURM_MEM_PER_CPU": ("mem-per-cpu",),
    "SLURM_MEM_PER_GPU": ("mem-per-gpu",),
    "SLURM_JOB_DEPENDENCY": ("dependency",),
    "SLURM_GPUS_ON_NODE": (
        "gres", "gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket", "tres-per-task", "exclusive", "partition",
        "ntasks-per-gpu",
    ),
    "SLURM_JOB_GPUS": (
        "gres", "gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket", "tres-per-task", "exclusive", "partition",
        "ntasks-per-gpu",
    ),
}  # fmt: skip
_GIVEN: Final = {  # which option to add
    "SLURM_NTASKS": "ntasks", "SLURM_NPROCS": "ntasks", "SLURM_GPUS_ON_NODE": "gpus", "SLURM_JOB_GPUS": "gpus",
}  # fmt: skip
_ARRAY: Final = words_of("JOB_ID TASK_ID TASK_COUNT TASK_MAX TASK_MIN TASK_STEP")
_KNOWN: Final = words_of(
    "SLURM_CLUSTER_NAME SLURM_CONF SLURM_CPUS_ON_NODE SLURM_CPU_BIND SLURM_CPU_BIND_LIST SLURM_CPU_BIND_TYPE "
    "SLURM_CPU_BIND_VERBOSE SLURM_CPU_FREQ_REQ SLURM_DEBUG SLURM_DISTRIBUTION SLURM_DIST_PLANESIZE SLURM_DIST_LLLP "
    "SLURM_EXCLUSIVE SLURM_EXIT_ERROR SLURM_EXIT_IMMEDIATE SLURM_EXPORT_ENV SLURM_GET_USER_ENV SLURM_GPU_BIND "
    "SLURM_GPU_FREQ SLURM_GTIDS SLURM_HINT SLURM_HET_SIZE SLURM_JOBID SLURM_JOB_ACCOUNT SLURM_JOB_CPUS_PER_NODE "
    "SLURM_JOB_CONSTRAINTS SLURM_JOB_END_TIME SLURM_JOB_GID SLURM_JOB_ID SLURM_JOB_LICENSES SLURM_JOB_NAME "
    "SLURM_JOB_NODELIST SLURM_JOB_NUM_NODES SLURM_JOB_PARTITION SLURM_JOB_QOS SLURM_JOB_RESERVATION "
    "SLURM_JOB_SEGMENT_SIZE SLURM_JOB_START_TIME SLURM_JOB_UID SLURM_JOB_USER SLURM_JOB_EXTRA SLURM_JOB_COMMENT "
    "SLURM_JOB_STDIN SLURM_JOB_STDOUT SLURM_JOB_STDERR SLURM_JOB_EXIT_CODE SLURM_JOB_EXIT_CODE2 SLURM_JOB_DERIVED_EC "
    "SLURM_JOB_GROUP SLURM_JOB_WORK_DIR SLURM_JOB_RESTART_COUNT SLURM_JOB_OVERSUBSCRIBE SLURM_LABELIO "
    "SLURM_LAUNCH_NODE_IPADDR SLURM_LOCALID SLURM_MEM_BIND SLURM_MPI_TYPE SLURM_NETWORK SLURM_NNODES SLURM_NODEID "
    "SLURM_NODELIST SLURM_NODE_ALIASES SLURM_NODEFILE SLURM_NPROCS SLURM_NTASKS SLURM_OOM_KILL_STEP SLURM_OPEN_MODE "
    "SLURM_OVERCOMMIT SLURM_PACK_SIZE SLURM_PARTITION SLURM_PRIO_PROCESS SLURM_PROCID SLURM_PROFILE "
    "SLURM_RESTART_COUNT SLURM_SCRIPT_CONTEXT SLURM_SHARDS_ON_NODE SLURM_SPANK_ SLURM_SRUN_COMM_HOST "
    "SLURM_SRUN_COMM_PORT SLURM_STEPID SLURM_STEP_GPUS SLURM_STEP_ID SLURM_STEP_LAUNCHER_PORT SLURM_STEP_NODELIST "
    "SLURM_STEP_NUM_NODES SLURM_STEP_NUM_TASKS SLURM_STEP_TASKS_PER_NODE SLURM_STEP_RESV_PORTS SLURM_SUBMIT_DIR "
    "SLURM_SUBMIT_HOST SLURM_TASKS_PER_NODE SLURM_TASK_PID SLURM_THREADS_PER_CORE SLURM_TIME_FORMAT SLURM_TIMELIMIT "
    "SLURM_TMPDIR SLURM_TOPOLOGY_ADDR SLURM_TOPOLOGY_ADDR_PATTERN SLURM_TRES_BIND SLURM_TRES_PER_TASK SLURM_UMASK "
    "SLURM_UNBUFFEREDIO SLURM_WAIT SLURM_WCKEY SLURM_WORKING_DIR SLURM_WORKING_CLUSTER SLURM_WHOLE SLURM_EXACT "
    "SLURM_OVERLAP SLURM_KILL_BAD_EXIT SLURM_MULTI_PROG SLURM_RESV_PORTS SLURM_ACCOUNT SLURM_QOS SLURM_RESERVATION "
    "SLURM_CONSTRAINT SLURM_GRES SLURM_GRES_FLAGS SLURM_ROOT SLURM_HOME SLURM_VERSION SLURM_JWT SLURM_BITSTR_LEN "
    "SLURMD_NODENAME SLURMD_DEBUG SLURMD_TRES_BIND SLURM_IMMEDIATE SLURM_NO_KILL SLURM_REMOTE_CWD SLURM_TASK_EPILOG "
    "SLURM_TASK_PROLOG SLURM_TEST_EXEC SLURM_THREADS SLURM_EPILOG SLURM_PROLOG SLURM_SIGNAL SLURM_SLURMD_DEBUG "
    "SLURM_STDINMODE SLURM_STDOUTMODE SLURM_STDERRMODE SLURM_DEPENDENCY SLURM_CLUSTERS SLURM_CONTAINER "
    "SLURM_FED_CLUSTER SLURM_JOB_FIRSTLAST SLURM_SCRATCH SLURM_CPUS_PER_NODE"
) | _SET_BY.keys() | {f"SLURM_ARRAY_{name}" for name in _ARRAY}  # fmt: skip
_MEANT: Final = {
    "SLURM_JOBNAME": "SLURM_JOB_NAME", "SLURM_NUM_NODES": "SLURM_JOB_NUM_NODES", "SLURM_NODES": "SLURM_JOB_NUM_NODES",
    "SLURM_JOB_NODES": "SLURM_JOB_NUM_NODES", "SLURM_NUM_TASKS": "SLURM_NTASKS", "SLURM_TASKS": "SLURM_NTASKS",
    "SLURM_TASK_ID": "SLURM_ARRAY_TASK_ID", "SLURM_TASKID": "SLURM_ARRAY_TASK_ID",
    "SLURM_ARRAYID": "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_ID": "SLURM_ARRAY_TASK_ID",
    "SLURM_ARRAY_INDEX": "SLURM_ARRAY_TASK_ID", "SLURM_CPU_PER_TASK": "SLURM_CPUS_PER_TASK",
    "SLURM_WORKDIR": "SLURM_SUBMIT_DIR", "SLURM_SUBMITDIR": "SLURM_SUBMIT_DIR", "SLURM_RANK": "SLURM_PROCID",
    "SLURM_LOCAL_RANK": "SLURM_LOCALID", "SLURM_LOCAL_ID": "SLURM_LOCALID", "SLURM_NODE_ID": "SLURM_NODEID",
    "SLURM_PROC_ID": "SLURM_PROCID", "SLURM_NODE_LIST": "SLURM_JOB_NODELIST",
    "SLURM_NODENAME": "SLURMD_NODENAME", "SLURM_JOB_NODE_LIST": "SLURM_JOB_NODELIST",
}  # fmt: skip
_PRINTS: Final = lazy(r"\s*(?:echo|printf|logger)\b[^|;&>]*$")
_INPUT: Final = frozenset(name for option in OPTIONS for name in option.env.split())
_ONLY_READ: Final = {  # a job has the second name; the first is sbatch's way to take an option, or nothing at all
    f"SBATCH_{name}": f"SLURM_{name}"
    for name in words_of(
        "CPUS_PER_TASK CPUS_PER_GPU GPUS GPUS_PER_NODE JOB_NAME JOB_ID NTASKS NTASKS_PER_NODE NNODES MEM_PER_NODE "
        "MEM_PER_CPU MEM_PER_GPU SUBMIT_DIR ARRAY_TASK_ID"
    )
}


def _sets(case: Case, name: str) -> bool:
    return name in case.body.sets or name in case.body.exports


_GUARD: Final = (
    r"\$\{{{name}:?[-=?+]|(?:\[|\btest)\s+(?:!\s+)?(?:-[znv]\s+)?[\"']?\$?\{{?{name}\b|\b{name}=|environ|getenv"
)


def guarded(case: Case, name: str) -> bool:
    """Whether the script somewhere reckons with the variable being unset."""
    if f"${name}" not in case.code and f"${{{name}" not in case.code:
        return True  # only in a comment, or as a name for something else to expand
    return re.search(_GUARD.format(name=name), case.code) is not None


def variable_unset(case: Case) -> Iterator[Finding]:
    """``$SLURM_CPUS_PER_TASK`` without --cpus-per-task, and its like."""
    if case.job is None or not case.shell:
        return
    for name, place in case.variables.items():
        needs = _SET_BY.get(name)
        if needs is None or case.says(*needs) or _sets(case, name) or guarded(case, name):
            continue
        if _elsewhere_only(case, name):
            continue
        option = _GIVEN.get(name, needs[0])
        message = f"{name} is set only with --{option}: give the option, or a default as ${{{name}:-1}}"
        yield found(rules.VARIABLE_UNSET, message, place, name)


def _elsewhere_only(case: Case, name: str) -> bool:
    """Every use only prints it, or stands in quotes that the task's shell opens, where srun has set it."""
    places = [item.location.line for item in case.items(ItemKind.VARIABLE) if item.name == name]
    return all(_harmless(case, line, name) for line in places)


def _harmless(case: Case, line: int, name: str) -> bool:
    text = case.lines[line - 1] if 0 < line <= len(case.lines) else ""
    before = text[: text.find(name)]
    return before.count("'") % 2 == 1 or before.endswith(("\\$", "\\${")) or _PRINTS.match(text) is not None


def variable_unknown(case: Case) -> Iterator[Finding]:
    """Names that Slurm does not set, and that are near one it sets. Others may be the site's."""
    for name, place in case.variables.items():
        if _sets(case, name) or guarded(case, name):
            continue
        if name in _ONLY_READ:
            message = f"Slurm sets {name} in no job: did you mean {_ONLY_READ[name]}?"
            yield found(rules.VARIABLE_UNKNOWN, message, place, name)
        if _exists(name) or not name.startswith("SLURM"):
            continue
        if meant := _MEANT.get(name) or _near(name):
            message = f"Slurm sets no {name}: did you mean {meant}?"
            yield found(rules.VARIABLE_UNKNOWN, message, place, name)


def _exists(name: str) -> bool:
    if name in _KNOWN or name in _INPUT:
        return True
    return "_GROUP_" in name or name.startswith(("SLURM_SPANK_", "SLURM_TOPOLOGY_", "SLURM_PMI", "SLURM_MPI"))


def _near(name: str) -> str:
    import difflib  # only where something is wrong

    return next(iter(difflib.get_close_matches(name, sorted(_KNOWN), 1, 0.92)), "")


# Set by Slurm, login profiles and batch systems of sites, so --export=NONE does not take them away.
_OF_THE_SITE: Final = lazy(
    r"(?:.*SCRATCH|WORK|PROJECT|USER|LOGNAME|.*_?HOME|.*TMP(?:DIR)?|DATA|STORE|ARCHIVE|GROUP|MODULES?PATH|LMOD_.*|.*_ROOT|"
    r".*_DIR|.*PATH|CLUSTER|SITE|HOST.*|.*_VERSION|BASH.*|CUDA.*|CC|CXX|FC|F77|NCCL_.*|MKL.*|OMP_.*|CONDA.*|PBS_.*)"
)


def environment_cut_off(case: Case) -> Iterator[Finding]:
    """--export=NONE, or a list, in a script that uses a variable of the person who sends it."""
    job = case.job
    if job is None or not case.shell or job.export in ("ALL", "NIL") or not case.says("export"):
        return
    listed = {part.partition("=")[0].strip() for part in job.export.split(",")}
    if "ALL" in listed or any(True for _ in case.items(ItemKind.MODULE)):
        return
    for item in case.items(ItemKind.ARGUMENT):
        name = item.name
        if (
            name.startswith("$")
            or item.value
            or name in listed
            or _OF_THE_SITE.fullmatch(name)
            or guarded(case, name)
        ):
            continue
        message = (
            f"--export={job.options.get('export', job.export)} keeps {name} out of the job: nothing here sets it"
        )
        yield found(rules.ENVIRONMENT_CUT_OFF, message, item.location, name)
