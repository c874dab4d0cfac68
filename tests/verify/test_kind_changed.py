"""kind-changed fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.kind_changed import check
from tests.verify.good import SHAPES, breaches


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_when_the_kind_fits(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "says", "kind"),
    [
        pytest.param("job", {}, "PyTorchJob", id="one node"),
        pytest.param("job", {}, "Deployment", id="a service"),
        pytest.param("job", {}, "", id="no kind"),
        pytest.param("array", {}, "MPIJob", id="an array"),
        pytest.param("pytorch", {}, "MPIJob", id="torchrun"),
        pytest.param("mpi", {}, "PyTorchJob", id="mpirun"),
        pytest.param("mpi", {"launcher": "srun"}, "Job", id="srun"),
        pytest.param("mpi", {}, "Job", id="mpirun in one pod"),
    ],
)
def test_fires_when_the_kind_cannot_do_it(shape: str, says: dict[str, Any], kind: str) -> None:
    (breach,) = breaches(check, shape, {"kind": kind}, **says)
    assert breach.subject == "nodes"


def test_fires_when_there_is_no_pod() -> None:
    (breach,) = breaches(check, "job", {"spec": {}})
    assert breach.message == "the Job has no pod template"
