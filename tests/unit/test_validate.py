"""A manifest against its schema: verdicts, places, and the words of a no."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2r_ci import rules
from s2r_ci.model import Manifest
from s2r_ci.runai.yaml import read_yaml
from s2r_ci.validate import load_schema, schema_names, validate
from s2r_ci.validate import schemas as shipped
from s2r_ci.validate.explain import field_path, troubles

JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: train-a
  labels:
    priorityClassName: high
    kai.scheduler/preemptibility: non-preemptible
spec:
  backoffLimit: 0
  template:
    spec:
      schedulerName: runai-scheduler
      restartPolicy: Never
      activeDeadlineSeconds: 3600
      containers:
      - name: main
        image: registry.example.com/ml/train:1.0
        command:
        - /bin/sh
        env:
        - name: OMP_NUM_THREADS
          value: "8"
        resources:
          limits:
            memory: 32Gi
            nvidia.com/gpu: "2"
"""


def said(text: str, **how: Any) -> list[tuple[str, int]]:
    found = validate(read_yaml(text.encode()), "train.sh.runai.yaml", **how)
    assert all(finding.location.path == "train.sh.runai.yaml" for finding in found)
    return [(finding.message, finding.location.line) for finding in found]


def test_a_manifest_that_keeps_its_schema_has_no_findings() -> None:
    assert said(JOB) == []


WRONG = [
    (
        "kind: Job",
        "kind: CronJob",
        'kind is "CronJob"; the kinds of target kubernetes are Job, PyTorchJob, MPIJob',
        2,
    ),
    ("apiVersion: batch/v1", "apiVersion: batch/v2", 'apiVersion is "batch/v2"; it must be batch/v1', 1),
    (
        "name: train-a",
        "name: Train_A",
        'metadata.name is "Train_A"; it must be a name of lower-case letters, digits and dashes,'
        " which begins with a letter and has at most 63 characters",
        4,
    ),
    (
        "Scheduler".lower() + "Name: runai",
        "schedulername: runai",
        "spec.template.spec.schedulername is not a field of this kind; did you mean schedulerName?",
        12,
    ),
    (
        "restartPolicy: Never",
        "restartPolicy: Always",
        'spec.template.spec.restartPolicy is "Always"; it must be one of Never, OnFailure',
        13,
    ),
    ("      restartPolicy: Never\n", "", "spec.template.spec.restartPolicy is missing", 11),
    (
        "activeDeadlineSeconds: 3600",
        "activeDeadlineSeconds: 1:00:00",
        'spec.template.spec.activeDeadlineSeconds is "1:00:00"; it must be a number of seconds, 1 or more',
        14,
    ),
    (
        "command:\n        - /bin/sh",
        "command: /bin/sh",
        "spec.template.spec.containers[0].command is a string; it must be a list of strings",
        18,
    ),
    (
        'value: "8"',
        "value: 8",
        "spec.template.spec.containers[0].env[0].value is 8; "
        "it must be a string; put numbers and truth values in quotes",
        22,
    ),
    (
        "memory: 32Gi",
        "memory: 32GB",
        'spec.template.spec.containers[0].resources.limits.memory is "32GB"; it must be an amount of octets such as'
        " 32Gi or 512Mi (m would mean thousandths of an octet)",
        25,
    ),
    (
        'nvidia.com/gpu: "2"',
        'nvidia.com/gpu: "0.5"',
        'spec.template.spec.containers[0].resources.limits["nvidia.com/gpu"] is "0.5"; it must be a whole number of'
        " GPUs, 1 or more",
        26,
    ),
    (
        'nvidia.com/gpu: "2"',
        'gpu: "2"',
        "spec.template.spec.containers[0].resources.limits.gpu cannot be a key here; it must be a resource name: cpu,"
        " memory, ephemeral-storage, or vendor/name such as nvidia.com/gpu",
        26,
    ),
]


@pytest.mark.parametrize(("old", "new", "message", "line"), WRONG, ids=[case[2][:50] for case in WRONG])
def test_a_finding_names_field_value_and_what_would_be_right(old: str, new: str, message: str, line: int) -> None:
    text = JOB.replace("schedulerName", "schedulername") if "schedulername" in new else JOB.replace(old, new)
    assert text != JOB
    assert said(text) == [(message, line)]


def test_every_trouble_is_found_in_the_order_of_fields_and_is_an_error() -> None:
    found = validate(read_yaml(JOB.replace("v1", "v2").replace("32Gi", "x").encode()), "x.yaml")
    assert [finding.subject for finding in found] == [
        "apiVersion",
        "spec.template.spec.containers[0].resources.limits.memory",
    ]
    assert {finding.rule for finding in found} == {rules.MANIFEST_INVALID}


def test_a_value_that_could_be_a_secret_is_not_repeated() -> None:
    text = JOB.replace(
        "- name: OMP_NUM_THREADS\n          value", "- name: bad name\n          nested: x\n          value"
    )
    assert all("bad name" not in message for message, _line in said(text))
    assert said(text)


def test_findings_are_capped() -> None:
    fields = "".join(f"  field{number}: x\n" for number in range(50))
    assert len(said(JOB + fields)) == 20


@pytest.mark.parametrize(
    ("preemptibility", "release", "count"),
    [("semi-preemptible", "2.25", 1), ("semi-preemptible", "3.0", 0), ("non-preemptible", "2.20", 0)],
)
def test_a_word_that_the_release_does_not_know_is_found(preemptibility: str, release: str, count: int) -> None:
    text = JOB.replace("non-preemptible", preemptibility)
    assert len(said(text, release=release)) == count


