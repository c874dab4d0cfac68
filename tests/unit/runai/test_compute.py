"""CPUs, memory, GPUs, scratch."""

from typing import Any

import pytest

from s2r_ci.model import Site, Target
from s2r_ci.runai.compute import resources
from tests.jobs import job, request

AMOUNTS = [
    pytest.param({"cpus_per_node": 8}, {}, {"cpu": "8"}, id="nothing-but-cpus"),
    pytest.param({"memory_per_node_mib": 32768}, {}, {"cpu": "1", "memory": "32Gi"}, id="binary-memory"),
    pytest.param({"memory_per_node_mib": 48000}, {}, {"cpu": "1", "memory": "48000Mi"}, id="odd-memory"),
    pytest.param(
        {"memory_per_node_mib": 0}, {"memory_mib": 1024}, {"cpu": "1", "memory": "1Gi"}, id="all-of-a-node"
    ),
    pytest.param(
        {"memory_per_node_mib": 512}, {"memory_mib": 1024}, {"cpu": "1", "memory": "512Mi"}, id="script-wins"
    ),
    pytest.param({"gpus_per_node": 2}, {}, {"cpu": "1", "nvidia.com/gpu": "2"}, id="gpus"),
    pytest.param({"gpus_per_node": 2}, {"gpus": 8}, {"cpu": "1", "nvidia.com/gpu": "2"}, id="answer-not-needed"),
    pytest.param({"uses_gpu": True}, {"gpus": 8}, {"cpu": "1", "nvidia.com/gpu": "8"}, id="answered-gpus"),
    pytest.param({}, {"gpus": 8}, {"cpu": "1"}, id="answer-for-a-script-without-gpus"),
    pytest.param({"uses_gpu": True}, {}, {"cpu": "1"}, id="unanswered-gpus"),
    pytest.param({"tmp_per_node_mib": 2048}, {}, {"cpu": "1", "ephemeral-storage": "2Gi"}, id="scratch"),
    pytest.param(
        {"other_gres": {"fpga": 2, "nvme": 1}},
        {"site": Site(gres={"fpga": "example.com/fpga"})},
        {"cpu": "1", "example.com/fpga": "2"},
        id="other-resources-that-the-site-knows",
    ),
]


@pytest.mark.parametrize(("asked", "settings", "wanted"), AMOUNTS)
def test_a_pod_gets_what_a_node_was_asked_for(
    asked: dict[str, Any], settings: dict[str, Any], wanted: dict[str, str]
) -> None:
    assert resources(request(job(**asked), target=Target(**settings))) == {"requests": wanted, "limits": wanted}
