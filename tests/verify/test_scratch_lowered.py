"""scratch-lowered fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.scratch_lowered import check
from tests.verify.good import GONE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.resources.requests~ephemeral-storage": "1024Mi"},
            {},
            id="in Mi",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.resources.requests~ephemeral-storage": "2Gi"},
            {},
            id="more than asked",
        ),
        pytest.param(
            "job",
            {
                "spec.template.spec.containers.0.resources.requests~ephemeral-storage": GONE,
                "spec.template.spec.containers.0.resources.limits~ephemeral-storage": GONE,
            },
            {"resources": {"tmp_per_node_mib": 0}},
            id="none asked",
        ),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.resources.requests~ephemeral-storage": "512Mi"},
            {},
            id="halved",
        ),
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.requests~ephemeral-storage": "1G"}, {}, id="decimal"
        ),
        pytest.param(
            "job",
            {
                "spec.template.spec.containers.0.resources.requests~ephemeral-storage": GONE,
                "spec.template.spec.containers.0.resources.limits~ephemeral-storage": GONE,
            },
            {},
            id="gone",
        ),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"tmp"}
