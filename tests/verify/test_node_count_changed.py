"""node-count-changed fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.node_count_changed import check
from tests.verify.good import GONE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("pytorch", {}, {"resources": {"nodes_max": 8}}, id="a range counts its least"),
        pytest.param(
            "job",
            {
                "spec.completions": 3,
                "spec.parallelism": 3,
                "spec.completionMode": "Indexed",
                "metadata.annotations~kai.scheduler/batch-min-member": "3",
            },
            {"resources": {"nodes": 3}},
            id="pods side by side",
        ),
        pytest.param("job", {"spec.completions": 1}, {}, id="one completion said"),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("pytorch", {"spec.pytorchReplicaSpecs.Worker.replicas": 3}, {}, id="a pod more"),
        pytest.param("mpi", {"spec.mpiReplicaSpecs.Worker.replicas": 2}, {}, id="a pod less"),
        pytest.param("mpi", {"spec.mpiReplicaSpecs.Worker.replicas": GONE}, {}, id="no count"),
        pytest.param("mpi", {"spec.mpiReplicaSpecs.Launcher.replicas": GONE}, {}, id="no count of the launcher"),
        pytest.param(
            "pytorch",
            {"spec.pytorchReplicaSpecs.Master.replicas": 2, "spec.pytorchReplicaSpecs.Worker.replicas": 1},
            {},
            id="two masters",
        ),
        pytest.param("mpi", {"spec.mpiReplicaSpecs.Launcher": GONE}, {}, id="no launcher"),
        pytest.param("pytorch", {"spec.pytorchReplicaSpecs.Worker": GONE}, {}, id="no worker"),
        pytest.param("pytorch", {"spec.pytorchReplicaSpecs.Evaluator": {"replicas": 0}}, {}, id="a third role"),
        pytest.param("job", {"spec.completions": 2}, {}, id="a job that runs twice"),
        pytest.param("job", {"spec.parallelism": 2}, {}, id="two at once"),
        pytest.param(
            "job", {"spec.completions": 3, "spec.parallelism": 3}, {"resources": {"nodes": 3}}, id="no gang"
        ),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"nodes"}
