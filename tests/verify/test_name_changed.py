"""name-changed fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.name_changed import check
from tests.verify.good import ARRAY, GONE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job", {"metadata.name": "job-3d"}, {"job": {"name": "3D"}}, id="a name that begins with a digit"
        ),
        pytest.param("job", {"metadata.name": "x" * 63}, {"job": {"name": "X" * 90}}, id="a long name is cut"),
        pytest.param(
            "array",
            {"metadata.name": "x" * 61},
            {"job": {"name": "x" * 90, "array": ARRAY}},
            id="room for the index",
        ),
        pytest.param("mpi", {"metadata.name": "x" * 52}, {"job": {"name": "x" * 90}}, id="room for the launcher"),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"metadata.name": "train-b"}, {}, id="another"),
        pytest.param("job", {"metadata.name": GONE}, {}, id="gone"),
        pytest.param("job", {"metadata.name": "x" * 64}, {"job": {"name": "x" * 64}}, id="too long"),
        pytest.param("job", {"metadata.name": "Train-A"}, {}, id="capitals"),
        pytest.param("job", {"metadata.name": 7}, {}, id="not a text"),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"name"}


def test_a_remark_is_kept_as_it_was_said() -> None:
    kept = {"metadata.annotations~s2r-ci/comment": "run 7"}
    assert breaches(check, "job", kept, options={"comment": "run 7"}) == []


@pytest.mark.parametrize("changes", [{}, {"metadata.annotations~s2r-ci/comment": "run 8"}], ids=["gone", "another"])
def test_a_remark_that_is_lost_is_seen(changes: dict[str, Any]) -> None:
    assert [each.subject for each in breaches(check, "job", changes, options={"comment": "run 7"})] == ["comment"]
