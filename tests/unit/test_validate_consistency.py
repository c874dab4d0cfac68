"""Fields that contradict each other: every check fires and stays silent."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from s2r_ci import rules
from s2r_ci.model import Manifest
from s2r_ci.runai.yaml import read_yaml, write_yaml
from s2r_ci.validate import validate
from s2r_ci.validate.consistency import CHECKS

Edit = Callable[[dict[str, Any]], None]

POD: dict[str, Any] = {
    "restartPolicy": "Never",
    "containers": [
        {"name": "main", "image": "ubuntu:24.04", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    ],
    "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
}
LABELS = {"kai.scheduler/preemptibility": "non-preemptible"}


def job() -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "train", "labels": dict(LABELS)},
        "spec": {"backoffLimit": 0, "template": {"spec": deepcopy(POD)}},
    }


def array() -> dict[str, Any]:
    body = job()
    del body["spec"]["backoffLimit"]
    body["spec"] |= {"completionMode": "Indexed", "completions": 10, "parallelism": 2, "backoffLimitPerIndex": 0}
    return body


def pytorch() -> dict[str, Any]:
    pod = {"containers": [{"name": "pytorch", "image": "x"}]}
    roles = {
        role: {"replicas": count, "restartPolicy": "Never", "template": {"spec": deepcopy(pod)}}
        for role, count in (("Master", 1), ("Worker", 3))
    }
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "PyTorchJob",
        "metadata": {"name": "ddp", "labels": dict(LABELS)},
        "spec": {"pytorchReplicaSpecs": roles},
    }


def mpi() -> dict[str, Any]:
    pod = {"containers": [{"name": "mpi", "image": "x"}]}
    roles = {
        role: {"replicas": count, "restartPolicy": "Never", "template": {"spec": deepcopy(pod)}}
        for role, count in (("Launcher", 1), ("Worker", 4))
    }
    return {
        "apiVersion": "kubeflow.org/v2beta1",
        "kind": "MPIJob",
        "metadata": {"name": "mpi", "labels": dict(LABELS)},
        "spec": {"runPolicy": {"backoffLimit": 0}, "mpiReplicaSpecs": roles},
    }


def setting(*steps: Any, to: Any) -> Edit:
    def edit(body: dict[str, Any]) -> None:
        inner: Any = body
        for step in steps[:-1]:
            inner = inner.setdefault(step, {}) if isinstance(inner, dict) else inner[step]
        inner[steps[-1]] = to

    return edit


CONTAINER = ("spec", "template", "spec", "containers", 0)
GPU = "nvidia.com/gpu"
PREEMPTIBILITY = ("metadata", "labels", "kai.scheduler/preemptibility")


def resources(requests: dict[str, Any], limits: dict[str, Any]) -> Edit:
    return setting(*CONTAINER, "resources", to={"requests": requests, "limits": limits})


def policy(name: str, values: list[int]) -> Edit:
    codes = {"containerName": name, "operator": "NotIn", "values": values}
    return setting("spec", "podFailurePolicy", to={"rules": [{"action": "FailJob", "onExitCodes": codes}]})


def mounts(*paths: tuple[str, str]) -> Edit:
    return setting(*CONTAINER, "volumeMounts", to=[{"name": name, "mountPath": path} for name, path in paths])


def variables(*names: str) -> Edit:
    return setting(*CONTAINER, "env", to=[{"name": name, "value": "x"} for name in names])


def named(length: int) -> Edit:
    return setting("metadata", "name", to="x" * length)


def also_init(name: str) -> Edit:
    return setting("spec", "template", "spec", "initContainers", to=[{"name": name, "image": "x"}])


def roles_restart(policy: str) -> Edit:
    def edit(body: dict[str, Any]) -> None:
        for role in body["spec"]["pytorchReplicaSpecs"].values():
            role["restartPolicy"] = policy

    return edit


def both(*edits: Edit) -> Edit:
    def edit(body: dict[str, Any]) -> None:
        for each in edits:
            each(body)

    return edit


FIRES: list[tuple[str, Callable[[], dict[str, Any]], Edit, str, str]] = [
    ("parallelism above completions", array, setting("spec", "parallelism", to=11), "parallelism", "11"),
    ("array name too long", array, named(62), "name", "room for 61"),
    ("worker name too long", pytorch, named(55), "name", "room for 54"),
    ("launcher name too long", mpi, named(55), "name", "-launcher-0"),
    ("GPUs requested otherwise", job, resources({GPU: "1"}, {GPU: "2"}), GPU, "request and limit alike"),
    ("GPUs not limited", job, resources({GPU: 2}, {}), GPU, "not limited"),
    ("memory limited below", job, resources({"memory": "1Gi"}, {"memory": "1G"}), "memory", "may not be lower"),
    ("cpu limited below", job, resources({"cpu": "1.5"}, {"cpu": "1400m"}), "cpu", "may not be lower"),
    ("memory beyond Kubernetes", job, resources({}, {"memory": "99E"}), "memory", "no amount"),
    ("request beyond Kubernetes", job, resources({"memory": "99E"}, {}), "memory", "no amount"),
    ("policy of no container", job, policy("train", [137]), "podFailurePolicy", "the pod has main"),
    ("exit codes descend", job, policy("main", [143, 137]), "podFailurePolicy", "137, 143"),
    ("mount without volume", job, mounts(("date", "/data")), "volume.date", "does not have"),
    ("two volumes at one place", job, mounts(("data", "/data"), ("data", "/data/")), "mount./data", "two volumes"),
    (
        "volume twice",
        job,
        lambda body: body["spec"]["template"]["spec"]["volumes"].append({"name": "data", "emptyDir": {}}),
        "volume.data",
        "twice",
    ),
    ("variable twice", job, variables("A", "B", "A"), "variable.A", "set twice in container main"),
    ("container name twice", job, also_init("main"), "container.main", "two containers"),
    ("non-preemptible, retries", job, setting("spec", "backoffLimit", to=3), "retry", "set backoffLimit"),
    (
        "non-preemptible, retries unsaid",
        job,
        lambda body: body["spec"].pop("backoffLimit"),
        "retry",
        "backoffLimit",
    ),
    ("non-preemptible array, retries", array, setting("spec", "backoffLimitPerIndex", to=1), "retry", "PerIndex"),
    ("non-preemptible PyTorchJob", pytorch, roles_restart("ExitCode"), "retry", "restartPolicy of every role"),
    ("non-preemptible MPIJob", mpi, setting("spec", "runPolicy", to={}), "retry", "runPolicy.backoffLimit"),
    (
        "preemptible without retries",
        job,
        setting(*PREEMPTIBILITY, to="preemptible"),
        "retry",
        "never started again",
    ),
    ("preemptible array", array, setting(*PREEMPTIBILITY, to="preemptible"), "retry", "never started again"),
    ("preemptible PyTorchJob", pytorch, setting(*PREEMPTIBILITY, to="preemptible"), "retry", "never started again"),
    ("preemptible MPIJob", mpi, setting(*PREEMPTIBILITY, to="preemptible"), "retry", "never started again"),
    ("deadline over an array", array, setting("spec", "activeDeadlineSeconds", to=60), "time", "limit of each"),
]


@pytest.mark.parametrize(
    ("base", "edit", "subject", "words"), [pytest.param(*case[1:], id=case[0]) for case in FIRES]
)
def test_a_contradiction_is_found(base: Callable[[], dict[str, Any]], edit: Edit, subject: str, words: str) -> None:
    body = base()
    edit(body)
    found = validate(read_yaml(write_yaml(body).encode()), "x.yaml")
    assert [(finding.rule, finding.subject) for finding in found] == [(rules.MANIFEST_INCONSISTENT, subject)]
    assert words in found[0].message
    assert found[0].location.line > 1


SILENT: list[tuple[str, Callable[[], dict[str, Any]], Edit]] = [
    ("job", job, both()),
    ("array", array, both()),
    ("PyTorchJob", pytorch, both()),
    ("MPIJob", mpi, both()),
    ("parallelism equal", array, setting("spec", "parallelism", to=10)),
    ("parallelism alone", job, setting("spec", "parallelism", to=5)),
    ("array name that fits", array, named(61)),
    ("job name that fits", job, named(63)),
    ("worker name that fits", pytorch, named(54)),
    ("GPUs only limited", job, resources({}, {GPU: "2"})),
    ("GPUs spelled otherwise", job, resources({GPU: "2"}, {GPU: 2})),
    ("memory spelled otherwise", job, resources({"memory": "1024Mi"}, {"memory": "1Gi"})),
    ("memory not limited", job, resources({"memory": "1Gi"}, {})),
    ("cpu limited above", job, resources({"cpu": "500m"}, {"cpu": 1})),
    ("policy in order", job, policy("main", [137, 143])),
    ("policy of an init container", job, both(also_init("init"), policy("init", [1]))),
    ("one volume at two places", job, mounts(("data", "/data"), ("data", "/scratch"))),
    ("variables in two containers", job, both(also_init("init"), variables("A", "B"))),
    ("variables that differ in case", job, variables("a", "A")),
    ("no label", job, both(setting("metadata", "labels", to={}), setting("spec", "backoffLimit", to=3))),
    (
        "preemptible with retries",
        job,
        both(setting(*PREEMPTIBILITY, to="preemptible"), setting("spec", "backoffLimit", to=6)),
    ),
    (
        "preemptible PyTorchJob",
        pytorch,
        both(setting(*PREEMPTIBILITY, to="preemptible"), roles_restart("ExitCode")),
    ),
    (
        "preemptible MPIJob",
        mpi,
        both(setting(*PREEMPTIBILITY, to="preemptible"), setting("spec", "runPolicy", "backoffLimit", to=6)),
    ),
    ("deadline of each index", array, setting("spec", "template", "spec", "activeDeadlineSeconds", to=60)),
    ("deadline of a job", job, setting("spec", "activeDeadlineSeconds", to=60)),
]


@pytest.mark.parametrize(("base", "edit"), [pytest.param(*case[1:], id=case[0]) for case in SILENT])
def test_what_fits_together_is_left_alone(base: Callable[[], dict[str, Any]], edit: Edit) -> None:
    body = base()
    edit(body)
    assert validate(Manifest(body=body), "x.yaml") == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_check_fires_for_some_case(check: Callable[[dict[str, Any]], Any]) -> None:
    fired = 0
    for _name, base, edit, _subject, _words in FIRES:
        body = base()
        edit(body)
        fired += len(list(check(body)))
    assert fired


@pytest.mark.parametrize("role", ["Master", "Worker"])
def test_every_role_says_its_replicas(role: str) -> None:
    body = pytorch()
    del body["spec"]["pytorchReplicaSpecs"][role]["replicas"]
    found = validate(Manifest(body=body), "x.yaml")
    assert [(finding.rule, finding.subject) for finding in found] == [
        (rules.MANIFEST_INVALID, f"spec.pytorchReplicaSpecs.{role}.replicas")
    ]
