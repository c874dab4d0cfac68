"""Fields that contradict each other: what a JSON Schema cannot say.

Every check takes a body that keeps the schema of its kind, and yields its breaches.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final, NamedTuple, TypeAlias

from s2r_ci.errors import MalformedReplyError
from s2r_ci.runai.names import LONGEST
from s2r_ci.runai.quantities import quantity

Steps: TypeAlias = tuple[str | int, ...]

PREEMPTIBILITY: Final = "kai.scheduler/preemptibility"
_ROLES: Final = {"PyTorchJob": "pytorchReplicaSpecs", "MPIJob": "mpiReplicaSpecs"}
_RETRIES_UNSAID: Final = 6  # what Kubernetes and the operators take where backoffLimit is not given


class Breach(NamedTuple):
    """What is wrong, about which field, and where in the document."""

    message: str
    subject: str
    steps: Steps


class Part(NamedTuple):
    """A pod template of a manifest: Job has one, the Kubeflow kinds one a role."""

    steps: Steps  # of the template
    template: Mapping[str, Any]


def breaches(body: Mapping[str, Any]) -> Iterator[Breach]:
    """All that contradicts itself in a Job, PyTorchJob or MPIJob. Other kinds have no checks yet."""
    if body["kind"] in ("Job", *_ROLES) if "kind" in body else False:
        for check in CHECKS:
            yield from check(body)


def parts(body: Mapping[str, Any]) -> Iterator[Part]:
    """The pod templates."""
    if field := _ROLES.get(body["kind"]):
        for role, spec in body["spec"][field].items():
            yield Part(("spec", field, role, "template"), spec["template"])
    else:
        yield Part(("spec", "template"), body["spec"]["template"])


def _containers(body: Mapping[str, Any]) -> Iterator[tuple[Steps, Mapping[str, Any], Mapping[str, Any]]]:
    """Every container with its steps and the pod around it."""
    for part in parts(body):
        pod = part.template["spec"]
        for field in ("initContainers", "containers"):
            for index, container in enumerate(pod.get(field, ())):
                yield (*part.steps, "spec", field, index), container, pod


# --- the checks --------------------------------------------------------------------------------------------


def parallelism(body: Mapping[str, Any]) -> Iterator[Breach]:
    """No more pods at once than there are to run."""
    at_once, every = body["spec"].get("parallelism"), body["spec"].get("completions")
    if at_once is not None and every is not None and at_once > every:
        what = f"parallelism is {at_once} and completions is {every}; at most completions pods can run at once"
        yield Breach(what, "parallelism", ("spec", "parallelism"))


def name_length(body: Mapping[str, Any]) -> Iterator[Breach]:
    """The name of the last pod is a host name, too."""
    name, suffix = body["metadata"]["name"], _longest_suffix(body)
    if len(name) + len(suffix) > LONGEST:
        most = LONGEST - len(suffix)
        what = f"metadata.name has {len(name)} characters; a pod called {name}{suffix} leaves room for {most}"
        yield Breach(what, "name", ("metadata", "name"))


def _longest_suffix(body: Mapping[str, Any]) -> str:
    spec = body["spec"]
    if field := _ROLES.get(body["kind"]):
        return max((f"-{role.lower()}-{each['replicas'] - 1}" for role, each in spec[field].items()), key=len)
    if spec.get("completionMode") == "Indexed":
        return f"-{max(spec.get('completions', 1) - 1, 0)}"
    return ""


def resources(body: Mapping[str, Any]) -> Iterator[Breach]:
    """GPUs and their like are requested and limited alike; nothing is limited below its request."""
    for steps, container, _pod in _containers(body):
        asked = container.get("resources", {})
        requests, limits = asked.get("requests", {}), asked.get("limits", {})
        for resource, request in requests.items():
            where = (*steps, "resources", "requests", resource)
            for what in _amounts(resource, request, limits.get(resource)):
                yield Breach(what, resource, where)
        for resource in limits.keys() - requests.keys():
            if _amount(limits[resource]) is None:
                where = (*steps, "resources", "limits", resource)
                yield Breach(_too_large(resource, limits[resource]), resource, where)


def _amounts(resource: str, request: Any, limit: Any) -> Iterator[str]:
    wanted, allowed = _amount(request), _amount(limit) if limit is not None else None
    if wanted is None or (limit is not None and allowed is None):
        yield _too_large(resource, request if wanted is None else limit)
    elif "/" in resource and wanted != allowed:
        there = f"limited to {limit}" if limit is not None else "not limited"
        yield f"{resource} is requested {request} and {there}; devices need request and limit alike"
    elif allowed is not None and wanted > allowed:
        yield f"{resource} is requested {request} and limited to {limit}; the limit may not be lower"


def _amount(text: Any) -> Fraction | None:
    try:
        return quantity(text)
    except MalformedReplyError:
        return None


def _too_large(resource: str, amount: Any) -> str:
    return f"{resource} is {str(amount)[:40]}, which is no amount that Kubernetes can hold"


def failure_policy(body: Mapping[str, Any]) -> Iterator[Breach]:
    """Its container is one of the pod's, its exit codes ascend."""
    names = {container["name"] for _steps, container, _pod in _containers(body)}
    for index, rule in enumerate(body["spec"].get("podFailurePolicy", {}).get("rules", ())):
        codes = rule.get("onExitCodes", {})
        where: Steps = ("spec", "podFailurePolicy", "rules", index, "onExitCodes")
        if (name := codes.get("containerName")) is not None and name not in names:
            what = f"the failure policy names container {name}; the pod has {', '.join(sorted(names))}"
            yield Breach(what, "podFailurePolicy", (*where, "containerName"))
        if (values := codes.get("values", [])) != sorted(values):
            what = f"exit codes of a failure policy must ascend: {', '.join(map(str, sorted(values)[:10]))}"
            yield Breach(what, "podFailurePolicy", (*where, "values"))


