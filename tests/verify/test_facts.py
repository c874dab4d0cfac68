"""The judge's reader: quantities, the kubelet's substitution, and every shape a manifest can take."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2r_ci.model import Manifest
from s2r_ci.verify.facts import Container, Facts, read_facts
from s2r_ci.verify.shapes import arrives, quantity


def read(body: Any) -> Facts:
    return read_facts(Manifest(body=body))


def main(**fields: Any) -> Container:
    facts = read({"kind": "Job", "spec": {"template": {"spec": {"containers": [fields]}}}})
    (role,) = facts.roles
    assert role.main is not None
    return role.main


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1", Fraction(1)),
        ("1.5", Fraction(3, 2)),
        (".5", Fraction(1, 2)),
        ("1.", Fraction(1)),
        ("1500m", Fraction(3, 2)),
        ("2Ki", Fraction(2048)),
        ("1Gi", Fraction(2**30)),
        ("1G", Fraction(10**9)),
        ("1e3", Fraction(1000)),
        ("1E-2", Fraction(1, 100)),
        ("1E", Fraction(10**18)),
        ("1Ei", Fraction(2**60)),
        ("-1", Fraction(-1)),
        ("5n", Fraction(5, 10**9)),
        (8, Fraction(8)),
        (0.5, Fraction(1, 2)),
    ],
)
def test_a_quantity_is_exact(text: object, amount: Fraction) -> None:
    assert quantity(text) == amount


@pytest.mark.parametrize(
    "text",
    ["", "x", "1GB", "1 Gi", "Gi", "1gi", "1e", "0x10", "1_000", True, None, [], "1e999", "1" * 99],
)
def test_what_is_no_quantity_is_none(text: object) -> None:
    assert quantity(text) is None


@pytest.mark.parametrize(
    ("text", "arrived"),
    [
        pytest.param("plain", "plain", id="no dollar"),
        pytest.param("$HOME ${A}", "$HOME ${A}", id="the shell's"),
        pytest.param("$(A)", "1", id="known"),
        pytest.param("$(date)", "$(date)", id="unknown"),
        pytest.param("$$(A)", "$(A)", id="doubled"),
        pytest.param("$$$(A)", "$1", id="doubled, then known"),
        pytest.param("echo $$", "echo $", id="a process number"),
        pytest.param("$(a $$ b)", "$(a $$ b)", id="inside an unknown name"),
        pytest.param("$(A", "$(A", id="not closed"),
        pytest.param("a$", "a$", id="at the end"),
        pytest.param("$\n$(A)", "$\n1", id="before a line end"),
        pytest.param("$\N{EURO SIGN}", "$\N{REPLACEMENT CHARACTER}", id="before another alphabet"),
        pytest.param("$(B)", "\N{REPLACEMENT CHARACTER}", id="a value only the cluster knows"),
    ],
)
def test_the_kubelets_substitution(text: str, arrived: str) -> None:
    assert arrives(text, {"A": "1", "B": None}) == arrived


def test_a_variable_sees_those_before_it() -> None:
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)$(C)"}, {"name": "C", "value": "2"}]
    assert main(env=env).environment == {"A": "1", "B": "1$(C)", "C": "2"}


def test_the_settled_form_is_taken_apart() -> None:
    container = main(command=["/bin/sh", "-c"], args=["pre", "job.sh", "body\n", "a", "b"])
    assert (container.prelude, container.script_name, container.body) == ("pre", "job.sh", b"body\n")
    assert container.arguments == ("a", "b")
    assert not container.encoded


@pytest.mark.parametrize(("text", "body"), [("aGk=", b"hi"), ("aG\nk=", b"hi"), ("aGk", None), ("\xe9", None)])
def test_a_body_in_base64_is_decoded(text: str, body: bytes | None) -> None:
    container = main(command=["/bin/sh", "-c"], args=['printf %s "$1" | base64 -d >x', "job.sh", text])
    assert container.encoded
    assert container.body == body


def test_another_form_has_no_body() -> None:
    container = main(command=["python"], args=["train.py"])
    assert (container.prelude, container.script_name, container.body, container.arguments) == ("", "", None, ())


def test_requests_default_to_limits_and_containers_add_up() -> None:
    first = {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}}
    second = {"resources": {"limits": {"cpu": 2}}}
    (role,) = read({"kind": "Job", "spec": {"template": {"spec": {"containers": [first, second]}}}}).roles
    assert role.limits == {"cpu": Fraction(3), "memory": Fraction(2**30)}
    assert role.requests == {"cpu": Fraction(5, 2), "memory": Fraction(2**30)}


def test_roles_of_an_mpi_job() -> None:
    roles = {name: {"replicas": count, "template": {}} for name, count in (("Launcher", 1), ("Worker", 4))}
    facts = read({"kind": "MPIJob", "spec": {"mpiReplicaSpecs": roles, "runPolicy": {"activeDeadlineSeconds": 60}}})
    assert [role.name for role in facts.workers] == ["Worker"]
    assert [role.name for role in facts.carriers] == ["Launcher"]
    assert (facts.pods, facts.deadline_s) == (4, 60)


def test_a_launcher_that_works_is_a_node() -> None:
    roles = {name: {"replicas": count, "template": {}} for name, count in (("Launcher", 1), ("Worker", 3))}
    assert read({"kind": "MPIJob", "spec": {"mpiReplicaSpecs": roles, "runLauncherAsWorker": True}}).pods == 4


def test_a_missing_count_is_none() -> None:
    assert read({"kind": "PyTorchJob", "spec": {"pytorchReplicaSpecs": {"Master": {}}}}).pods is None


@pytest.mark.parametrize(
    ("body", "steps"),
    [
        ([], ()),
        ({"kind": 1}, ("kind",)),
        ({"spec": "x"}, ("spec",)),
        ({"kind": "Job", "spec": {"completions": "3"}}, ("spec", "completions")),
        ({"kind": "Job", "spec": {"suspend": "yes"}}, ("spec", "suspend")),
        ({"kind": "Job", "spec": {"template": []}}, ("spec", "template")),
        ({"metadata": {"labels": {"a": 1}}}, ("metadata", "labels", "a")),
    ],
)
def test_an_odd_node_is_remembered(body: Any, steps: tuple[str, ...]) -> None:
    assert [oddity.steps for oddity in read(body).oddities] == [steps]


def test_a_variable_set_twice_is_odd() -> None:
    facts = read(
        {"kind": "Job", "spec": {"template": {"spec": {"containers": [{"env": [{"name": "A"}, {"name": "A"}]}]}}}}
    )
    assert [oddity.message for oddity in facts.oddities] == ["the variable 'A' is set twice"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=15,
)


@given(st.sampled_from(["Job", "PyTorchJob", "MPIJob"]), JSON, JSON)
def test_any_json_can_be_read(kind: str, spec: Any, metadata: Any) -> None:
    assert read({"kind": kind, "metadata": metadata, "spec": spec}).kind == kind
