"""Run:ai's own forms are judged like the standard kinds: good ones pass, broken ones do not, and nothing raises."""

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.judge.corpus import Good, good
from benchmarks.judge.faults import faults
from benchmarks.judge.nodes import GONE, nodes, put
from s2r_ci.model import Level, Manifest
from s2r_ci.validate import validate
from s2r_ci.verify import verify

TARGETS = ("kai", "v2alpha1", "rest", "cli")
NAMES = ("own/mpi answered", "own/torch-requeue answered", "own/held answered", "own/array-gpus answered")


def subjects(target: str) -> list[Good]:
    return [one for one in good(target) if one.name in NAMES]


def refused(one: Good, body: Any, target: str) -> bool:
    manifest = Manifest(body=body)
    found = verify(one.request, manifest, "m") or validate(manifest, "m", target=target)
    return any(finding.rule.level is Level.ERROR for finding in found)


@pytest.mark.parametrize("target", TARGETS)
def test_every_good_manifest_passes(target: str) -> None:
    assert len(good(target)) > 200
    assert [one.name for one in good(target) if refused(one, one.body, target)] == []


@pytest.mark.parametrize("target", TARGETS)
def test_faults_are_caught(target: str) -> None:
    every = [(one, fault) for one in subjects(target) for fault in list(faults(one))[::17] if not fault.harmless]
    missed = [f"{fault.operator}: {fault.place}" for one, fault in every if not refused(one, fault.body, target)]
    assert [name for name in missed if not harmless(name)] == []
    assert len(every) > 60


HARMLESS: tuple[tuple[str, str], ...] = ()
"""Words of a fault, and why it breaks no promise."""


def harmless(name: str) -> bool:
    return any(word in name for word, _ in HARMLESS)


def odd(value: Any) -> Iterator[Any]:
    for other in (None, 1, -1.5, "", "x", True, [], [1], {}, {"value": 1}, {"items": 1}, {"a": {"b": []}}, GONE):
        if other != value:
            yield other


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_raises_whatever_stands_there(target: str) -> None:
    for one in subjects(target):
        for steps, value in list(nodes(one.body))[::9]:
            for other in odd(value):
                verify(one.request, Manifest(body=put(one.body, steps, other)), "m")
    for body in (
        None,
        1,
        "x",
        [],
        {},
        {"spec": []},
        {"kind": []},
        {"flags": [], "kind": {}},
        {"spec": {"pvcs": 1}},
    ):
        verify(subjects(target)[0].request, Manifest(body=body), "m")
