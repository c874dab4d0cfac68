"""array-flattened fires and stays silent."""

from dataclasses import replace
from typing import Any

import pytest

from s2r_ci.model import Array
from s2r_ci.verify.array_flattened import check
from tests.verify.good import ARRAY, GONE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "array",
            {"spec.parallelism": 5},
            {"job": {"array": replace(ARRAY, throttle=99)}},
            id="throttle above the count",
        ),
        pytest.param(
            "array", {"spec.parallelism": 5}, {"job": {"array": replace(ARRAY, throttle=0)}}, id="no throttle"
        ),
        pytest.param(
            "array", {"spec.template.spec.containers.0.env.4.value": "1-3:2,5,6-7"}, {}, id="another spelling"
        ),
        pytest.param(
            "array",
            {"spec.template.spec.containers.0.env.4.value": "0-20:5"},
            {"job": {"array": Array(ids=range(0, 21, 5), throttle=2)}},
            id="a range",
        ),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("array", {"spec.completionMode": "NonIndexed"}, {}, id="not indexed"),
        pytest.param("array", {"spec.completions": 4}, {}, id="an index less"),
        pytest.param("array", {"spec.completions": GONE}, {}, id="no completions"),
        pytest.param("array", {"spec.parallelism": 5}, {}, id="no throttle"),
        pytest.param("array", {"spec.parallelism": GONE}, {}, id="throttle gone"),
        pytest.param("array", {"spec.template.spec.containers.0.env.4.value": "0-4"}, {}, id="ids from zero"),
        pytest.param("array", {"spec.template.spec.containers.0.env.4.value": "3,1,5-7"}, {}, id="another order"),
        pytest.param("array", {"spec.template.spec.containers.0.env.4.value": "1,3,5-8"}, {}, id="an id more"),
        pytest.param("array", {"spec.template.spec.containers.0.env.4.value": "1,3,5-6"}, {}, id="an id less"),
        pytest.param("array", {"spec.template.spec.containers.0.env.4.value": "1;3"}, {}, id="no list"),
        pytest.param(
            "array", {"spec.template.spec.containers.0.env.4.value": "0-999999999999"}, {}, id="far too many"
        ),
        pytest.param("array", {"spec.template.spec.containers.0.env.4": GONE}, {}, id="no table"),
        pytest.param("array", {"spec.template.spec.containers.0.env.4.value": GONE}, {}, id="no table's value"),
        pytest.param("array", {}, {"job": {"array": Array(ids=range(0, 21, 5), throttle=2)}}, id="other step"),
        pytest.param("array", {}, {"job": {"array": None}}, id="invented"),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"array"}