def test_the_kinds_of_another_target_have_their_own_schemas() -> None:
    vectors = json.loads((Path(__file__).parent.parent / "schemas" / "vectors.json").read_text("utf-8"))["bases"]
    old = Manifest(body=vectors["tw"]["document"])
    assert validate(old, "x", target="v2alpha1") == []
    assert [finding.subject for finding in validate(old, "x", target="v2alpha1", release="3.0")] == ["apiVersion"]
    assert [finding.subject for finding in validate(old, "x")] == ["kind"]
    for base in ("rest-training", "rest-distributed"):
        assert validate(Manifest(body=vectors[base]["document"]), "x", target="rest") == []


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ((), ""),
        (("spec", "containers", 0, "env", 12), "spec.containers[0].env[12]"),
        (("labels", "a.b/c"), 'labels["a.b/c"]'),
        (("a\n",), '["a\\n"]'),
    ],
)
def test_a_field_path_is_written_as_people_write_it(steps: tuple[str | int, ...], path: str) -> None:
    assert field_path(steps) == path


def test_without_the_fast_library_the_verdicts_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "_fast_check", lambda _name: None)
    assert said(JOB) == []
    assert said(JOB.replace("batch/v1", "batch/v2")) == [('apiVersion is "batch/v2"; it must be batch/v1', 1)]


# --- both libraries, one verdict ---------------------------------------------------------------------------

BASES = json.loads((Path(__file__).parent.parent / "schemas" / "vectors.json").read_text("utf-8"))["bases"]
COMPILED = {
    base["schema"]: (
        jsonschema.Draft202012Validator(load_schema(base["schema"])),
        jsonschema_rs.validator_for(load_schema(base["schema"])),
    )
    for base in BASES.values()
}
VALUES = st.one_of(
    st.sampled_from(["", "x", "1", "0.5", "32Gi", "Never", "a b", "é" * 40, "x" * 64, "True"]),
    st.sampled_from([None, True, False, 0, 1, -1, 2**31, 2**53, 1.0, 0.5, 1e300]),
    st.sampled_from([[], {}, ["x"], [1], {"x": 1}, {"name": "x"}, [[[]]]]),
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container of the document with each of its keys."""
    children = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    return [(value, key) for key, _child in children] + [
        place for _key, child in children for place in places(child)
    ]


@given(st.sampled_from(sorted(BASES)), st.data())
def test_both_libraries_agree_about_mutated_manifests(base: str, data: st.DataObject) -> None:
    document = deepcopy(BASES[base]["document"])
    for _ in range(data.draw(st.integers(1, 3))):
        inner, key = data.draw(st.sampled_from(places(document)))
        match data.draw(st.sampled_from(["replace", "delete", "add"])):
            case "delete":
                del inner[key]
            case "add" if isinstance(inner, dict):
                inner[f"{key}s"] = deepcopy(data.draw(VALUES))
            case _:
                inner[key] = deepcopy(data.draw(VALUES))
        if not places(document):
            break
    slow, fast = COMPILED[BASES[base]["schema"]]
    assert slow.is_valid(document) == fast.is_valid(document)
    assert bool(troubles(BASES[base]["schema"], document)) != slow.is_valid(document)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(JSON, st.sampled_from(["kubernetes", "v2alpha1", "rest", "kai", "unknown"]), st.text(max_size=5))
def test_any_json_gives_findings_and_nothing_else(body: Any, target: str, release: str) -> None:
    found = validate(Manifest(body=body), "x", target=target, release=release)
    assert found, "no random value is a manifest"


@given(st.sampled_from(["job", "pytorchjob", "mpijob"]), JSON, st.data())
def test_any_json_inside_a_manifest_gives_findings_and_nothing_else(
    base: str, value: Any, data: st.DataObject
) -> None:
    document = deepcopy(BASES[base]["document"])
    inner, key = data.draw(st.sampled_from(places(document)))
    inner[key] = value
    for finding in validate(Manifest(body=document), "x"):
        assert finding.message
        assert "\n" not in finding.message


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(nested(900), id="nested 900 deep"),
        pytest.param(nested(100_000), id="nested 100,000 deep"),
        pytest.param(10**5000, id="a number of 5,000 digits"),
        pytest.param(float("nan"), id="not a number"),
        pytest.param("\ud800", id="half a surrogate pair"),
        pytest.param("x" * 10**6, id="a million characters"),
        pytest.param([0] * 10**5, id="a hundred thousand entries"),
    ],
)
@pytest.mark.parametrize("place", ["spec", "name", "replicas"])
def test_extreme_values_give_findings(value: Any, place: str) -> None:
    document = deepcopy(BASES["pytorchjob"]["document"])
    if place == "spec":
        document["spec"]["nprocPerNode"] = value
    elif place == "name":
        document["metadata"]["name"] = value
    else:
        document["spec"]["pytorchReplicaSpecs"]["Worker"]["replicas"] = value
    found = validate(Manifest(body=document), "x")
    assert found
    assert all(len(finding.message) < 500 for finding in found)


def test_the_names_of_the_schemas_are_known() -> None:
    assert {
        "manifest.job.v1",
        "manifest.mpijob.v2beta1",
        "manifest.pytorchjob.v1",
        "report.v1",
        "explain.v1",
    } <= set(schema_names())
