"""The fault model: what a hurried hand, a wrong rule or a model may do to a good manifest.

Every node of the manifest is dropped, halved, doubled, off by one, in another unit, moved to another level, said a
second time, and given the value of its sibling; and what the script does not ask for is invented.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.judge import native
from benchmarks.judge.corpus import Good
from benchmarks.judge.nodes import GONE, Steps, at, nodes, put
from benchmarks.judge.promises import is_harmless, promise_of, spelled
from s2r_ci.model import Manifest

_AMOUNT: Final = re.compile(r"(\d+)(m|[KMGTPE]i?|k)?")
_UNITS: Final = {
    "Gi": ("G", "Mi", "Ti"),
    "Mi": ("M", "Gi", "Ki"),
    "Ti": ("T", "Gi", "Pi"),
    "": ("m", "k"),
    "m": ("", "k"),
}
_TEMPLATES: Final = {
    "Job": (("spec", "template"),),
    "PyTorchJob": tuple(("spec", "pytorchReplicaSpecs", role, "template") for role in ("Master", "Worker")),
    "MPIJob": tuple(("spec", "mpiReplicaSpecs", role, "template") for role in ("Launcher", "Worker")),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One change of one good manifest."""

    promise: str
    operator: str
    place: str  # the steps as one text
    body: Any
    harmless: bool = False  # no promise is broken, for a reason that HARMLESS gives


def faults(good: Good) -> Iterator[Fault]:
    """All of them; a change that gives the same manifest again is none."""
    target = good.request.target.name
    for steps, value in nodes(good.body):
        place = spelled(good.body, steps)
        promise = promise_of(place, target)
        for operator, body in _changes(good.body, steps, value):
            if body != good.body:
                harmless = is_harmless(operator, place, value, restarts=restarts(good.body), target=target)
                yield Fault(promise=promise, operator=operator, place=place, body=body, harmless=harmless)
    yield from _inventions(good)
    yield from _everywhere(good)
    if native.is_native(good):
        for operator, body in native.time_limits(good):
            yield Fault(promise="time limit", operator=f"{operator}, everywhere", place="prelude", body=body)


def restarts(body: dict[str, Any]) -> bool:
    """Whether the manifest is of a job that may be started again."""
    labels: dict[str, str] = body.get("metadata", {}).get("labels", {})
    return labels.get("kai.scheduler/preemptibility") == "preemptible"


def templates(body: dict[str, Any]) -> Iterator[Steps]:
    """The steps to every pod template of a manifest."""
    yield from (steps for steps in _TEMPLATES.get(str(body.get("kind")), ()) if at(body, steps) is not GONE)


def _changes(body: Any, steps: Steps, value: Any) -> Iterator[tuple[str, Any]]:
    yield "drop", put(body, steps, GONE)
    for operator, new in _values(value, steps):
        yield operator, put(body, steps, new)
    for new in _siblings(body, steps, value):
        yield "sibling", put(body, steps, new)
    for place in _levels(body, steps):
        yield "wrong level", put(put(body, place, value), steps, GONE)
        yield "said twice", put(body, place, value)
    if isinstance(steps[-1], int):
        above = steps[:-1]
        yield "said twice", put(body, (*above, len(at(body, above))), value)


