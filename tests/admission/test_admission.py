"""What a real API server (Kubernetes 1.20) makes of our manifests: admitted, and nothing of them pruned.

Fields that are younger than 1.20 are listed with the release that brought them; the schemas of those releases judge
them in ``tests/schemas/test_kubernetes_releases.py``. Slow: the server is built once a machine (make admission).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from s2r_ci.convert import load_converter
from s2r_ci.errors import ConversionError
from s2r_ci.model import ConversionRequest, Manifest, Script
from s2r_ci.runai.targets import KAI, V2ALPHA1
from s2r_ci.runai.texts import read_text, write_text
from s2r_ci.slurm.job import read_script
from tests.golden.test_golden import ANSWERED, CASES, EXAMPLES, request_of
from tools.admission.server import Server, started
from tools.admission.structural import CRDS, definition

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

YOUNGER = {  # field of a Job -> the release whose API server first kept it by default
    "completionMode": "1.22",
    "suspend": "1.22",
    "podFailurePolicy": "1.26",
    "backoffLimitPerIndex": "1.29",
    "maxFailedIndexes": "1.29",
    "podReplacementPolicy": "1.29",
}
PATHS = {
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
    **{kind: f"/apis/{group}/{version}/namespaces/{{}}/{plural}" for group, version, kind, plural in CRDS.values()},
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with started() as made:
        for name in CRDS:
            answer = made.create(
                "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition(name), dry=False
            )
            assert answer.status == 201, (name, answer.body.get("message"))
        for namespace in ("runai-team-lab", "runai-team-flow"):
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
            assert made.create("/api/v1/namespaces", body, dry=False).status == 201
        _served(made)
        yield made


def _served(made: Server) -> None:
    """A definition is served a moment after it is taken: ask until every kind answers."""
    import time

    end = time.monotonic() + 30
    for path in PATHS.values():
        while made.get(path.format("default")).status != 200:
            assert time.monotonic() < end, path
            time.sleep(0.1)


def every_request() -> Iterator[tuple[str, ConversionRequest]]:
    """The golden cases, and every example that is one job."""
    for case in CASES:
        yield case, request_of(case)
    for path in sorted(EXAMPLES.iterdir()):
        script = Script(path=path.name, data=path.read_bytes())
        jobs = read_script(script).jobs
        if len(jobs) == 1:
            yield f"example {path.name}", ConversionRequest(script=script, job=jobs[0], target=ANSWERED)


def manifests(target: str) -> Iterator[tuple[str, Manifest]]:
    for name, asked in every_request():
        try:
            made = load_converter("rules").convert(replace(asked, target=replace(asked.target, name=target)))
        except ConversionError:
            continue  # an array where pods get no index
        text = write_text(made.manifest.body, target, {})
        yield name, read_text(text.encode(), target)


def lost(sent: Any, kept: Any, steps: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of what was sent and is not in what came back, or came back as something else."""
    if isinstance(sent, Mapping) and isinstance(kept, Mapping):
        for key, value in sent.items():
            if key in kept:
                yield from lost(value, kept[key], (*steps, key))
            else:
                yield (*steps, key)
    elif isinstance(sent, list) and isinstance(kept, list) and len(sent) == len(kept):
        for index, (one, other) in enumerate(zip(sent, kept, strict=True)):
            yield from lost(one, other, (*steps, index))
    elif sent != kept:
        yield steps


@pytest.mark.parametrize("target", ["kubernetes", KAI, V2ALPHA1])
def test_every_manifest_is_admitted_and_keeps_every_field(server: Server, target: str) -> None:
    count, young, kinds = 0, set[str](), set[str]()
    for name, manifest in manifests(target):
        namespace = manifest.body["metadata"].get("namespace", "default")
        answer = server.create(PATHS[manifest.kind].format(namespace), manifest.body)
        assert answer.status == 201, (name, answer.body.get("message"))
        gone = list(lost(manifest.body, answer.body))
        pruned = [steps for steps in gone if not (manifest.kind == "Job" and steps[-1] in YOUNGER)]
        assert pruned == [], (name, pruned)
        young |= {str(steps[-1]) for steps in gone}
        kinds.add(manifest.kind)
        count += 1
    print(f"{target}: {count} manifests of {sorted(kinds)} admitted; younger than 1.20: {sorted(young)}")
    assert count > 50
    native, standard = {"TrainingWorkload", "DistributedWorkload"}, {"Job", "PyTorchJob", "MPIJob"}
    assert kinds == (native if target == V2ALPHA1 else standard)


BAD = [
    pytest.param(("spec", "template", "spec", "restartPolicy"), "Always", id="restart-policy-of-a-job"),
    pytest.param(
        ("spec", "template", "spec", "containers", 0, "resources", "limits", "cpu"), "many", id="quantity"
    ),
    pytest.param(("spec", "template", "spec", "containers", 0, "name"), "Main", id="container-name"),
    pytest.param(("metadata", "name"), "Train", id="name"),
    pytest.param(("spec", "backoffLimit"), "none", id="type"),
]


@pytest.mark.parametrize(("steps", "value"), BAD)
def test_the_server_refuses_what_is_wrong(server: Server, steps: tuple[Any, ...], value: str) -> None:
    body = load_converter("rules").convert(request_of("single-gpu-venv")).manifest.body
    node = body
    for step in steps[:-1]:
        node = node[step]
    node[steps[-1]] = value
    assert server.create(PATHS["Job"].format("default"), body).status in (400, 422)


def test_a_field_that_nobody_knows_is_pruned_and_seen(server: Server) -> None:
    body = load_converter("rules").convert(request_of("multinode-torchrun")).manifest.body
    body["spec"]["nprocsPerNode"] = "8"
    answer = server.create(PATHS["PyTorchJob"].format("default"), body)
    assert list(lost(body, answer.body)) == [("spec", "nprocsPerNode")]
