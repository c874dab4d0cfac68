"""task-count-changed fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.task_count_changed import check
from tests.verify.good import GONE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {}, {}, id="a job says it in variables"),
        pytest.param("mpi", {"spec.slotsPerWorker": 1}, {"resources": {"tasks_per_node": 1}}, id="one task"),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("pytorch", {"spec.nprocPerNode": "1"}, {}, id="halved"),
        pytest.param("mpi", {"spec.slotsPerWorker": 4}, {}, id="doubled"),
        pytest.param("mpi", {"spec.slotsPerWorker": GONE}, {}, id="gone"),
        pytest.param("pytorch", {"spec.nprocPerNode": "auto"}, {}, id="left to the image"),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"tasks"}
