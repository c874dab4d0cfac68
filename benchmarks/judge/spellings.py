"""Other spellings of a good manifest that mean the same: the judge has nothing against any of them.

Some are other texts of the same value (key order, quotes, flow style, comments), some other values that Kubernetes
takes for the same (``1000m`` for ``1``, a default that is written out or left out).
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from benchmarks.judge import native, native_spellings
from benchmarks.judge.corpus import Good
from benchmarks.judge.faults import templates
from benchmarks.judge.nodes import GONE, Steps, at, nodes, put
from s2r_ci.runai.cli_text import write_cli

_BINARY: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4}
_AMOUNT: Final = re.compile(r"(\d+)([KMGT]i)")


def spellings(good: Good, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """The name of each way, and the text that it gives."""
    body, form = good.body, good.request.target.name
    texts = native_spellings.cli_texts(good, seed) if form == "cli" else _texts(body, seed)
    yield from ((name, text.encode()) for name, text in texts)
    if native.is_native(good):
        for name, other in native_spellings.values(body):
            yield name, (write_cli(other) if form == "cli" else json.dumps(other)).encode()
        return
    for name, respell in _VALUES.items():
        other = respell(body)
        if other != body:
            yield name, json.dumps(other).encode()


# --- the same value ----------------------------------------------------------------------------------------


def _texts(body: Any, seed: int) -> Iterator[tuple[str, str]]:
    import yaml

    rng = random.Random(seed)
    yield "JSON", json.dumps(body)
    yield "JSON, indented", json.dumps(body, indent=4, ensure_ascii=False)
    yield "sorted keys", yaml.safe_dump(body, sort_keys=True)
    yield "shuffled keys", yaml.safe_dump(_shuffled(body, rng), sort_keys=False)
    yield "quoted strings", yaml.dump(body, Dumper=_quoting(yaml, '"'), sort_keys=False, width=10**9)
    yield "single quotes", yaml.dump(body, Dumper=_quoting(yaml, "'"), sort_keys=False, width=10**9)
    yield "flow style", yaml.safe_dump(body, default_flow_style=True, width=10**9)
    yield "block style, folded", yaml.safe_dump(body, width=60, indent=4, sort_keys=False)
    plain = yaml.safe_dump(body, sort_keys=False)
    yield "comments and blank lines", "# a remark\n\n---\n" + plain + "\n# the end\n"
    yield "BOM", "\ufeff" + plain
    yield "end of document", plain + "...\n"


def _quoting(yaml: Any, style: str) -> Any:
    """A dumper that quotes every string, keys too, and nothing else."""

    class Quoting(yaml.SafeDumper):  # type: ignore[misc]
        pass

    Quoting.add_representer(
        str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
    )
    return Quoting


def _shuffled(value: Any, rng: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: _shuffled(value[key], rng) for key in keys}
    return [_shuffled(item, rng) for item in value] if isinstance(value, list) else value


# --- another value of the same meaning ---------------------------------------------------------------------


def _amounts(change: Callable[[str, str], Any]) -> Callable[[Any], Any]:
    """Re-spell every amount of the resources; ``change`` is given the resource and its text."""

    def respell(body: Any) -> Any:
        new = body
        for steps, node in nodes(body):
            if isinstance(node, str) and steps[-2:-1] in (("limits",), ("requests",)):
                new = put(new, steps, change(str(steps[-1]), node))
        return new

    return respell


def _in_octets(name: str, text: str) -> Any:
    found = _AMOUNT.fullmatch(text)
    return str(int(found[1]) * 1024 ** _BINARY[found[2]]) if found else text


def _in_mebi(name: str, text: str) -> Any:
    found = _AMOUNT.fullmatch(text)
    return f"{int(found[1]) * 1024 ** (_BINARY[found[2]] - 2)}Mi" if found and _BINARY[found[2]] > 2 else text


def _in_kibi(name: str, text: str) -> Any:
    found = _AMOUNT.fullmatch(text)
    return f"{int(found[1]) * 1024 ** (_BINARY[found[2]] - 1)}Ki" if found else text


def _in_thousandths(name: str, text: str) -> Any:
    return f"{text}000m" if name == "cpu" and text.isdecimal() else text


def _with_a_point(name: str, text: str) -> Any:
    return f"{text}.0" if name == "cpu" and text.isdecimal() else text


def _as_numbers(name: str, text: str) -> Any:
    return int(text) if text.isdecimal() else text


def _in_containers(change: Callable[[Any, Steps], Any]) -> Callable[[Any], Any]:
    def respell(body: Any) -> Any:
        new = body
        for template in templates(body):
            new = change(new, (*template, "spec", "containers", 0))
        return new

    return respell


def _without_requests(body: Any, main: Steps) -> Any:
    """Kubernetes takes the limits for them."""
    same = at(body, (*main, "resources", "requests")) == at(body, (*main, "resources", "limits"))
    return put(body, (*main, "resources", "requests"), GONE) if same else body


def _reversed_env(body: Any, main: Steps) -> Any:
    env = at(body, (*main, "env"))
    return put(body, (*main, "env"), env[::-1]) if isinstance(env, list) else body


def _reversed_volumes(body: Any, main: Steps) -> Any:
    for steps in ((*main, "volumeMounts"), (*main[:-2], "volumes")):
        if isinstance(value := at(body, steps), list):
            body = put(body, steps, value[::-1])
    return body


def _renamed_volumes(body: Any, main: Steps) -> Any:
    for steps in ((*main, "volumeMounts"), (*main[:-2], "volumes")):
        for index, item in enumerate(at(body, steps) or [] if isinstance(at(body, steps), list) else []):
            body = put(body, (*steps, index, "name"), f"{item['name']}-x")
    return body


def _said(steps: Steps, value: Any) -> Callable[[Any, Steps], Any]:
    """A default of Kubernetes, written out."""

    def respell(body: Any, main: Steps) -> Any:
        place = (*main, *steps) if steps[0] != "pod" else (*main[:-2], *steps[1:])
        return put(body, place, value) if at(body, place) is GONE else body

    return respell


def _job_defaults(body: Any) -> Any:
    if body.get("kind") == "Job" and "completionMode" not in body["spec"]:
        body = put(put(body, ("spec", "completions"), 1), ("spec", "parallelism"), 1)
        body = put(body, ("spec", "completionMode"), "NonIndexed")
    run = ("spec",) if body.get("kind") == "Job" else ("spec", "runPolicy")
    return put(body, (*run, "suspend"), False) if at(body, (*run, "suspend")) is GONE else body


def _mpi_defaults(body: Any) -> Any:
    if body.get("kind") != "MPIJob":
        return body
    return put(put(body, ("spec", "mpiImplementation"), "OpenMPI"), ("spec", "runLauncherAsWorker"), False)


def _without_defaults(body: Any) -> Any:
    body = put(body, ("spec", "maxFailedIndexes"), GONE)
    return (
        put(body, ("metadata", "annotations", "s2r-ci/job-name"), GONE)
        if "annotations" in body["metadata"]
        else body
    )


_VALUES: Final[dict[str, Callable[[Any], Any]]] = {
    "memory in octets": _amounts(_in_octets),
    "memory in Mi": _amounts(_in_mebi),
    "memory in Ki": _amounts(_in_kibi),
    "1000m for 1": _amounts(_in_thousandths),
    "8.0 for 8": _amounts(_with_a_point),
    "amounts as numbers": _amounts(_as_numbers),
    "no requests": _in_containers(_without_requests),
    "variables in another order": _in_containers(_reversed_env),
    "volumes in another order": _in_containers(_reversed_volumes),
    "volumes of another name": _in_containers(_renamed_volumes),
    "pull policy said": _in_containers(_said(("imagePullPolicy",), "IfNotPresent")),
    "grace period said": _in_containers(_said(("pod", "terminationGracePeriodSeconds"), 30)),
    "no host network, said": _in_containers(_said(("pod", "hostNetwork"), False)),
    "no token, said": _in_containers(_said(("pod", "automountServiceAccountToken"), False)),
    "no escalation, said": _in_containers(_said(("securityContext",), {"allowPrivilegeEscalation": False})),
    "capabilities dropped": _in_containers(_said(("securityContext",), {"capabilities": {"drop": ["ALL"]}})),
    "not as root, said": _in_containers(_said(("pod", "securityContext"), {"runAsNonRoot": True, "runAsUser": 1000})),
    "kept for a week": lambda body: put(body, (*(("spec",) if body["kind"] == "Job" else ("spec", "runPolicy")), "ttlSecondsAfterFinished"), 604800),
    "a Job's defaults said": _job_defaults,
    "an MPIJob's defaults said": _mpi_defaults,
    "defaults left out": _without_defaults,
}  # fmt: skip
