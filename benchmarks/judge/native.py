"""The fault model in the words of Run:ai's own forms: which promise a place belongs to, and what nobody asked for.

Places are spelled as in ``promises``; the sizes of a pod stand in ``spec`` and ``masterSpec``, on the command line in
flags, of which those of the first pod begin with ``master-``.
"""

import re
import shlex
from collections.abc import Iterator
from typing import Any, Final

from benchmarks.judge.corpus import Good
from benchmarks.judge.nodes import GONE, Steps, at, put

FORMS: Final = ("v2alpha1", "rest", "cli")
_POD: Final = r"(?:spec|masterSpec)\."
_FLAG: Final = r"flags\.(?:master-)?"
_VARIABLE: Final = r".*(?:\[|items\.)"
PATTERNS: Final = (
    ("other fields", r".*"),
    ("kind", r"apiVersion|kind|spec\.(jobType|distributedFramework)"),
    ("names", rf"name|metadata\.(name|generateName)|{_POD}name(\..*)?|.*annotations?\W(items\.)?s2r-ci/.*"),
    ("replicas", r"spec\.(workers|numWorkers)(\..*)?|flags\.workers"),
    ("tasks and ranks", rf"spec\.slotsPerWorker|flags\.slots-per-worker|{_VARIABLE}SLURM_(NTASKS|NPROCS|TASKS|NNODES|JOB_NUM_NODES|PROCID).*"),
    ("generic resources", rf".*extendedResources.*|{_FLAG}extended-resource.*"),
    ("GPUs", rf"{_POD}gpu\w*(\..*)?|.*compute\.gpu\w*|{_FLAG}gpu-.*|{_VARIABLE}SLURM_GPUS.*"),
    ("CPU", rf"{_POD}cpu(Limit)?(\..*)?|.*compute\.cpuCore\w*|{_FLAG}cpu-core-.*|{_VARIABLE}SLURM_(CPUS|JOB_CPUS).*"),
    ("memory", rf"{_POD}memory(Limit)?(\..*)?|.*compute\.cpuMemory\w*|{_FLAG}cpu-memory-.*|{_VARIABLE}SLURM_MEM.*"),
    ("ephemeral storage", r".*emptyDirVolume.*|flags\.empty-dir-volume.*"),
    ("time limit", r".*(mpiLauncherCreationPolicy|launcher-creation-policy)"),
    ("array", rf"indexes|{_VARIABLE}(S2R_ARRAY|SLURM_ARRAY).*|spec\.(completions|parallelism)|flags\.(completions|parallelism)"),
    ("retries and preemption", rf"{_POD}(backoffLimit|terminateAfterPreemption|preemptibility|restartPolicy|cleanPodPolicy)(\..*)?|flags\.(backoff-limit|preemptibility|restart-policy|clean-pod-policy)"),
    ("placement", rf"{_POD}(nodePools|nodeType|nodeAffinity\w+|priorityClass|tolerations)(\..*)?|flags\.(node-pools|node-type|exclude-node|priority|toleration).*"),
    ("project", r"metadata\.(labels\.project|namespace)|projectId|clusterId|flags\.project"),
    ("working directory", rf"{_POD}workingDir(\..*)?|flags\.working-dir"),
    ("environment", rf"{_POD}environment(Variables)?(?!.*(?:\[|items\.)(S2R_ARRAY|SLURM_(ARRAY|NTASKS|NPROCS|TASKS|NNODES|JOB_NUM|PROCID|GPUS|CPUS|JOB_CPUS|MEM))).*|{_FLAG}(environment-variable|env-pod-field-ref)(?!.*\[(S2R_ARRAY|SLURM_(ARRAY|NTASKS|NPROCS|TASKS|NNODES|JOB_NUM|PROCID|GPUS|CPUS|JOB_CPUS|MEM))).*"),
    ("image", rf"{_POD}image(\.value)?|flags\.image"),
    ("command", rf"{_POD}(command|arguments|args)(\.value)?|words.*|{_FLAG}(command|args)"),
    ("volumes", rf"{_POD}(pvcs|storage\.pvc|storage|largeShm)(\..*)?|.*compute\.largeShmRequest|flags\.(existing-pvc|large-shm).*"),
    ("hold", rf"{_POD}active(\..*)?"),
)  # fmt: skip
"""Promise and places; the last that fits decides, as in ``promises``."""

