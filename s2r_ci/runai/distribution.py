"""What kind of workload a job becomes, and the shell that a kind puts around its pods.

Sources of the fields: batch/v1 Job (completion modes, per-index limits), kubeflow.org/v1 PyTorchJob (container must
be called ``pytorch``, ``nprocPerNode`` is a string) and kubeflow.org/v2beta1 MPIJob (launcher and worker, both with an
explicit count because Run:ai's pod grouper fails on a missing one).
"""

import posixpath
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from s2r_ci.errors import ConversionError
from s2r_ci.frozen import frozen
from s2r_ci.model import Array, ConversionRequest, ItemKind, JobSpec, Step
from s2r_ci.patterns import lazy
from s2r_ci.runai.compute import gpus
from s2r_ci.runai.names import object_name
from s2r_ci.runai.targets import NATIVE

JOB: Final = "Job"
PYTORCH: Final = "PyTorchJob"
MPI: Final = "MPIJob"

TORCH_LAUNCHERS: Final = frozenset({"torchrun", "torch.distributed", "accelerate", "deepspeed"})
MPI_LAUNCHERS: Final = frozenset({"mpirun", "mpiexec"})
_NO_MPI: Final = lazy(
    r"(?:ba|da|z|k|c|tc)?sh|python[0-9.]*|Rscript|R|julia|perl|ruby|node|java|matlab|octave|env|nice|nohup|stdbuf|time|timeout"
    r"|taskset|numactl|apptainer|singularity|shifter|podman-hpc|enroot|conda|micromamba|uv|poetry|pixi|ray|dask|dask-.*"
    r"|hostname|uname|date|echo|printf|printenv|true|false|sleep|cat|ls|cp|mv|rm|mkdir|rsync|tar|cd|test|touch|df|du|free"
    r"|nvidia-smi|rocm-smi|lscpu|nproc|id|whoami|pwd|ip|ping|.*\.(?:sh|bash|py|R|r|jl|pl)"
)
"""Programs that srun starts and that are no MPI programs themselves, as far as a name can tell."""
RETRIES: Final = 6
"""How often a restartable job may be started again: the Kubernetes default, for pods, indexes and Kubeflow jobs."""

TEMPLATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        JOB: "spec.template",
        PYTORCH: "spec.pytorchReplicaSpecs.Master.template",
        MPI: "spec.mpiReplicaSpecs.Worker.template",
    }
)


@frozen
class Plan:
    """What is decided before a field is written: every writer and the ledger read the same decisions.

    ``retries`` is profile R of the mapping (restart after the loss of a node or a preemption, never after the
    program's own failure); without it profile N (never restart, therefore non-preemptible).
    """

    request: ConversionRequest
    kind: str
    name: str
    retries: bool
    nodes: int
    gpus: int
    words: frozenset[str]

    @property
    def wraps(self) -> bool:
        """Whether a wrapper ends the script at its time limit: where a retry would start the clock anew, and in
        Run:ai's own forms, of which none has a field for a limit.
        """
        may = self.request.target.name in NATIVE or (self.retries and self.kind != MPI)
        return may and bool(self.job.time_limit_s)

    def uses(self, *names: str) -> bool:
        """Whether the script calls one of these commands."""
        return not self.words.isdisjoint(names)

    @property
    def job(self) -> JobSpec:
        """The job as Slurm reads it."""
        return self.request.job

    @property
    def container(self) -> str:
        """The main container's name; the PyTorch operator insists on its own."""
        return "pytorch" if self.kind == PYTORCH else "main"

    @property
    def template(self) -> str:
        """Path of the pod template whose pods do the work."""
        return TEMPLATES[self.kind]

    @property
    def runner(self) -> str:
        """Path of the pod template that runs the script: the launcher's for MPI."""
        return "spec.mpiReplicaSpecs.Launcher.template" if self.kind == MPI else self.template

    @property
    def deadline_field(self) -> str:
        """Path of the field that holds the time limit."""
        return (
            "spec.runPolicy.activeDeadlineSeconds"
            if self.kind == MPI
            else f"{self.template}.spec.activeDeadlineSeconds"
        )


def plan(request: ConversionRequest) -> Plan:
    """The decisions for a request.

    Raises ConversionError for an array whose elements need several nodes: no single workload can be that.
    """
    job = request.job
    kind = kind_of(job)
    if job.array is not None and kind != JOB:
        raise ConversionError(
            f"an array whose elements need {job.resources.nodes} nodes each cannot become one workload",
            where=_place(request, "array"),
            hint="send one script for each index (a loop around sbatch), or take --array out",
        )
    return Plan(
        request=request,
        kind=kind,
        name=object_name(job.name, suffix=_suffix(kind, job)),
        retries=_retries(request),
        nodes=max(1, job.resources.nodes),
        gpus=gpus(request),
        words=_words(request),
    )


def kind_of(job: JobSpec) -> str:
    """Job for one node; MPIJob for several nodes where MPI starts the program; else PyTorchJob.

    All pods of a PyTorchJob are alike, are started as a gang in every release of Run:ai, and the first one has a
    name that the others can resolve: what a batch script needs whose steps are started by srun.
    """
    if job.resources.nodes <= 1:
        return JOB
    launchers = {word for step in job.body.steps for word in (step.launcher, step.within)}
    launchers.update(item.name for item in job.inventory if item.kind is ItemKind.LAUNCHER)
    if launchers & TORCH_LAUNCHERS:
        return PYTORCH
    return MPI if launchers & MPI_LAUNCHERS or any(map(_is_mpi, job.body.steps)) else PYTORCH


