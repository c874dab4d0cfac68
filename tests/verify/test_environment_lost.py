"""environment-lost fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.model import Item, ItemKind, Location
from s2r_ci.verify.environment_lost import check
from tests.verify.good import GONE, PATH, SHAPES, breaches

READS_CPUS = {
    "inventory": (
        Item(kind=ItemKind.VARIABLE, name="SLURM_CPUS_PER_TASK", value="", location=Location(path=PATH, line=5)),
    )
}


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.env.+": {"name": "OMP_NUM_THREADS", "value": "8"}},
            {},
            id="as the script exports",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.env.+": {"name": "CUDA_VISIBLE_DEVICES", "value": "0,1"}},
            {},
            id="the GPUs",
        ),
        pytest.param(
            "job",
            {},
            {"target": {"variables": {"DATASET": "c4", "LD_PRELOAD": "x"}}, "job": {"export": "LD_PRELOAD"}},
            id="may not be set",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.env.1.value": "a$$$$b"},
            {"job": {"environment": {"MODE": "a$$b"}}},
            id="doubled dollars",
        ),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"spec.template.spec.containers.0.env.1": GONE}, {}, id="lost"),
        pytest.param("job", {"spec.template.spec.containers.0.env.1.value": "slow"}, {}, id="another value"),
        pytest.param("job", {"spec.template.spec.containers.0.env.0": GONE}, {}, id="an answer lost"),
        pytest.param(
            "job",
            {},
            {"target": {"variables": {"DATASET": "c4", "KEY": "1"}}, "job": {"export": "KEY"}},
            id="an exported answer lost",
        ),
        pytest.param(
            "job",
            {
                "spec.template.spec.containers.0.env.1": {
                    "name": "MODE",
                    "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}},
                }
            },
            {},
            id="from elsewhere",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.env.1.value": "$(DATASET)"},
            {"job": {"environment": {"MODE": "$(DATASET)"}}},
            id="substituted",
        ),
        pytest.param(
            "job", {"spec.template.spec.containers.0.env.+": {"name": "DEBUG", "value": "1"}}, {}, id="invented"
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.env.+": {"name": "OMP_NUM_THREADS", "value": "4"}},
            {},
            id="not as exported",
        ),
        pytest.param("job", {"spec.template.spec.containers.0.env.2.value": "8"}, {}, id="a wrong constant"),
        pytest.param("job", {}, {"target": {"variables": {"DATASET": "c4", "OTHER": "1"}}}, id="answered, not set"),
        pytest.param(
            "job", {"spec.template.spec.containers.0.env.+": {"name": "S2R_X", "value": "8"}}, {}, id="like ours"
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.env.+": {"name": "SLURM_NTASKS", "value": "2"}},
            {},
            id="set where Slurm leaves it unset",
        ),
        pytest.param(
            "job", {"spec.template.spec.containers.0.env.2": GONE}, {"job": READS_CPUS}, id="read and not set"
        ),
        pytest.param(
            "mpi",
            {"spec.mpiReplicaSpecs.Worker.template.spec.containers.0.env": [{"name": "MODE", "value": "fast"}]},
            {},
            id="in a pod that runs nothing of the script",
        ),
        pytest.param(
            "mpi",
            {
                "spec.mpiReplicaSpecs.Launcher.template.spec.containers.0.env.4": {
                    "name": "SLURM_NNODES",
                    "value": "2",
                }
            },
            {},
            id="a wrong count of nodes",
        ),
        pytest.param(
            "job",
            {"spec.template.spec.containers.0.env.+": {"name": "CUDA_VISIBLE_DEVICES", "value": "0"}},
            {},
            id="a wrong list of GPUs",
        ),
        pytest.param(
            "array",
            {"spec.template.spec.containers.0.env.+": {"name": "SLURM_ARRAY_TASK_COUNT", "value": "4"}},
            {},
            id="a wrong count of ids",
        ),
        pytest.param(
            "pytorch", {"spec.pytorchReplicaSpecs.Master.template.spec.containers.0.env": []}, {}, id="first pod"
        ),
        pytest.param(
            "pytorch",
            {
                "spec.pytorchReplicaSpecs.Worker.template.spec.containers.0.env.+": {
                    "name": "DATASET",
                    "value": "c4",
                }
            },
            {},
            id="a pod that runs no script",
        ),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"environment"}
