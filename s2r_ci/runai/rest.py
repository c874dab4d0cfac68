"""The target ``rest``: bodies of ``POST /api/v1/workloads/trainings`` and ``/distributed``.

Fields by the public OpenAPI description (2.24). The body goes into a repository as YAML under our header; the API
takes it as JSON, which ``s2r --raw`` prints.
"""

from collections.abc import Mapping
from typing import Any, Final

from s2r_ci.model import Manifest
from s2r_ci.runai import scheduling
from s2r_ci.runai.distribution import JOB, MPI, Plan
from s2r_ci.runai.native import Pod, number, pod_of, refuse_array, roles_of

NO_PROJECT: Final = "PROJECT-ID"
NO_CLUSTER: Final = "00000000-0000-0000-0000-000000000000"
"""Stand where the settings do not say which project and cluster: a person is asked, and no API knows them."""

_EMPTY: Final[tuple[object, ...]] = (None, "", [], {})


def write(made: Plan) -> Manifest:
    """The body. Raises ConversionError for an array."""
    refuse_array(made)
    target = made.request.target
    runner, worker = roles_of(made)
    body: dict[str, Any] = {
        "name": made.name,
        "projectId": target.project_id or NO_PROJECT,
        "clusterId": target.cluster_id or NO_CLUSTER,
    }
    spec = _pod(pod_of(made, worker)) | _workload(made, pod_of(made, worker))
    if made.kind != JOB:
        body["masterSpec"] = _pod(pod_of(made, runner))
    return Manifest(body=body | {"spec": _distribution(made) | spec})


def _distribution(made: Plan) -> dict[str, Any]:
    if made.kind == JOB:
        return {}
    if made.kind != MPI:
        return {"distributedFramework": "PyTorch", "numWorkers": made.nodes - 1, "cleanPodPolicy": "None"}
    return {
        "distributedFramework": "MPI",
        "numWorkers": made.nodes,
        "slotsPerWorker": made.job.resources.tasks_per_node,
        "mpiLauncherCreationPolicy": "WaitForWorkersReady",
        "cleanPodPolicy": "Running",
    }


def _workload(made: Plan, pod: Pod) -> dict[str, Any]:
    """What is said once for the workload, in a distributed one beside its workers."""
    labels = scheduling.labels(made)
    return _said(
        nodePools=list(pod.pools),
        priorityClass=labels["priorityClassName"],
        preemptibility=labels["kai.scheduler/preemptibility"],
        backoffLimit=0,  # after a preemption the platform starts it again; a failure is one
        restartPolicy="Never",
        terminateAfterPreemption=not made.retries,
        annotations=[{"name": name, "value": text} for name, text in scheduling.annotations(made).items()],
    )


def _pod(pod: Pod) -> dict[str, Any]:
    return _said(
        image=pod.image,
        command=pod.command,
        args=pod.arguments,
        workingDir=pod.working_directory,
        environmentVariables=_environment(pod),
        compute=_compute(pod),
        storage=_storage(pod),
        nodeAffinityRequired=_affinity(pod),
    )


def _environment(pod: Pod) -> list[dict[str, Any]]:
    entries = {name: {"name": name, "value": value} for name, value in pod.environment.items()}
    found: dict[str, dict[str, Any]] = {**entries}
    found |= {name: {"name": name, "podFieldRef": {"path": path}} for name, path in pod.references.items()}
    return [found[name] for name in sorted(found)]


def _compute(pod: Pod) -> dict[str, Any]:
    portion = {
        "gpuDevicesRequest": pod.gpus or 1,
        "gpuRequestType": "portion",
        "gpuPortionRequest": number(pod.fraction),
    }
    devices = [{"resource": name, "quantity": amount} for name, amount in sorted(pod.devices.items())]
    cores = number(pod.cpu)
    return _said(
        cpuCoreRequest=cores,
        cpuCoreLimit=cores,
        cpuMemoryRequest=pod.memory,
        cpuMemoryLimit=pod.memory,
        **(portion if pod.fraction else {"gpuDevicesRequest": pod.gpus or None}),
        largeShmRequest=pod.large_shm or None,
        extendedResources=devices,
    )


def _storage(pod: Pod) -> dict[str, Any]:
    """A part of a claim cannot be mounted, so such a claim is left out: the whole would be another folder."""
    claims = [
        {"path": claim.path, "existingPvc": True, "claimName": claim.name}
        | ({"readOnly": True} if claim.read_only else {})
        for claim in pod.claims
        if not claim.sub_path
    ]
    return _said(pvc=claims, emptyDirVolume=[{"path": "/tmp", "sizeLimit": pod.scratch}] if pod.scratch else [])  # noqa: S108 - a mount, not a file


def _affinity(pod: Pod) -> dict[str, Any]:
    """Node labels are one more condition of every term: the API has no other place for them."""
    labels = [{"key": key, "operator": "In", "values": [value]} for key, value in sorted(pod.selector.items())]
    terms: list[Mapping[str, Any]] = list(pod.terms) or ([{"matchExpressions": []}] if labels else [])
    return _said(
        nodeSelectorTerms=[{"matchExpressions": [*labels, *term.get("matchExpressions", ())]} for term in terms]
    )


def _said(**fields: Any) -> dict[str, Any]:
    """The fields that say something; ``0`` and ``False`` do."""
    return {name: value for name, value in fields.items() if value not in _EMPTY}
