"""project-lost fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.project_lost import check
from tests.verify.good import SHAPES, breaches

LABELS = "metadata.labels"


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize("says", [{"target": {"project": "vision"}}, {"options": {"account": "lab"}}])
def test_silent_when_kept(says: dict[str, Any]) -> None:
    changes = {f"{LABELS}.project": "vision", f"{LABELS}~runai/queue": "vision"}
    assert breaches(check, "job", changes, **says) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({}, {"target": {"project": "vision"}}, id="lost"),
        pytest.param({}, {"options": {"account": "lab"}}, id="the account's lost"),
        pytest.param({f"{LABELS}.project": "vision"}, {"target": {"project": "vision"}}, id="no queue"),
        pytest.param({f"{LABELS}~runai/queue": "vision"}, {"target": {"project": "vision"}}, id="the queue alone"),
        pytest.param(
            {f"{LABELS}.project": "vision", f"{LABELS}~runai/queue": "other"},
            {"target": {"project": "vision"}},
            id="another queue",
        ),
    ],
)
def test_fires_when_broken(changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, "job", changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"account"}
