"""hold-changed fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.hold_changed import check
from tests.verify.good import SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"spec.suspend": True}, {"job": {"hold": True}}, id="held"),
        pytest.param("mpi", {"spec.runPolicy.suspend": True}, {"job": {"hold": True}}, id="held MPI"),
        pytest.param("job", {"spec.suspend": False}, {}, id="said"),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {}, {"job": {"hold": True}}, id="starts at once"),
        pytest.param("job", {"spec.suspend": True}, {}, id="never starts"),
        pytest.param("pytorch", {"spec.suspend": True}, {"job": {"hold": True}}, id="at the wrong level"),
        pytest.param("pytorch", {"spec.runPolicy.suspend": True}, {}, id="never starts as PyTorch"),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"hold"}
