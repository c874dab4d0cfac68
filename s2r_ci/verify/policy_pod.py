"""The policy of a pod and its containers: P-05 to P-17 and P-38, and P-02 for every field that none of them knows."""

from collections.abc import Iterable, Iterator, Mapping
from posixpath import normpath
from types import MappingProxyType
from typing import Any, Final

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.facts import Container, Facts, Role
from s2r_ci.verify.shapes import Steps

_KNOWN_IN_POD: Final = frozenset(
    {
        "activeDeadlineSeconds", "affinity", "containers", "nodeSelector", "restartPolicy", "schedulerName",
        "securityContext", "terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints",
        "volumes",  # how pods are spread is P-36, in policy_site
    }
)  # fmt: skip
_KNOWN_IN_CONTAINER: Final = frozenset(
    {
        "args", "command", "env", "image", "imagePullPolicy", "name", "resources", "securityContext",
        "volumeMounts", "workingDir",
    }
)  # fmt: skip
_KNOWN_IN_SECURITY: Final = frozenset(
    {"fsGroup", "readOnlyRootFilesystem", "runAsGroup", "runAsNonRoot", "runAsUser", "supplementalGroups"}
)

_REFUSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "privileged": "P-05 privileged",
        "hostNetwork": "P-06 the host's network",
        "hostIPC": "P-06 the host's IPC",
        "hostPID": "P-06 the host's processes",
        "hostUsers": "P-06 the host's users",
        "shareProcessNamespace": "P-06 shared processes",
        "allowPrivilegeEscalation": "P-07 privilege escalation",
        "seccompProfile": "P-09 seccomp",
        "appArmorProfile": "P-09 AppArmor",
        "seLinuxOptions": "P-09 SELinux",
        "windowsOptions": "P-09 Windows options",
        "sysctls": "P-09 sysctls",
        "procMount": "P-09 procMount",
        "runtimeClassName": "P-09 another runtime",
        "volumeDevices": "P-11 a device of the host",
        "envFrom": "P-13 variables from elsewhere",
        "imagePullSecrets": "P-13 a secret",
        "serviceAccount": "P-14 a service account",
        "serviceAccountName": "P-14 a service account",
        "automountServiceAccountToken": "P-14 a service account's token",
        "initContainers": "P-15 further containers",
        "ephemeralContainers": "P-15 further containers",
        "lifecycle": "P-16 a second command",
        "livenessProbe": "P-16 a second command",
        "readinessProbe": "P-16 a second command",
        "startupProbe": "P-16 a second command",
        "ports": "P-17 ports",
        "priority": "P-35 priority in the pod",
        "priorityClassName": "P-35 priority in the pod",
        "preemptionPolicy": "P-35 priority in the pod",
        "nodeName": "P-36 a node",
        "resourceClaims": "P-37 a resource claim",
        "claims": "P-37 a resource claim",
    }
)

_HARMLESS: Final[Mapping[str, object]] = MappingProxyType(
    {
        "privileged": False, "hostNetwork": False, "hostIPC": False, "hostPID": False, "hostUsers": False,
        "shareProcessNamespace": False, "allowPrivilegeEscalation": False,
        "automountServiceAccountToken": False, "seccompProfile": {"type": "RuntimeDefault"},
    }
)  # fmt: skip
"""Values that take a right away, or give none: a hand may add them."""

