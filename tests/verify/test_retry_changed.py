"""retry-changed fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.model import Service
from s2r_ci.verify.retry_changed import check
from tests.verify.good import GONE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "restarted",
            {},
            {
                "options": {"qos": "scavenge"},
                "job": {"requeue": None},
                "site": {"qos": {"scavenge": Service(preemptibility="preemptible")}},
            },
            id="a preemptible QOS",
        ),
        pytest.param("job", {}, {"job": {"requeue": False}}, id="--no-requeue wins"),
        pytest.param(
            "pytorch",
            {
                "metadata.labels~kai.scheduler/preemptibility": "preemptible",
                "spec.runPolicy.backoffLimit": 6,
                "spec.pytorchReplicaSpecs.Master.restartPolicy": "ExitCode",
                "spec.pytorchReplicaSpecs.Worker.restartPolicy": "ExitCode",
            },
            {"job": {"requeue": True}},
            id="restarted PyTorch",
        ),
        pytest.param(
            "mpi",
            {
                "metadata.labels~kai.scheduler/preemptibility": "preemptible",
                "spec.runPolicy.backoffLimit": 6,
                "spec.mpiReplicaSpecs.Launcher.restartPolicy": "OnFailure",
            },
            {"job": {"requeue": True}},
            id="restarted MPI",
        ),
        pytest.param("mpi", {"spec.mpiReplicaSpecs.Worker.restartPolicy": GONE}, {}, id="the worker's default"),
        pytest.param("array", {"spec.maxFailedIndexes": GONE}, {}, id="no number of failures ends it"),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"spec.backoffLimit": 6}, {}, id="restarted"),
        pytest.param("job", {"spec.backoffLimit": GONE}, {}, id="by default"),
        pytest.param("restarted", {"spec.backoffLimit": 0}, {}, id="not restarted"),
        pytest.param("restarted", {"spec.backoffLimit": 3}, {}, id="half as often"),
        pytest.param("job", {"metadata.labels~kai.scheduler/preemptibility": "preemptible"}, {}, id="preempted"),
        pytest.param("job", {"metadata.labels~kai.scheduler/preemptibility": GONE}, {}, id="nothing said"),
        pytest.param(
            "restarted", {"metadata.labels~kai.scheduler/preemptibility": "non-preemptible"}, {}, id="not preempted"
        ),
        pytest.param("job", {"spec.template.spec.restartPolicy": "OnFailure"}, {}, id="in place"),
        pytest.param("job", {"spec.template.spec.restartPolicy": GONE}, {}, id="no restart policy"),
        pytest.param(
            "pytorch", {"spec.pytorchReplicaSpecs.Worker.restartPolicy": GONE}, {}, id="PyTorch's default"
        ),
        pytest.param("mpi", {"spec.mpiReplicaSpecs.Launcher.restartPolicy": GONE}, {}, id="the launcher's default"),
        pytest.param("mpi", {"spec.runPolicy.backoffLimit": GONE}, {}, id="a back-off limit of the workload"),
        pytest.param("array", {"spec.backoffLimitPerIndex": 1}, {}, id="an index again"),
        pytest.param("array", {"spec.backoffLimitPerIndex": GONE}, {}, id="no limit per index"),
        pytest.param("array", {"spec.maxFailedIndexes": 1}, {}, id="one failure ends all"),
        pytest.param("array", {"spec.backoffLimit": 0}, {}, id="all ended"),
        pytest.param("restarted", {"spec.podFailurePolicy": GONE}, {}, id="own failure too"),
        pytest.param("restarted", {"spec.podFailurePolicy.rules.1": GONE}, {}, id="only lost nodes"),
        pytest.param(
            "restarted", {"spec.podFailurePolicy.rules.1.onExitCodes.values": [143]}, {}, id="other codes"
        ),
        pytest.param(
            "restarted", {"spec.podFailurePolicy.rules.1.onExitCodes.operator": "In"}, {}, id="other operator"
        ),
        pytest.param("restarted", {"spec.podFailurePolicy.rules.0.action": "Count"}, {}, id="other action"),
        pytest.param("restarted", {"spec.podFailurePolicy.rules.0.onPodConditions": []}, {}, id="other condition"),
        pytest.param(
            "job", {"spec.podFailurePolicy": {"rules": [{"action": "Ignore"}]}}, {}, id="a policy without restarts"
        ),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"requeue"}
