"""time-limit-dropped fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.time_limit_dropped import check
from tests.verify.good import GONE, PRELUDE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job",
            {"spec.template.spec.activeDeadlineSeconds": 120},
            {"job": {"time_limit_s": 90}},
            id="whole minutes",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.activeDeadlineSeconds": GONE},
            {"job": {"time_limit_s": None}},
            id="no limit",
        ),
        pytest.param(
            "job", {"spec.template.spec.activeDeadlineSeconds": GONE}, {"job": {"time_limit_s": 0}}, id="unlimited"
        ),
        pytest.param(
            "restarted",
            {"spec.template.spec.activeDeadlineSeconds": GONE},
            {"job": {"requeue": True, "time_limit_s": 0}},
            id="restarted without a limit",
        ),
        pytest.param(
            "mpi",
            {"spec.runPolicy.activeDeadlineSeconds": GONE},
            {"job": {"time_limit_s": 0}},
            id="no limit of MPI",
        ),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"spec.template.spec.activeDeadlineSeconds": GONE}, {}, id="gone"),
        pytest.param("job", {"spec.template.spec.activeDeadlineSeconds": 60}, {}, id="minutes"),
        pytest.param("job", {"spec.template.spec.activeDeadlineSeconds": 3601}, {}, id="off by one"),
        pytest.param("job", {"spec.template.spec.activeDeadlineSeconds": "3600"}, {}, id="a text"),
        pytest.param("job", {}, {"job": {"time_limit_s": 0}}, id="invented"),
        pytest.param(
            "job",
            {"spec.template.spec.activeDeadlineSeconds": GONE, "spec.activeDeadlineSeconds": 3600},
            {},
            id="on the job",
        ),
        pytest.param("array", {"spec.activeDeadlineSeconds": 3600}, {}, id="on the job too"),
        pytest.param(
            "pytorch", {"spec.runPolicy.activeDeadlineSeconds": 3600}, {}, id="in the run policy of PyTorch"
        ),
        pytest.param(
            "pytorch",
            {"spec.pytorchReplicaSpecs.Worker.template.spec.activeDeadlineSeconds": GONE},
            {},
            id="one role",
        ),
        pytest.param("mpi", {"spec.runPolicy.activeDeadlineSeconds": GONE}, {}, id="gone from MPI"),
        pytest.param(
            "mpi",
            {"spec.mpiReplicaSpecs.Worker.template.spec.activeDeadlineSeconds": 3600},
            {},
            id="on the pod of MPI",
        ),
        pytest.param("mpi", {"spec.launcherCreationPolicy": "AtStartup"}, {}, id="the queue counts"),
        pytest.param("restarted", {"spec.template.spec.activeDeadlineSeconds": GONE}, {}, id="no backstop"),
        pytest.param("restarted", {"spec.template.spec.activeDeadlineSeconds": 3600}, {}, id="no time to end"),
        pytest.param("restarted", {"spec.template.spec.activeDeadlineSeconds": 7200}, {}, id="a late backstop"),
        pytest.param(
            "restarted", {"spec.template.spec.containers.0.args.0": PRELUDE}, {}, id="does not end itself"
        ),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"time"}
