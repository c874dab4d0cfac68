"""gpu-count-changed fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.gpu_count_changed import check
from tests.verify.good import GONE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.resources.requests~nvidia.com/gpu": GONE},
            {},
            id="limits alone",
        ),
        pytest.param(
            "job",
            {
                "spec.template.spec.containers.0.resources.requests~nvidia.com/gpu": GONE,
                "spec.template.spec.containers.0.resources.limits~nvidia.com/gpu": GONE,
            },
            {"resources": {"gpus_per_node": 0}},
            id="none asked",
        ),
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.limits~nvidia.com/gpu": 2}, {}, id="a number"
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.resources.limits~nvidia.com/gpu": "2000m"},
            {},
            id="another spelling",
        ),
        pytest.param(
            "job",
            {
                "spec.template.spec.containers.0.resources.requests~nvidia.com/gpu": GONE,
                "spec.template.spec.containers.0.resources.limits~nvidia.com/gpu": GONE,
            },
            {"resources": {"gpus_per_node": 0}, "target": {"gpus": 4}},
            id="no use, no answer needed",
        ),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.limits~nvidia.com/gpu": "1"}, {}, id="lowered"
        ),
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.limits~nvidia.com/gpu": "4"}, {}, id="doubled"
        ),
        pytest.param(
            "job",
            {
                "spec.template.spec.containers.0.resources.limits~nvidia.com/gpu": GONE,
                "spec.template.spec.containers.0.resources.requests~nvidia.com/gpu": GONE,
            },
            {},
            id="gone",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.resources.requests~nvidia.com/gpu": "1"},
            {},
            id="requests differ",
        ),
        pytest.param("job", {}, {"resources": {"gpus_per_node": 0}}, id="invented"),
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.limits~nvidia.com/gpu": "two"}, {}, id="not a number"
        ),
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.limits~nvidia.com/mig-1g.5gb": "2"}, {}, id="a slice"
        ),
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.limits~amd.com/gpu": "2"}, {}, id="another maker"
        ),
        pytest.param(
            "pytorch",
            {"spec.pytorchReplicaSpecs.Worker.template.spec.containers.0.resources.limits~nvidia.com/gpu": "1"},
            {},
            id="in one role only",
        ),
        pytest.param(
            "mpi",
            {"spec.mpiReplicaSpecs.Launcher.template.spec.containers.0.resources.limits~nvidia.com/gpu": "2"},
            {},
            id="on the launcher",
        ),
        pytest.param("job", {"spec.template.metadata.annotations~gpu-fraction": "0.5"}, {}, id="a share"),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"gpus"}