def _values(value: Any, steps: Steps) -> Iterator[tuple[str, Any]]:
    """Other values for a leaf."""
    if isinstance(value, bool):
        yield "opposite", not value
    elif isinstance(value, int):
        yield from (("half", value // 2), ("double", value * 2), ("one more", value + 1), ("one less", value - 1))
        yield from (("unit", value * 60), ("unit", value // 60), ("unit", value * 1000))
    elif isinstance(value, float):  # a part of a GPU
        yield from (("half", value / 2), ("double", value * 2), ("one more", value + 0.01), ("unit", value * 100))
    elif isinstance(value, str):
        found = _AMOUNT.fullmatch(value)
        yield from _amounts(int(found[1]), found[2] or "") if found else _texts(value, steps)


def _amounts(number: int, unit: str) -> Iterator[tuple[str, str]]:
    yield from (("half", f"{number // 2}{unit}"), ("double", f"{number * 2}{unit}"))
    yield from (("one more", f"{number + 1}{unit}"), ("one less", f"{number - 1}{unit}"))
    yield from (("unit", f"{number}{other}") for other in _UNITS.get(unit, ("", "Gi")))


def _texts(value: str, steps: Steps) -> Iterator[tuple[str, str]]:
    if "\n" in value:
        yield from _long_texts(value)
        return
    yield "half", value[: len(value) // 2]
    yield "double", value + value
    yield from (("one more", f"{value}x"), ("one less", value[:-1]))
    yield from ((word, text) for word, text in (("other case", value.swapcase()), ("blank", f"{value} ")))
    numbers = list(re.finditer(r"\d+", value))
    if numbers and steps[-1] != "fieldPath":
        last = numbers[-1]
        for operator, number in (("one more", int(last[0]) + 1), ("half", int(last[0]) // 2)):
            yield operator, f"{value[: last.start()]}{number}{value[last.end() :]}"


def _long_texts(text: str) -> Iterator[tuple[str, str]]:
    """A text of many lines, such as prelude or script: single lines and octets are changed."""
    lines = text.split("\n")
    yield "half", "\n".join(lines[: len(lines) // 2])
    yield "double", text + text
    yield from (("one less", text[:-1]), ("newline", text + "\n"), ("one more", text + "x"))
    yield from (("unit", text.replace("\n", "\r\n")), ("blank", text.replace("\n", " \n", 1)))
    for index in {1, len(lines) // 3, len(lines) // 2, 2 * len(lines) // 3, len(lines) - 2} & set(
        range(len(lines))
    ):
        line = lines[index]
        if not line:
            continue
        yield "drop", "\n".join([*lines[:index], *lines[index + 1 :]])
        yield "said twice", "\n".join([*lines[: index + 1], line, *lines[index + 1 :]])
        yield "other case", "\n".join([*lines[:index], line.swapcase() + "#", *lines[index + 1 :]])
        yield "sibling", "\n".join([*lines[:index], lines[index - 1], *lines[index + 1 :]])
    for found in list(re.finditer(r"(?<![\w.])\d+(?![\w.])", text))[:12]:
        yield "one more", f"{text[: found.start()]}{int(found[0]) + 1}{text[found.end() :]}"


def _everywhere(good: Good) -> Iterator[Fault]:
    """A wrong rule is wrong in every pod, and in requests as in limits: all places of one field change alike."""
    alike: dict[tuple[str, str], list[Steps]] = {}
    for steps, value in nodes(good.body):
        if isinstance(value, int | str) and not isinstance(value, bool):
            place = spelled(good.body, steps)
            key = re.sub(r"\b(Master|Worker|Launcher|limits|requests)\b", "*", place)
            key = native.alike(place) if native.is_native(good) else key
            alike.setdefault((key, repr(value)), []).append(steps)
    for (key, _), places in alike.items():
        if len(places) < 2:
            continue
        value = at(good.body, places[0])
        for operator, new in [*_values(value, places[0]), ("drop", GONE)]:
            body: Any = good.body
            for steps in places:
                body = put(body, steps, new)
            if body != good.body:
                every = [spelled(good.body, steps) for steps in places]
                target = good.request.target.name
                harmless = all(
                    is_harmless(operator, place, value, restarts=restarts(good.body), target=target)
                    for place in every
                )
                name, promise = f"{operator}, everywhere", promise_of(every[0], target)
                yield Fault(promise=promise, operator=name, place=key, body=body, harmless=harmless)


def mixed_up(good: Good, other: Good) -> Iterator[Fault]:
    """The manifest of another script; and the same with this script's name and text, as a copied file would have it."""
    if other.body == good.body:
        return
    yield Fault(promise=MIXED, operator="another script's", place="", body=other.body)
    if Manifest(body=other.body).kind != Manifest(body=good.body).kind:
        return
    if native.is_native(good):
        body = native.with_own_parts(other.body, good.body)
        if body != good.body:
            yield Fault(promise=MIXED, operator="another script's amounts", place="", body=body)
        return
    body = put(other.body, ("metadata", "name"), good.body["metadata"]["name"])
    for template in templates(body):
        for key in ("args", "image"):
            steps = (*template, "spec", "containers", 0, key)
            value = at(good.body, steps)
            if value is not GONE:
                body = put(body, steps, value)
    if body != good.body:
        yield Fault(promise=MIXED, operator="another script's amounts", place="", body=body)


MIXED: Final = "the right script"


def _siblings(body: Any, steps: Steps, value: Any) -> Iterator[Any]:
    """Values of the same type beside the node."""
    beside = at(body, steps[:-1])
    if isinstance(value, dict | list):
        return
    pairs = beside.items() if isinstance(beside, dict) else enumerate(beside)
    seen: list[Any] = [value]
    for step, other in pairs:
        if step != steps[-1] and type(other) is type(value) and other not in seen:
            seen.append(other)
            yield other


def _levels(body: Any, steps: Steps) -> Iterator[Steps]:
    """Other places for a field: the mapping above, the mappings beside, and the same place in another pod."""
    key = steps[-1]
    if not isinstance(key, str):
        return
    for end in range(len(steps) - 2, -1, -1):
        if isinstance(at(body, steps[:end]), dict):
            yield (*steps[:end], key)
            break
    above = at(body, steps[:-1])
    for name, beside in above.items():
        if name != key and isinstance(beside, dict):
            yield (*steps[:-1], name, key)
            break


def _inventions(good: Good) -> Iterator[Fault]:
    own = native.is_native(good)
    for promise, steps, value in native.inventions(good) if own else [*_above(good.body), *_in_pods(good.body)]:
        if at(good.body, steps) is GONE and at(good.body, steps[:-1]) is not GONE:
            place = spelled(good.body, steps)
            yield Fault(promise=promise, operator="invented", place=place, body=put(good.body, steps, value))


def _above(body: dict[str, Any]) -> Iterator[tuple[str, Steps, Any]]:
    """What nobody asked for, outside the pods."""
    job = body.get("kind") == "Job"
    run: Steps = ("spec",) if job else ("spec", "runPolicy")
    yield "time limit", (*run, "activeDeadlineSeconds"), 3600
    yield "hold", (*run, "suspend"), True
    yield "names", ("metadata", "namespace"), "elsewhere"
    yield "names", ("metadata", "generateName"), "x-"
    yield "placement", ("metadata", "labels", "runai/node-pool"), "other"
    yield "project", ("metadata", "labels", "runai/queue"), "other"
    yield "project", ("metadata", "labels", "kai.scheduler/queue"), "other"
    yield "retries and preemption", (*run, "ttlSecondsAfterFinished"), 0
    if job:
        yield "array", ("spec", "completionMode"), "Indexed"
        yield "array", ("spec", "completions"), 4
        yield "array", ("spec", "parallelism"), 2
        yield "array", ("spec", "parallelism"), 0
        yield "retries and preemption", ("spec", "backoffLimitPerIndex"), 1
        yield "retries and preemption", ("spec", "backoffLimit"), 0
        yield "retries and preemption", ("spec", "podFailurePolicy"), {"rules": []}
        yield "retries and preemption", ("spec", "successPolicy"), {"rules": [{"succeededCount": 1}]}
        yield "replicas", ("metadata", "annotations"), {"kai.scheduler/batch-min-member": "4"}
    else:
        yield "retries and preemption", ("spec", "elasticPolicy"), {"maxRestarts": 3}
        yield "replicas", ("spec", "runLauncherAsWorker"), True


def _in_pods(body: dict[str, Any]) -> Iterator[tuple[str, Steps, Any]]:
    """What nobody asked for, in each pod."""
    for template in templates(body):
        pod = (*template, "spec")
        main = (*pod, "containers", 0)
        yield "time limit", (*pod, "activeDeadlineSeconds"), 7200
        yield "placement", (*pod, "nodeSelector"), {"disk": "ssd"}
        yield "placement", (*pod, "affinity"), {"podAntiAffinity": {}}
        yield "placement", (*pod, "tolerations"), [{"operator": "Exists"}]
        yield "placement", (*template, "metadata"), {"annotations": {"runai-nodepools": "other"}}
        yield "GPUs", (*template, "metadata"), {"annotations": {"gpu-fraction": "0.5"}}
        yield "GPUs", (*template, "metadata"), {"annotations": {"gpu-memory": "4096"}}
        yield "working directory", (*main, "workingDir"), "/other"
        yield "environment", (*main, "env"), [{"name": "DEBUG", "value": "1"}]
        yield "command", (*main, "command"), ["/bin/sh", "-c"]
        for part in ("limits", "requests"):
            amounts = (*main, "resources", part)
            yield "GPUs", (*amounts, "nvidia.com/gpu"), "1"
            yield "GPUs", (*amounts, "nvidia.com/mig-1g.5gb"), "1"
            yield "GPUs", (*amounts, "amd.com/gpu"), "1"
            yield "memory", (*amounts, "memory"), "4Gi"
            yield "CPU", (*amounts, "cpu"), "4"
            yield "ephemeral storage", (*amounts, "ephemeral-storage"), "10Gi"
            yield "generic resources", (*amounts, "example.com/other"), "1"
        environment = at(body, (*main, "env"))
        if isinstance(environment, list):
            for name, promise in _INVENTED.items():
                yield promise, (*main, "env", len(environment)), {"name": name, "value": "98765"}
        mounts = at(body, (*main, "volumeMounts"))
        if isinstance(mounts, list):
            yield (
                "volumes",
                (*main, "volumeMounts", len(mounts)),
                {"name": mounts[0]["name"], "mountPath": "/other"},
            )


_INVENTED: Final = {
    "DEBUG": "environment",
    "SLURM_NTASKS": "tasks and ranks",
    "SLURM_NNODES": "tasks and ranks",
    "SLURM_PROCID": "tasks and ranks",
    "SLURM_CPUS_PER_TASK": "CPU",
    "SLURM_GPUS_ON_NODE": "GPUs",
    "SLURM_MEM_PER_NODE": "memory",
    "SLURM_ARRAY_TASK_ID": "array",
    "S2R_ARRAY_IDS": "array",
    "SLURM_RESTART_COUNT": "environment",
}
