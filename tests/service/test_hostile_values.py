"""Whatever a model, a stored turn or an annotation holds: an answer, or an error of ours; never a foreign exception."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci.convert.rules import RulesConverter
from s2r_ci.errors import ConversionError
from s2r_ci.model import Change, ConversionRequest, Decisions, Script
from s2r_ci.runai.decisions import ANNOTATION, applied, written
from s2r_ci.slurm.job import read_script
from s2r_ci.verify import decided, verify
from s2r_ci.wishes.reading import Wish, heard, read_wish, wish_of
from s2r_service.conversion import ModelError, convert
from s2r_service.model.reading import read_reply
from s2r_service.model.tool import SCHEMA, WrongShapeError, read_answer
from s2r_service.refinement import decisions_of, target_with
from s2r_service.standin.minds import MINDS, Question, nothing, question_of
from tests.service.offices import CATALOGUE, IMAGE, TARGET, TEXT, seconds, task
from tests.service.test_policy_evasions import Saying

ODDITIES = (
    "", "/", "/scratch", "MODE", "train", ":", "\ud800", "\udcff", "\x00", "torchrun fit.py", "torchrun \udcff.py",
    IMAGE,
)  # fmt: skip
TEXTS = st.text(max_size=40) | st.sampled_from(ODDITIES)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
MEMBERS = st.dictionaries(st.sampled_from(sorted(SCHEMA["properties"])), JSON, max_size=7)
LINES = st.integers(min_value=-3, max_value=12)
DECISIONS = st.builds(
    Decisions,
    image=TEXTS,
    variables=st.dictionaries(TEXTS, TEXTS, max_size=3),
    mounts=st.lists(TEXTS, max_size=3).map(tuple),
    changes=st.lists(st.builds(Change, line=LINES, text=TEXTS), max_size=3).map(tuple),
)
ODD = b"#!/bin/bash\n#SBATCH -n 1\nsrun python \xff.py\nmodule load a\nsrun x \\\n y"


def asked(data: bytes = TEXT.encode()) -> ConversionRequest:
    script = Script(path="job.sh", data=data)
    return ConversionRequest(script=script, job=read_script(script).jobs[0], target=TARGET)


@settings(max_examples=50)
@given(JSON | MEMBERS.map(lambda said: nothing() | said))
def test_a_tools_input(value: Any) -> None:
    problem = "model-output-invalid"
    try:
        convert(task(), Saying(value), seconds(), CATALOGUE)
    except ModelError as error:
        problem = error.problem
    assert problem == "model-output-invalid"


@given(JSON, st.integers(min_value=1, max_value=5))
def test_reading_an_input(value: Any, lines: int) -> None:
    try:
        read_answer(value, lines)
    except WrongShapeError:
        return


@given(st.dictionaries(st.sampled_from(["output", "stopReason", "usage", "ResponseMetadata"]), JSON) | JSON)
def test_an_answer_of_the_wire(value: Any) -> None:
    try:
        read_reply(value, "decide")
    except ModelError:
        return


@settings(max_examples=50)
@given(DECISIONS, st.sampled_from([TEXT.encode(), ODD]))
def test_decisions_in_an_annotation_are_judged(decisions: Decisions, data: bytes) -> None:
    made = RulesConverter().convert(asked(data)).manifest
    made.body["metadata"].setdefault("annotations", {})[ANNOTATION] = written(decisions)
    verify(asked(data), made, "m.yaml")


@settings(max_examples=50)
@given(DECISIONS, st.sampled_from([TEXT.encode(), ODD]))
def test_what_is_not_refused_can_be_applied_and_is_judged_alike(decisions: Decisions, data: bytes) -> None:
    request = asked(data)
    if decisions and not [*decided.refusals(request, decisions)]:
        made = RulesConverter().convert(applied(request, decisions)).manifest
        told = {finding.rule for finding in verify(request, made, "m.yaml")}
        assert told & decided.RULES


@given(TEXTS | JSON.map(json.dumps))
def test_an_annotation(text: str) -> None:
    decided.read(text)
    decisions_of(text)


@given(
    st.dictionaries(st.sampled_from(["options", "image", "mounts", "site", "variables", "arguments", "x"]), JSON)
)
def test_stored_answers(answers: dict[str, Any]) -> None:
    try:
        target_with(TARGET, answers)
    except ConversionError:
        return


@given(st.text(max_size=200))
def test_an_instruction(text: str) -> None:
    wish = read_wish(text)
    assert wish is None or list(heard(Wish(), text)) == []


@given(JSON)
def test_a_wish_of_a_model(value: Any) -> None:
    try:
        wish_of(value)
    except ValueError:
        return


@given(st.text(max_size=200), JSON, st.sampled_from(sorted(MINDS)))
def test_the_stand_in_thinks_about_anything(text: str, facts: Any, mind: str) -> None:
    MINDS[mind](question_of(f"FACTS {json.dumps(facts)}\n1| {text}"))
    MINDS[mind](Question({}, tuple(text.split("\n"))))
