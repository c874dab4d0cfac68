"""The policy of the workload and its place in the site: P-01, P-03, P-04, P-18, P-19, P-35 to P-37, P-39, P-40."""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from s2r_ci.model import ConversionRequest
from s2r_ci.patterns import lazy
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import (
    POOL_LABEL,
    feature_labels,
    generic_resources,
    hosts,
    memory_mib,
    model_labels,
    pools,
    project,
    restarts,
    service,
)
from s2r_ci.verify.facts import MIB, ROLES, Facts, Role
from s2r_ci.verify.features import (
    ALONE,
    HOSTNAME,
    PREFERRED,
    REQUIRED,
    listed,
    mapping,
    preferred_terms,
    required_terms,
    term_expressions,
)
from s2r_ci.verify.shapes import Steps

_VERSIONS: Final = {"Job": "batch/v1", "PyTorchJob": "kubeflow.org/v1", "MPIJob": "kubeflow.org/v2beta1"}
_SCHEDULERS: Final = {"kubernetes": ("", "runai-scheduler"), "kai": ("kai-scheduler",)}
_SYSTEM: Final = lazy(r"kube-.*|runai|runai-(?:backend|reservation|scale-adjust|system)|default")
_DNS_LABEL: Final = lazy(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_RUN_POLICY: Final = frozenset(
    {"activeDeadlineSeconds", "backoffLimit", "cleanPodPolicy", "suspend", "ttlSecondsAfterFinished"}
)
_SPEC: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "Job": frozenset(
            {
                "activeDeadlineSeconds", "backoffLimit", "backoffLimitPerIndex", "completionMode", "completions",
                "maxFailedIndexes", "parallelism", "podFailurePolicy", "podReplacementPolicy", "suspend", "template",
                "ttlSecondsAfterFinished",
            }
        ),
        "PyTorchJob": frozenset({"nprocPerNode", "pytorchReplicaSpecs", "runPolicy"}),
        "MPIJob": frozenset(
            {
                "launcherCreationPolicy", "mpiImplementation", "mpiReplicaSpecs", "runLauncherAsWorker", "runPolicy",
                "slotsPerWorker",
            }
        ),
    }
)  # fmt: skip
_PRIORITY: Final = "priorityClassName"
_LABELS: Final = frozenset({_PRIORITY, "kai.scheduler/preemptibility", "kai.scheduler/queue"})
_REST_IDS: Final = ("projectId", "clusterId")  # project-lost looks at them
_QUEUES: Final = frozenset({"project", "runai/queue", "kai.scheduler/queue"})
_ANNOTATIONS: Final = frozenset(
    {
        "kai.scheduler/batch-min-member", "kai.scheduler/topology", "s2r-ci/decisions",
        "s2r-ci/job-name",
        "kai.scheduler/topology-required-placement", "kai.scheduler/topology-preferred-placement",
        "s2r-ci/comment", "s2r-ci/wckey",
    }
)  # fmt: skip
_POD_ANNOTATIONS: Final = frozenset({"runai-nodepools", "gpu-fraction", "gpu-memory", "gpu-fraction-num-devices"})
_SHORTEST_GRACE_S: Final = 30  # Slurm's KillWait, and what Kubernetes gives by itself
_LONGEST_GRACE_S: Final = 3600
_KEPT_S: Final = range(60, 366 * 86400)
_LAUNCHER_CPUS: Final = 1
_LAUNCHER_MEMORY_MIB: Final = 2048
_COMMON: Final = frozenset({"cpu", "memory", "ephemeral-storage"})


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """The object itself, then every pod."""
    yield from _object(request, facts)
    labels = {name: text for name, text in facts.labels.items() if facts.form != "rest" or name not in _REST_IDS}
    yield from _labels(request, labels, ("metadata", "labels"))
    yield from _annotations(request, facts.annotations, _ANNOTATIONS, ("metadata", "annotations"))
    if facts.labels.get(_PRIORITY) != _priority(request) and "priority" not in facts.unsaid:
        said = facts.labels.get(_PRIORITY) or "nothing"
        message = f"P-35 the priority is {_priority(request)}, the manifest says {said}"
        yield _breach(message[:200], ("metadata", "labels", _PRIORITY))
    yield from _kept(facts)
    for role in facts.roles:
        yield from _labels(request, role.labels, (*role.steps, "metadata", "labels"))
        yield from _annotations(
            request, role.annotations, _POD_ANNOTATIONS, (*role.steps, "metadata", "annotations")
        )
        yield from _placement(request, role)
        yield from _amounts(request, role, works=role in facts.workers)
        if role not in facts.workers:
            yield from _launcher(request, role)


