"""Which promise a node of a manifest belongs to, and which changes of it break none.

A promise is a row of the published table. A node is placed by the steps to it; the last pattern that fits decides, so
that each node, whatever a future mapping writes, has one.
"""

import re
from typing import Any, Final

from benchmarks.judge import native
from benchmarks.judge.nodes import Steps, at

_PATTERNS: Final = (
    ("other fields", r".*"),
    ("kind", r"apiVersion|kind"),
    ("names", r"metadata\.(name|namespace|annotations\.s2r-ci/(job-name|comment|wckey))|.*containers\.\d+\.name"),
    ("replicas", r".*\.replicas|.*ReplicaSpecs(\.\w+)?|.*batch-min-member"),
    ("tasks and ranks", r"spec\.(nprocPerNode|slotsPerWorker)|.*env\[SLURM_(NTASKS|NPROCS|TASKS|NNODES|JOB_NUM_NODES).*"),
    ("generic resources", r".*resources\.\w+\.[\w.-]+\.[a-z]+/\w+"),
    ("GPUs", r".*resources\.\w+\.nvidia\.com/.*|.*annotations\.gpu-.*|.*env\[SLURM_GPUS.*"),
    ("CPU", r".*resources\.\w+\.cpu|.*env\[SLURM_(CPUS|JOB_CPUS).*"),
    ("memory", r".*resources\.\w+\.memory|.*env\[SLURM_MEM.*"),
    ("ephemeral storage", r".*resources\.\w+\.ephemeral-storage"),
    ("time limit", r".*(activeDeadlineSeconds|launcherCreationPolicy|terminationGracePeriodSeconds)"),
    ("array", r"spec\.(completions|parallelism|completionMode)|.*env\[(S2R_ARRAY|SLURM_ARRAY).*"),
    (
        "retries and preemption",
        r".*(backoffLimit|backoffLimitPerIndex|maxFailedIndexes|podFailurePolicy.*|podReplacementPolicy|restartPolicy"
        r"|cleanPodPolicy|preemptibility)",
    ),
    ("placement", r".*(nodeSelector.*|affinity.*|runai-nodepools|schedulerName|priorityClassName|topology.*)"),
    ("project", r"metadata\.labels\.(project|runai/queue|kai.scheduler/queue)"),
    ("working directory", r".*workingDir"),
    ("environment", r".*\.env(\[(?!S2R_ARRAY|SLURM_(ARRAY|NTASKS|NPROCS|TASKS|NNODES|JOB_NUM|GPUS|CPUS|JOB_CPUS|MEM)).*)?"),
    ("image", r".*\.image"),
    ("command", r".*\.(command|args)(\.\d+)?"),
    ("volumes", r".*\.(volumes|volumeMounts)(\..*)?"),
    ("hold", r".*suspend"),
)  # fmt: skip
_COMPILED: Final = tuple((name, re.compile(pattern)) for name, pattern in reversed(_PATTERNS))

PROMISES: Final = (*(name for name, _ in _PATTERNS[1:]), _PATTERNS[0][0])
WHOLE: Final = frozenset({"GPUs", "memory", "time limit", "array", "command"})
"""Promises of which every fault has to be caught."""

HARMLESS: Final = (
    ("drop", r".*resources\.requests(\..*)?", "Kubernetes takes the limits for requests that are not said"),
    ("drop", r".*maxFailedIndexes", "without it no number of failures ends the other indexes"),
    ("drop", r".*podReplacementPolicy", "with a failure policy Kubernetes has no other"),
    ("drop", r".*annotations\.s2r-ci/job-name", "kept for people, and only where Kubernetes cannot hold the name"),
    ("drop", r".*cleanPodPolicy", "when finished pods go away is no promise"),
    ("drop", r".*Worker.restartPolicy", "Never is the operator's default (checked for MPIJob; a PyTorchJob is caught)"),
    ("drop", r".*schedulerName", "Run:ai sets it by itself in its projects"),
    ("drop", r".*onPodConditions\.\d+\.status", "True is the default"),
    (
        "said twice",
        r".*nodeSelectorTerms\.\d+(\.matchExpressions\.\d+(\.values\.\d+)?)?",
        "a list of hosts, conditions or choices that names one twice is the same list",
    ),
    ("drop", r".*resources\.limits\.ephemeral-storage", "the request alone makes room"),
    ("near", r".*activeDeadlineSeconds", "of a restartable job it is a backstop behind the wrapper in the prelude"),
)  # fmt: skip
"""Operator, place, reason: what is no fault, however a model names it. All of it is counted and reported."""
_NATIVE: Final = tuple((name, re.compile(pattern)) for name, pattern in reversed(native.PATTERNS))
_EXCUSES: Final = tuple((row, re.compile(row[1])) for row in HARMLESS)
_NATIVE_EXCUSES: Final = tuple((row, re.compile(row[1])) for row in native.HARMLESS)
_OF_RUNAI: Final = re.compile(r".*schedulerName")  # the open-source scheduler sets it nowhere


def spelled(body: Any, steps: Steps) -> str:
    """The steps as one text; an entry of ``env`` by its name: ``…containers.0.env[SLURM_NTASKS].value``."""
    words: list[str] = []
    for index, step in enumerate(steps):
        if index and steps[index - 1] == "env" and isinstance(step, int):
            entry = at(body, steps[: index + 1])
            words[-1] += f"[{entry.get('name', '') if isinstance(entry, dict) else ''}]"
        elif isinstance(step, int) and (
            name := native.named_entry(steps[: index + 1], at(body, steps[: index + 1]))
        ):
            words[-1] += f"[{name}]"
        else:
            words.append(str(step))
    return ".".join(words)


def promise_of(place: str, target: str = "kubernetes") -> str:
    """The promise that a node belongs to, by its spelled steps."""
    patterns = _NATIVE if target in native.FORMS else _COMPILED
    return next(name for name, pattern in patterns if pattern.fullmatch(place))


def is_harmless(operator: str, place: str, value: Any, *, restarts: bool, target: str = "kubernetes") -> bool:
    """Whether a row of HARMLESS names this change; a mapping may be dropped where each of its fields (``value``) may."""
    if operator == "drop" and isinstance(value, dict) and value and not excuse(operator, place, target=target):
        return all(
            is_harmless("drop", f"{place}.{key}", node, restarts=restarts, target=target)
            for key, node in value.items()
        )
    if operator == "drop" and isinstance(value, list) and value and place.endswith(native.ANNOTATIONS):
        names = [native.named_entry(("annotation", index), entry) for index, entry in enumerate(value)]
        return all(excuse("drop", f"{place}[{name}]", target=target) for name in names)
    return excuse(operator, place, restarts=restarts, target=target) is not None


def excuse(
    operator: str, place: str, *, restarts: bool = True, target: str = "kubernetes"
) -> tuple[str, str, str] | None:
    """The row that names a change, if one does: of HARMLESS, or for Run:ai's own forms of ``native.HARMLESS``."""
    operator, _, everywhere = operator.partition(", ")
    if everywhere:
        place = place.replace("*", "Worker")
    if target == "kai" and _OF_RUNAI.fullmatch(place):
        return None
    for row, pattern in _NATIVE_EXCUSES if target in native.FORMS else _EXCUSES:
        near = row[0] == "near" and restarts and operator in ("one more", "one less")
        if (near or row[0] in ("any", operator)) and pattern.fullmatch(place):
            return row
    return None
