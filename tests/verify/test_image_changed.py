"""image-changed fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.model import Item, ItemKind, Location
from s2r_ci.verify.image_changed import check
from tests.verify.good import GONE, SHAPES, breaches


def image(value: str) -> Item:
    return Item(kind=ItemKind.CONTAINER, name="apptainer", value=value, location=Location(path="x", line=1))


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.image": "image.invalid/choose-an-image:unset"},
            {"target": {"image": ""}, "job": {"inventory": ()}},
            id="to be chosen",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.image": "x/y:1"},
            {"target": {"image_allow": ("x/y:1",)}},
            id="allowed",
        ),
        pytest.param(
            "job", {"spec.template.spec.containers.0.image": "registry.example.com/cuda:12.4"}, {}, id="a module's"
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.image": "nvcr.io/a/b:1"},
            {"options": {"container-image": "nvcr.io#a/b:1"}},
            id="a directive's",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.image": "docker.io/library/ubuntu:22.04"},
            {"job": {"inventory": (image("docker://ubuntu:22.04"),)}},
            id="the script's",
        ),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job", {"spec.template.spec.containers.0.image": "registry.example.com/ml/other:1.0"}, {}, id="another"
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.image": "registry.example.com/ml/train:1.1"},
            {},
            id="another tag",
        ),
        pytest.param(
            "job", {"spec.template.spec.containers.0.image": "registry.example.com/ml/train"}, {}, id="no tag"
        ),
        pytest.param("job", {"spec.template.spec.containers.0.image": GONE}, {}, id="gone"),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.image": "image.invalid/choose-an-image:unset"},
            {},
            id="the question where there is an answer",
        ),
        pytest.param("job", {"spec.template.spec.containers.0.image": ""}, {"target": {"image": ""}}, id="empty"),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.image": "registry.example.org/ml/train:1.0"},
            {},
            id="another host",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.image": "registry.example.com/ml/train:1.0@evil.example/x"},
            {},
            id="user info",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.image": "registry.example.com/ml/train:1.0@sha256:" + "0" * 64},
            {},
            id="another digest",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.image": "registry.example.com/r:4"},
            {},
            id="a module not loaded",
        ),
        pytest.param(
            "mpi", {"spec.mpiReplicaSpecs.Worker.template.spec.containers.0.image": "x/y:1"}, {}, id="the worker's"
        ),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"image"}
