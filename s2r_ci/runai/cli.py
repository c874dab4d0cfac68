"""The target ``cli``: the call ``runai training (standard|pytorch|mpi) submit`` that makes the workload.

The manifest's body says which call it is: ``{kind, metadata: {name}, flags: {flag: value}, words, indexes}``;
``cli_text`` writes it as a shell script and reads it back. Flags by the reference of the command line (2.25).
An array becomes one workload an index, each told its index as an Indexed Job would be.
"""

from typing import Any, Final

from s2r_ci.model import Manifest
from s2r_ci.runai import scheduling
from s2r_ci.runai.distribution import JOB, MPI, PYTORCH, Plan
from s2r_ci.runai.native import Claim, Pod, number, pod_of, refuse_parts, roles_of

KINDS: Final = {JOB: "standard", PYTORCH: "pytorch", MPI: "mpi"}
INDEX: Final = "JOB_COMPLETION_INDEX"
_HOST: Final = "kubernetes.io/hostname"
_EMPTY: Final[tuple[object, ...]] = (None, "", [], False, 0)


def write(made: Plan) -> Manifest:
    """The call as data; its text is made by ``cli_text``."""
    runner, worker = roles_of(made)
    main, work = pod_of(made, runner), pod_of(made, worker)
    refuse_parts(made, work)
    flags = _workload(made, work) | _sizes(work, "") | _container(work)
    if made.kind != JOB:
        flags |= _master(main) | {"workers": made.nodes if made.kind == MPI else made.nodes - 1}
    if made.kind == MPI:
        flags |= {
            "slots-per-worker": made.job.resources.tasks_per_node,
            "launcher-creation-policy": "WaitForWorkersReady",
            "clean-pod-policy": "Running",
        }
    body: dict[str, Any] = {"kind": KINDS[made.kind], "metadata": {"name": made.name}}
    body["flags"] = {name: value for name, value in flags.items() if value not in _EMPTY} | {"backoff-limit": 0}
    if work.words:
        body["words"] = list(work.words)
    if made.job.array is not None:
        body["indexes"] = len(made.job.array.ids)
    return Manifest(body=body)


def _workload(made: Plan, pod: Pod) -> dict[str, Any]:
    labels = scheduling.labels(made)
    hosts = [host for term in pod.terms for each in term["matchExpressions"] for host in _excluded(each)]
    return {
        "project": scheduling.project_of(made.request),
        "image": pod.image,
        "node-pools": list(pod.pools),
        "node-type": pod.node_type,
        "exclude-node": hosts if len(pod.terms) == 1 else [],
        "priority": labels["priorityClassName"],
        "preemptibility": labels["kai.scheduler/preemptibility"],
        "restart-policy": "Never",
        "annotation": [f"{name}={text}" for name, text in scheduling.annotations(made).items()],
    }


def _excluded(expression: Any) -> list[str]:
    return list(expression["values"]) if (expression["key"], expression["operator"]) == (_HOST, "NotIn") else []


def _sizes(pod: Pod, prefix: str) -> dict[str, Any]:
    portion = {f"{prefix}gpu-portion-request": pod.fraction}
    if not prefix and pod.fraction:
        portion["gpu-request-type"] = "portion"
    return {
        f"{prefix}cpu-core-request": str(number(pod.cpu)),
        f"{prefix}cpu-core-limit": str(number(pod.cpu)),
        f"{prefix}cpu-memory-request": pod.memory,
        f"{prefix}cpu-memory-limit": pod.memory,
        f"{prefix}gpu-devices-request": 0 if pod.fraction else pod.gpus,
        f"{prefix}extended-resource": [f"{name}={amount}" for name, amount in sorted(pod.devices.items())],
        **portion,
    }


def _container(pod: Pod) -> dict[str, Any]:
    found: dict[str, Any] = {
        "large-shm": pod.large_shm,
        "environment-variable": _pairs(pod.environment),
        "env-pod-field-ref": _pairs(pod.references),
        "existing-pvc": [f"claimname={claim.name},path={claim.path}" for claim in pod.claims if _whole(claim)],
        "empty-dir-volume": [f"name=scratch,path=/tmp,size-limit={pod.scratch}"] if pod.scratch else [],
        "working-dir": pod.working_directory,
    }
    return found | {"command": bool(pod.words)}


def _master(pod: Pod) -> dict[str, Any]:
    """The first pod says its own command and sizes: what it takes over from the workers is nowhere written."""
    return {
        **_sizes(pod, "master-"),
        "master-environment-variable": _pairs(pod.environment),
        "master-command": pod.command,
        "master-args": pod.arguments,
    }


def _pairs(values: Any) -> list[str]:
    return [f"{name}={text}" for name, text in sorted(values.items())]


def _whole(claim: Claim) -> bool:
    """The command line mounts whole claims only, and none read-only; it takes commas for its own."""
    return not (claim.sub_path or claim.read_only) and "," not in claim.path
