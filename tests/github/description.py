"""GitHub's own description as a judge: of every request that we send, and of every answer that the stand-in gives."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

_FOLDER = Path(__file__).parents[1] / "vendor" / "github"
PLACE = _FOLDER / "api.github.com.json"
ENTERPRISE = _FOLDER / "ghes-3.17.json"  # the oldest release of GitHub Enterprise Server that is described
_ADDRESS = "urn:github"
_TEXT_OF = {"uri": "https://github.example/x", "date-time": "2026-01-02T03:04:05Z", "email": "a@example.org"}


class Operation(NamedTuple):
    """One method of one path, and the values in the path."""

    path: str
    method: str
    values: dict[str, str]
    place: Path = PLACE  # the description that it stands in


@cache
def description(place: Path = PLACE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(place.read_text())
    return found


@cache
def _registry(place: Path) -> Any:
    registry: Any = Registry()
    return registry.with_resource(_ADDRESS, DRAFT4.create_resource(description(place)))


@cache
def _patterns(place: Path) -> list[tuple[str, re.Pattern[str]]]:
    found = []
    for path in description(place)["paths"]:
        last = path.rpartition("/")[2]
        parts = []
        for part in path.strip("/").split("/"):
            name = part.strip("{}")
            greedy = name in ("ref", "basehead") and part == last
            parts.append(f"(?P<{name}>.+)" if greedy else f"(?P<{name}>[^/]+)" if part.startswith("{") else part)
        found.append((path, re.compile("/" + "/".join(parts))))
    return found


def operation(method: str, path: str, place: Path = PLACE) -> Operation | None:
    """The described operation that a request asks for."""
    for name, pattern in _patterns(place):
        if (match := pattern.fullmatch(path)) and method.lower() in description(place)["paths"][name]:
            return Operation(name, method.lower(), match.groupdict(), place)
    return None


def troubles(found: Operation, body: Any) -> list[str]:
    """What is wrong with a request's body."""
    asked = description(found.place)["paths"][found.path][found.method].get("requestBody")
    if asked is None:
        return [] if body is None else ["a body where none is described"]
    pointer = [*_steps(found), "requestBody", "content", "application/json", "schema"]
    if body is None:
        return ["no body"] if asked.get("required") else []
    return _errors(pointer, body, found.place)


def answer_troubles(found: Operation, status: int, body: Any) -> list[str]:
    """What is wrong with an answer."""
    answers = description(found.place)["paths"][found.path][found.method]["responses"]
    if str(status) not in answers:
        return [f"status {status} is not described for {found.method} {found.path}"]
    at = [*_steps(found), "responses", str(status)]
    if "$ref" in answers[str(status)]:
        at = answers[str(status)]["$ref"].removeprefix("#/").split("/")
    content = _at(at, found.place).get("content")
    if not content:
        return []
    media = "application/json" if "application/json" in content else next(iter(content))
    return _errors([*at, "content", media, "schema"], body, found.place)


def sample(found: Operation, status: int) -> Any:
    """The smallest answer that the description allows."""
    at = [*_steps(found), "responses", str(status), "content", "application/json", "schema"]
    return _smallest(_at(at, found.place), found.place)


def schema_sample(name: str) -> Any:
    """The smallest value of one named schema."""
    return _smallest({"$ref": f"#/components/schemas/{name}"}, PLACE)


def _smallest(schema: dict[str, Any], place: Path) -> Any:  # noqa: C901  one case for each kind of schema
    if "$ref" in schema:
        return _smallest(_at(schema["$ref"].removeprefix("#/").split("/"), place), place)
    if schema.get("nullable"):
        return None
    if "enum" in schema:
        return schema["enum"][0]
    if "allOf" in schema:
        whole: dict[str, Any] = {}
        for part in schema["allOf"]:
            made = _smallest(part, place)
            whole |= made if isinstance(made, dict) else {}
        return whole
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return _smallest(schema[choice][0], place)
    match schema.get("type"):
        case "object":
            known = schema.get("properties", {})
            return {name: _smallest(known.get(name, {}), place) for name in schema.get("required", [])}
        case "array":
            return []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case "string":
            return _TEXT_OF.get(schema.get("format", ""), "x" * int(schema.get("minLength", 1)))
    return {}


def _steps(found: Operation) -> list[str]:
    return ["paths", found.path, found.method]


def _at(steps: list[str], place: Path) -> Any:
    value: Any = description(place)
    for step in steps:
        value = value[step]
    return value


def _errors(steps: list[str], body: Any, place: Path) -> list[str]:
    pointer = "/".join(
        step.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D") for step in steps
    )
    validator = OAS30Validator({"$ref": f"{_ADDRESS}#/{pointer}"}, registry=_registry(place))
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in validator.iter_errors(body)
    ]
