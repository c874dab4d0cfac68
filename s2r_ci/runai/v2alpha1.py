"""The target ``v2alpha1``: TrainingWorkload and DistributedWorkload, Run:ai's custom resources up to 2.26.

Their shape: a scalar is ``{value: x}``, a collection ``{items: {name: {value: x}}}``, command and arguments are one
text each, the pools one text with blanks. Only fields are written for which there is good evidence; see the
``$comment`` of each in ``schemas/manifest.*.v2alpha1.schema.json``.
"""

from collections.abc import Mapping
from typing import Any, Final

from s2r_ci.errors import ConversionError
from s2r_ci.model import Manifest
from s2r_ci.runai import scheduling
from s2r_ci.runai.distribution import JOB, MPI, Plan
from s2r_ci.runai.native import Pod, pod_of, refuse_array, refuse_parts, roles_of
from s2r_ci.runai.sharing import SLICE

VERSION: Final = "run.ai/v2alpha1"
_JOB_TYPES: Final = {MPI: "MPIJob", "PyTorchJob": "PyTorchJob"}


def write(made: Plan) -> Manifest:
    """The custom resource. Raises ConversionError for an array."""
    refuse_array(made)
    runner, worker = roles_of(made)
    body: dict[str, Any] = {"apiVersion": VERSION, "kind": "TrainingWorkload", "metadata": _metadata(made)}
    if made.kind == JOB:
        spec = _spec(made, pod_of(made, runner))
        spec["backoffLimit"] = _value(0)  # after a preemption the platform starts it again; a failure is one
        return Manifest(body=body | {"spec": spec})
    body["kind"] = "DistributedWorkload"
    body["masterSpec"] = _spec(made, pod_of(made, runner))
    spec = _spec(made, pod_of(made, worker))
    spec["jobType"] = _JOB_TYPES[made.kind]
    spec["workers"] = _value(made.nodes if made.kind == MPI else made.nodes - 1)
    return Manifest(body=body | {"spec": spec})


def _metadata(made: Plan) -> dict[str, Any]:
    target = made.request.target
    project = scheduling.project_of(made.request)
    metadata: dict[str, Any] = {"name": made.name}
    if namespace := target.namespace or (f"runai-{project}" if project else ""):
        metadata["namespace"] = namespace
    if project:
        metadata["labels"] = {"project": project}
    return metadata


def _spec(made: Plan, pod: Pod) -> dict[str, Any]:
    spec: dict[str, Any] = {"name": made.name, "active": False if made.job.hold else None, "image": pod.image}
    spec |= {"command": pod.command, "arguments": pod.arguments, "workingDir": pod.working_directory}
    spec |= {"cpu": pod.cpu, "cpuLimit": pod.cpu, "memory": pod.memory, "memoryLimit": pod.memory}
    refuse_parts(made, pod)
    if any(name.startswith(SLICE) for name in pod.devices):
        raise ConversionError(
            "MIG slices have no counterpart in the target v2alpha1",
            where=str(made.job.origins.get("gpus") or made.request.script.path),
            hint="take the target kubernetes, rest or cli",
        )
    spec |= {"largeShm": pod.large_shm, "gpu": pod.fraction, "gpuDevices": 0 if pod.fraction else pod.gpus}
    spec |= {"nodePools": " ".join(pod.pools), "nodeType": pod.node_type}
    if not made.retries:
        spec["terminateAfterPreemption"] = True
    said = {name: _value(value) for name, value in spec.items() if value not in (None, "", 0) or value is False}
    if not pod.large_shm:
        said.pop("largeShm", None)
    collections = {
        "environment": dict(sorted(pod.environment.items())),
        "pvcs": _claims(pod),
        "annotations": scheduling.annotations(made),
    }
    return said | {name: _items(values) for name, values in collections.items() if values}


def _claims(pod: Pod) -> dict[str, Any]:
    """A part of a claim cannot be mounted, so such a claim is left out: the whole would be another folder."""
    whole = [claim for claim in pod.claims if not claim.sub_path]
    return {
        f"volume-{number}": {"claimName": claim.name, "existingPvc": True, "path": claim.path}
        | ({"readOnly": True} if claim.read_only else {})
        for number, claim in enumerate(whole, 1)
    }


def _value(value: object) -> dict[str, Any]:
    return {"value": value}


def _items(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"items": {name: _value(value) for name, value in values.items()}}
