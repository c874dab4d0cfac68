"""The pods of a manifest, as Kubernetes and the operators would start them: names, hosts, environment, words.

Sources: the Job controller (JOB_COMPLETION_INDEX, host names of an Indexed Job), the training operator 1.9 (host names,
MASTER_*, RANK, WORLD_SIZE, PET_*), the MPI operator 0.5 (hostfile, OMPI_MCA_*), the kubelet's expansion of ``$(NAME)``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MPI_FOLDER = "/mnt/mpi"  # what the operator mounts at /etc/mpi
_REFERENCE = re.compile(r"\$(\$|\(([^)]*)\))")


@dataclass(frozen=True)
class Pod:
    """One pod to start. ``deadline_s`` and ``grace_s`` are the pod's own; 0 for no deadline."""

    role: str  # main, Master, Worker, Launcher
    index: int  # of its role, or of the Indexed Job
    host: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: str
    deadline_s: int
    grace_s: int
    gpus: int


def pods(manifest: Mapping[str, Any], uid: str) -> tuple[Pod, ...]:
    """All pods, the one that runs the script first."""
    spec, name = manifest["spec"], manifest["metadata"]["name"]
    if manifest["kind"] == "Job":
        return tuple(_job(spec, name, uid))
    if manifest["kind"] == "PyTorchJob":
        return tuple(_pytorch(spec, name, uid))
    return tuple(_mpi(spec, name, uid))


def _job(spec: Mapping[str, Any], name: str, uid: str) -> Iterator[Pod]:
    fields = {"metadata.labels['batch.kubernetes.io/controller-uid']": uid}
    if spec.get("completionMode") != "Indexed":
        yield _pod("main", 0, f"{name}-x7k2p", spec["template"], {}, fields)
        return
    for index in range(spec["completions"]):
        given = {"JOB_COMPLETION_INDEX": str(index)}
        yield _pod("main", index, f"{name}-{index}", spec["template"], given, fields)


def _pytorch(spec: Mapping[str, Any], name: str, uid: str) -> Iterator[Pod]:
    replicas = spec["pytorchReplicaSpecs"]
    counts = {role: replicas[role]["replicas"] for role in ("Master", "Worker")}
    processes = int(spec["nprocPerNode"]) if str(spec.get("nprocPerNode", "")).isdigit() else 1
    nodes = sum(counts.values())
    fields = {"metadata.annotations['pod-group-name']": f"pg-{name}-{uid}"}
    for role in ("Master", "Worker"):
        for index in range(counts[role]):
            rank = str(index + (role == "Worker"))
            address = f"{name}-master-0"
            given = {
                "PYTHONUNBUFFERED": "1",
                "MASTER_ADDR": address,
                "MASTER_PORT": "23456",
                "RANK": rank,
                "WORLD_SIZE": str(nodes * processes),
                "PET_MASTER_ADDR": address,
                "PET_MASTER_PORT": "23456",
                "PET_NNODES": str(nodes),
                "PET_NODE_RANK": rank,
                "PET_NPROC_PER_NODE": str(spec.get("nprocPerNode", "auto")),
            }
            host = f"{name}-{role.lower()}-{index}"
            yield _pod(role, index, host, replicas[role]["template"], given, fields)


def _mpi(spec: Mapping[str, Any], name: str, uid: str) -> Iterator[Pod]:
    replicas = spec["mpiReplicaSpecs"]
    fields = {"metadata.labels['batch.kubernetes.io/controller-uid']": uid}
    given = {
        "OMPI_MCA_orte_keep_fqdn_hostnames": "true",
        "OMPI_MCA_orte_default_hostfile": f"{MPI_FOLDER}/hostfile",
        "OMPI_MCA_plm_rsh_args": "-o ConnectionAttempts=10",
    }
    yield _pod("Launcher", 0, f"{name}-launcher-abcde", replicas["Launcher"]["template"], given, fields)
    for index in range(replicas["Worker"]["replicas"]):
        yield _pod("Worker", index, f"{name}-worker-{index}", replicas["Worker"]["template"], {}, fields)


def hostfile(every: tuple[Pod, ...], slots: int) -> str:
    """What the MPI operator puts into ``hostfile``."""
    return "".join(f"{pod.host} slots={slots}\n" for pod in every if pod.role == "Worker")


def _pod(
    role: str,
    index: int,
    host: str,
    template: Mapping[str, Any],
    given: Mapping[str, str],
    fields: Mapping[str, str],
) -> Pod:
    spec = template["spec"]
    container = spec["containers"][0]
    environment = dict(given)
    for entry in container.get("env", []):
        if "value" in entry:
            environment[entry["name"]] = expand(entry["value"], environment)
        else:
            environment[entry["name"]] = fields[entry["valueFrom"]["fieldRef"]["fieldPath"]]
    words = [*container.get("command", ["/usr/sbin/sshd", "-De"]), *container.get("args", [])]
    return Pod(
        role=role,
        index=index,
        host=host,
        argv=tuple(expand(word, environment) for word in words),
        environment=environment,
        folder=container.get("workingDir", "/"),
        deadline_s=spec.get("activeDeadlineSeconds", 0),
        grace_s=spec.get("terminationGracePeriodSeconds", 30),
        gpus=int(container["resources"].get("limits", {}).get("nvidia.com/gpu", "0")),
    )


def expand(text: str, known: Mapping[str, str]) -> str:
    """The kubelet's expansion: ``$$`` is a dollar, ``$(NAME)`` a known variable; all else stays."""

    def one(found: re.Match[str]) -> str:
        if found[1] == "$":
            return "$"
        return known.get(found[2], found[0])

    return _REFERENCE.sub(one, text)
