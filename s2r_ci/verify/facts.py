"""The judge's reader: what a manifest says, in one neutral form, whoever wrote it.

It shares nothing with the writer: own field paths, own arithmetic, own quantities. It takes any JSON value and
never raises; a node of the wrong shape is left out and remembered in ``Facts.oddities``. Texts are given as the
kubelet hands them to the container, with its own ``$(NAME)`` and ``$$`` already done.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

from s2r_ci.frozen import field, frozen
from s2r_ci.model import Manifest
from s2r_ci.patterns import lazy
from s2r_ci.verify.shapes import Oddity, Shapes, Steps, arrives, gather

Amounts = Mapping[str, Fraction]

MIB: Final = 1024**2
MOST_NODES: Final = 2000
DEEPEST: Final = 16
ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "PyTorchJob": ("spec", "pytorchReplicaSpecs"),
    "MPIJob": ("spec", "mpiReplicaSpecs"),
}
SHELL: Final = ("/bin/sh", "-c")

_DECODED: Final = lazy(r"base64\s+(?:-d|-D|--decode)\b")


@frozen
class Container:
    """One container of a pod."""

    steps: Steps
    name: str
    image: str
    working_directory: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    environment: Mapping[str, str | None]  # None: only the cluster knows the value
    sources: Mapping[str, str]  # name -> what its value comes from: fieldRef, secretKeyRef, ...
    fields: Mapping[str, str]  # name -> the field of the pod that a fieldRef names
    requests: Amounts
    limits: Amounts
    mounts: tuple[Mapping[str, Any], ...]
    node: Mapping[str, Any]

    @cached_property
    def carries(self) -> bool:
        """The settled form: ``sh -c PRELUDE FILE-NAME BODY ARGUMENTS``."""
        return self.command == SHELL and len(self.args) >= 2

    @property
    def prelude(self) -> str:
        """The shell text that runs before the script; empty in any other form."""
        return self.args[0] if self.carries else ""

    @property
    def script_name(self) -> str:
        """What the script is called in the container: ``$0`` of the prelude."""
        return self.args[1] if self.carries else ""

    @cached_property
    def encoded(self) -> bool:
        """The body travels as base64."""
        return bool(_DECODED.search(self.prelude))

    @cached_property
    def body(self) -> bytes | None:
        """The octets of the script as they arrive; None where there are none, or no base64."""
        if not self.carries or len(self.args) < 3:
            return None
        octets = self.args[2].encode("utf-8", "surrogatepass")
        try:
            return base64.b64decode(b"".join(octets.split()), validate=True) if self.encoded else octets
        except binascii.Error:
            return None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of the script."""
        return self.args[3:] if self.carries else ()


@frozen
class Role:
    """One kind of pod in the workload: the only one of a Job, or Master, Worker, Launcher."""

    name: str  # "" in a Job
    steps: Steps  # of the pod template
    replicas: int | None
    restart_policy: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    deadline_s: int | None
    grace_s: int | None
    scheduler: str
    node_selector: Mapping[str, str]
    affinity: Any
    tolerations: tuple[Any, ...]
    containers: tuple[Container, ...]
    volumes: tuple[Mapping[str, Any], ...]
    node: Mapping[str, Any]  # the pod spec

    @property
    def spec(self) -> Steps:
        """The steps of the pod spec."""
        return (*self.steps, "spec")

    @property
    def main(self) -> Container | None:
        """The first container; policy allows no other."""
        return self.containers[0] if self.containers else None

    @cached_property
    def limits(self) -> Amounts:
        """Of all containers of the pod."""
        return _sum(container.limits for container in self.containers)

    @cached_property
    def requests(self) -> Amounts:
        """Of all containers of the pod; what is not requested is what is limited, as Kubernetes defaults it."""
        return _sum({**container.limits, **container.requests} for container in self.containers)

    @property
    def pools(self) -> tuple[str, ...]:
        """The node pools, in order."""
        return tuple(self.annotations.get("runai-nodepools", "").split())


