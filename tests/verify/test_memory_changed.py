"""memory-changed fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.memory_changed import check
from tests.verify.good import GONE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.requests~memory": "32768Mi"}, {}, id="in Mi"
        ),
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.limits~memory": 34359738368}, {}, id="in octets"
        ),
        pytest.param(
            "job",
            {},
            {"resources": {"memory_per_node_mib": None}, "target": {"memory_mib": 32768}},
            id="the settings' memory",
        ),
        pytest.param(
            "job",
            {},
            {"resources": {"memory_per_node_mib": 0}, "target": {"memory_mib": 32768}},
            id="all of the node, by the settings",
        ),
        pytest.param(
            "job",
            {
                "spec.template.spec.containers.0.resources.requests~memory": GONE,
                "spec.template.spec.containers.0.resources.limits~memory": GONE,
            },
            {"resources": {"memory_per_node_mib": None}},
            id="nobody said",
        ),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"spec.template.spec.containers.0.resources.requests~memory": "32G"}, {}, id="decimal"),
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.limits~memory": "32Mi"}, {}, id="mebi for gibi"
        ),
        pytest.param("job", {"spec.template.spec.containers.0.resources.requests~memory": "16Gi"}, {}, id="halved"),
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.limits~memory": "33Gi"}, {}, id="off by one"
        ),
        pytest.param("job", {"spec.template.spec.containers.0.resources.limits~memory": GONE}, {}, id="no limit"),
        pytest.param(
            "job",
            {
                "spec.template.spec.containers.0.resources.requests~memory": GONE,
                "spec.template.spec.containers.0.resources.limits~memory": GONE,
            },
            {},
            id="gone",
        ),
        pytest.param("job", {}, {"resources": {"memory_per_node_mib": None}}, id="invented"),
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.requests~memory": "32768m"}, {}, id="thousandths"
        ),
        pytest.param(
            "mpi",
            {"spec.mpiReplicaSpecs.Worker.template.spec.containers.0.resources.limits.memory": "1Gi"},
            {},
            id="in one role only",
        ),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"memory"}
