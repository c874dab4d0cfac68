"""Node pools, labels, selectors, affinity."""

import pytest

from s2r_ci.model import Site, Target
from s2r_ci.runai import scheduling
from s2r_ci.runai.distribution import plan
from tests.jobs import job, request

SITE = Site(
    partitions={"gpu": ("a100", "h100"), "long": ("h100", "old")},
    gpus={"a100": {"gpu": "A100"}},
    features={"ib": {"net": "ib"}, "big": {"size": "big"}},
    accounts={"p42": "flow"},
)
TARGET = Target(site=SITE)

POOLS = [
    pytest.param("gpu,long", ("a100", "h100", "old"), id="each-once-in-order"),
    pytest.param("gpu,unknown", (), id="one-unknown"),
    pytest.param("", (), id="none"),
]


@pytest.mark.parametrize(("partition", "pools"), POOLS)
def test_partitions_become_node_pools(partition: str, pools: tuple[str, ...]) -> None:
    assert scheduling.node_pools(request(job(options={"partition": partition}), target=TARGET)) == pools


HOSTS = [
    pytest.param("node[07-09,11],gpu1", ["node07", "node08", "node09", "node11", "gpu1"], id="list"),
    pytest.param("a", ["a"], id="one"),
    pytest.param("", [], id="none"),
    pytest.param("./nodes.txt", [], id="file"),
    pytest.param("n[1-2]x[3-4]-ib", ["n1x3-ib", "n1x4-ib", "n2x3-ib", "n2x4-ib"], id="two-brackets"),
    pytest.param("n[1-2]x[3", [], id="an-open-bracket"),
    pytest.param("n[1-2],n1", ["n1", "n2"], id="named-twice"),
    pytest.param("n[0-99999]", [], id="too-many"),
]


@pytest.mark.parametrize(("text", "hosts"), HOSTS)
def test_host_lists_are_read(text: str, hosts: list[str]) -> None:
    assert scheduling.expand_hosts(text) == hosts


@pytest.mark.parametrize(
    ("target", "options", "project"),
    [
        pytest.param(Target(project="lab", site=SITE), {"account": "p42"}, "lab", id="settings-first"),
        pytest.param(TARGET, {"account": "p42"}, "flow", id="account"),
        pytest.param(TARGET, {"account": "x"}, None, id="unknown-account"),
    ],
)
def test_project_labels_stand_only_where_the_project_is_known(
    target: Target, options: dict[str, str], project: str | None
) -> None:
    labels = scheduling.labels(plan(request(job(options=options), target=target)))
    assert (labels.get("project"), labels.get("runai/queue")) == (project, project)