@frozen
class Facts:
    """A manifest in the judge's words. A number that is not said is None."""

    api_version: str
    kind: str
    name: str
    namespace: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    roles: tuple[Role, ...]
    completions: int | None = None
    parallelism: int | None = None
    completion_mode: str = ""
    backoff_limit: int | None = None  # of the Job, or of runPolicy
    backoff_limit_per_index: int | None = None
    max_failed_indexes: int | None = None
    failure_policy: tuple[Mapping[str, Any], ...] = ()
    deadline_s: int | None = None  # of the Job or of runPolicy: its clock does not start with the pod
    processes_per_pod: str = ""  # nprocPerNode, slotsPerWorker
    waits_for_workers: bool = False  # launcherCreationPolicy: WaitForWorkersReady
    launcher_works: bool = False  # runLauncherAsWorker
    suspend: bool = False
    oddities: tuple[Oddity, ...] = ()
    form: str = ""  # the native target; empty for the standard kinds
    unsaid: frozenset[str] = frozenset()  # what this form has no field for
    preemption_ends: object = None  # of a native workload: terminateAfterPreemption
    native_backoff: object = None  # of a native workload: backoffLimit
    body: Any = field(default=None, repr=False)

    @property
    def indexed(self) -> bool:
        """Each pod of the Job has a number of its own."""
        return self.completion_mode == "Indexed"

    @cached_property
    def texts(self) -> list[str] | None:
        """All keys and texts of the document; None where it has too many nodes or they lie too deep."""
        return gather(self.body, most_nodes=MOST_NODES, deepest=DEEPEST)

    @property
    def policy_steps(self) -> Steps:
        """Where deadline, retries and suspension of the whole workload stand."""
        return ("spec",) if self.kind == "Job" else ("spec", "runPolicy")

    @cached_property
    def workers(self) -> tuple[Role, ...]:
        """The roles that stand for the nodes of the job."""
        idle = self.kind == "MPIJob" and not self.launcher_works
        return tuple(role for role in self.roles if not (idle and role.name == "Launcher"))

    @cached_property
    def carriers(self) -> tuple[Role, ...]:
        """The roles whose pods run the script: of several only the first pod's, as Slurm runs it on the first node."""
        first = {"MPIJob": "Launcher", "PyTorchJob": "Master"}.get(self.kind)
        return tuple(role for role in self.roles if first is None or role.name == first)

    @cached_property
    def agents(self) -> tuple[Role, ...]:
        """The roles whose pods do what srun asks of the other nodes."""
        return tuple(role for role in self.roles if self.kind == "PyTorchJob" and role.name != "Master")

    @property
    def pods(self) -> int | None:
        """How many pods stand for nodes; None where a count is missing."""
        if self.kind == "Job":
            return 1 if self.completions is None else self.completions
        counts = [role.replicas for role in self.workers]
        return None if None in counts else sum(count or 0 for count in counts)


def read_facts(manifest: Manifest) -> Facts:
    """What the manifest says. Takes any JSON value, never raises."""
    return _Reader().facts(manifest.body)


def _sum(every: Iterable[Amounts]) -> Amounts:
    total: dict[str, Fraction] = {}
    for amounts in every:
        for name, amount in amounts.items():
            total[name] = total[name] + amount if name in total else amount
    return total