def _object(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    if _VERSIONS.get(facts.kind) != facts.api_version:
        yield _breach(
            f"P-01 {facts.api_version[:80]!r} has no kind {facts.kind[:80]!r} for batch scripts", ("apiVersion",)
        )
    allowed = {"", request.target.namespace, f"runai-{project(request)}"}
    if facts.namespace not in allowed or _SYSTEM.fullmatch(facts.namespace):
        yield _breach(
            f"P-03 the namespace {facts.namespace[:80]!r} is not the configured one", ("metadata", "namespace")
        )
    if not _DNS_LABEL.fullmatch(facts.name):
        yield _breach("P-04 the name is no label of at most 63 letters, digits and dashes", ("metadata", "name"))
    body = facts.body if isinstance(facts.body, dict) else {}
    for key in ("ownerReferences", "finalizers", "generateName", "managedFields"):
        if key in _mapping(body.get("metadata")):
            yield _breach(f"P-19 {key}", ("metadata", key))
    yield from _unknown(body, facts)


def _unknown(body: Mapping[str, Any], facts: Facts) -> Iterator[Breach]:
    """P-02 for everything above the pods."""
    known_metadata = {"name", "namespace", "labels", "annotations", "ownerReferences", "finalizers", "generateName"}
    spec = _mapping(body.get("spec"))
    places: list[tuple[Steps, Mapping[str, Any], frozenset[str]]] = [
        ((), body, frozenset({"apiVersion", "kind", "metadata", "spec"})),
        (("metadata",), _mapping(body.get("metadata")), frozenset(known_metadata | {"managedFields"})),
        (("spec",), spec, _SPEC.get(facts.kind, frozenset())),
    ]
    if facts.kind in ROLES:
        places.append((("spec", "runPolicy"), _mapping(spec.get("runPolicy")), _RUN_POLICY))
        for name, role in _mapping(spec.get(ROLES[facts.kind][-1])).items():
            known = frozenset({"replicas", "restartPolicy", "template"})
            places.append(((*ROLES[facts.kind], name), _mapping(role), known))
    for role in facts.roles:
        template = _at(body, role.steps)
        places.append((role.steps, template, frozenset({"metadata", "spec"})))
        places.append(
            ((*role.steps, "metadata"), _mapping(template.get("metadata")), frozenset({"labels", "annotations"}))
        )
    for steps, node, fields in places:
        for key in node:
            if key not in fields:
                yield _breach(f"P-02 unknown field {str(key)[:80]!r}", (*steps, key))


def _labels(request: ConversionRequest, labels: Mapping[str, str], steps: Steps) -> Iterator[Breach]:
    for name, value in labels.items():
        if name in _QUEUES and value and value == project(request):
            continue
        if name == POOL_LABEL and request.target.name == "kai" and value in pools(request)[:1]:
            continue
        if name not in _LABELS or name in _QUEUES:
            yield _breach(f"P-18 the label {name[:80]!r}: {value[:80]!r} is not an allowed one", (*steps, name))


def _annotations(
    request: ConversionRequest, annotations: Mapping[str, str], allowed: frozenset[str], steps: Steps
) -> Iterator[Breach]:
    for name, value in annotations.items():
        if name not in allowed:
            yield _breach(f"P-18 the annotation {name[:80]!r} is not an allowed one", (*steps, name))
        elif name == "s2r-ci/job-name" and value != request.job.name:
            yield _breach(f"P-18 the job is not called {value[:80]!r}", (*steps, name))
        elif name in _REMARKS and value != request.job.options.get(name.removeprefix("s2r-ci/")):
            yield _breach(f"P-18 the script does not say {value[:80]!r}", (*steps, name))
        elif name.startswith("kai.scheduler/topology") and value not in _topology(request):
            yield _breach(f"P-18 neither script nor settings ask for the topology {value[:80]!r}", (*steps, name))


_REMARKS: Final = frozenset({"s2r-ci/comment", "s2r-ci/wckey"})


def _topology(request: ConversionRequest) -> tuple[str, ...]:
    asked = request.job.resources.nodes > 1 and request.job.options.keys() & {"switches", "segment"}
    return (request.target.topology, request.target.topology_level) if asked else ()


def _priority(request: ConversionRequest) -> str:
    if request.target.name == "kai":
        return "train" if restarts(request) else "build"  # the classes that KAI brings along
    return service(request).priority or ("low" if restarts(request) else "high")


def _kept(facts: Facts) -> Iterator[Breach]:
    node = _at(facts.body, facts.policy_steps)
    kept = node.get("ttlSecondsAfterFinished")
    if kept is not None and not (type(kept) is int and kept in _KEPT_S):
        message = "P-39 finished workloads are kept for a minute at least and a year at most"
        yield _breach(message, (*facts.policy_steps, "ttlSecondsAfterFinished"))
    for role in facts.roles:
        if role.grace_s is not None and not _SHORTEST_GRACE_S <= role.grace_s <= _LONGEST_GRACE_S:
            message = f"P-39 a script has {_SHORTEST_GRACE_S} to {_LONGEST_GRACE_S} s between TERM and KILL"
            yield _breach(message, (*role.spec, "terminationGracePeriodSeconds"))


def _placement(request: ConversionRequest, role: Role) -> Iterator[Breach]:
    if role.scheduler not in _SCHEDULERS.get(request.target.name, _SCHEDULERS["kubernetes"]):
        yield _breach(f"P-36 another scheduler: {role.scheduler[:80]!r}", (*role.spec, "schedulerName"))
    if role.tolerations:
        yield _breach("P-36 tolerations are the site's, not the script's", (*role.spec, "tolerations"))
    allowed = {**model_labels(request), **feature_labels(request)}
    spread = role.node.get("topologySpreadConstraints")
    if spread is not None and not (request.job.options.get("spread-job") and _is_spread(spread)):
        yield _breach(
            "P-36 pods are spread otherwise than the script asks", (*role.spec, "topologySpreadConstraints")
        )
    for label, value in role.node_selector.items():
        if allowed.get(label) != value:
            message = f"P-36 the node selector {label[:80]!r} comes from neither script nor site map"
            yield _breach(message, (*role.spec, "nodeSelector", label))
    if role.affinity is not None and not _affinity_is_asked(request, role):
        yield _breach("P-36 the affinity comes from no option of the script", (*role.spec, "affinity"))


def _is_spread(value: object) -> bool:
    """Pods of one workload on as many hosts as there are, if possible: the only spreading that a script can ask for."""
    entries = [mapping(each) for each in listed(value)]
    wanted = {"maxSkew": 1, "topologyKey": HOSTNAME, "whenUnsatisfiable": "ScheduleAnyway"}
    kept = [{key: each.get(key) for key in wanted} == wanted for each in entries]
    labels = [mapping(each.get("labelSelector")) for each in entries]
    named = [set(mapping(label.get("matchLabels"))) == {"training.kubeflow.org/job-name"} for label in labels]
    return len(entries) == 1 and all(kept) and all(named) and set(entries[0]) == {*wanted, "labelSelector"}


def _affinity_is_asked(request: ConversionRequest, role: Role) -> bool:
    """Hosts that the script names, labels of the features that it names, and a whole node where it asks for one."""
    affinity = mapping(role.affinity)
    node, apart = mapping(affinity.get("nodeAffinity")), affinity.get("podAntiAffinity")
    if affinity.keys() - {"nodeAffinity", "podAntiAffinity"} or node.keys() - {REQUIRED, PREFERRED}:
        return False
    if apart is not None and not (request.job.resources.exclusive and apart == {REQUIRED: [ALONE]}):
        return False
    required = [term for term in required_terms(affinity) if _term_is_asked(term, request, "constraint")]
    preferred = [term for term in preferred_terms(affinity) if _term_is_asked(term, request, "prefer")]
    counted = len(listed(mapping(node.get(REQUIRED)).get("nodeSelectorTerms"))) + len(listed(node.get(PREFERRED)))
    return len(required) + len(preferred) == counted and (bool(counted) or not node)


def _term_is_asked(term: Mapping[str, Any], request: ConversionRequest, option: str) -> bool:
    every = list(term_expressions(term))
    return set(term) == {"matchExpressions"} and bool(every) and all(_is_asked(e, request, option) for e in every)


def _is_asked(each: Mapping[str, Any], request: ConversionRequest, option: str) -> bool:
    values = listed(each.get("values"))
    texts = all(isinstance(value, str) for value in (each.get("key"), *values))
    if each.keys() != {"key", "operator", "values"} or not values or not texts:
        return False
    if each["key"] == HOSTNAME:
        named_by = {"In": "nodelist", "NotIn": "exclude"}.get(str(each["operator"]), "")
        return option == "constraint" and set(values) <= set(hosts(request.job.options.get(named_by, "")))
    words = re.split(r"[^A-Za-z0-9_.:/+-]+", request.job.options.get(option, ""))
    labels = [request.target.site.features.get(word, {}).get(each["key"]) for word in words]
    return each["operator"] == "In" and len(values) == 1 and values[0] in labels


def _launcher(request: ConversionRequest, role: Role) -> Iterator[Breach]:
    """The launcher of an MPIJob starts processes elsewhere: a little is enough, and a worker's share does no harm."""
    allowed = {
        "cpu": {Fraction(_LAUNCHER_CPUS), Fraction(request.job.resources.cpus_per_node)},
        "memory": {Fraction(mib * MIB) for mib in (_LAUNCHER_MEMORY_MIB, memory_mib(request)) if mib},
    }
    for name, several in allowed.items():
        requested, limited = role.requests.get(name), role.limits.get(name)
        if limited not in several or requested != limited:
            what = "requests" if limited in several else "limits"
            steps = (*role.spec, "containers", 0, "resources", what, name)
            yield _breach(f"P-39 a launcher has {_LAUNCHER_CPUS} CPU and 2Gi, or what a worker has: {name}", steps)


def _amounts(request: ConversionRequest, role: Role, *, works: bool) -> Iterator[Breach]:
    steps = (*role.spec, "containers", 0, "resources")
    asked = generic_resources(request) if works else {}
    for name, limit in role.limits.items():
        if role.requests.get(name, limit) > limit:
            yield _breach(f"P-40 more {name} is requested than the limit allows", (*steps, "requests", name))
    for name, amount in role.requests.items():
        if amount <= 0:
            yield _breach(f"P-40 the request for {name[:80]} is not above zero", (*steps, "requests", name))
        if name not in _COMMON and not name.startswith("nvidia.com/") and amount > asked.get(name, 0):
            yield _breach(f"P-37 the script does not ask for {name[:80]}", (*steps, "requests", name))
    scratch = Fraction(request.job.resources.tmp_per_node_mib * MIB) if works else Fraction(0)
    if max(amounts.get("ephemeral-storage", Fraction(0)) for amounts in (role.requests, role.limits)) > scratch:
        yield _breach(
            "P-37 more local scratch space than the script asks for", (*steps, "requests", "ephemeral-storage")
        )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _at(body: object, steps: Steps) -> Mapping[str, Any]:
    node = body
    for step in steps:
        node = _mapping(node).get(str(step))
    return _mapping(node)


def _breach(message: str, steps: Steps) -> Breach:
    return Breach(message=message, subject=message[:4], steps=steps)
