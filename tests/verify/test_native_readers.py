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
    assert missed == []
    assert len(every) > 60


def grave(one: Good, body: Any) -> list[str]:
    """The rules of the errors that the judge finds, without the schema."""
    return [f.rule.id for f in verify(one.request, Manifest(body=body), "m") if f.rule.level is Level.ERROR]


def odd(value: Any) -> Iterator[Any]:
    others: list[Any] = [
        None,
        1,
        -1.5,
        "",
        "x",
        True,
        [],
        [1],
        {},
        {"value": 1},
        {"items": 1},
        {"a": {"b": []}},
        GONE,
    ]
    for other in others:
        if other != value:
            yield other


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_raises_whatever_stands_there(target: str) -> None:
    for one in subjects(target):
        for steps, value in list(nodes(one.body))[::9]:
            for other in odd(value):
                verify(one.request, Manifest(body=put(one.body, steps, other)), "m")
    shapeless: list[Any] = [None, 1, "x", [], {}, {"spec": []}, {"kind": []}, {"flags": [], "kind": {}}]
    shapeless.append({"spec": {"pvcs": 1}})
    for each in shapeless:
        verify(subjects(target)[0].request, Manifest(body=each), "m")


@pytest.mark.parametrize(
    ("target", "name", "steps", "value"),
    [
        pytest.param(
            "v2alpha1", "held", ("spec", "largeShm"), {"value": "yes"}, id="shared memory that is neither"
        ),
        pytest.param(
            "v2alpha1", "torch-requeue", ("spec", "largeShm"), {"value": False}, id="no shared memory for GPUs"
        ),
        pytest.param("v2alpha1", "held", ("metadata", "namespace"), GONE, id="no namespace, so that of the day"),
        pytest.param("v2alpha1", "held", ("spec", "workers"), {"value": 9}, id="workers of a single pod"),
        pytest.param("v2alpha1", "held", ("spec", "runAsUser"), {"value": "true"}, id="a user that is no truth"),
        pytest.param("v2alpha1", "held", ("masterSpec",), {}, id="a master of a single pod"),
        pytest.param(
            "v2alpha1",
            "mpi",
            ("masterSpec", "annotations"),
            {"items": {"a": {"value": "b"}}},
            id="of the launcher alone",
        ),
        pytest.param("v2alpha1", "mpi", ("spec", "command"), {"value": "/bin/sh"}, id="workers with a command"),
        pytest.param(
            "rest", "torch-requeue", ("spec", "compute", "largeShmRequest"), False, id="none for GPUs, in a body"
        ),
        pytest.param("rest", "mpi", ("masterSpec", "nodePools"), ["other"], id="pools of the launcher alone"),
        pytest.param(
            "rest", "mpi", ("masterSpec", "priorityClass"), "very-high", id="priority of the launcher alone"
        ),
        pytest.param(
            "rest",
            "torch-requeue",
            ("spec", "terminateAfterPreemption"),
            GONE,
            id="not said what a preemption does",
        ),
        pytest.param("rest", "torch", ("spec", "args"), "-c 'sleep 9'", id="workers with a program"),
        pytest.param("cli", "torch", ("flags", "master-args"), "-c 'sleep 9'", id="a master without the script"),
        pytest.param("rest", "held", ("spec", "numWorkers"), 9, id="workers of a single pod, in a body"),
        pytest.param(
            "rest",
            "mpi",
            ("spec", "storage", "emptyDirVolume"),
            [{"path": "/tmp", "sizeLimit": "20Gi"}] * 2,
            id="/tmp twice",
        ),
        pytest.param(
            "cli", "torch-requeue", ("flags", "large-shm"), "false", id="no shared memory, on the command line"
        ),
        pytest.param(
            "cli", "held", ("flags", "extended-resource"), ["example.com/nvme=2"] * 2, id="a resource twice"
        ),
        pytest.param(
            "cli",
            "held",
            ("flags", "annotation"),
            ["s2r-ci/job-name=a", "s2r-ci/job-name=b"],
            id="an annotation twice",
        ),
        pytest.param(
            "cli",
            "mpi",
            ("flags", "empty-dir-volume"),
            ["name=scratch,path=/tmp,size-limit=20Gi"] * 2,
            id="a volume twice",
        ),
        pytest.param(
            "cli", "mpi", ("flags", "master-cpu-core-limit"), "16", id="a launcher that may have more than it asks"
        ),
    ],
)
def test_fires_on_what_was_read_past_once(target: str, name: str, steps: tuple[str, ...], value: Any) -> None:
    (one,) = (one for one in good(target) if one.name == f"own/{name} answered")
    body = put(one.body, steps, value)
    assert body != one.body
    assert grave(one, body)


def test_two_pools_are_not_one_whose_name_has_a_blank() -> None:
    one = next(one for one in good("rest") if len(one.body["spec"].get("nodePools", ())) > 1)
    body = put(one.body, ("spec", "nodePools"), [" ".join(one.body["spec"]["nodePools"])])
    assert "partition-lost" in grave(one, body)


def test_annotations_of_the_resource_do_not_hide_behind_those_of_its_spec() -> None:
    one = next(
        one for one in good("v2alpha1") if "annotations" in one.body["spec"] and one.body["kind"].startswith("T")
    )
    body = put(one.body, ("metadata", "annotations"), {"sidecar.istio.io/inject": "true"})
    assert [f.rule.id for f in verify(one.request, Manifest(body=body), "m") if f.rule.level is Level.ERROR] == [
        "policy-violated"
    ]


@pytest.mark.parametrize(
    ("target", "steps", "value"),
    [
        pytest.param("v2alpha1", ("spec", "largeShm"), {"value": False}, id="no more shared memory than by itself"),
        pytest.param("v2alpha1", ("spec", "runAsUser"), {"value": False}, id="the image's user"),
        pytest.param("rest", ("spec", "compute", "largeShmRequest"), False, id="the same, in a body"),
    ],
)
def test_silent_on_a_default_that_is_said(target: str, steps: tuple[str, ...], value: Any) -> None:
    (one,) = (one for one in good(target) if one.name == "own/held answered")
    assert [
        f
        for f in verify(one.request, Manifest(body=put(one.body, steps, value)), "m")
        if f.rule.level is Level.ERROR
    ] == []
