"""Our manifests by the schemas of the Kubernetes releases that the chosen Run:ai release runs on.

A kind that the schemas do not know counts as a failure, so the pod templates of the Kubeflow kinds are asked about
as PodTemplates.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
from kubernetes_validate import utils

from s2r_ci.convert import load_converter
from s2r_ci.runai.targets import KUBERNETES, RELEASES
from tests.golden.test_golden import CASES, request_of

KNOWN = {utils.major_minor(version.removeprefix("v")) for version in utils.all_versions()}


def objects(case: str, target: str) -> Iterator[dict[str, Any]]:
    asked = request_of(case)
    body = load_converter("rules").convert(replace(asked, target=replace(asked.target, name=target))).manifest.body
    if body["kind"] == "Job":
        yield body
        return
    (roles,) = (value for name, value in body["spec"].items() if name.endswith("ReplicaSpecs"))
    for role in roles.values():
        yield {
            "apiVersion": "v1",
            "kind": "PodTemplate",
            "metadata": body["metadata"],
            "template": role["template"],
        }


ASKED = sorted({version for matrix in KUBERNETES.values() for version in matrix.kubernetes} & KNOWN)
KAI_CASES = ("typed-gres-constraint", "multinode-torchrun")  # what differs is the pod's metadata


def test_every_release_runs_on_a_kubernetes_that_is_asked() -> None:
    for release in RELEASES:
        assert set(KUBERNETES[release].kubernetes) & set(ASKED)


@pytest.mark.parametrize("version", ASKED)
def test_every_golden_manifest_keeps_the_schemas_of_kubernetes(version: str) -> None:
    for target, cases in (("kubernetes", CASES), ("kai", KAI_CASES)):
        for case in cases:
            for body in objects(case, target):
                kubernetes_validate.validate(body, version, strict=True)


def test_an_unknown_kind_is_a_failure() -> None:
    with pytest.raises(utils.SchemaNotFoundError):
        kubernetes_validate.validate({"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob"}, "1.34", strict=True)


def test_a_field_that_nobody_knows_is_a_failure() -> None:
    (body,) = objects("single-gpu-venv", "kubernetes")
    body["spec"]["template"]["spec"]["gpus"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(body, "1.34", strict=True)


def test_the_table_is_ascending_and_says_its_source() -> None:
    for matrix in KUBERNETES.values():
        minors = [int(version.partition(".")[2]) for version in matrix.kubernetes]
        assert minors == list(range(minors[0], minors[-1] + 1))
        assert matrix.source
        assert matrix.read or "inferred" in matrix.source
