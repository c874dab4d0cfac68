"""Every leaf of every good manifest is broken in many ways, and the judge sees each of them.

What it does not see is named in HARMLESS with the reason, so that a promise that is lost shows up here.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from s2r_ci.model import Manifest
from s2r_ci.verify import verify
from tests.verify.good import GONE, SHAPES, asked, changed

Path = tuple[str | int, ...]

HARMLESS = {
    ("requests", "drop"): "Kubernetes takes the limits for them",
    ("limits ephemeral-storage", "drop"): "the request alone makes room",
    ("maxFailedIndexes", "drop"): "without it no number of failures ends the job",
    ("s2r-ci/job-name", "drop"): "the name is kept for people only",
    ("env SLURM_CPUS_PER_TASK", "drop"): "only scripts that read it need it",
    ("env SLURM_CPUS_PER_TASK name", "longer"): "a name of Slurm's that no script reads",
    ("env S2R_WORKLOAD_UID", "any"): "only preludes that read it need it",
    ("cleanPodPolicy", "any"): "when finished pods go away is no promise",
    ("schedulerName", "drop"): "Run:ai sets it by itself",
    ("schedulerName", "empty"): "Run:ai sets it by itself",
    ("Launcher resources", "any"): "the launcher of an MPIJob is small whatever the script asks; policy bounds it",
    ("mpiReplicaSpecs Worker workingDir", "any"): "the workers of an MPIJob run sshd",
    ("mpiReplicaSpecs Worker restartPolicy", "drop"): "the operator's default is Never",
    ("mpiReplicaSpecs Worker restartPolicy", "empty"): "the operator's default is Never",
    ("onPodConditions status", "drop"): "Kubernetes' default is True",
    ("restarted activeDeadlineSeconds", "more"): "of profile R it is a backstop: shortly behind the limit will do",
    ("restarted activeDeadlineSeconds", "less"): "of profile R it is a backstop: shortly behind the limit will do",
}


def leaves(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from leaves(value, (*path, index))
    else:
        yield path, node


def mutants(value: Any) -> Iterator[tuple[str, Any]]:
    yield "drop", GONE
    yield "null", None
    if isinstance(value, bool):
        yield "not", not value
    elif isinstance(value, int):
        yield from (("halve", value // 2), ("double", value * 2 or 2), ("more", value + 1), ("less", value - 1))
        yield "unit", value * 60
        yield "text", f"{value}x"
    elif isinstance(value, str):
        yield from (("longer", value + "x"), ("empty", ""), ("number", 7))
        digits = value.rstrip("Gi")
        if digits.isdigit():
            unit = value[len(digits) :]
            yield from ((f"times {n}", f"{int(digits) * n}{unit}") for n in (2, 1000))
            yield from (("more", f"{int(digits) + 1}{unit}"), ("unit", f"{digits}{unit.rstrip('i') or 'Ki'}"))


def excused(path: Path, kind: str, shape: str, entry: str) -> bool:
    """Whether HARMLESS names this mutant: all of its words stand on the way to the leaf, the last one at the end."""
    here = [shape, entry, *map(str, path)]
    if path[-2:-1] == ("args",):
        here.append(f"args.{path[-1]}")
    if path[-3:-2] == ("containers",) and path[-1] == "name":
        here.append("container-name")
    kinds = {kind, "any", "drop" if kind == "null" else kind}
    return any(which in kinds and all(word in here for word in place.split()) for place, which in HARMLESS)


def cases(shape: str) -> Iterator[tuple[str, dict[str, Any]]]:
    body = SHAPES[shape][1]()
    for path, value in leaves(body):
        entry = ""
        if "env" in path:
            node = body
            for step in path[: path.index("env") + 2]:
                node = node[step]  # type: ignore[index]
            entry = str(node["name"])
        for name, mutant in mutants(value):
            same = type(mutant) is type(value) and mutant == value
            if not same and not excused(path, name, shape, entry):
                yield f"{'.'.join(map(str, path))} {name}", replaced(body, path, mutant)


def replaced(body: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    copy = changed(body, {})
    node: Any = copy
    for step in path[:-1]:
        node = node[step]
    if value is GONE:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return copy


@pytest.mark.parametrize("shape", SHAPES)
def test_no_mutant_survives(shape: str) -> None:
    request = asked(shape)
    every = list(cases(shape))
    survivors = [name for name, body in every if not verify(request, Manifest(body=body), "m.yaml")]
    assert survivors == []
    assert len(every) > 150
