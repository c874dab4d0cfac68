"""The policy's rules broken in the words of Run:ai's own forms: what these have no field for is not here.

A row of ``TABLE`` is a rule, a place and values. Places are words: ``image``, ``folder``, ``command`` and ``text`` of
the pod that runs the script, ``cpu``, ``memory``, ``gpus`` of the pods that work, ``variable`` a further variable,
``word`` a further argument, ``FORM:steps`` a field of one form, in which ``POD`` is each pod.
"""

import shlex
from collections.abc import Iterator
from typing import Any, Final

from benchmarks.judge import native
from benchmarks.judge.corpus import Good
from benchmarks.judge.nodes import GONE, Steps, at, put
from benchmarks.judge.policy import (
    COMMANDS,
    HIDDEN,
    IMAGES,
    LOADERS,
    NO_IMAGES,
    PATHS,
    PLACEHOLDERS,
    SECRETS,
    SHELLS,
    Broken,
)

_TRUE: Final[tuple[Any, ...]] = (True, "true", 1, [], {"a": 1})
_PODS_OF: Final = {"v2alpha1": ("spec", "masterSpec"), "rest": ("spec", "masterSpec"), "cli": ("flags",)}
_MUCH: Final = ("98765", "0", "-1", "9e5", "999k")
_NAMES: Final = ("x" * 64, "Train", "-x", "x-", "x_y", "x.y", "1/2", "", "a b", "\n", "kube-system", "other")

