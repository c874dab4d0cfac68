"""GPUs that are asked for twice, not at all, for nothing, or fewer than are used."""

import re
from collections.abc import Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.lint.case import Case, found, number, option_of
from s2r_ci.model import Finding, JobSpec, Location
from s2r_ci.patterns import lazy
from s2r_ci.slurm.launchers import base_name, words_of

_COUNT: Final = lazy(r"(?:^|[:=])(\d+)(?=$|[,(])")
_ASKS: Final = frozenset({
    "gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket", "ntasks-per-gpu", "cpus-per-gpu", "mem-per-gpu",
    "ntasks-per-tres",
})  # fmt: skip
_GPU_NAME: Final = lazy(
    r"gpu|cuda|dgx|hgx|tesla|rtx|gtx|titan|nvidia|quadro|geforce"
    r"|(?<![a-z])(?:[avhlbp]\d{1,3}|gh200|gb\d+|mi\d{2,3}|k[4-8]0|t4)(?![0-9])",
    re.IGNORECASE,
)
_VISIBLE: Final = lazy(r"(?:^|[\s;])CUDA_VISIBLE_DEVICES=[\"']?(\d+(?:,\d+)*)[\"']?(?=[\s;]|$)")
_PLAIN: Final = words_of(
    "echo printf cd set module ml source . export unset test [ [[ true false : exit date hostname pwd umask cp mv rm "
    "mkdir rmdir ln tar gzip gunzip bzip2 xz zip unzip rsync wget curl cat head tail grep sed awk sort uniq cut tr wc "
    "ls find touch chmod chown du df md5sum sha256sum sleep wait scp tee dirname basename git"
)


def _asked(case: Case) -> bool:
    """Whether any option may bring a GPU, generic resources of other names too."""
    if case.says(*_ASKS):
        return True
    values = [
        case.directives[name].value for name in ("gres", "tres-per-task", "licenses") if name in case.directives
    ]
    return any("gpu" in value or "mps" in value or "shard" in value or "mig" in value for value in values)


def gpus_said_twice(case: Case) -> Iterator[Finding]:
    """--gres=gpu beside --gpus-per-node, or beside a --gpus that makes it several nodes. The rest sbatch refuses."""
    job, gres = case.job, case.directives.get("gres")
    if job is None or gres is None or "gpu" not in gres.value:
        return
    if other := case.directives.get("gpus-per-node"):
        pair = f"--gres={gres.value} and --gpus-per-node={other.value}"
        said = f"{pair} both say the GPUs of a node, and sbatch 26.05 refuses the pair: keep one"
        yield found(rules.GPUS_SAID_TWICE, said, gres.location, "gpus")
    elif (other := case.directives.get("gpus")) and not case.says("nodes", "nodelist") and _count(job) != _all(job):
        nodes = -(-_all(job) // max(_count(job), 1))
        pair = f"--gres={gres.value} is per node, so --gpus={other.value} makes it {nodes} nodes"
        said = f"{pair}: say --nodes, or keep one"
        yield found(rules.GPUS_SAID_TWICE, said, gres.location, "gpus")


def _count(job: JobSpec) -> int:
    """GPUs of a node, as --gres has it."""
    parts = [part for part in job.options.get("gres", "").split(",") if "gpu" in part]
    return sum(int(match[1]) if (match := _COUNT.search(part)) else 1 for part in parts)


def _all(job: JobSpec) -> int:
    """GPUs of the job, as --gpus has it."""
    counts = [_COUNT.search(part) for part in job.options.get("gpus", "").split(",")]
    return sum(int(match[1]) if match else 1 for match in counts)


def gpu_not_requested(case: Case) -> Iterator[Finding]:
    """nvidia-smi, --nv or CUDA_VISIBLE_DEVICES in a script that asks for no GPU."""
    if case.job is None or not case.body.uses_gpu or _asked(case) or case.says("exclusive", "reservation"):
        return
    told = " ".join(case.directives[n].value for n in ("partition", "constraint", "qos") if n in case.directives)
    if _GPU_NAME.search(told):
        return
    message = "the script works with a GPU, and no directive asks for one"
    yield found(rules.GPU_NOT_REQUESTED, message, _first_use(case), "gpus")


_USES: Final = lazy(
    r"nvidia-smi|rocm-smi|--nv(?![\w-])|--gpus?\b|_VISIBLE_DEVICES|--multi_gpu|--device|--rocm|dcgmi"
)


def _first_use(case: Case) -> Location:
    line = next((command.line for command in case.commands if _USES.search(command.text)), 0)
    return case.place(line)


def gpu_unused(case: Case) -> Iterator[Finding]:
    """A GPU for commands that copy files."""
    job = case.job
    if job is None or not case.shell or not job.resources.gpus_per_node or case.body.steps:
        return
    names = [base_name(name) for name in case.body.commands]
    if names and all(name in _PLAIN for name in names) and not case.body.uses_gpu:
        shown = ", ".join(dict.fromkeys(name for name in names if name.isalnum()))
        yield found(
            rules.GPU_UNUSED,
            f"no command of the script uses a GPU: {shown}",
            job.origins.get("gpus", case.place()),
            "gpus",
        )


def gpu_list_too_long(case: Case) -> Iterator[Finding]:
    """CUDA_VISIBLE_DEVICES=0,1,2,3 in a job with two GPUs."""
    job = case.job
    if job is None or not (have := job.resources.gpus_per_node) or "CUDA_VISIBLE_DEVICES=" not in case.code:
        return
    for command in case.commands:
        listed = _VISIBLE.search(command.text)
        if listed and (count := listed[1].count(",") + 1) > have and not case.says("exclusive"):
            message = f"CUDA_VISIBLE_DEVICES={listed[1]} names {count} GPUs, the job gets {have} on a node"
            yield found(rules.GPU_LIST_TOO_LONG, message, case.place(command.line), "CUDA_VISIBLE_DEVICES")
            return


_PER_NODE: Final = ("--nproc-per-node", "--nproc_per_node", "--num-gpus", "--num_gpus")
_IN_ALL: Final = ("--num-processes", "--num_processes")
_TORCH: Final = ("torchrun", "torch.distributed", "deepspeed")


def processes_exceed_gpus(case: Case) -> Iterator[Finding]:
    """``torchrun --nproc-per-node=8`` on a node that gives the job four GPUs."""
    job = case.job
    if job is None or not job.resources.gpus_per_node:
        return
    for step in case.body.steps:
        if step.launcher in _TORCH:
            asked, there, where = number(option_of(step, *_PER_NODE)), job.resources.gpus_per_node, "a node"
        elif step.launcher == "accelerate" and "--cpu" not in step.words:
            asked, there, where = number(option_of(step, *_IN_ALL)), job.resources.gpus, "the job"
        else:
            continue
        if asked and asked > there:
            message = f"{step.launcher} starts {asked} processes, and {where} has {there} GPU{'s'[: there > 1]}"
            yield found(rules.PROCESSES_EXCEED_GPUS, message, step.location, step.launcher)
