"""Values survive the way to JSON and back; what is no value of ours is refused with the name of the field."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s2r_ci import rules, wire
from s2r_ci.errors import MalformedReplyError
from s2r_ci.model import (
    Array,
    Body,
    Component,
    ConversionRequest,
    ConversionResult,
    Disposition,
    Finding,
    Header,
    Item,
    ItemKind,
    JobSpec,
    LedgerEntry,
    Level,
    Location,
    Manifest,
    Outcome,
    Provenance,
    Question,
    Reading,
    Report,
    Resources,
    Script,
    Site,
    Step,
    Target,
    Verdict,
    Volume,
)
from s2r_ci.wire import shapes

SCHEMAS = Path(__file__).parents[2] / "schemas"
HERE = Location(path="jobs/a\udcff.sh", line=3, column=9)
ITEM = Item(kind=ItemKind.DIRECTIVE, name="gpus", value="2", location=HERE)
JOB = JobSpec(
    name="fit",
    body=Body(
        interpreter="/bin/bash",
        language="shell",
        steps=(Step(launcher="srun", words=("srun", "a"), program=("a",), location=HERE),),
        exports={"A": "1"},
    ),
    resources=Resources(nodes=2, gpus_per_node=4, memory_per_node_mib=None),
    time_limit_s=None,
    array=Array(ids=(1, 2, 5), throttle=2, text="1,2,5%2"),
    requeue=False,
    inventory=(ITEM,),
    origins={"gpus": HERE},
)
RESULT = ConversionResult(
    manifest=Manifest(
        body={"kind": "Job", "spec": {"a": [1, 2.5, None, True, "x\\xff"]}}, lines={(): 1, ("spec", "a", 0): 4}
    ),
    provenance=Provenance(converter="rules", version="1"),
    ledger=(LedgerEntry(item=ITEM, disposition=Disposition.EXACT, field="spec", reason="so"),),
    questions=(Question(key="image", text="which?", location=HERE, answer="image ="),),
    notes=(Finding(rule=rules.NOT_EXPRESSIBLE, message="no", location=HERE),),
)
TARGET = Target(
    gpus=None,
    arguments=("a",),
    site=Site(partitions={"gpu": ("a", "b")}, volumes={"/data": Volume(claim="c", read_only=True)}),
)
SCRIPT = Script(path="jobs/a\udcff.sh", data=b"#!/bin/sh\n\xff\x00")
VALUES = [
    pytest.param(JOB, id="job"),
    pytest.param(RESULT, id="result"),
    pytest.param(ConversionRequest(script=SCRIPT, job=JOB, target=TARGET), id="request"),
    pytest.param(
        Reading(
            header=Header(stage="accepted", slurm="24.11", components=(Component(request={"n": 1}),)), jobs=(JOB,)
        ),
        id="reading",
    ),
    pytest.param(
        Report(tool_version="1", verdicts=(Verdict(path="a", outcome=Outcome.REVIEW),), fail_on=Level.WARNING),
        id="report",
    ),
]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    travelled = json.loads(json.dumps(wire.plain(value)).encode("utf-8"))
    assert wire.read(type(value), travelled) == value


def test_a_missing_field_takes_its_default() -> None:
    assert wire.read(Location, {"path": "a"}) == Location(path="a")


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        pytest.param(Location, [], "Location is list, expected dict", id="no object"),
        pytest.param(Location, {"path": 3}, "Location.path is int, expected str", id="number for text"),
        pytest.param(Location, {"path": "a", "line": True}, "Location.line is bool", id="boolean for number"),
        pytest.param(Location, {"line": 1}, "lacks a field", id="missing"),
        pytest.param(Location, {"path": "a", "row\udcff": 1}, "no field row\\xff", id="unknown field"),
        pytest.param(Script, {"path": "a", "data": "%"}, "Script.data is not base64", id="base64"),
        pytest.param(Verdict, {"path": "a", "outcome": "fine"}, "is none of skipped, passed", id="enum"),
        pytest.param(Verdict, {"path": "a", "outcome": []}, "is none of", id="enum of no text"),
        pytest.param(Array, {"ids": [1, "2"]}, "Array.ids[1] is str", id="element"),
        pytest.param(Array, {"ids": "12"}, "Array.ids is str, expected list", id="text for list"),
        pytest.param(Manifest, {"body": 1, "lines": [[["a", None], 1]]}, "is of the wrong type", id="step"),
        pytest.param(Manifest, {"body": 1, "lines": [[1]]}, "is no list of pairs", id="pairs"),
        pytest.param(Target, {"gpus": "2"}, "Target.gpus is str", id="optional"),
        pytest.param(
            Finding, {"rule": "nope", "message": "", "location": {"path": "a"}}, "is no rule of s2r-ci", id="rule"
        ),
    ],
)
def test_what_is_no_value_of_ours_is_refused(kind: type, data: Any, told: str) -> None:
    with pytest.raises(MalformedReplyError) as caught:
        wire.read(kind, data)
    assert told in caught.value.what


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([JobSpec, ConversionResult, Target, Report, Question]), _JSON)
def test_reading_any_json_raises_only_our_own_error(kind: type, data: Any) -> None:
    shaped = data if isinstance(data, dict) else {"name": data, "key": data, "manifest": data, "verdicts": data}
    with pytest.raises(MalformedReplyError):
        wire.read(kind, {**shaped, "no such field": 1})
    with suppress(MalformedReplyError):
        assert isinstance(wire.read(kind, shaped), kind)


@settings(max_examples=400)
@given(
    st.text(
        alphabet=st.one_of(st.characters(exclude_categories=()), st.sampled_from("\\xud5c8f\udcff")), max_size=12
    )
)
@example("\\xff\udcff\\x5c\\x5cxff\\ud800\ud800")
def test_every_text_survives(value: str) -> None:
    written = wire.text(value)
    written.encode("utf-8")
    assert wire.untext(written) == value


def test_an_ordinary_text_looks_as_it_is() -> None:
    assert wire.text("C:\\new\\x41 é") == "C:\\new\\x41 é"


def explanation(**changed: Any) -> dict[str, Any]:
    reading = Reading(
        header=Header(
            stage="accepted",
            slurm="24.11",
            components=(Component(tokens=("-G", "2"), options={"gpus": "2"}, request={"min_nodes": 1}),),
        ),
        jobs=(replace(JOB, array=None),),
    )
    given = {
        "script": SCRIPT,
        "script_class": "batch-script",
        "reading": reading,
        "result": RESULT,
        "findings": RESULT.notes,
        "outcome": Outcome.REVIEW,
        "manifest_path": "jobs/a\udcff.sh.runai.yaml",
        "document": "kind: Job\n",
    }
    line = shapes.explanation(**{**given, **changed})
    assert line.endswith("\n")
    assert "\n" not in line[:-1]
    read: dict[str, Any] = json.loads(line)
    return read


def test_an_explanation_is_one_line_of_json_with_the_promised_keys() -> None:
    shape = explanation()
    jsonschema.validate(shape, json.loads((SCHEMAS / "explain.v1.schema.json").read_bytes()))
    assert list(shape)[:5] == ["path", "class", "stage", "slurm", "components"]
    assert list(shape)[5:] == ["jobs", "ledger", "findings", "outcome", "manifest"]
    assert shape["path"] == "jobs/a\\xff.sh"
    assert shape["components"] == [{"tokens": ["-G", "2"], "options": {"gpus": "2"}, "request": {"min_nodes": 1}}]
    assert wire.read(JobSpec, shape["jobs"][0]) == replace(JOB, array=None)
    assert shape["ledger"][0]["item"] == "--gpus=2"
    assert shape["manifest"] == {"kind": "Job", "path": "jobs/a\\xff.sh.runai.yaml", "document": "kind: Job\n"}


def test_an_explanation_without_a_manifest_says_null() -> None:
    assert explanation(document="")["manifest"] is None
    assert explanation(result=None, document="")["ledger"] == []
