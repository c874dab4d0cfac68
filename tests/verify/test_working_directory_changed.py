"""working-directory-changed fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.model import Volume
from s2r_ci.verify.working_directory_changed import check
from tests.verify.good import GONE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.workingDir": "/scratch/x"},
            {"options": {"chdir": "/scratch/x"}},
            id="--chdir",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.workingDir": "/data/lab/x"},
            {"options": {"chdir": "x"}},
            id="relative",
        ),
        pytest.param("job", {}, {"target": {"working_directory": "/data/lab/"}}, id="a slash more"),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.workingDir": "/mnt/lab"},
            {"site": {"volumes": {"/data": Volume(claim="data", mount_path="/mnt")}}},
            id="a volume that moved",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.workingDir": GONE},
            {"target": {"working_directory": ""}},
            id="nobody said",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.workingDir": GONE},
            {"target": {"working_directory": ""}, "options": {"chdir": "x"}},
            id="relative to nothing",
        ),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"spec.template.spec.containers.0.workingDir": GONE}, {}, id="gone"),
        pytest.param("job", {"spec.template.spec.containers.0.workingDir": "/data"}, {}, id="another"),
        pytest.param("job", {}, {"target": {"working_directory": ""}}, id="invented"),
        pytest.param("job", {}, {"options": {"chdir": "/scratch/x"}}, id="the settings' instead of the script's"),
        pytest.param(
            "pytorch",
            {"spec.pytorchReplicaSpecs.Worker.template.spec.containers.0.workingDir": "/"},
            {},
            id="one role",
        ),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"working-directory"}
