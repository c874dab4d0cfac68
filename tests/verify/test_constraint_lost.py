"""constraint-lost fires and stays silent."""

from typing import Any

import pytest

from s2r_ci.verify.constraint_lost import check
from tests.verify.good import GONE, SHAPES, breaches

REQUIRED = "spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
TERM = f"{REQUIRED}.nodeSelectorTerms.0.matchExpressions"


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"spec.template.spec.affinity": GONE}, {"options": {"exclude": ""}}, id="none named"),
        pytest.param(
            "job", {"spec.template.spec.affinity": GONE}, {"options": {"exclude": "./hosts"}}, id="a file of hosts"
        ),
        pytest.param(
            "job", {"spec.template.spec.affinity": GONE}, {"options": {"exclude": "n[1-5000]"}}, id="too many"
        ),
        pytest.param(
            "job",
            {"spec.template.spec.nodeSelector~site/nvme": GONE},
            {"options": {"constraint": "nvme|ssd"}},
            id="one of two features",
        ),
        pytest.param(
            "job",
            {f"{TERM}.0.operator": "In"},
            {"options": {"exclude": "", "nodelist": "n1,n2"}},
            id="only those",
        ),
    ],
)
def test_silent_when_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param("job", {"spec.template.spec.affinity": GONE}, {}, id="gone"),
        pytest.param(
            "job",
            {f"{TERM}.0.values": ["n1"]},
            {},
            id="one gone",
        ),
        pytest.param(
            "job",
            {f"{TERM}.0.operator": "In"},
            {},
            id="the reverse",
        ),
        pytest.param(
            "job",
            {
                "spec.template.spec.affinity": {
                    "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}
                }
            },
            {},
            id="only preferred",
        ),
        pytest.param("job", {"spec.template.spec.affinity": {"nodeAffinity": 3}}, {}, id="nonsense"),
    ],
)
def test_fires_when_broken(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    found = breaches(check, shape, changes, **says)
    assert found
    assert {breach.subject for breach in found} == {"exclude"}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"spec.template.spec.nodeSelector~site/nvme": GONE}, id="gone"),
        pytest.param({"spec.template.spec.nodeSelector~site/nvme": "no"}, id="another"),
    ],
)
def test_fires_when_a_feature_is_lost(changes: dict[str, Any]) -> None:
    (breach,) = breaches(check, "job", changes)
    assert breach.subject == "constraint"


NEAR = {"topology": "dc", "topology_level": "example.com/switch"}
KAI = "metadata.annotations~kai.scheduler/topology"
SPREAD = "spec.pytorchReplicaSpecs.Worker.template.spec.topologySpreadConstraints"
MASTER_SPREAD = SPREAD.replace("Worker", "Master")


@pytest.mark.parametrize(
    ("shape", "changes", "says"),
    [
        pytest.param(
            "pytorch",
            {KAI: "dc", f"{KAI}-required-placement": "example.com/switch"},
            {"options": {"switches": "1"}, "target": NEAR},
            id="one switch",
        ),
        pytest.param(
            "mpi",
            {KAI: "dc", f"{KAI}-preferred-placement": "example.com/switch"},
            {"options": {"segment": "2"}, "target": NEAR},
            id="a wish",
        ),
        pytest.param("pytorch", {}, {"options": {"switches": "1"}}, id="the settings know no topology"),
        pytest.param("job", {}, {"options": {"switches": "1"}, "target": NEAR}, id="one pod"),
        pytest.param("job", {}, {"options": {"spread-job": "yes"}}, id="one pod is spread already"),
        pytest.param(
            "pytorch", {SPREAD: [{}], MASTER_SPREAD: [{}]}, {"options": {"spread-job": "yes"}}, id="spread"
        ),
    ],
)
def test_silent_where_the_neighbourhood_is_kept(shape: str, changes: dict[str, Any], says: dict[str, Any]) -> None:
    assert breaches(check, shape, changes, **says) == []


@pytest.mark.parametrize(
    ("changes", "says", "subject"),
    [
        pytest.param({}, {"options": {"switches": "1"}, "target": NEAR}, "switches", id="gone"),
        pytest.param(
            {KAI: "dc", f"{KAI}-preferred-placement": "example.com/switch"},
            {"options": {"switches": "1"}, "target": NEAR},
            "switches",
            id="only a wish",
        ),
        pytest.param(
            {KAI: "dc", f"{KAI}-required-placement": "example.com/switch"},
            {"options": {"switches": "2"}, "target": NEAR},
            "switches",
            id="more than a wish",
        ),
        pytest.param(
            {KAI: "other", f"{KAI}-preferred-placement": "example.com/switch"},
            {"options": {"switches": "1@10:00"}, "target": NEAR},
            "switches",
            id="another topology",
        ),
        pytest.param({}, {"options": {"spread-job": "yes"}}, "spread-job", id="spread nowhere"),
        pytest.param(
            {SPREAD: [], MASTER_SPREAD: [{}]}, {"options": {"spread-job": "yes"}}, "spread-job", id="spread by half"
        ),
    ],
)
def test_fires_where_the_neighbourhood_is_lost(changes: dict[str, Any], says: dict[str, Any], subject: str) -> None:
    assert {breach.subject for breach in breaches(check, "pytorch", changes, **says)} == {subject}
