"""The judge's reader of the command line: ``runai training (standard|pytorch|mpi) submit`` with its flags."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from s2r_ci.verify.native_pod import Ends, Lifted, Pod, called, device, mapping, pool_names, split, workload

_KINDS: Final = {"standard": "Job", "pytorch": "PyTorchJob", "mpi": "MPIJob"}
_SIZES: Final = ("cpu-core-request", "cpu-core-limit", "cpu-memory-request", "cpu-memory-limit", "gpu-devices-request",
                 "gpu-portion-request", "extended-resource")  # fmt: skip
_FLAGS: Final = frozenset(
    {
        "project", "image", "node-pools", "node-type", "exclude-node", "priority", "preemptibility", "restart-policy",
        "annotation", "large-shm", "environment-variable", "env-pod-field-ref", "existing-pvc", "empty-dir-volume",
        "working-dir", "run-as-uid", "run-as-gid", "command", "workers", "slots-per-worker", "launcher-creation-policy",
        "clean-pod-policy", "backoff-limit", "gpu-request-type", *_SIZES, *(f"master-{name}" for name in _SIZES),
        "master-environment-variable", "master-command", "master-args",
    }
)  # fmt: skip
_OF_MPI: Final = ("slots-per-worker", "launcher-creation-policy")


def lift_cli(body: object) -> Lifted:
    """A call as a workload of a standard kind; an array's calls as one Indexed Job, which they stand for."""
    root = mapping(body)
    flags = mapping(root.get("flags"))
    kind = _KINDS.get(str(root.get("kind")), "")
    main = _pod(flags, called(kind))
    if "words" in root or "command" in flags:
        words = root.get("words") if flags.get("command") is True else None
        main.container |= (
            {"command": words[:2], "args": words[2:]} if isinstance(words, list) else {"command": words}
        )
    pods = {"": main}
    if kind in ("PyTorchJob", "MPIJob"):
        pods = {"Launcher" if kind == "MPIJob" else "Master": _master(flags, called(kind)), "Worker": main}
    counts = dict.fromkeys(pods, 1) | {"Worker": flags.get("workers")}
    lifted = workload(kind or "Job", _metadata(root, flags), pods, counts)
    if not kind:
        lifted["kind"] = str(root.get("kind", ""))
    _above(lifted, root, flags, kind)
    return Lifted(lifted, Ends(None, flags.get("backoff-limit")))


def _above(lifted: dict[str, Any], root: Mapping[str, Any], flags: Mapping[str, Any], kind: str) -> None:
    """What is said of the workload as a whole, and what nobody knows."""
    spec = lifted["spec"]
    if kind == "Job":
        spec["template"]["spec"]["restartPolicy"] = flags.get("restart-policy")
        if "indexes" in root:
            spec |= {"completionMode": "Indexed", "completions": root["indexes"], "parallelism": root["indexes"]}
    else:
        for name, roles in spec.items():
            for role in roles.values() if name.endswith("ReplicaSpecs") else ():
                role["restartPolicy"] = flags.get("restart-policy")
        spec["runPolicy"] = {"cleanPodPolicy": flags["clean-pod-policy"]} if "clean-pod-policy" in flags else {}
        spec |= {"cli indexes": root["indexes"]} if "indexes" in root else {}
    if kind == "MPIJob":
        spec |= {"slotsPerWorker": flags.get(_OF_MPI[0]), "launcherCreationPolicy": flags.get(_OF_MPI[1])}
    else:
        spec |= {f"cli {name}": flags[name] for name in _OF_MPI if name in flags}
    lifted |= {f"cli --{name}": flags[name] for name in flags.keys() - _FLAGS}
    lifted |= {
        f"cli {name}": root[name] for name in root.keys() - {"kind", "metadata", "flags", "words", "indexes"}
    }
    lifted |= {f"cli --{name} twice": flags[name] for name in _ONCE_EACH if _names_twice(flags.get(name))}
    if kind == "Job":
        lifted |= {
            f"cli --{name}": flags[name] for name in flags if name.startswith("master-") or name == "workers"
        }


