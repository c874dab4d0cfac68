"""A pod in the words that Run:ai's own forms share: what their writers read, whatever the kind above it.

Custom resources, REST bodies and the command line describe one container with sizes, claims and pools, and nothing
that Kubernetes adds around it. ``pod_of`` takes a pod template as the Kubernetes target has it and gives those words,
so that an option is mapped once and every form follows.
"""

import shlex
from collections.abc import Mapping
from typing import Any, Final

from s2r_ci.errors import ConversionError
from s2r_ci.frozen import field, frozen
from s2r_ci.runai import manifest, scheduling, sharing
from s2r_ci.runai.compute import GPU_RESOURCE
from s2r_ci.runai.distribution import JOB, MPI, PYTORCH, Plan
from s2r_ci.runai.environment import UID
from s2r_ci.runai.quantities import quantity

NODE_TYPE: Final = "run.ai/type"
GROUP_FIELD: Final = "metadata.annotations['pod-group-name']"
"""Where the pods of a native workload have in common what is theirs alone: the scheduler's pod grouper writes it."""

_COMMON: Final = frozenset({"cpu", "memory", "ephemeral-storage", GPU_RESOURCE})


@frozen
class Claim:
    """A PersistentVolumeClaim and where it is mounted."""

    name: str
    path: str
    sub_path: str = ""
    read_only: bool = False


@frozen
class Pod:
    """One pod. Amounts are Kubernetes quantities; ``words`` is the whole command, empty for the image's own."""

    image: str
    words: tuple[str, ...] = ()
    working_directory: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)  # name -> field of the pod
    cpu: str = ""
    memory: str = ""
    gpus: int = 0
    fraction: str = ""  # of each of ``gpus``
    devices: Mapping[str, str] = field(default_factory=dict)  # extended resources
    scratch: str = ""
    claims: tuple[Claim, ...] = ()
    large_shm: bool = False
    pools: tuple[str, ...] = ()
    selector: Mapping[str, str] = field(default_factory=dict)
    terms: tuple[Mapping[str, Any], ...] = ()  # required node affinity

    @property
    def command(self) -> str:
        """The program, for the forms that want it apart from its arguments."""
        return self.words[0] if self.words else ""

    @property
    def arguments(self) -> str:
        """The other words as one text, quoted as a shell would read them back."""
        return shlex.join(self.words[1:])

    @property
    def node_type(self) -> str:
        """The node type, where the type is all that is asked of a node."""
        return self.selector[NODE_TYPE] if set(self.selector) == {NODE_TYPE} else ""


def pod_of(made: Plan, role: str) -> Pod:
    """The pod of a role: main, Master, Launcher or Worker."""
    template = manifest.template(made, role)
    spec = template["spec"]
    container = spec["containers"][0]
    limits = container["resources"]["limits"]
    annotations = template.get("metadata", {}).get("annotations", {})
    entries = container.get("env", ())
    return Pod(
        image=container["image"],
        words=(*container.get("command", ()), *container.get("args", ())),
        working_directory=container.get("workingDir", ""),
        environment={entry["name"]: entry["value"] for entry in entries if "value" in entry},
        references={entry["name"]: _reference(entry) for entry in entries if "valueFrom" in entry},
        cpu=limits["cpu"],
        memory=limits.get("memory", ""),
        gpus=int(limits.get(GPU_RESOURCE, annotations.get(sharing.DEVICES, 0))),
        fraction=annotations.get(sharing.FRACTION, ""),
        devices={name: amount for name, amount in limits.items() if name not in _COMMON},
        scratch=limits.get("ephemeral-storage", ""),
        claims=_claims(spec, container),
        large_shm=any(
            "emptyDir" in volume and "medium" in volume["emptyDir"] for volume in spec.get("volumes", ())
        ),
        pools=tuple(annotations.get(scheduling.POOLS_ANNOTATION, "").split()),
        selector=spec.get("nodeSelector", {}),
        terms=_terms(spec),
    )


def roles_of(made: Plan) -> tuple[str, str]:
    """The role that runs the script, and the one whose pods do the work."""
    return {JOB: ("main", "main"), PYTORCH: ("Master", "Worker"), MPI: ("Launcher", "Worker")}[made.kind]


def refuse_parts(made: Plan, pod: Pod) -> None:
    """Raises ConversionError for a part of several GPUs: a native form divides one."""
    if pod.fraction and pod.gpus > 1:
        raise ConversionError(
            f"parts of {pod.gpus} GPUs have no counterpart in the target {made.request.target.name}: it divides one",
            where=str(made.job.origins.get("gpus") or made.request.script.path),
            hint="take the target kubernetes, or ask for whole GPUs",
        )


def number(text: str) -> float | int:
    """A quantity as the plain number that APIs want: 8, 0.5."""
    value = quantity(text or "0")
    return int(value) if value.denominator == 1 else float(value)


def refuse_array(made: Plan) -> None:
    """Raises ConversionError for an array: no native workload is proven to give its pods an index."""
    if made.job.array is not None:
        raise ConversionError(
            f"an array has no counterpart in the target {made.request.target.name}: its pods get no index",
            where=str(made.job.origins.get("array") or made.request.script.path),
            hint="take the target kubernetes (an Indexed Job) or cli (one workload an index)",
        )


def _reference(entry: Mapping[str, Any]) -> str:
    """The uid of a Kubernetes workload stands in a label that native pods do not have."""
    return GROUP_FIELD if entry["name"] == UID else str(entry["valueFrom"]["fieldRef"]["fieldPath"])


def _claims(spec: Mapping[str, Any], container: Mapping[str, Any]) -> tuple[Claim, ...]:
    names = {
        volume["name"]: volume["persistentVolumeClaim"]["claimName"]
        for volume in spec.get("volumes", ())
        if "persistentVolumeClaim" in volume
    }
    return tuple(
        Claim(
            name=names[mount["name"]],
            path=mount["mountPath"],
            sub_path=mount.get("subPath", ""),
            read_only=mount.get("readOnly", False),
        )
        for mount in container.get("volumeMounts", ())
        if mount["name"] in names
    )


def _terms(spec: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    required = (
        spec.get("affinity", {}).get("nodeAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution")
    )
    return tuple(required["nodeSelectorTerms"]) if required else ()
