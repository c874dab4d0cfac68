"""What is told by hand is what both libraries tell; what they may tell otherwise is not told by hand."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from s2r_ci.runai.yaml import read_yaml
from s2r_ci.validate import load_schema, schema_for
from s2r_ci.validate.by_hand import DEEPEST, LONGEST_LIST, LONGEST_TEXT, keeps
from s2r_ci.validate.schemas import MOST_BY_HAND

ROOT = Path(__file__).parents[2]
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.0, 0.5, 2**53, "", "a", "ab", "a\n", "é", "1", [], [1], [1, 1.0], [True, 1],
    [1, "a"], [[1], [1]], {}, {"a": 1}, {"a": "b"}, {"b": 1}, {"a": 1, "b": 2}, {"aa": []},
)  # fmt: skip
SCHEMAS: tuple[Any, ...] = (
    True, False, {}, {"type": "integer"}, {"type": "number"}, {"type": "boolean"}, {"type": ["string", "null"]},
    {"type": "array"}, {"type": "object"}, {"const": 1}, {"const": True}, {"const": [1]}, {"const": {"a": 1.0}},
    {"const": None}, {"enum": [0, False, "a"]}, {"minimum": 1}, {"maximum": 0.5}, {"minLength": 1}, {"maxLength": 1},
    {"pattern": "^a$"}, {"pattern": "^[ab]+$"}, {"pattern": "a"}, {"pattern": r"^\S+$"}, {"minItems": 1},
    {"maxItems": 1},
    {"items": {"type": "integer"}}, {"uniqueItems": True}, {"uniqueItems": False}, {"contains": {"const": 1}},
    {"minProperties": 1}, {"maxProperties": 1}, {"required": ["a"]}, {"properties": {"a": {"type": "string"}}},
    {"additionalProperties": False}, {"properties": {"a": True}, "additionalProperties": {"const": 2}},
    {"properties": {"a": False}}, {"propertyNames": {"maxLength": 1}}, {"allOf": [{"minLength": 1}, {"maxLength": 1}]},
    {"anyOf": [{"type": "string"}, {"minItems": 1, "type": "array"}]}, {"oneOf": [{"type": "integer"}, {"minimum": 1}]},
    {"not": {"type": "object"}}, {"if": {"type": "object"}, "then": {"required": ["a"]}, "else": {"type": "array"}},
    {"if": {"type": "string"}, "then": False},
    {"$ref": "#/$defs/x", "$defs": {"x": {"type": "string"}}, "minLength": 1},
)  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
def test_every_keyword_is_told_as_both_libraries_tell_it(schema: Any) -> None:
    slow, fast = jsonschema.Draft202012Validator(schema), jsonschema_rs.validator_for(schema)
    told = 0
    for value in VALUES:
        verdict = keeps(schema, value)
        if verdict is not None:
            told += 1
            # The slow one goes by Python's $, which a line end may follow.
            assert verdict is fast.is_valid(value), value
            assert verdict is slow.is_valid(value) or value == "a\n", value
    assert told >= len(VALUES) - 1


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        pytest.param({"format": "uuid"}, "x", id="another keyword"),
        pytest.param({"$ref": "other.json"}, "x", id="another document"),
        pytest.param({"$ref": "#/$defs/gone"}, "x", id="a name that is not there"),
        pytest.param({"pattern": r"^\d$"}, "1", id="a class of characters"),
        pytest.param({"pattern": "a$|b"}, "a", id="an end within"),
        pytest.param({"pattern": r"^\S+$"}, "\u00a0", id="a blank that is none in ASCII"),
        pytest.param({"pattern": "^a*$"}, "a" * (LONGEST_TEXT + 1), id="a text that would take long"),
        pytest.param({"uniqueItems": True}, [*range(LONGEST_LIST + 1)], id="a list that would take long"),
        pytest.param({}, 2**63, id="a number that is too large"),
        pytest.param({}, float("nan"), id="not a number"),
        pytest.param({}, float("inf"), id="infinity"),
        pytest.param({}, "\ud800", id="half a character"),
        pytest.param({}, {"\udfff": 1}, id="half a character in a name"),
        pytest.param({}, {1: 2}, id="a name that is no text"),
        pytest.param({}, (1,), id="no type of JSON"),
        pytest.param({}, json.loads("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2)), id="too deep"),
    ],
)
def test_what_may_be_told_otherwise_is_not_told(schema: Any, value: Any) -> None:
    assert keeps(schema, value) is None


GOLDEN = sorted((ROOT / "tests" / "golden").glob("*/manifest.yaml"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.parent.name)
def test_every_golden_manifest_is_told_by_hand(path: Path) -> None:
    manifest = read_yaml(path.read_bytes())
    name = schema_for(manifest, "kubernetes")
    assert name is not None
    assert keeps(load_schema(name), manifest.body) is True


def test_a_run_over_many_loads_what_is_made_for_many() -> None:
    code = (
        "import sys; from s2r_ci.validate.schemas import is_valid\n"
        "for number in range(int(sys.argv[1])): assert not is_valid('manifest.job.v1', {})\n"
        "print('jsonschema_rs' in sys.modules)"
    )
    for count, loaded in ((MOST_BY_HAND, "False"), (MOST_BY_HAND + 1, "True")):
        done = subprocess.run(
            [sys.executable, "-c", code, str(count)], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == loaded
