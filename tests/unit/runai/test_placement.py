"""Where pods may run: features as labels and alternatives, hosts, whole nodes, spreading, the topology."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2r_ci.model import Site, Target
from s2r_ci.runai import placement
from s2r_ci.runai.distribution import plan
from s2r_ci.verify.features import holds
from tests.jobs import job, request, step

SITE = Site(
    features={"ib": {"net": "ib"}, "big": {"size": "big"}, "new": {"age": "new", "size": "big"}},
    gpus={"a100": {"gpu": "A100"}},
)
TARGET = Target(image="team/x:1", memory_mib=1, site=SITE, topology="cluster", topology_level="example.com/switch")
MPI: dict[str, Any] = {"nodes": 4, "steps": (step("mpirun", "x"),)}

SELECTORS = [
    pytest.param("ib&big", {"net": "ib", "size": "big"}, id="and"),
    pytest.param("ib,big", {"net": "ib", "size": "big"}, id="comma"),
    pytest.param('"ib"', {"net": "ib"}, id="quoted"),
    pytest.param("(ib)", {"net": "ib"}, id="brackets"),
    pytest.param("ib|big", {}, id="or-is-affinity"),
    pytest.param("[ib*2&big]", {}, id="counts-are-no-label"),
    pytest.param("ib&big|new", {}, id="mixed-without-brackets"),
    pytest.param("ib&", {}, id="half"),
    pytest.param("unknown", {}, id="unknown"),
]


@pytest.mark.parametrize(("constraint", "labels"), SELECTORS)
def test_features_become_node_labels(constraint: str, labels: dict[str, str]) -> None:
    assert placement.node_selector(request(job(options={"constraint": constraint}), target=TARGET)) == labels


def test_a_gpu_model_becomes_a_node_label() -> None:
    made = job(gpus_per_node=1, gpu_model="a100")
    assert placement.node_selector(request(made, target=TARGET)) == {"gpu": "A100"}


def affinity(options: dict[str, str], **more: Any) -> dict[str, Any]:
    return placement.affinity(plan(request(job(options=options, **more), target=TARGET)))


def terms(options: dict[str, str]) -> list[list[tuple[str, str, list[str]]]]:
    required = affinity(options)["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return [
        [(one["key"], one["operator"], one["values"]) for one in term["matchExpressions"]]
        for term in required["nodeSelectorTerms"]
    ]


HOST = "kubernetes.io/hostname"


def test_listed_and_excluded_nodes_become_affinity() -> None:
    assert terms({"nodelist": "a1", "exclude": "b[1-2]"}) == [[(HOST, "In", ["a1"]), (HOST, "NotIn", ["b1", "b2"])]]
    assert affinity({}) == {}


def test_a_choice_of_features_is_one_term_each_and_hosts_are_in_all() -> None:
    assert terms({"constraint": "ib|big"}) == [[("net", "In", ["ib"])], [("size", "In", ["big"])]]
    assert terms({"constraint": "(ib|big)&new", "exclude": "b1"}) == [
        [("age", "In", ["new"]), ("net", "In", ["ib"]), ("size", "In", ["big"]), (HOST, "NotIn", ["b1"])],
        [("age", "In", ["new"]), ("size", "In", ["big"]), (HOST, "NotIn", ["b1"])],
    ]
    assert affinity({"constraint": "ib|unknown"}) == {}


def test_alike_nodes_are_a_choice_for_one_node_and_nothing_for_several() -> None:
    assert placement.alternatives("[ib|big]", nodes=1) == (("ib",), ("big",))
    assert placement.alternatives("[ib|big]", nodes=2) == ()


def test_preferred_features_are_preferred() -> None:
    node = affinity({"prefer": "ib"})["nodeAffinity"]
    assert node == {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 1, "preference": {"matchExpressions": [{"key": "net", "operator": "In", "values": ["ib"]}]}}
        ]
    }


def test_a_whole_node_keeps_the_projects_other_pods_away() -> None:
    apart = affinity({}, exclusive=True)["podAntiAffinity"]
    assert apart == {"requiredDuringSchedulingIgnoredDuringExecution": [placement.alone()]}
    assert "podAntiAffinity" not in affinity({"exclusive": "user"})


SWITCHES = [
    pytest.param({"switches": "1"}, "required", id="one-switch"),
    pytest.param({"switches": "2@00:10:00"}, "preferred", id="some-switches"),
    pytest.param({"segment": "2"}, "preferred", id="segment"),
    pytest.param({}, "", id="nothing"),
]


@pytest.mark.parametrize(("options", "wanted"), SWITCHES)
def test_switches_become_a_placement_in_the_topology(options: dict[str, str], wanted: str) -> None:
    found = placement.topology(plan(request(job(options=options, **MPI), target=TARGET)))
    level = {f"kai.scheduler/topology-{wanted}-placement": "example.com/switch"}
    assert found == ({"kai.scheduler/topology": "cluster"} | level if wanted else {})
    assert placement.topology(plan(request(job(options=options), target=TARGET))) == {}


def test_pods_are_spread_where_there_are_several() -> None:
    (one,) = placement.spread(plan(request(job(options={"spread-job": "set"}, **MPI), target=TARGET)))
    assert one["labelSelector"] == {"matchLabels": {"training.kubeflow.org/job-name": "train"}}
    assert placement.spread(plan(request(job(options={"spread-job": "set"}), target=TARGET))) == []
    assert placement.spread(plan(request(job(**MPI), target=TARGET))) == []


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from("abcd"))
    parts = draw(st.lists(expressions(depth=depth - 1), min_size=2, max_size=3))
    return draw(st.sampled_from("&|")).join(f"({part})" if len(part) > 1 else part for part in parts)


@given(expressions(), st.sets(st.sampled_from("abcd")))
def test_writer_and_judge_mean_the_same_by_every_expression(text: str, features: set[str]) -> None:
    found = placement.alternatives(text)
    assert found
    assert any(set(words) <= features for words in found) == holds(text, features)


@given(st.text("ab&|,()[]* \"'", max_size=12))
def test_no_expression_makes_it_fall(text: str) -> None:
    assert isinstance(placement.alternatives(text), tuple)
