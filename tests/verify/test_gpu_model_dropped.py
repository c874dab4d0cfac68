"""gpu-model-dropped fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.gpu_model_dropped import check
from tests.verify.good import GONE, SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job",
            {"spec.template.spec.nodeSelector": {"site/nvme": "yes"}},
            {"resources": {"gpu_model": ""}},
            id="no model asked",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.nodeSelector": {}},
            {"resources": {"gpu_model": "k80"}},
            id="a model the site map lacks",
        ),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"spec.template.spec.nodeSelector": GONE}, {}, id="gone"),
        pytest.param(
            "job", {"spec.template.spec.nodeSelector~nvidia.com/gpu.product": "Tesla-K80"}, {}, id="another"
        ),
        pytest.param(
            "job",
            {
                "spec.template.spec.nodeSelector": GONE,
                "spec.nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB"},
            },
            {},
            id="at the wrong place",
        ),
        pytest.param(
            "mpi", {"spec.mpiReplicaSpecs.Worker.template.spec.nodeSelector": {}}, {}, id="in one role only"
        ),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"gpu-model"}
