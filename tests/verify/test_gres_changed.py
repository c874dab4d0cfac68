"""gres-changed fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.gres_changed import check
from tests.verify.good import GONE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.resources.limits~example.com/fpga": GONE},
            {"resources": {"other_gres": {"lscratch": 5}}},
            id="not in the site map",
        ),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.limits~example.com/fpga": GONE}, {}, id="gone"
        ),
        pytest.param(
            "job", {"spec.template.spec.containers.0.resources.limits~example.com/fpga": "2"}, {}, id="doubled"
        ),
        pytest.param(
            "mpi",
            {"spec.mpiReplicaSpecs.Worker.template.spec.containers.0.resources.requests~example.com/fpga": "2"},
            {},
            id="requests differ",
        ),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"gres"}