class _Reader(Shapes):
    """Walks one manifest and remembers what was odd on the way."""

    def facts(self, body: object) -> Facts:
        root = self.mapping(body, ())
        kind = self.text(root.get("kind"), ("kind",))
        metadata = self.mapping(root.get("metadata"), ("metadata",))
        spec = self.mapping(root.get("spec"), ("spec",))
        run = spec if kind == "Job" else self.mapping(spec.get("runPolicy"), ("spec", "runPolicy"))
        above: Steps = ("spec",) if kind == "Job" else ("spec", "runPolicy")
        integer = self.integer
        return Facts(
            api_version=self.text(root.get("apiVersion"), ("apiVersion",)),
            kind=kind,
            name=self.text(metadata.get("name"), ("metadata", "name")),
            namespace=self.text(metadata.get("namespace"), ("metadata", "namespace")),
            labels=self.texts(metadata.get("labels"), ("metadata", "labels")),
            annotations=self.texts(metadata.get("annotations"), ("metadata", "annotations")),
            roles=self.roles(kind, spec),
            completions=integer(spec.get("completions"), ("spec", "completions")),
            parallelism=integer(spec.get("parallelism"), ("spec", "parallelism")),
            completion_mode=self.text(spec.get("completionMode"), ("spec", "completionMode")),
            backoff_limit=integer(run.get("backoffLimit"), (*above, "backoffLimit")),
            backoff_limit_per_index=integer(spec.get("backoffLimitPerIndex"), ("spec", "backoffLimitPerIndex")),
            max_failed_indexes=integer(spec.get("maxFailedIndexes"), ("spec", "maxFailedIndexes")),
            failure_policy=self.failure_policy(spec.get("podFailurePolicy")),
            deadline_s=integer(run.get("activeDeadlineSeconds"), (*above, "activeDeadlineSeconds")),
            processes_per_pod=str(spec.get("nprocPerNode" if kind == "PyTorchJob" else "slotsPerWorker", "")),
            waits_for_workers=spec.get("launcherCreationPolicy") == "WaitForWorkersReady",
            launcher_works=self.truth(spec.get("runLauncherAsWorker"), ("spec", "runLauncherAsWorker")),
            suspend=self.truth(run.get("suspend"), (*above, "suspend")),
            oddities=tuple(self.oddities),
            body=body,
        )

    def roles(self, kind: str, spec: Mapping[str, Any]) -> tuple[Role, ...]:
        if kind not in ROLES:
            return (self.role("", {"template": spec["template"]}, ("spec",)),) if "template" in spec else ()
        above = ROLES[kind]
        every = self.mapping(spec.get(above[-1]), above)
        return tuple(self.role(str(name), every[name], (*above, name)) for name in every)

    def role(self, name: str, value: object, steps: Steps) -> Role:
        role = self.mapping(value, steps)
        above = (*steps, "template")
        template = self.mapping(role.get("template"), above)
        metadata = self.mapping(template.get("metadata"), (*above, "metadata"))
        here = (*above, "spec")
        pod = self.mapping(template.get("spec"), here)
        return Role(
            name=name,
            steps=above,
            replicas=self.integer(role.get("replicas"), (*steps, "replicas")),
            restart_policy=self.text((role if name else pod).get("restartPolicy"), (*steps, "restartPolicy")),
            labels=self.texts(metadata.get("labels"), (*above, "metadata", "labels")),
            annotations=self.texts(metadata.get("annotations"), (*above, "metadata", "annotations")),
            deadline_s=self.integer(pod.get("activeDeadlineSeconds"), (*here, "activeDeadlineSeconds")),
            grace_s=self.integer(
                pod.get("terminationGracePeriodSeconds"), (*here, "terminationGracePeriodSeconds")
            ),
            scheduler=self.text(pod.get("schedulerName"), (*here, "schedulerName")),
            node_selector=self.texts(pod.get("nodeSelector"), (*here, "nodeSelector")),
            affinity=pod.get("affinity"),
            tolerations=tuple(self.items(pod.get("tolerations"), (*here, "tolerations"))),
            containers=self.each(self.container, pod.get("containers"), (*here, "containers")),
            volumes=self.each(self.mapping, pod.get("volumes"), (*here, "volumes")),
            node=pod,
        )

    def container(self, value: object, steps: Steps) -> Container:
        node = self.mapping(value, steps)
        environment, sources, fields = self.environment(node.get("env"), (*steps, "env"))
        resources = self.mapping(node.get("resources"), (*steps, "resources"))

        def words(key: str) -> tuple[str, ...]:
            return tuple(arrives(word, environment) for word in self.strings(node.get(key), (*steps, key)))

        return Container(
            steps=steps,
            name=self.text(node.get("name"), (*steps, "name")),
            image=self.text(node.get("image"), (*steps, "image")),
            working_directory=self.text(node.get("workingDir"), (*steps, "workingDir")),
            command=words("command"),
            args=words("args"),
            environment=environment,
            sources=sources,
            fields=fields,
            requests=self.amounts(resources.get("requests"), (*steps, "resources", "requests")),
            limits=self.amounts(resources.get("limits"), (*steps, "resources", "limits")),
            mounts=self.each(self.mapping, node.get("volumeMounts"), (*steps, "volumeMounts")),
            node=node,
        )

    def environment(
        self, value: object, steps: Steps
    ) -> tuple[dict[str, str | None], dict[str, str], dict[str, str]]:
        environment: dict[str, str | None] = {}
        sources: dict[str, str] = {}
        fields: dict[str, str] = {}
        for index, entry in enumerate(self.each(self.mapping, value, steps)):
            name = self.text(entry.get("name"), (*steps, index, "name"))
            if name in environment:
                self.odd((*steps, index), f"the variable {name!r} is set twice")
            if "valueFrom" in entry:
                environment[name] = None
                source = self.mapping(entry["valueFrom"], (*steps, index, "valueFrom"))
                sources[name] = next(iter(source), "") if len(source) == 1 else ""
                place = (*steps, index, "valueFrom", "fieldRef")
                fields[name] = self.text(self.mapping(source.get("fieldRef"), place).get("fieldPath"), place)
            else:
                environment[name] = arrives(self.text(entry.get("value"), (*steps, index, "value")), environment)
        return environment, sources, fields

    def failure_policy(self, value: object) -> tuple[Mapping[str, Any], ...]:
        steps = ("spec", "podFailurePolicy")
        return self.each(self.mapping, self.mapping(value, steps).get("rules"), (*steps, "rules"))
