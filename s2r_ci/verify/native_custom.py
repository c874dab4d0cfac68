"""The judge's reader of ``run.ai/v2alpha1``: a scalar is ``{value: x}``, a collection a map under ``items``."""

from collections.abc import Mapping
from typing import Any, Final

from s2r_ci.verify.native_pod import Ends, Lifted, Pod, called, claim, device, mapping, workload


def lift_custom(body: object) -> Lifted:
    """A TrainingWorkload as a Job, a DistributedWorkload as the kind that its jobType names."""
    root = mapping(body)
    spec, master = mapping(root.get("spec")), mapping(root.get("masterSpec"))
    kinds = {"MPIJob": "MPIJob", "PyTorchJob": "PyTorchJob"}
    distributed = root.get("kind") == "DistributedWorkload"
    kind = kinds.get(str(spec.get("jobType")), "") if distributed else "Job"
    if root.get("apiVersion") != "run.ai/v2alpha1" or root.get("kind") not in (
        "TrainingWorkload",
        "DistributedWorkload",
    ):
        kind = ""
    metadata = dict(mapping(root.get("metadata")))
    pods = {"": spec} if not distributed else {"Launcher" if kind == "MPIJob" else "Master": master, "Worker": spec}
    if annotations := _items(spec.get("annotations"), metadata):
        if "annotations" in metadata:
            metadata["v2alpha1 annotations of both"] = metadata["annotations"]
        metadata["annotations"] = annotations
    if distributed and master.get("annotations") != spec.get("annotations"):
        metadata["v2alpha1 masterSpec annotations"] = master.get("annotations")
    made = {role: _custom_pod(source, called(kind), metadata.get("name")) for role, source in pods.items()}
    counts = dict.fromkeys(pods, 1) | {"Worker": _value(spec.get("workers"))}
    lifted = workload(kind or "Job", metadata, made, counts)
    if not kind:
        lifted |= {"kind": str(root.get("kind", "")), "apiVersion": str(root.get("apiVersion", ""))}
    held = [_value(source["active"]) for source in pods.values() if "active" in source]
    if held:
        above = lifted["spec"] if kind == "Job" else lifted["spec"].setdefault("runPolicy", {})
        above["suspend"] = True if all(one is False for one in held) and len(held) == len(pods) else "in part"
    lifted |= {
        f"v2alpha1 {key}": root[key]
        for key in root.keys() - {"apiVersion", "kind", "metadata", "spec", "masterSpec"}
    }
    if not distributed:
        lifted |= {f"v2alpha1 {key}": spec[key] for key in ("jobType", "workers") if key in spec}
        lifted |= {"v2alpha1 masterSpec": dict(master)} if "masterSpec" in root else {}
    ended = [_value(source.get("terminateAfterPreemption")) for source in pods.values()]
    backoff = _value(spec.get("backoffLimit")) if not distributed else 0
    return Lifted(lifted, Ends(ended[0] if all(one == ended[0] for one in ended) else "in part", backoff))


_ELSEWHERE: Final = frozenset(
    {"active", "annotations", "jobType", "workers", "backoffLimit", "terminateAfterPreemption"}
)


def _custom_pod(spec: Mapping[str, Any], name: str, workload_name: object) -> Pod:
    pod = Pod(name)
    value = {key: _value(node) for key, node in spec.items()}
    known = _custom_fields(pod, value)
    for one in mapping(mapping(spec.get("pvcs")).get("items")).values():
        claim(pod, mapping(_value(one)))
    if (environment := _items(spec.get("environment"), pod.odd)) is not None:
        pod.variables(environment)
    if value.get("name") != workload_name:
        pod.odd["v2alpha1 name"] = value.get("name")
    for key in spec.keys() - known - _ELSEWHERE - {"pvcs", "environment", "name"}:
        pod.odd[f"v2alpha1 {key}"] = spec[key]
    return pod


def _custom_fields(pod: Pod, value: Mapping[str, Any]) -> set[str]:
    """The scalars of a custom resource; the names of those that are known."""
    container = pod.container
    for key in ("image", "workingDir"):
        if value.get(key) is not None:
            container[key] = value[key]
    pod.words(value.get("command"), value.get("arguments"))
    pod.amount("cpu", value.get("cpu"), value.get("cpuLimit"))
    pod.amount("memory", value.get("memory"), value.get("memoryLimit"))
    device(pod, value.get("gpuDevices"))
    if value.get("gpu") is not None:
        pod.annotations["gpu-fraction"] = value["gpu"]
    if value.get("largeShm") is True:
        pod.shared_memory()
    elif value.get("largeShm") not in (None, False):
        pod.odd["v2alpha1 largeShm"] = value["largeShm"]
    if value.get("nodePools") is not None:
        pod.annotations["runai-nodepools"] = value["nodePools"]
    if value.get("nodeType") is not None:
        pod.spec["nodeSelector"] = {"run.ai/type": value["nodeType"]}
    if value.get("runAsUser") not in (None, True, False):
        pod.odd["v2alpha1 runAsUser"] = value["runAsUser"]
    if value.get("runAsUser") is True:
        pod.spec["securityContext"] = {"runAsUser": value.get("runAsUid"), "runAsGroup": value.get("runAsGid")}
    return {
        "image", "workingDir", "command", "arguments", "cpu", "cpuLimit", "memory", "memoryLimit", "gpuDevices", "gpu",
        "largeShm", "nodePools", "nodeType", *(("runAsUser", "runAsUid", "runAsGid") if "runAsUser" in value else ()),
    }  # fmt: skip


def _value(node: object) -> Any:
    """What a wrapped scalar holds; the node itself where it is not wrapped, which then fits nowhere."""
    if node is None:
        return None
    return node["value"] if isinstance(node, dict) and set(node) == {"value"} else {"not": "wrapped", "node": node}


def _items(node: object, odd: dict[str, Any]) -> dict[str, Any] | None:
    """The items of a collection; what is beside them is odd."""
    if node is None:
        return None
    found = mapping(node)
    if set(found) != {"items"}:
        odd["v2alpha1 items"] = node
    return {name: _value(value) for name, value in mapping(found.get("items")).items()}
