"""image-tag-loose fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.image_tag_loose import check
from tests.verify.good import GONE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"spec.template.spec.containers.0.image": "a/b@sha256:" + "0" * 64}, {}, id="a digest"),
        pytest.param(
            "job", {"spec.template.spec.containers.0.image": "localhost:5000/a:1"}, {}, id="a port and a tag"
        ),
        pytest.param("job", {"spec.template.spec.containers.0.image": GONE}, {}, id="no image"),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"spec.template.spec.containers.0.image": "a/b"}, {}, id="no tag"),
        pytest.param("job", {"spec.template.spec.containers.0.image": "a/b:latest"}, {}, id="latest"),
        pytest.param(
            "job", {"spec.template.spec.containers.0.image": "localhost:5000/a"}, {}, id="a port is no tag"
        ),
        pytest.param("job", {"spec.template.spec.containers.0.image": "a/b:"}, {}, id="an empty tag"),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"image"}