HARMLESS: Final = (
    ("drop", rf"{_POD}(cpu|memory)|.*compute\.(cpuCoreRequest|cpuMemoryRequest)|{_FLAG}cpu-(core|memory)-request",
     "the pod is limited, and Kubernetes takes the limits for requests that are not said"),
    ("newline", rf"{_POD}(arguments\.value|args)|flags\.master-args", "between words a shell takes any blanks"),
    ("drop", r".*annotations?\W(items\.)?s2r-ci/job-name.*", "kept for people, and only where Kubernetes cannot hold the name"),
    ("said twice", r".*nodeSelectorTerms\.\d+(\.matchExpressions\.\d+(\.values\.\d+)?)?|flags\.exclude-node\.\d+",
     "a list of hosts, conditions or choices that names one twice is the same list"),
    ("drop", r"flags\.clean-pod-policy|spec\.cleanPodPolicy", "when finished pods go away is no promise"),
)  # fmt: skip


def is_native(good: Good) -> bool:
    """Whether the manifest is in a form of Run:ai's own."""
    return good.request.target.name in FORMS


def named_entry(steps: Steps, entry: Any) -> str | None:
    """What an entry of a list is called in a spelled place: a variable, an annotation, a resource, by its name."""
    if len(steps) < 2 or not isinstance(steps[-1], int) or steps[-2] not in _NAMED:
        return None
    if isinstance(entry, dict):
        return str(entry.get("name", entry.get("resource", "")))
    return str(entry).partition("=")[0]


ANNOTATIONS: Final = (".annotations", ".annotation")
_NAMED: Final = frozenset(
    {"environmentVariables", "environment-variable", "master-environment-variable", "env-pod-field-ref", "annotation", "annotations"}
)  # fmt: skip


def alike(place: str) -> str:
    """The place without the pod and without limit or request: what a wrong rule would write wrongly in all of them."""
    place = re.sub(r"^masterSpec\b", "spec", place).replace(".master-", ".")
    return re.sub(r"Limit|Request|-limit|-request", "", place)


# --- what nobody asked for ---------------------------------------------------------------------------------