def _is_mpi(step: Step) -> bool:
    """Whether srun starts a program of MPI: it says so, or the program is none that is known to be something else."""
    if step.launcher != "srun" or any(word.startswith(("--mpi=none", "--multi-prog")) for word in step.words):
        return False
    if any(word.startswith("--mpi") for word in step.words):
        return True
    name = posixpath.basename(step.program[0].strip("\"'")) if step.program else ""
    return bool(name) and not name.startswith("$") and _NO_MPI.fullmatch(name) is None


def workload(
    made: Plan, labels: dict[str, str], annotations: dict[str, str], pod: Callable[[str], dict[str, Any]]
) -> dict[str, Any]:
    """The whole object; ``pod`` gives the template for the role main, Master, Launcher or Worker."""
    metadata: dict[str, Any] = {"name": made.name}
    if namespace := made.request.target.namespace:
        metadata["namespace"] = namespace
    metadata["labels"] = labels
    if annotations:
        metadata["annotations"] = annotations
    version, spec = _SPECS[made.kind](made, pod)
    return {"apiVersion": version, "kind": made.kind, "metadata": metadata, "spec": spec}


def _job(made: Plan, pod: Callable[[str], dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    spec: dict[str, Any] = {"suspend": True} if made.job.hold else {}
    spec |= _retry_fields(made, made.job.array)
    if array := made.job.array:
        count = len(array.ids)
        spec |= {
            "completionMode": "Indexed",
            "completions": count,
            "parallelism": min(array.throttle or count, count),
        }
    return "batch/v1", spec | {"template": pod("main")}


def _retry_fields(made: Plan, array: Array | None) -> dict[str, Any]:
    again = RETRIES if made.retries else 0
    fields: dict[str, Any] = {"backoffLimit": again}
    if array is not None:
        # A failing element leaves its sisters alone, as in Slurm: no number of failures ends the others.
        fields = {"backoffLimitPerIndex": again, "maxFailedIndexes": len(array.ids)}
    if made.retries:
        fields["podReplacementPolicy"] = "Failed"
        fields["podFailurePolicy"] = _failure_policy(made, "FailJob" if array is None else "FailIndex")
    return fields


def _failure_policy(made: Plan, action: str) -> dict[str, Any]:
    codes = {"containerName": made.container, "operator": "NotIn", "values": [137, 143]}
    evicted = [{"type": "DisruptionTarget", "status": "True"}]
    return {"rules": [{"action": "Ignore", "onPodConditions": evicted}, {"action": action, "onExitCodes": codes}]}


def _pytorch(made: Plan, pod: Callable[[str], dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    restart = "ExitCode" if made.retries else "Never"
    policy: dict[str, Any] = {"backoffLimit": RETRIES if made.retries else 0, "cleanPodPolicy": "Running"}
    if made.job.hold:
        policy["suspend"] = True
    replicas = {
        "Master": {"replicas": 1, "restartPolicy": restart, "template": pod("Master")},
        "Worker": {"replicas": made.nodes - 1, "restartPolicy": restart, "template": pod("Worker")},
    }
    processes = str(made.job.resources.tasks_per_node)
    spec = {"nprocPerNode": processes, "runPolicy": policy, "pytorchReplicaSpecs": replicas}
    return "kubeflow.org/v1", spec


def _mpi(made: Plan, pod: Callable[[str], dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    policy: dict[str, Any] = {"backoffLimit": RETRIES if made.retries else 0, "cleanPodPolicy": "Running"}
    if limit := made.job.time_limit_s:
        policy["activeDeadlineSeconds"] = limit
    if made.job.hold:
        policy["suspend"] = True
    launcher = "OnFailure" if made.retries else "Never"
    replicas = {
        "Launcher": {"replicas": 1, "restartPolicy": launcher, "template": pod("Launcher")},
        "Worker": {"replicas": made.nodes, "restartPolicy": "Never", "template": pod("Worker")},
    }
    spec = {
        "slotsPerWorker": made.job.resources.tasks_per_node,
        # Only so does the deadline start when all workers run: the queue wait does not count.
        "launcherCreationPolicy": "WaitForWorkersReady",
        "runPolicy": policy,
        "mpiReplicaSpecs": replicas,
    }
    return "kubeflow.org/v2beta1", spec


_SPECS: Final = {JOB: _job, PYTORCH: _pytorch, MPI: _mpi}


def _suffix(kind: str, job: JobSpec) -> int:
    """Octets that the controllers put behind the name: ``-worker-12``, ``-launcher-0``, ``-95``."""
    if kind != JOB:
        return max(len("-launcher-0"), len(f"-worker-{job.resources.nodes - 1}"))
    return len(f"-{len(job.array.ids) - 1}") if job.array is not None else 0


def _retries(request: ConversionRequest) -> bool:
    if request.job.requeue is not None:
        return request.job.requeue
    service = request.target.site.qos.get(request.job.options.get("qos", ""))
    return service is not None and service.preemptibility == "preemptible"


_SHIMMED: Final = ("srun", "scontrol", "module", "ml", "apptainer", "singularity", "mpirun", "mpiexec")


def _words(request: ConversionRequest) -> frozenset[str]:
    """Commands that the script calls; in a language that is not read, words that stand in its text."""
    body = request.job.body
    found = set(body.commands)
    for step in body.steps:
        found |= {step.launcher, step.within}
    if body.language not in ("shell", "csh") or not body.understood:
        found |= {word for word in _SHIMMED if word.encode() in request.script.data}
    return frozenset(found)


def _place(request: ConversionRequest, subject: str) -> str:
    return str(request.job.origins.get(subject) or request.script.path)