TABLE: Final[tuple[tuple[str, str, tuple[Any, ...]], ...]] = (
    ("P-01", "v2alpha1:apiVersion", ("batch/v1", "v1", "", "run.ai/v1", "run.ai/v2beta1", GONE, None, "RUN.AI/v2alpha1")),
    ("P-01", "v2alpha1:kind", ("InferenceWorkload", "InteractiveWorkload", "Pod", "Project", "", "ClusterRoleBinding")),
    ("P-01", "cli:kind", ("workspace", "inference", "", "Standard", "tf", "jax", "xgboost", "bash", GONE, None)),
    ("P-01", "rest:spec.distributedFramework", ("TF", "JAX", "XGBoost", "mpi", "", {}, [], 1, "Ray", "pytorch")),
    ("P-02", "v2alpha1:POD.XXX", ("status", "hostpid", "containers", "image_", "Image", "CPU", "podSpec", "patch", "raw", "overrides")),
    ("P-02", "rest:POD.XXX", ("status", "hostPID", "containers", "Image", "compute_", "podSpec", "raw", "overrides", "patch", "template")),
    ("P-02", "cli:flags.XXX", ("status", "host-pid", "raw", "attach", "interactive", "pod-running-timeout", "stdin", "tty", "overrides", "pod-spec")),
    ("P-03", "v2alpha1:metadata.namespace", ("kube-system", "runai", "runai-backend", "default", "runai-other", "KUBE-SYSTEM", "*", "", "runai-system", "runai-reservation")),
    ("P-03", "cli:flags.namespace", ("kube-system", "default", "runai", "", "*", "x", "runai-other", "runai-backend", "kube-public", "runai-system")),
    ("P-04", "v2alpha1:metadata.name", _NAMES), ("P-04", "rest:name", _NAMES), ("P-04", "cli:metadata.name", _NAMES),
    ("P-05", "v2alpha1:POD.privileged", _TRUE), ("P-05", "rest:POD.security.privileged", _TRUE), ("P-05", "cli:flags.privileged", _TRUE),
    ("P-06", "v2alpha1:POD.hostNetwork", _TRUE), ("P-06", "v2alpha1:POD.hostIpc", _TRUE), ("P-06", "rest:POD.security.hostNetwork", _TRUE),
    ("P-06", "rest:POD.security.hostIpc", _TRUE), ("P-06", "cli:flags.host-network", _TRUE), ("P-06", "cli:flags.host-ipc", _TRUE),
    ("P-07", "v2alpha1:POD.allowPrivilegeEscalation", _TRUE), ("P-07", "rest:POD.security.allowPrivilegeEscalation", _TRUE), ("P-07", "cli:flags.allow-privilege-escalation", _TRUE),
    ("P-08", "v2alpha1:POD.capabilities", (["ALL"], {"items": ["SYS_ADMIN"]})), ("P-08", "rest:POD.security.capabilities", (["ALL"], ["SYS_ADMIN"], "ALL", [])),
    ("P-08", "cli:flags.capability", (["ALL"], ["SYS_ADMIN"], "CAP_SYS_ADMIN")), ("P-09", "rest:POD.security.seccompProfileType", ("Unconfined", "Localhost", "")),
    ("P-10", "v2alpha1:POD.runAsUser", (True, "true", 0)), ("P-10", "v2alpha1:POD.runAsUid", (0, "0")), ("P-10", "rest:POD.security", ({"runAsUid": 0}, {"runAsNonRoot": False}, {"uidGidSource": "fromTheImage"})),
    ("P-10", "cli:flags.run-as-uid", (0, "0", -1, "root")), ("P-10", "cli:flags.run-as-user", _TRUE),
    ("P-11", "v2alpha1:POD.hostPaths", ({"items": {"x": {"value": {"path": "/"}}}}, {}, None)), ("P-11", "rest:POD.storage.hostPath", tuple([{"path": path, "mountPath": "/x"}] for path in PATHS)),
    ("P-11", "cli:flags.host-path", (["path=/,mount=/x"], ["path=/etc,mount=/etc"], [], "")),
    ("P-12", "v2alpha1:POD.XXX", ("nfs", "s3", "gitSync", "git", "dataVolumes", "configMaps")), ("P-12", "rest:POD.storage.XXX", ("nfs", "s3", "git", "dataVolume", "ephemeral", "csi")),
    ("P-12", "cli:flags.XXX", ("nfs", "s3", "git-sync", "data-volume", "user-data", "volume")), ("P-12", "claim", ("other", "", "../x", "CLAIM-0")),
    ("P-13", "v2alpha1:POD.XXX", ("secrets", "imagePullSecrets", "envFrom")), ("P-13", "rest:POD.storage.XXX", ("secretVolume", "configMapVolume")), ("P-13", "rest:POD.imagePullSecrets", ([], [{"name": "x"}])),
    ("P-13", "cli:flags.XXX", ("secret-volume", "configmap-volume", "env-secret", "image-pull-secret", "env-configmap")),
    ("P-13", "rest:entry", ({"name": "X", "secret": {"name": "a", "key": "b"}}, {"name": "X", "configMap": {"name": "a", "key": "b"}}, {"name": "X", "credential": {}}, {"name": "X"})),
    ("P-14", "v2alpha1:POD.serviceAccountName", ("admin", "default", "")), ("P-14", "rest:POD.serviceAccountName", ("admin", "")), ("P-14", "cli:flags.service-account", ("admin", "")),
    ("P-17", "v2alpha1:POD.ports", ({"items": {}}, {"items": {"a": {"value": {"container": 80}}}})), ("P-17", "rest:POD.ports", ([], [{"container": 80, "serviceType": "NodePort"}])), ("P-17", "rest:POD.exposedUrls", ([], [{"container": 80}])),
    ("P-17", "cli:flags.port", (["container=80"], "80")), ("P-17", "cli:flags.external-url", (["container=80"],)),
    ("P-18", "v2alpha1:metadata.labels.XXX", ("app", "runai/queue", "sidecar.istio.io/inject")), ("P-18", "v2alpha1:metadata.labels.project", ("other", "")), ("P-18", "rest:projectId", ("1", "other", "", GONE, 7)),
    ("P-18", "rest:clusterId", ("other", "", GONE)), ("P-18", "cli:flags.project", ("other", "")), ("P-18", "cli:flags.label", (["app=x"],)), ("P-18", "rest:POD.labels", ([{"name": "a", "value": "b"}],)),
    ("P-18", "rest:spec.annotations", ([{"name": "sidecar.istio.io/inject", "value": "true"}],)), ("P-18", "cli:flags.annotation", (["sidecar.istio.io/inject=true"],)), ("P-18", "v2alpha1:metadata.annotations", ({"a": "b"},)),
    ("P-19", "v2alpha1:metadata.XXX", ("ownerReferences", "finalizers", "generateName", "managedFields", "uid")),
    ("P-20", "image", IMAGES), ("P-21", "image", NO_IMAGES), ("P-23", "image", PLACEHOLDERS), ("P-24", "command", tuple(" ".join(words) for words in COMMANDS)), ("P-24", "word", ("--exploit", "x; rm -rf /", "`id`", "$(id)")),
    ("P-25", "text", SHELLS), ("P-26", "word", HIDDEN), ("P-27", "variable", LOADERS),
    ("P-28", "variable", ("DEBUG", "HOME", "PATH", "TMPDIR", "USER", "SLURM_PROCID", "CUDA_VISIBLE_DEVICES", "S2R_DIR", "AWS_REGION", "MASTER_ADDR")), ("P-29", "word", SECRETS),
    ("P-30", "gpus", (97, 98, -1, "97", 9.5)), ("P-30", "cli:flags.gpu-portion-request", ("0.97",)), ("P-30", "rest:spec.compute.gpuPortionRequest", (0.97,)), ("P-30", "v2alpha1:spec.gpu", ({"value": "0.97"},)),
    ("P-31", "cpu", ("97", "0", "97000m", "96.5", "1e2", "97k", GONE)), ("P-32", "memory", ("1T", "1Ti", "1024G", "97Gi", "97M", "1", "0", "1e3", GONE)),
    ("P-34", "v2alpha1:spec.workers", ({"value": 97}, {"value": 0}, {"value": -1})), ("P-34", "rest:spec.numWorkers", (97, 0, -1, None)), ("P-34", "cli:flags.workers", (97, 0, -1, None)), ("P-34", "cli:indexes", (97, 0)),
    ("P-34", "rest:spec.slotsPerWorker", (97,)), ("P-34", "cli:flags.slots-per-worker", (97,)), ("P-34", "rest:spec.completions", (97,)), ("P-34", "rest:spec.parallelism", (97,)),
    ("P-35", "rest:spec.priorityClass", ("very-high", "system-node-critical", "", GONE, "High", "inference")), ("P-35", "cli:flags.priority", ("very-high", "system-node-critical", "", GONE, "High", "inference")),
    ("P-36", "v2alpha1:POD.tolerations", ({"items": {}},)), ("P-36", "rest:POD.tolerations", ([], [{"operator": "Exists"}])), ("P-36", "cli:flags.toleration", (["operator=Exists"],)),
    ("P-36", "v2alpha1:POD.nodeType", ({"value": "x"},)), ("P-36", "rest:POD.nodeType", ("x",)), ("P-36", "cli:flags.node-type", ("x",)), ("P-36", "v2alpha1:POD.nodePools", ({"value": "evil"},)), ("P-36", "rest:spec.nodePools", (["evil"],)),
    ("P-36", "cli:flags.node-pools", (["evil"],)), ("P-36", "rest:POD.nodeAffinityRequired", ({"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["x"]}]}]},)),
    ("P-37", "rest:spec.compute.extendedResources", ([{"resource": "x.example/y", "quantity": "1"}],)), ("P-37", "cli:flags.extended-resource", (["x.example/y=1"],)), ("P-37", "v2alpha1:POD.extendedResources", ({"items": {}},)),
    ("P-37", "rest:spec.storage.emptyDirVolume", ([{"path": "/tmp", "sizeLimit": "97Ti"}],)), ("P-37", "cli:flags.empty-dir-volume", (["name=scratch,path=/tmp,size-limit=97Ti"],)),
    ("P-38", "folder", PATHS), ("P-39", "rest:spec.autoDeletionTimeAfterCompletionSeconds", (0, 1, -5)), ("P-39", "cli:flags.auto-deletion-time-after-completion", ("0s", "1s")), ("P-40", "cpu", _MUCH), ("P-40", "memory", ("0", "-1Gi")),
    ("P-41", "word", ("x" * 8193,)), ("P-41", "image", ("x" * 9000,)), ("P-41", "folder", ("/" + "x" * 9000,)),
)  # fmt: skip


def broken(good: Good) -> Iterator[Broken]:
    """Every row in every way that this manifest gives room for."""
    for rule, place, values in TABLE:
        for value in values:
            for body in _changed(good, place, value):
                if body != good.body:
                    yield Broken(rule=rule, name=f"{place}: {value!r:.80}", body=body, request=good.request)


def _changed(good: Good, place: str, value: Any) -> Iterator[Any]:
    form = good.request.target.name
    of, _, path = place.partition(":")
    if not path:
        yield from _WORDS[place](good, value)
    elif path == "entry" and form == of:
        if steps := native.variable(good, "X"):
            yield put(good.body, steps, value)
    elif form == of:
        for steps in _steps(good, path):
            # A field of which only the name is given stands there with a value that it could have.
            unknown = steps[-1] == "XXX"
            yield put(good.body, (*steps[:-1], value) if unknown else steps, {"value": True} if unknown else value)


def _steps(good: Good, path: str) -> Iterator[Steps]:
    first, *rest = path.split(".")
    for pod in _PODS_OF[good.request.target.name] if first == "POD" else (first,):
        if at(good.body, (pod,)) is not GONE or not rest:
            yield (pod, *rest)


def _image(good: Good, value: Any) -> Iterator[Any]:
    if value in PLACEHOLDERS and not good.request.target.image:
        return
    yield from _scalar(good, {"v2alpha1": "image", "rest": "image", "cli": "image"}, value, native.runs(good.body))


def _folder(good: Good, value: Any) -> Iterator[Any]:
    names = {"v2alpha1": "workingDir", "rest": "workingDir", "cli": "working-dir"}
    yield from _scalar(good, names, value, native.runs(good.body))


def _scalar(good: Good, names: dict[str, str], value: Any, pod: str) -> Iterator[Any]:
    form = good.request.target.name
    if form == "cli":
        yield put(good.body, ("flags", names[form]), value)
    elif form == "rest":
        yield put(good.body, (pod, *names[form].split(".")), value)
    else:
        yield put(good.body, (pod, names[form]), GONE if value is GONE else {"value": value})


def _gpus(good: Good, value: Any) -> Iterator[Any]:
    names = {"v2alpha1": "gpuDevices", "rest": "compute.gpuDevicesRequest", "cli": "gpu-devices-request"}
    yield from _scalar(good, names, value, "spec")


def _cpu(good: Good, value: Any) -> Iterator[Any]:
    names = {"v2alpha1": "cpuLimit", "rest": "compute.cpuCoreLimit", "cli": "cpu-core-limit"}
    yield from _scalar(good, names, value, "spec")


def _memory(good: Good, value: Any) -> Iterator[Any]:
    names = {"v2alpha1": "memoryLimit", "rest": "compute.cpuMemoryLimit", "cli": "cpu-memory-limit"}
    yield from _scalar(good, names, value, "spec")


def _claim(good: Good, value: Any) -> Iterator[Any]:
    body = good.body
    said = {"claimName": value, "existingPvc": True, "path": "/evil"}
    if good.request.target.name == "cli":
        there = body["flags"].get("existing-pvc", [])
        yield put(body, ("flags", "existing-pvc"), [*there, f"claimname={value},path=/evil"])
    elif good.request.target.name == "rest":
        there = at(body, ("spec", "storage", "pvc"))
        yield put(body, ("spec", "storage", "pvc"), [*(there if isinstance(there, list) else []), said])
    else:
        yield put(body, ("spec", "pvcs", "items", "evil"), {"value": said})


def _variable(good: Good, name: str) -> Iterator[Any]:
    if steps := native.variable(good, name):
        yield put(good.body, steps, native.variable_value(good, name, "1"))


def _command(good: Good, value: str) -> Iterator[Any]:
    body = good.body
    if "words" in body:
        yield put(body, ("words",), shlex.split(value))
    elif good.request.target.name == "cli":
        yield put(body, ("flags", "master-command"), value)
    else:
        yield from _scalar(good, {"v2alpha1": "command", "rest": "command"}, value, native.runs(body))


def _text(good: Good, text: str) -> Iterator[Any]:
    for steps in native.texts(good.body):
        yield put(good.body, steps, text if steps[0] == "words" else native.quoted("-c", text))


def _word(good: Good, word: str) -> Iterator[Any]:
    body = good.body
    if "words" in body:
        yield put(body, ("words", len(body["words"])), word)
    for steps in native.texts(body):
        if steps[0] != "words":
            yield put(body, steps, f"{at(body, steps)} {native.quoted(word)}")


_WORDS: Final = {
    "image": _image, "folder": _folder, "gpus": _gpus, "cpu": _cpu, "memory": _memory, "claim": _claim, "variable": _variable, "command": _command,
    "text": _text, "word": _word,
}  # fmt: skip