_CUSTOM: Final[tuple[tuple[str, str, Any], ...]] = (
    ("GPUs", "gpuDevices", 1), ("GPUs", "gpu", "0.5"), ("GPUs", "gpuMemory", "4Gi"), ("GPUs", "gpuLimit", "1"), ("CPU", "cpu", "4"), ("CPU", "cpuLimit", "4"),
    ("memory", "memory", "4Gi"), ("memory", "memoryLimit", "4Gi"), ("hold", "active", False), ("placement", "nodePools", "other"), ("placement", "nodeType", "x"),
    ("working directory", "workingDir", "/other"), ("command", "command", "/bin/sh"), ("command", "arguments", "-c true"), ("retries and preemption", "backoffLimit", 3),
    ("other fields", "hostNetwork", True), ("other fields", "migProfile", "1g.5gb"), ("other fields", "runAsUser", True), ("replicas", "workers", 2),
    ("other fields", "allowPrivilegeEscalation", True), ("other fields", "hostIpc", True), ("other fields", "createHomeDir", True), ("other fields", "s3", {}),
)  # fmt: skip
_REST: Final[tuple[tuple[str, str, Any], ...]] = (
    ("GPUs", "compute.gpuDevicesRequest", 1), ("GPUs", "compute.gpuPortionRequest", 0.5), ("GPUs", "compute.gpuRequestType", "portion"), ("GPUs", "compute.gpuMemoryRequest", "4Gi"),
    ("CPU", "compute.cpuCoreRequest", 4), ("CPU", "compute.cpuCoreLimit", 4), ("memory", "compute.cpuMemoryRequest", "4Gi"), ("memory", "compute.cpuMemoryLimit", "4Gi"),
    ("generic resources", "compute.extendedResources", [{"resource": "example.com/other", "quantity": "1"}]), ("ephemeral storage", "storage.emptyDirVolume", [{"path": "/tmp", "sizeLimit": "10Gi"}]),
    ("volumes", "storage.hostPath", [{"path": "/", "mountPath": "/x"}]), ("volumes", "storage.pvc", [{"path": "/other", "existingPvc": True, "claimName": "other"}]), ("volumes", "storage.nfs", [{"path": "/", "server": "x"}]),
    ("placement", "nodePools", ["other"]), ("placement", "nodeType", "x"), ("placement", "tolerations", [{"operator": "Exists"}]), ("working directory", "workingDir", "/other"),
    ("command", "command", "/bin/sh"), ("command", "args", "-c true"), ("array", "completions", 4), ("array", "parallelism", 2), ("replicas", "numWorkers", 2),
    ("other fields", "ports", [{"container": 80, "serviceType": "NodePort"}]), ("other fields", "exposedUrls", [{"container": 80}]), ("other fields", "security", {"runAsUid": 0}),
    ("other fields", "imagePullSecrets", [{"name": "x"}]), ("other fields", "probes", {}), ("other fields", "labels", [{"name": "x", "value": "y"}]),
    ("other fields", "autoDeletionTimeAfterCompletionSeconds", 0), ("other fields", "security", {"hostNetwork": True}),
)  # fmt: skip
_CLI: Final[tuple[tuple[str, str, Any], ...]] = (
    ("GPUs", "gpu-devices-request", 1), ("GPUs", "gpu-portion-request", "0.5"), ("GPUs", "gpu-memory-request", "4G"), ("GPUs", "gpu-request-type", "portion"), ("GPUs", "master-gpu-devices-request", 1),
    ("CPU", "cpu-core-request", "4"), ("CPU", "cpu-core-limit", "4"), ("CPU", "master-cpu-core-limit", "4"), ("memory", "cpu-memory-request", "4Gi"), ("memory", "cpu-memory-limit", "4Gi"),
    ("memory", "master-cpu-memory-limit", "4Gi"), ("generic resources", "extended-resource", ["example.com/other=1"]), ("ephemeral storage", "empty-dir-volume", ["name=x,path=/tmp,size-limit=1Gi"]),
    ("volumes", "host-path", ["path=/,mount=/x"]), ("volumes", "existing-pvc", ["claimname=other,path=/other"]), ("volumes", "nfs", ["server=x,path=/"]), ("placement", "node-pools", ["other"]),
    ("placement", "node-type", "x"), ("placement", "exclude-node", ["n99"]), ("placement", "toleration", ["operator=Exists"]), ("working directory", "working-dir", "/other"),
    ("array", "completions", 4), ("array", "parallelism", 2), ("replicas", "workers", 2), ("tasks and ranks", "slots-per-worker", 2), ("command", "master-args", "-c true"), ("command", "master-command", "/bin/sh"),
    ("other fields", "port", ["container=80"]), ("other fields", "run-as-uid", 0), ("other fields", "capability", ["SYS_ADMIN"]), ("other fields", "image-pull-policy", "Never"),
    ("other fields", "label", ["x=y"]), ("other fields", "host-network", True), ("other fields", "allow-privilege-escalation", True), ("other fields", "auto-deletion-time-after-completion", "0s"),
    ("retries and preemption", "terminate-after-preemption", True), ("other fields", "namespace", "kube-system"),
)  # fmt: skip
_INVENTED: Final = {
    "DEBUG": "environment", "SLURM_NTASKS": "tasks and ranks", "SLURM_NNODES": "tasks and ranks", "SLURM_PROCID": "tasks and ranks", "SLURM_CPUS_PER_TASK": "CPU",
    "SLURM_GPUS_ON_NODE": "GPUs", "SLURM_MEM_PER_NODE": "memory", "SLURM_ARRAY_TASK_ID": "array", "S2R_ARRAY_IDS": "array", "SLURM_RESTART_COUNT": "environment",
}  # fmt: skip


