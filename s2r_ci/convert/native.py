"""The ledger in a target's own fields: where each entry of the Kubernetes ledger goes in the other forms.

One row a field, one column a target. An entry keeps its disposition where the target's manifest holds the field, and
is not expressible, with the row's reason, where it does not.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from s2r_ci.convert.uneven import said_with
from s2r_ci.frozen import replace
from s2r_ci.model import Disposition, LedgerEntry, Manifest
from s2r_ci.patterns import lazy
from s2r_ci.runai import storage
from s2r_ci.runai.backlinks import resolve
from s2r_ci.runai.distribution import JOB, Plan
from s2r_ci.runai.targets import CLI, KAI, REST, V2ALPHA1


class Row(NamedTuple):
    """``field`` is matched against the end of a path of the target kubernetes; its groups fill the columns."""

    field: re.Pattern[str]
    columns: Mapping[str, str]  # target -> path; a target without a column has no such field
    lost: str  # why, where the manifest does not hold it
    near: str = ""  # what is different, where it does


def _row(field: str, v2alpha1: str, rest: str, cli: str, lost: str, *, near: str = "", kai: str = "") -> Row:
    columns = {V2ALPHA1: v2alpha1, REST: rest, CLI: cli, KAI: kai}
    return Row(
        re.compile(field), MappingProxyType({name: path for name, path in columns.items() if path}), lost, near
    )


_SIZES: Final = r"resources\.(?:limits|requests)\."
ROWS: Final = (
    _row(r"^metadata\.name$", "spec.name.value", "name", "metadata.name", "it has no name"),
    _row(
        r"labels\.project$", "metadata.labels.project", "projectId", "flags.project",
        "the project is chosen at submission", kai="metadata.labels.kai.scheduler/queue",
    ),
    _row(
        r"labels\.priorityClassName$", "", "spec.priorityClass", "flags.priority",
        "no priority is proven to act on a custom resource", kai="metadata.labels.priorityClassName",
        near="",
    ),
    _row(
        r"annotations\.runai-nodepools$", "spec.nodePools.value", "spec.nodePools", "flags.node-pools",
        "there are no node pools", kai="{template}.metadata.labels.kai.scheduler/node-pool",
    ),
    _row(
        r"nodeSelector$", "spec.nodeType.value", "spec.nodeAffinityRequired", "flags.node-type",
        "of all node labels only run.ai/type can be asked for, alone",
    ),
    _row(r"podAntiAffinity$", "", "", "", "no field keeps the pods of others off its node"),
    _row(
        r"affinity(?:\..*)?$", "", "spec.nodeAffinityRequired", "flags.exclude-node",
        "no field takes a list of nodes or labels",
    ),
    _row(_SIZES + r"cpu$", "spec.cpu.value", "spec.compute.cpuCoreRequest", "flags.cpu-core-request", "no CPUs"),
    _row(
        _SIZES + r"memory$", "spec.memory.value", "spec.compute.cpuMemoryRequest", "flags.cpu-memory-request",
        "no amount of memory",
    ),
    _row(
        _SIZES + r"nvidia\.com/gpu$", "spec.gpuDevices.value", "spec.compute.gpuDevicesRequest",
        "flags.gpu-devices-request", "no GPUs",
    ),
    _row(
        r"annotations\.gpu-fraction$", "spec.gpu.value", "spec.compute.gpuPortionRequest", "flags.gpu-portion-request",
        "no part of a GPU",
    ),
    _row(
        _SIZES + r"ephemeral-storage$", "", "spec.storage.emptyDirVolume", "flags.empty-dir-volume",
        "no field asks for local space", near="a limit on /tmp; nothing is reserved on the node",
    ),
    _row(
        _SIZES + r"\S+/\S+$", "", "spec.compute.extendedResources", "flags.extended-resource",
        "the shape of extended resources in a custom resource is not known",
    ),
    _row(
        r"activeDeadlineSeconds$", "{runner}.arguments.value", "{runner}.args", "{words}",
        "there is no field for a time limit",
        near="no field holds a limit: a wrapper ends the script at it",
    ),
    _row(r"completions$", "", "", "indexes", "its pods get no index", near="one workload an id, all at once"),
    _row(
        r"backoffLimit(?:PerIndex)?$", "spec.terminateAfterPreemption.value", "spec.preemptibility",
        "flags.preemptibility", "the platform starts a preempted workload again by itself",
        near="by what happens at a preemption; the loss of a node ends it either way",
    ),
    _row(
        r"suspend$", "spec.active.value", "", "",
        "it can only be suspended after it was made: `runai training suspend`, or the API's /suspend",
    ),
    _row(
        r"\.env(?:\.(?P<name>\w+))?$", "{runner}.environment.items.{name}.value",
        "{runner}.environmentVariables.{name}", "flags.environment-variable", "it takes no field of the pod",
    ),
    _row(r"\.args(?:\[0\])?$", "{runner}.arguments.value", "{runner}.args", "{words}", "no arguments"),
    _row(r"\.image$", "spec.image.value", "spec.image", "flags.image", "no image"),
    _row(r"\.workingDir$", "{runner}.workingDir.value", "{runner}.workingDir", "flags.working-dir", "no folder"),
    _row(
        r"\.volumeMounts$", "spec.pvcs", "spec.storage.pvc", "flags.existing-pvc",
        "only a whole claim can be mounted, on the command line a writable one: let the site map name such a claim for "
        "this folder",
    ),
    _row(
        r"nprocPerNode$|slotsPerWorker$", "", "spec.slotsPerWorker", "flags.slots-per-worker",
        "how many processes a pod starts cannot be said; the launcher in the script has to",
    ),
    _row(
        r"(?:pytorch|mpi)ReplicaSpecs(?:\.Worker\.replicas)?$", "spec.workers.value", "spec.numWorkers",
        "flags.workers", "no number of workers",
    ),
    _row(r"topology", "", "", "flags.required-pod-topology-key", "the topology cannot be named"),
    _row(
        r"metadata\.annotations(?:\..*)?$", "spec.annotations", "spec.annotations", "flags.annotation",
        "no annotation",
    ),
)  # fmt: skip


def in_words_of(entry: LedgerEntry, made: Plan, manifest: Manifest) -> LedgerEntry:
    """The entry as the target of this plan has it; one without a field, and one of kubernetes, stay as they are."""
    target = made.request.target.name
    row = next((row for row in ROWS if row.field.search(entry.field)), None) if entry.field else None
    if row is None or (target == KAI and KAI not in row.columns):
        return replace(entry, field=_whole(entry.field, made, target))
    found = row.field.search(entry.field)
    if _NAMES_MODEL.search(entry.field) and made.job.resources.gpu_model and _loses_model(made, manifest):
        lost = f"the count is kept, the model {made.job.resources.gpu_model} is not: "
        reason = said_with(entry, lost + _row_of("nodeSelector").lost)
        return replace(entry, field="", disposition=Disposition.NOT_EXPRESSIBLE, reason=reason)
    path = row.columns.get(target, "").format(**_places(made, found.groupdict() if found else {}))
    path = path.removesuffix(".items..value").removesuffix(".")
    absent = entry.item.name in _NOT_THERE.get(path, ()) or (path == _CLAIMS and _in_part(entry, made))
    if path and not absent and resolve(path, manifest.body):
        if row.near and entry.disposition in (Disposition.EXACT, Disposition.APPROXIMATE) and target != KAI:
            reason = said_with(entry, row.near)
            return replace(entry, field=path, disposition=Disposition.APPROXIMATE, reason=reason)
        return replace(entry, field=path)
    if entry.disposition is Disposition.NEEDS_ANSWER:
        return replace(entry, field="")
    reason = said_with(entry, row.lost)
    return replace(entry, field="", disposition=Disposition.NOT_EXPRESSIBLE, reason=reason)


_NOT_THERE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "flags.exclude-node": frozenset({"nodelist", "constraint", "prefer"}),
        "spec.nodeAffinityRequired": frozenset({"prefer"}),
    }
)
"""Options that a field does not hold, though another option of the same script may have filled it."""

_CLAIMS: Final = "flags.existing-pvc"


def _in_part(entry: LedgerEntry, made: Plan) -> bool:
    """Whether the path lies on a volume that the command line leaves out: a part of a claim, or a read-only one."""
    volumes = made.request.target.site.volumes
    prefix = storage.prefix_of(entry.item.name, volumes)
    return prefix is not None and bool(volumes[prefix].sub_path or volumes[prefix].read_only)


_NAMES_MODEL: Final = lazy(r"nvidia\.com/gpu$")


def _loses_model(made: Plan, manifest: Manifest) -> bool:
    """Whether the labels that stand for the GPU's model have no place in this manifest."""
    target = made.request.target
    asks = bool(target.site.gpus.get(made.job.resources.gpu_model))
    path = _row_of("nodeSelector").columns.get(target.name, "")
    return asks and target.name != KAI and not resolve(path, manifest.body)


def _row_of(field: str) -> Row:
    return next(row for row in ROWS if row.field.search(field))


def _whole(field: str, made: Plan, target: str) -> str:
    """A path that no row names: the pod as a whole, which in the other forms is the spec."""
    if target == KAI or not field:
        return field
    return "flags" if target == CLI else "spec"


def _places(made: Plan, groups: Mapping[str, str | None]) -> dict[str, str]:
    first = made.kind != JOB
    runner = {V2ALPHA1: "masterSpec" if first else "spec", REST: "masterSpec" if first else "spec"}
    return {
        "name": groups.get("name") or "",
        "template": made.template,
        "runner": runner.get(made.request.target.name, ""),
        "words": "flags.master-args" if first else "words",
    }
