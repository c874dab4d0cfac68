"""The shipped schemas keep what they promise: examples beside them, and vectors made with them."""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from s2r_ci.errors import ConfigurationError
from s2r_ci.validate import load_schema, schema_names

HERE = Path(__file__).parent
EXAMPLES = HERE.parent.parent / "schemas" / "examples"
VECTORS = json.loads((HERE / "vectors.json").read_text("utf-8"))
OURS = [name for name in schema_names() if name.startswith(("conversion-", "manifest.", "report.", "explain."))]


def both(name: str, document: Any) -> bool:
    """The verdict of both libraries, which must be one."""
    slow, fast = validators(name)
    verdict: bool = slow.is_valid(document)
    assert verdict == fast.is_valid(document), "the two libraries disagree"
    return verdict


@cache
def validators(name: str) -> tuple[Any, Any]:
    schema = load_schema(name)
    return jsonschema.Draft202012Validator(schema), jsonschema_rs.validator_for(schema)


def examples() -> Iterator[Any]:
    for path in sorted(EXAMPLES.glob("*/*.json")):
        if path.stem.startswith(("accept-", "refuse-")):
            yield pytest.param(path, id=f"{path.parent.name}/{path.stem}")


@pytest.mark.parametrize("path", list(examples()))
def test_an_example_is_what_its_name_says(path: Path) -> None:
    document = json.loads(path.read_text("utf-8"))
    assert both(path.parent.name, document) == path.stem.startswith("accept-")


@pytest.mark.parametrize("name", OURS)
def test_every_schema_has_examples_of_both_kinds(name: str) -> None:
    words = {path.stem.partition("-")[0] for path in (EXAMPLES / name).glob("*.json")}
    assert words == {"accept", "refuse"}


@pytest.mark.parametrize("name", OURS)
def test_a_schema_is_a_schema_and_knows_its_name(name: str) -> None:
    schema = load_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:s2r-ci:schema:{name}"


def test_an_unknown_schema_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ConfigurationError, match="manifest"):
        load_schema("../settings")


@pytest.mark.parametrize("base", VECTORS["bases"])
def test_a_base_document_is_accepted(base: str) -> None:
    known = VECTORS["bases"][base]
    assert both(known["schema"], known["document"])


@pytest.mark.parametrize("case", VECTORS["mutations"], ids=lambda case: f"{case['id']} {case['why']}")
def test_a_mutation_is_refused(case: dict[str, Any]) -> None:
    base = VECTORS["bases"][case["base"]]
    assert not both(base["schema"], patched(base["document"], case["patch"]))


@pytest.mark.parametrize("base", ["job", "job-array-requeue", "job-fraction", "pytorchjob", "mpijob"])
def test_every_unknown_field_is_refused_at_any_depth(base: str) -> None:
    known = VECTORS["bases"][base]
    free = {"labels", "annotations", "nodeSelector", "requests", "limits"}  # their keys are the user's
    for steps in mappings(known["document"], ()):
        document = deepcopy(known["document"])
        inner = document
        for step in steps:
            inner = inner[step]
        inner["surpriseField"] = {"a": 1}
        assert not both(known["schema"], document), steps
        if not free.intersection(map(str, steps[-1:])):
            inner["surpriseField"] = "x"
            assert not both(known["schema"], document), steps


def mappings(value: Any, steps: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        yield steps
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield from mappings(child, (*steps, step))


def patched(document: Any, operations: list[dict[str, Any]]) -> Any:
    """RFC 6902: add, replace, remove."""
    document = deepcopy(document)
    for operation in operations:
        *above, last = [step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")[1:]]
        inner = document
        for step in above:
            inner = inner[int(step)] if isinstance(inner, list) else inner[step]
        if isinstance(inner, list):
            _patch_list(inner, int(last), operation)
        elif operation["op"] == "remove":
            del inner[last]
        else:
            inner[last] = operation["value"]
    return document


def _patch_list(inner: list[Any], index: int, operation: dict[str, Any]) -> None:
    if operation["op"] == "add":
        inner.insert(index, operation["value"])
    elif operation["op"] == "replace":
        inner[index] = operation["value"]
    else:
        del inner[index]
