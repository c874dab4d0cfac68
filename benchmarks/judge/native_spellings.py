"""Other spellings of good manifests in Run:ai's own forms: other values, and other layouts of a script, of one meaning."""

import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from benchmarks.judge.corpus import Good
from benchmarks.judge.native import texts
from benchmarks.judge.nodes import GONE, Steps, at, nodes, put
from s2r_ci.runai.cli_text import write_cli

_BINARY: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4}
_AMOUNT: Final = re.compile(r"(\d+)([KMGT]i)")
_PODS: Final = ("spec", "masterSpec")
_MEMORY: Final = frozenset({"memory", "memoryLimit", "cpuMemoryRequest", "cpuMemoryLimit", "sizeLimit"})
_CPU: Final = frozenset({"cpu", "cpuLimit", "cpuCoreRequest", "cpuCoreLimit"})


def cli_texts(good: Good, seed: int) -> Iterator[tuple[str, str]]:
    """Scripts that make the same call."""
    rng = random.Random(seed)
    body, flags = good.body, good.body["flags"]
    text = write_cli(body)
    yield "remarks above the call", f"#!/bin/sh\n\n# a remark\n{text}"
    yield "flags in another order", write_cli({**body, "flags": dict(reversed(flags.items()))})
    names = list(flags)
    rng.shuffle(names)
    yield "flags shuffled", write_cli({**body, "flags": {name: flags[name] for name in names}})
    yield "plain values quoted", re.sub(r"(?m)^(  --[a-z-]+=)([\w.:/-]+)( \\)?$", r"\1'\2'\3", text)
    yield "a value in two quotes", re.sub(r"(?m)^(  --image=)(\w)", r"\1'\2'", text)


def values(body: Any) -> Iterator[tuple[str, Any]]:
    """The name of each way and the manifest that it gives, where it is another one."""
    for name, respell in _VALUES.items():
        other = respell(body)
        if json.dumps(other) != json.dumps(body):  # 8.0 is 8 and another spelling of it, and so is another order
            yield name, other


def _named(steps: Steps) -> str:
    """What a scalar is called, whatever wraps it: ``cpuMemoryLimit`` for the command line's ``--cpu-memory-limit``."""
    name = str(steps[-2] if steps[-1] == "value" else steps[-1])
    first, *rest = name.removeprefix("master-").split("-")
    return first + "".join(map(str.capitalize, rest))


def _amounts(names: frozenset[str], change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def respell(body: Any) -> Any:
        new = body
        for steps, node in nodes(body):
            if isinstance(node, str | int) and not isinstance(node, bool) and _named(steps) in names:
                new = put(new, steps, change(node))
        return new

    return respell


def _in(unit: int, suffix: str) -> Callable[[Any], Any]:
    def change(text: Any) -> Any:
        found = _AMOUNT.fullmatch(str(text))
        if not found or _BINARY[found[2]] < unit:
            return text
        return f"{int(found[1]) * 1024 ** (_BINARY[found[2]] - unit)}{suffix}"

    return change


def _in_thousandths(text: Any) -> Any:
    return f"{text}000m" if isinstance(text, str) and text.isdecimal() else text


def _with_a_point(text: Any) -> Any:
    return float(text) if isinstance(text, int) else f"{text}.0" if text.isdecimal() else text


def _without(*names: str) -> Callable[[Any], Any]:
    """What is limited needs no request: Kubernetes takes the limit."""

    def respell(body: Any) -> Any:
        for name in names:
            *above, last = name.split(".")
            for steps in [(pod, *above, last) for pod in _PODS] + [("flags", last), ("flags", f"master-{last}")]:
                if at(body, steps) is not GONE:
                    body = put(body, steps, GONE)
        return body

    return respell


def _reversed(*places: str) -> Callable[[Any], Any]:
    def respell(body: Any) -> Any:
        for place in places:
            for steps in [(pod, *place.split(".")) for pod in _PODS] + [("flags", place)]:
                value = at(body, steps)
                if isinstance(value, dict):
                    body = put(body, steps, dict(reversed(value.items())))
                elif isinstance(value, list):
                    body = put(body, steps, value[::-1])
        return body

    return respell


def _renamed_claims(body: Any) -> Any:
    for pod in _PODS:
        items = at(body, (pod, "pvcs", "items"))
        if items is not GONE:
            body = put(body, (pod, "pvcs", "items"), {f"{name}-x": claim for name, claim in items.items()})
    return body


def _said(form: str, **defaults: Any) -> Callable[[Any], Any]:
    """Defaults of a form, written out in every pod that does not say them. ``__`` stands for a step down."""

    def respell(body: Any) -> Any:
        custom = isinstance(body.get("apiVersion"), str)
        if form != ("v2alpha1" if custom else "rest" if "projectId" in body else "cli"):
            return body
        for pod in _PODS:
            for name, value in defaults.items():
                steps = (pod, *name.split("__"))
                if at(body, (pod,)) is not GONE and at(body, steps) is GONE:
                    body = put(body, steps, {"value": value} if custom else value)
        return body

    return respell


def _whole_in_a_list(body: Any) -> Any:
    """Claims that are not read-only, said so."""
    for pod in _PODS:
        for index, _ in enumerate(claims if isinstance(claims := at(body, (pod, "storage", "pvc")), list) else []):
            steps = (pod, "storage", "pvc", index, "readOnly")
            body = put(body, steps, False) if at(body, steps) is GONE else body
    return body


def _blanks(body: Any) -> Any:
    """Words of one text, two blanks between them and one at the end."""
    for steps in texts(body):
        if steps[0] != "words":
            body = put(body, steps, at(body, steps).replace("-c ", "-c  ", 1) + " ")
    return body


def _without_remarks(body: Any) -> Any:
    """The annotation for people goes; what a script says in --comment stays."""
    for steps in [*((pod, "annotations") for pod in _PODS), ("flags", "annotation")]:
        there = at(body, steps)
        alone = isinstance(there, dict | list) and len(there) == 1 and "s2r-ci/job-name" in str(there)
        body = put(body, steps, GONE) if alone and "s2r-ci/comment" not in str(there) else body
    return body


_VALUES: Final[dict[str, Callable[[Any], Any]]] = {
    "memory in octets": _amounts(_MEMORY, _in(0, "")),
    "memory in Mi": _amounts(_MEMORY, _in(2, "Mi")),
    "memory in Ki": _amounts(_MEMORY, _in(1, "Ki")),
    "1000m for 1": lambda body: body if "flags" in body else _amounts(_CPU, _in_thousandths)(body),  # a flag is a number
    "8.0 for 8": _amounts(_CPU, _with_a_point),
    "no requests": _without("cpu", "memory", "compute.cpuCoreRequest", "compute.cpuMemoryRequest", "cpu-core-request", "cpu-memory-request"),
    "variables in another order": _reversed("environment.items", "environmentVariables", "environment-variable", "master-environment-variable", "env-pod-field-ref"),
    "volumes in another order": _reversed("pvcs.items", "storage.pvc", "existing-pvc"),
    "volumes of another name": _renamed_claims,
    "blanks between words": _blanks,
    "defaults said": _said("v2alpha1", largeShm=False, gpuDevices=0, runAsUser=False),
    "defaults of a body said": _said("rest", compute__largeShmRequest=False, compute__gpuDevicesRequest=0),
    "whole claims, said so": _whole_in_a_list,
    "defaults left out": _without_remarks,
}  # fmt: skip