def inventions(good: Good) -> Iterator[tuple[str, Steps, Any]]:
    """Promise, place and value of what the script does not ask for; the place is empty in the manifest."""
    body = good.body
    form = good.request.target.name
    if form == "cli":
        yield from ((promise, ("flags", flag), value) for promise, flag, value in _CLI)
        yield "array", ("indexes",), 4
    for pod in ("spec", "masterSpec") if form != "cli" else ():
        if at(body, (pod,)) is not GONE:
            rows = _CUSTOM if form == "v2alpha1" else _REST
            for promise, place, value in rows:
                yield promise, (pod, *place.split(".")), {"value": value} if form == "v2alpha1" else value
    if form == "rest":
        yield "replicas", ("masterSpecSameAsWorker",), True
        yield "other fields", ("useGivenNameAsPrefix",), True
    for name, promise in _INVENTED.items():
        if steps := variable(good, name):
            yield promise, steps, variable_value(good, name, "98765")


def runs(body: Any) -> str:
    """The part of a custom resource or body that describes the pod which runs the script."""
    launched = at(body, ("masterSpec", "arguments")) is not GONE or at(body, ("masterSpec", "args")) is not GONE
    return "masterSpec" if launched else "spec"


def variable(good: Good, name: str) -> Steps | None:
    """Where a further variable of the script would stand; None where there are none yet."""
    body, form = good.body, good.request.target.name
    steps: Steps = (runs(body), "environment", "items")
    if form == "v2alpha1":
        return (*steps, name) if at(body, steps) is not GONE and name not in at(body, steps) else None
    if form == "rest":
        steps = (runs(body), "environmentVariables")
    else:
        steps = ("flags", ("master-" if "master-args" in body["flags"] else "") + "environment-variable")
    there = at(body, steps)
    taken = there is GONE or any(named_entry((*steps, 0), entry) == name for entry in there)
    return None if taken else (*steps, len(there))


def variable_value(good: Good, name: str, value: str) -> Any:
    """A variable as an entry of its form."""
    forms = {"v2alpha1": {"value": value}, "rest": {"name": name, "value": value}, "cli": f"{name}={value}"}
    return forms[good.request.target.name]


# --- the limit, which stands in the text, and the texts themselves -----------------------------------------


def texts(body: Any) -> Iterator[Steps]:
    """The steps to every text that carries the prelude."""
    for steps in (("spec", "arguments", "value"), ("masterSpec", "arguments", "value"), ("spec", "args"), ("masterSpec", "args"), ("words", 2), ("flags", "master-args")):  # fmt: skip
        if isinstance(at(body, steps), str):
            yield steps


def time_limits(good: Good) -> Iterator[tuple[str, Any]]:
    """The limit that the prelude keeps, changed in every pod alike: the operator and the manifest."""
    limit = -(-(good.request.job.time_limit_s or 0) // 60) * 60
    pattern = re.compile(rf"(\bsleep |\btimeout\b[^\n]* ){limit}\b")
    if not limit or not any(pattern.search(at(good.body, steps)) for steps in texts(good.body)):
        return
    others = {
        "half": limit // 2,
        "double": 2 * limit,
        "one more": limit + 1,
        "one less": limit - 1,
        "unit": limit // 60,
    }
    for operator, other in {**others, "drop": 10**7}.items():
        body = good.body
        for steps in texts(body):
            body = put(body, steps, pattern.sub(lambda found, other=other: f"{found[1]}{other}", at(body, steps)))  # type: ignore[misc]
        yield operator, body


def with_own_parts(body: Any, own: Any) -> Any:
    """Another script's manifest under this one's name, with its text and its image: as a copied file would have it."""
    places = [
        ("metadata", "name"),
        ("name",),
        ("spec", "name", "value"),
        ("masterSpec", "name", "value"),
        ("words",),
        ("flags", "image"),
    ]
    places += [(pod, *image) for pod in ("spec", "masterSpec") for image in (("image", "value"), ("image",))]
    for steps in [*places, *texts(own)]:
        if (
            at(own, steps) is not GONE
            and at(body, steps) is not GONE
            and type(at(own, steps)) is type(at(body, steps))
        ):
            body = put(body, steps, at(own, steps))
    return body


def quoted(*words: str) -> str:
    """Arguments as the forms carry them: one text that a shell takes apart."""
    return shlex.join(words)
