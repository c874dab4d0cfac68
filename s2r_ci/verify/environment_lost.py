"""environment-lost: every variable that the script was promised, and no other."""

from collections.abc import Iterator, Mapping
from typing import Final

from s2r_ci.model import ConversionRequest
from s2r_ci.runai.facts import Container, Facts
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import gpus, memory_mib, settable

_OURS: Final = ("SLURM_", "S2R_", "SLURMD_")
_DEVICES: Final = ("CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ROCR_VISIBLE_DEVICES")


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """In both directions: nothing lost, nothing invented, and Slurm's constants are the job's."""
    promised = {**request.target.variables, **request.job.environment}
    needed = {name for name in (*request.job.environment, *_asked(request)) if settable(name, request)}
    constants = {name: value for name, value in _constants(request).items() if name not in promised}
    for role in facts.carriers:
        if role.main is not None:
            yield from _lost(needed, promised, role.main)
            yield from _invented(request, {**constants, **promised}, role.main)
            yield from _wrong(constants, role.main)


def _asked(request: ConversionRequest) -> Iterator[str]:
    """Answered variables that the script reads, or that ``--export`` names."""
    named = {item.name for item in request.job.inventory} | set(request.job.export.split(","))
    return (name for name in request.target.variables if name in named)


def _lost(needed: set[str], promised: Mapping[str, str], container: Container) -> Iterator[Breach]:
    for name in sorted(needed):
        said = container.environment.get(name)
        if said != promised[name]:
            wrong = "does not set it" if name not in container.environment else "sets another value"
            yield _breach(f"{name} is promised to the script, the manifest {wrong}", container)


def _invented(request: ConversionRequest, promised: Mapping[str, str], container: Container) -> Iterator[Breach]:
    own = request.job.body.exports
    for name, value in container.environment.items():
        if not name.startswith(_OURS) and name not in promised and (name not in own or own[name] != value):
            yield _breach(f"{name} comes from neither script nor settings", container)


def _wrong(constants: Mapping[str, str], container: Container) -> Iterator[Breach]:
    for name, value in container.environment.items():
        wanted = constants.get(name)
        if wanted is not None and value is not None and value.partition("(")[0] != wanted:
            yield _breach(f"{name} is {wanted} in this job, the manifest says {value[:80]!r}", container)


def _constants(request: ConversionRequest) -> dict[str, str]:
    """What Slurm would set; a variable that is absent here may hold anything."""
    job, resources = request.job, request.job.resources
    numbers = {
        "SLURM_NNODES": resources.nodes,
        "SLURM_JOB_NUM_NODES": resources.nodes,
        "SLURM_NTASKS": resources.tasks,
        "SLURM_NPROCS": resources.tasks,
        "SLURM_NTASKS_PER_NODE": resources.tasks_per_node,
        "SLURM_CPUS_PER_TASK": resources.cpus_per_task,
        "SLURM_CPUS_ON_NODE": resources.cpus_per_node,
        "SLURM_GPUS_ON_NODE": gpus(request),
        "SLURM_MEM_PER_NODE": memory_mib(request),
    }
    if resources.tasks == resources.nodes * resources.tasks_per_node:
        numbers["SLURM_TASKS_PER_NODE"] = resources.tasks_per_node
        numbers["SLURM_JOB_CPUS_PER_NODE"] = resources.cpus_per_node
    if job.array is not None and len(job.array.ids):
        ids = job.array.ids
        numbers |= {
            "SLURM_ARRAY_TASK_COUNT": len(ids),
            "SLURM_ARRAY_TASK_MIN": ids[0],
            "SLURM_ARRAY_TASK_MAX": ids[-1],
        }
    devices = ",".join(map(str, range(min(gpus(request), 64))))
    texts = {
        "SLURM_JOB_NAME": job.name.partition("(")[0],
        "ENVIRONMENT": "BATCH",
        **dict.fromkeys(_DEVICES, devices),
    }
    return {name: str(number) for name, number in numbers.items()} | texts


def _breach(message: str, container: Container) -> Breach:
    return Breach(message=message, subject="environment", steps=(*container.steps, "env"))