_CONFIGURED_VOLUMES: Final = frozenset({"secret", "configMap", "projected", "downwardAPI"})
_CLUSTER_SOURCES: Final = frozenset({"fieldRef", "resourceFieldRef"})


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Every pod of the workload."""
    claims = {volume.claim for volume in request.target.site.volumes.values()}
    for role in facts.roles:
        yield from _fields(role.node, _KNOWN_IN_POD, role.spec)
        yield from _security(role.node.get("securityContext"), (*role.spec, "securityContext"))
        if len(role.containers) > 1:
            steps = (*role.spec, "containers", 1)
            yield Breach(message="P-15 further containers: a batch script has one", subject="P-15", steps=steps)
        yield from _volumes(role, claims)
        for container in role.containers:
            yield from _container(container)


def _container(container: Container) -> Iterator[Breach]:
    yield from _fields(container.node, _KNOWN_IN_CONTAINER, container.steps)
    resources = container.node.get("resources")
    yield from _fields(
        resources if isinstance(resources, dict) else {}, ("limits", "requests"), (*container.steps, "resources")
    )
    security = container.node.get("securityContext")
    yield from _security(security, (*container.steps, "securityContext"))
    for name, source in container.sources.items():
        if source not in _CLUSTER_SOURCES:
            message = f"P-13 the variable {name!r} is taken from {source or 'an unknown source'}"
            yield Breach(message=message, subject="P-13", steps=(*container.steps, "env"))
    places = [(container.working_directory, "workingDir")]
    places += [(mount.get("mountPath", ""), "volumeMounts") for mount in container.mounts]
    for path, field in places:
        if path != "" and not _is_plain(path):
            message = f"P-38 not an absolute, plain path: {str(path)[:120]!r}"
            yield Breach(message=message, subject="P-38", steps=(*container.steps, field))


def _security(value: object, steps: Steps) -> Iterator[Breach]:
    context = value if isinstance(value, dict) else {}
    yield from _fields(context, _KNOWN_IN_SECURITY | {"capabilities"}, steps)
    capabilities = context.get("capabilities")
    if capabilities is not None and not (isinstance(capabilities, dict) and set(capabilities) <= {"drop"}):
        message = "P-08 capabilities may only be dropped"
        yield Breach(message=message, subject="P-08", steps=(*steps, "capabilities"))
    user = context.get("runAsUser", 1)
    if isinstance(user, bool) or not isinstance(user, int) or user < 1:
        yield Breach(message="P-10 runs as root", subject="P-10", steps=(*steps, "runAsUser"))
    listed = context.get("supplementalGroups")
    groups = [
        context.get("runAsGroup", 1),
        context.get("fsGroup", 1),
        *(listed if isinstance(listed, list) else []),
    ]
    if any(isinstance(group, bool) or not isinstance(group, int) or group < 1 for group in groups):
        yield Breach(message="P-10 belongs to the group of root", subject="P-10", steps=steps)
    if context.get("runAsNonRoot", True) is not True:
        yield Breach(message="P-10 may run as root", subject="P-10", steps=(*steps, "runAsNonRoot"))


def _fields(node: Mapping[str, Any], known: Iterable[str], steps: Steps) -> Iterator[Breach]:
    for key in node:
        if key in known:
            continue
        refused = _REFUSED.get(key)
        if refused is None:
            message = f"P-02 unknown field {str(key)[:80]!r}"
            yield Breach(message=message, subject="P-02", steps=(*steps, key))
        elif key not in _HARMLESS or not _same(node[key], _HARMLESS[key]):
            yield Breach(message=f"{refused}: {key}", subject=refused[:4], steps=(*steps, key))


def _same(value: object, harmless: object) -> bool:
    return type(value) is type(harmless) and value == harmless  # 0 is not false here


def _volumes(role: Role, claims: set[str]) -> Iterator[Breach]:
    for index, volume in enumerate(role.volumes):
        steps = (*role.spec, "volumes", index)
        for kind in volume:
            if kind == "name":
                continue
            if message := _volume(kind, volume[kind], claims, _places(role, volume.get("name"))):
                yield Breach(message=message, subject=message[:4], steps=(*steps, kind))


def _places(role: Role, name: object) -> set[object]:
    return {
        mount.get("mountPath")
        for c in role.containers
        for mount in c.mounts
        if mount.get("name") == name and _hashable(mount)
    }


def _hashable(mount: Mapping[str, Any]) -> bool:
    return isinstance(mount.get("mountPath"), str)


def _volume(kind: str, value: object, claims: set[str], places: set[object]) -> str:
    """What is wrong with a volume of this kind; empty for nothing."""
    node = value if isinstance(value, dict) else {}
    if kind == "hostPath":
        return "P-11 a folder of the host"
    if kind == "persistentVolumeClaim":
        claim = node.get("claimName")
        known = isinstance(claim, str) and claim in claims
        return "" if known else f"P-12 the claim {str(claim)[:80]!r} is not in the site map"
    if kind in _CONFIGURED_VOLUMES:
        return f"P-13 a volume made of {kind}"
    if kind != "emptyDir":
        return f"P-12 a volume of the kind {str(kind)[:80]!r}"
    if node.get("medium", "") not in ("", None) and places - {"/dev/shm"}:  # noqa: S108 - a mount, not a file
        return "P-37 memory as a folder outside /dev/shm"
    return ""


def _is_plain(path: object) -> bool:
    if not isinstance(path, str) or not path.startswith("/") or path.startswith("//"):
        return False
    return normpath(path) == (path.rstrip("/") or "/")
