"""partition-lost fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.partition_lost import check
from tests.verify.good import GONE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job",
            {"spec.template.metadata.annotations.runai-nodepools": "a100-pool default cpu-pool"},
            {"options": {"partition": "gpu,cpu"}},
            id="several partitions",
        ),
        pytest.param(
            "job",
            {"spec.template.metadata.annotations.runai-nodepools": GONE},
            {"options": {"partition": ""}},
            id="none named",
        ),
        pytest.param(
            "job",
            {"spec.template.metadata.annotations.runai-nodepools": GONE},
            {"options": {"partition": "gpu,unknown"}},
            id="not in the site map",
        ),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"spec.template.metadata.annotations.runai-nodepools": GONE}, {}, id="gone"),
        pytest.param("job", {"spec.template.metadata.annotations.runai-nodepools": "default"}, {}, id="one gone"),
        pytest.param(
            "job",
            {"spec.template.metadata.annotations.runai-nodepools": "default a100-pool"},
            {},
            id="another order",
        ),
        pytest.param(
            "job", {"spec.template.metadata.annotations.runai-nodepools": "a100-pool,default"}, {}, id="commas"
        ),
        pytest.param("job", {}, {"options": {"partition": ""}}, id="invented"),
        pytest.param("mpi", {"spec.mpiReplicaSpecs.Worker.template.metadata": GONE}, {}, id="one role"),
        pytest.param(
            "job",
            {"metadata.annotations.runai-nodepools": "a100-pool default", "spec.template.metadata": GONE},
            {},
            id="on the workload",
        ),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"partition"}