def _metadata(root: Mapping[str, Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "project": "project",
        "priority": "priorityClassName",
        "preemptibility": "kai.scheduler/preemptibility",
    }
    labels = {label: flags[name] for name, label in names.items() if name in flags}
    metadata = {**mapping(root.get("metadata")), "labels": labels}
    if "annotation" in flags:
        metadata["annotations"] = dict(_pairs(flags["annotation"]))
    return metadata


def _pod(flags: Mapping[str, Any], name: str) -> Pod:
    pod = Pod(name)
    _shared(pod, flags)
    _sizes(pod, flags, "")
    pod.container["env"] = [*_variables(flags.get("environment-variable")), *_references(flags)]
    return pod


def _master(flags: Mapping[str, Any], name: str) -> Pod:
    """The first pod: image, folder, volumes and pools are the workers', sizes, variables and command its own."""
    pod = Pod(name)
    _shared(pod, flags, selects=name == "pytorch")
    _sizes(pod, flags, "master-")
    pod.container["env"] = [*_variables(flags.get("master-environment-variable")), *_references(flags)]
    words = [flags["master-command"]] if "master-command" in flags else []
    words += split(flags["master-args"]) if "master-args" in flags else []
    pod.container |= {"command": words[:2], "args": words[2:]} if words else {}
    return pod


def _shared(pod: Pod, flags: Mapping[str, Any], *, selects: bool = True) -> None:
    for flag, key in (("image", "image"), ("working-dir", "workingDir")):
        if flag in flags:
            pod.container[key] = flags[flag]
    if "node-pools" in flags:
        pod.annotations["runai-nodepools"] = pool_names(_list(flags["node-pools"]))
    if selects and "node-type" in flags:
        pod.spec["nodeSelector"] = {"run.ai/type": flags["node-type"]}
    if selects and "exclude-node" in flags:
        hosts = {"key": "kubernetes.io/hostname", "operator": "NotIn", "values": _list(flags["exclude-node"])}
        required = {"nodeSelectorTerms": [{"matchExpressions": [hosts]}]}
        pod.spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    if "run-as-uid" in flags or "run-as-gid" in flags:
        pod.spec["securityContext"] = {"runAsUser": flags.get("run-as-uid"), "runAsGroup": flags.get("run-as-gid")}
    for claim in _list(flags.get("existing-pvc")):
        said = dict(_pairs(str(claim).split(",")))
        source = {"claimName": said.pop("claimname", None)}
        path = said.pop("path", None)
        pod.volume({"persistentVolumeClaim": source | said}, path)
    if flags.get("large-shm") is True:
        pod.shared_memory()
    elif "large-shm" in flags:
        pod.odd["cli --large-shm"] = flags["large-shm"]


def _sizes(pod: Pod, flags: Mapping[str, Any], prefix: str) -> None:
    def of(name: str) -> Any:
        return flags.get(f"{prefix}{name}")

    pod.amount("cpu", of("cpu-core-request"), of("cpu-core-limit"))
    pod.amount("memory", of("cpu-memory-request"), of("cpu-memory-limit"))
    if of("gpu-portion-request") is not None:
        typed = flags.get("gpu-request-type") == "portion"
        pod.annotations["gpu-fraction"] = of("gpu-portion-request") if typed else "of an unknown type"
    elif not prefix and "gpu-request-type" in flags:
        pod.annotations["gpu-fraction"] = "of a type without a size"
    device(pod, of("gpu-devices-request"))
    for name, amount in _pairs(of("extended-resource")):
        pod.amount(name, amount, amount)
    for index, folder in enumerate(_list(flags.get("empty-dir-volume")) if not prefix else []):
        said = dict(_pairs(str(folder).split(",")))
        if not index and said.keys() == {"name", "path", "size-limit"} and said["path"] == "/tmp":  # noqa: S108 - a mount
            pod.amount("ephemeral-storage", said["size-limit"], said["size-limit"])
        else:
            pod.odd["cli --empty-dir-volume"] = folder


def _variables(value: object) -> Iterator[dict[str, Any]]:
    yield from ({"name": name, "value": text} for name, text in _pairs(value))


def _references(flags: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, path in _pairs(flags.get("env-pod-field-ref")):
        yield {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _pairs(value: object) -> Iterator[tuple[str, str]]:
    """``NAME=text`` taken apart; a name alone has an empty text."""
    for entry in _list(value):
        name, _, text = str(entry).partition("=")
        yield name, text


_ONCE_EACH: Final = ("annotation", "extended-resource", "master-extended-resource")


def _names_twice(value: object) -> bool:
    """Which of two values of one name counts is the command's secret."""
    names = [name for name, _ in _pairs(value)]
    return len(set(names)) < len(names)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
