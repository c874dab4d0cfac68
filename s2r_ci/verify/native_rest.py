"""The judge's reader of bodies of ``POST /api/v1/workloads/trainings`` and ``/distributed``."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from s2r_ci.verify.native_pod import (
    SCRATCH,
    Ends,
    Lifted,
    Pod,
    affinity,
    called,
    claim,
    device,
    mapping,
    pool_names,
    workload,
)

_KINDS: Final = {"MPI": "MPIJob", "PyTorch": "PyTorchJob"}
_ROOT: Final = frozenset({"name", "projectId", "clusterId", "spec", "masterSpec", "masterSpecSameAsWorker"})
_REST_WORKLOAD: Final = frozenset(
    {
        "distributedFramework", "numWorkers", "slotsPerWorker", "mpiLauncherCreationPolicy", "cleanPodPolicy",
        "nodePools", "priorityClass", "preemptibility", "backoffLimit", "restartPolicy", "terminateAfterPreemption",
        "annotations",
    }
)  # fmt: skip


def lift_rest(body: object) -> Lifted:
    """A body as a Job, or as the kind of its framework."""
    root = mapping(body)
    spec, master = mapping(root.get("spec")), mapping(root.get("masterSpec"))
    framework = spec.get("distributedFramework")
    kind = "Job" if framework is None else _KINDS.get(str(framework), "")
    pods: dict[str, Mapping[str, Any]] = {"": spec}
    if kind != "Job":
        same = root.get("masterSpecSameAsWorker") is True
        pods = {"Launcher" if kind == "MPIJob" else "Master": spec if same else master, "Worker": spec}
    made = {role: _rest_pod(source, called(kind)) for role, source in pods.items()}
    for role, pod in made.items():
        if pools := spec.get("nodePools"):
            pod.annotations["runai-nodepools"] = pool_names(pools)
        if role == "" and "restartPolicy" in spec:
            pod.spec["restartPolicy"] = spec["restartPolicy"]
    lifted = workload(
        kind or "Job", _rest_metadata(root, spec), made, dict.fromkeys(pods, 1) | {"Worker": spec.get("numWorkers")}
    )
    if not kind:
        lifted["kind"] = str(framework)
    _rest_distribution(lifted, spec, kind, pods)
    lifted |= {f"rest {key}": root[key] for key in root.keys() - _ROOT}
    lifted |= {f"rest masterSpec {key}": master[key] for key in master.keys() & _REST_WORKLOAD}
    if kind == "Job":
        lifted |= {f"rest {key}": spec[key] for key in ("numWorkers", "cleanPodPolicy") if key in spec}
    if kind == "Job" and root.keys() & {"masterSpec", "masterSpecSameAsWorker"}:
        lifted["rest masterSpec"] = dict(master)
    if kind == "PyTorchJob" and "masterSpec" in root and "masterSpecSameAsWorker" in root:
        lifted["rest masterSpec"] = dict(master)
    return Lifted(lifted, Ends(spec.get("terminateAfterPreemption"), spec.get("backoffLimit")))


def _rest_metadata(root: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    said = {
        "priorityClassName": spec.get("priorityClass"),
        "kai.scheduler/preemptibility": spec.get("preemptibility"),
        "projectId": root.get("projectId"),
        "clusterId": root.get("clusterId"),
    }
    labels = {name: text for name, text in said.items() if text is not None}
    metadata: dict[str, Any] = {"name": root.get("name"), "labels": labels}
    if annotations := _pairs(spec.get("annotations"), "value"):
        metadata["annotations"] = annotations
    return metadata


def _rest_distribution(lifted: dict[str, Any], spec: Mapping[str, Any], kind: str, pods: Mapping[str, Any]) -> None:
    above = lifted["spec"]
    if kind == "MPIJob":
        above["slotsPerWorker"] = spec.get("slotsPerWorker")
        above["launcherCreationPolicy"] = spec.get("mpiLauncherCreationPolicy")
    elif "slotsPerWorker" in spec or "mpiLauncherCreationPolicy" in spec:
        above["rest slotsPerWorker"] = spec.get("slotsPerWorker")
    if kind in ("Job", ""):
        return
    above["runPolicy"] = {"cleanPodPolicy": spec.get("cleanPodPolicy")}
    for role in next(iter(value for key, value in above.items() if key.endswith("ReplicaSpecs"))).values():
        role["restartPolicy"] = spec.get("restartPolicy")


def _rest_pod(spec: Mapping[str, Any], name: str) -> Pod:
    pod = Pod(name)
    for key in ("image", "workingDir"):
        if key in spec:
            pod.container[key] = spec[key]
    pod.words(spec.get("command"), spec.get("args"))
    if "environmentVariables" in spec:
        pod.container["env"] = [*_rest_variables(spec["environmentVariables"])]
    _rest_compute(pod, mapping(spec.get("compute")))
    _rest_storage(pod, mapping(spec.get("storage")))
    security = mapping(spec.get("security"))
    if security:
        names = {"runAsUid": "runAsUser", "runAsGid": "runAsGroup"}
        pod.spec["securityContext"] = {
            names.get(key, f"rest {key}"): value
            for key, value in security.items()
            if (key, value) != ("uidGidSource", "custom")
        }
    required = mapping(spec.get("nodeAffinityRequired"))
    affinity(pod, required.get("nodeSelectorTerms"))
    known = {
        "image",
        "workingDir",
        "command",
        "args",
        "environmentVariables",
        "compute",
        "storage",
        "security",
        "nodeAffinityRequired",
    }
    pod.odd |= {f"rest {key}": spec[key] for key in spec.keys() - known - _REST_WORKLOAD}
    pod.odd |= {f"rest affinity {key}": required[key] for key in required.keys() - {"nodeSelectorTerms"}}
    return pod


def _rest_variables(value: object) -> Iterator[Any]:
    for entry in value if isinstance(value, list) else [value]:
        source = mapping(mapping(entry).get("podFieldRef"))
        if isinstance(entry, dict) and set(entry) == {"name", "podFieldRef"} and set(source) == {"path"}:
            yield {"name": entry["name"], "valueFrom": {"fieldRef": {"fieldPath": source["path"]}}}
        elif isinstance(entry, dict) and set(entry) - {"name", "value"}:
            yield {"name": entry.get("name"), "valueFrom": {"other": dict(entry)}}
        else:
            yield entry


def _rest_compute(pod: Pod, compute: Mapping[str, Any]) -> None:
    pod.amount("cpu", compute.get("cpuCoreRequest"), compute.get("cpuCoreLimit"))
    pod.amount("memory", compute.get("cpuMemoryRequest"), compute.get("cpuMemoryLimit"))
    if compute.get("gpuRequestType") is not None:
        portion = (
            compute.get("gpuPortionRequest")
            if compute.get("gpuRequestType") == "portion"
            else compute["gpuRequestType"]
        )
        pod.annotations["gpu-fraction"] = f"{portion:g}" if isinstance(portion, float | int) else portion
        if compute.get("gpuDevicesRequest") != 1:
            pod.annotations["gpu-fraction-num-devices"] = compute.get("gpuDevicesRequest")
    else:
        device(pod, compute.get("gpuDevicesRequest"))
    if compute.get("largeShmRequest") is True:
        pod.shared_memory()
    elif compute.get("largeShmRequest") not in (None, False):
        pod.odd["rest largeShmRequest"] = compute["largeShmRequest"]
    for name, amount in _pairs(compute.get("extendedResources"), "quantity", "resource").items():
        pod.amount(name, amount, amount)
    known = {
        "cpuCoreRequest", "cpuCoreLimit", "cpuMemoryRequest", "cpuMemoryLimit", "gpuRequestType", "gpuPortionRequest",
        "gpuDevicesRequest", "largeShmRequest", "extendedResources",
    }  # fmt: skip
    if "gpuRequestType" not in compute:
        known -= {"gpuPortionRequest"}
    pod.odd |= {f"rest compute {key}": compute[key] for key in compute.keys() - known}


def _rest_storage(pod: Pod, storage: Mapping[str, Any]) -> None:
    claims, scratch = storage.get("pvc"), storage.get("emptyDirVolume")
    for one in claims if isinstance(claims, list) else []:
        claim(pod, mapping(one))
    for index, folder in enumerate(scratch if isinstance(scratch, list) else []):
        if not index and mapping(folder).keys() == {"path", "sizeLimit"} and folder["path"] == SCRATCH:
            pod.amount("ephemeral-storage", folder["sizeLimit"], folder["sizeLimit"])
        else:
            pod.odd["rest emptyDirVolume"] = folder
    pod.odd |= {f"rest storage {key}": storage[key] for key in storage.keys() - {"pvc", "emptyDirVolume"}}


def _pairs(value: object, second: str, first: str = "name") -> dict[str, Any]:
    """A list of pairs as a mapping; a pair of another shape is there under a name that nothing allows."""
    found: dict[str, Any] = {}
    for index, entry in enumerate(value if isinstance(value, list) else []):
        plain = isinstance(entry, dict) and set(entry) == {first, second} and entry[first] not in found
        found[str(entry[first]) if plain else f"odd pair {index}"] = entry[second] if plain else str(entry)
    return found