def volumes(body: Mapping[str, Any]) -> Iterator[Breach]:
    """Every mount has its volume, no name and no mount path stands twice."""
    for part in parts(body):
        names = [volume["name"] for volume in part.template["spec"].get("volumes", ())]
        for index, name in _repeated(names):
            yield Breach(f"volume {name} stands twice", f"volume.{name}", (*part.steps, "spec", "volumes", index))
    for steps, container, pod in _containers(body):
        known = {volume["name"] for volume in pod.get("volumes", ())}
        mounts = container.get("volumeMounts", ())
        for index, mount in enumerate(mounts):
            if mount["name"] not in known:
                what = f"{mount['mountPath']} is mounted from volume {mount['name']}, which the pod does not have"
                yield Breach(what, f"volume.{mount['name']}", (*steps, "volumeMounts", index))
        for index, path in _repeated(mount["mountPath"].rstrip("/") or "/" for mount in mounts):
            yield Breach(f"two volumes are mounted at {path}", f"mount.{path}", (*steps, "volumeMounts", index))


def environment(body: Mapping[str, Any]) -> Iterator[Breach]:
    """A variable that is set twice keeps the last value, which nobody sees."""
    for steps, container, _pod in _containers(body):
        for index, name in _repeated(variable["name"] for variable in container.get("env", ())):
            what = f"the variable {name} is set twice in container {container['name']}"
            yield Breach(what, f"variable.{name}", (*steps, "env", index))


def container_names(body: Mapping[str, Any]) -> Iterator[Breach]:
    """Containers of one pod have different names."""
    for part in parts(body):
        pod = part.template["spec"]
        names = [
            container["name"] for field in ("initContainers", "containers") for container in pod.get(field, ())
        ]
        for _index, name in _repeated(names):
            yield Breach(
                f"two containers are called {name}", f"container.{name}", (*part.steps, "spec", "containers")
            )


def retries(body: Mapping[str, Any]) -> Iterator[Breach]:
    """A preempted pod is deleted: who may be preempted needs retries, who may not needs none."""
    labels = body["metadata"].get("labels", {})
    where: Steps = ("metadata", "labels", PREEMPTIBILITY)
    match labels.get(PREEMPTIBILITY):
        case "non-preemptible" if _retries(body):
            what = "the workload is non-preemptible and is started again after a failure; "
            yield Breach(what + _no_retry(body["kind"]), "retry", where)
        case "preemptible" if not _retries(body):
            what = "the workload is preemptible and is never started again, so its first preemption ends it; "
            yield Breach(what + "give it retries or make it non-preemptible", "retry", where)


def _retries(body: Mapping[str, Any]) -> bool:
    spec = body["spec"]
    if body["kind"] == "Job":
        return bool(spec.get("backoffLimitPerIndex", spec.get("backoffLimit", _RETRIES_UNSAID)))
    limit = spec.get("runPolicy", {}).get("backoffLimit", _RETRIES_UNSAID)
    if body["kind"] == "MPIJob":
        return bool(limit)
    replicas = spec[_ROLES["PyTorchJob"]].values()
    return bool(limit) and any(replica.get("restartPolicy", "OnFailure") != "Never" for replica in replicas)


def _no_retry(kind: str) -> str:
    return {
        "Job": "set backoffLimit (in an array backoffLimitPerIndex) to 0",
        "MPIJob": "set runPolicy.backoffLimit to 0",
    }.get(kind, "set restartPolicy of every role to Never")


def array_deadline(body: Mapping[str, Any]) -> Iterator[Breach]:
    """The deadline of a Job covers all indexes together, Slurm's limit each one."""
    spec = body["spec"]
    if spec.get("completionMode") == "Indexed" and spec.get("activeDeadlineSeconds") is not None:
        what = (
            "spec.activeDeadlineSeconds ends all indexes of the array together; "
            "spec.template.spec.activeDeadlineSeconds is the limit of each"
        )
        yield Breach(what, "time", ("spec", "activeDeadlineSeconds"))


def _repeated(names: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Names that stood before, with their index."""
    seen: Counter[str] = Counter()
    for index, name in enumerate(names):
        seen[name] += 1
        if seen[name] == 2:
            yield index, name


CHECKS: Final[tuple[Callable[[Mapping[str, Any]], Iterator[Breach]], ...]] = (
    parallelism,
    name_length,
    resources,
    failure_policy,
    volumes,
    environment,
    container_names,
    retries,
    array_deadline,
)
