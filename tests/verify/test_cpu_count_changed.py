"""cpu-count-changed fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.cpu_count_changed import check
from tests.verify.good import GONE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.requests~cpu": "8000m"}, {}, id="in thousandths"
        ),
        pytest.param("job", {"spec.template.spec.containers.0.resources.requests~cpu": 8}, {}, id="a number"),
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.requests~cpu": GONE}, {}, id="requests by limits"
        ),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"spec.template.spec.containers.0.resources.requests~cpu": "4"}, {}, id="halved"),
        pytest.param(
            "job",
            {
                "spec.template.spec.containers.0.resources.requests~cpu": "4",
                "spec.template.spec.containers.0.resources.limits~cpu": "4",
            },
            {},
            id="per task",
        ),
        pytest.param("job", {"spec.template.spec.containers.0.resources.limits~cpu": "9"}, {}, id="off by one"),
        pytest.param("job", {"spec.template.spec.containers.0.resources.limits~cpu": GONE}, {}, id="no limit"),
        pytest.param("job", {"spec.template.spec.containers.0.resources.requests~cpu": "8m"}, {}, id="wrong unit"),
        pytest.param(
            "pytorch",
            {"spec.pytorchReplicaSpecs.Worker.template.spec.containers.0.resources.limits.cpu": "1"},
            {},
            id="in one role only",
        ),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"cpus"}
