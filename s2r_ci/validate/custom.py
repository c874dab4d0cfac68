"""A site's own custom resource definitions: what its API server says of a kind counts instead of the shipped schema.

A definition is the file that ``kubectl get crd NAME -o yaml`` prints: YAML or JSON, one document or more, a List too.
Its ``openAPIV3Schema`` is in the structural form of Kubernetes, so it is turned into a JSON Schema here. An API server
prunes a field that the definition does not name; here such a field is an error, because what is pruned is lost.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple, NoReturn

from s2r_ci.errors import ConfigurationError

LARGEST: Final = 4 * 1024 * 1024  # octets of a file; Kubeflow's largest definition has a tenth of it
MOST_NODES: Final = 500_000
MOST_DEPTH: Final = 100
_HINT: Final = "save what `kubectl get crd NAME -o yaml` prints"
_KEPT: Final = (
    "type", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties",
    "maxProperties", "multipleOf", "required", "uniqueItems", "description",
)  # fmt: skip
_OF_THE_SERVER: Final = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"type": "object"},
}


class Kind(NamedTuple):
    """What a manifest says of itself."""

    api_version: str
    kind: str


def definitions(paths: tuple[str, ...]) -> Mapping[Kind, str]:
    """The JSON Schema, as text, of every kind that the files define; of two that define one kind the later counts.

    :raises ConfigurationError: a file is missing, too large, no YAML, or holds something else than definitions.
    """
    return _definitions(paths) if paths else {}


@cache
def _definitions(paths: tuple[str, ...]) -> Mapping[Kind, str]:
    found: dict[Kind, str] = {}
    for path in paths:
        before = len(found)
        for document in _documents(path):
            found |= dict(_kinds(document, path))
        if len(found) == before:
            _wrong("the file defines no kind that the API server serves", path)
    return found


def _wrong(what: str, path: str) -> NoReturn:
    raise ConfigurationError(what, where=f"crd {path}", hint=_HINT)


def _documents(path: str) -> Iterator[Mapping[str, Any]]:
    """Every object of a file, those of a List one by one."""
    for document in _loaded(_text(path), path):
        several = isinstance(document, dict) and str(document.get("kind", "")).endswith("List")
        for each in document.get("items") or () if several else (document,):
            if not isinstance(each, dict) or each.get("kind") != "CustomResourceDefinition":
                _wrong("the file holds something else than a CustomResourceDefinition", path)
            yield each


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
        text = data.decode()
    except OSError as error:
        _wrong(f"the file cannot be read: {error.strerror}", path)
    except UnicodeDecodeError:
        _wrong("the file is not UTF-8", path)
    if len(data) > LARGEST:
        _wrong(f"the file has more than {LARGEST:,} octets", path)
    return text


def _loaded(text: str, path: str) -> list[Any]:
    import yaml

    try:
        if text.lstrip().startswith("{"):
            return [json.loads(text)]
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return [each for each in yaml.load_all(text, Loader=loader) if each is not None]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        _wrong(f"the file is neither YAML nor JSON: {' '.join(str(error).split())[:120]}", path)


def _kinds(document: Mapping[str, Any], path: str) -> Iterator[tuple[Kind, str]]:
    try:
        spec = document["spec"]
        for version in spec["versions"]:
            if version.get("served", True):
                kind = Kind(f"{spec['group']}/{version['name']}", str(spec["names"]["kind"]))
                yield kind, _schema(kind, version["schema"]["openAPIV3Schema"], path)
    except (KeyError, TypeError, AttributeError):
        _wrong("group, names.kind or versions[].schema.openAPIV3Schema is missing from its spec", path)


def _schema(kind: Kind, structural: Mapping[str, Any], path: str) -> str:
    import jsonschema

    made = _Turned(path).schema(structural, 0)
    made["properties"] = {
        **made.get("properties", {}),
        **_OF_THE_SERVER,
        "apiVersion": {"const": kind.api_version},
        "kind": {"const": kind.kind},
    }
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    try:
        jsonschema.Draft202012Validator.check_schema(made)
    except jsonschema.SchemaError as error:
        _wrong(f"the schema of {kind.kind} is none: {' '.join(error.message.split())[:120]}", path)
    return json.dumps(made)


class _Turned:
    """Turns one structural schema into a JSON Schema; counts, for an alias may stand for very much."""

    def __init__(self, path: str) -> None:
        self.path, self.nodes = path, 0

    def schema(self, node: Mapping[str, Any], depth: int) -> dict[str, Any]:
        """One schema with all below it."""
        self.nodes += 1
        if depth > MOST_DEPTH or self.nodes > MOST_NODES:
            _wrong("the schema is nested too deep, or has too many parts", self.path)
        made = {key: node[key] for key in _KEPT if key in node}
        for key in ("minimum", "maximum"):  # in OpenAPI 3.0 the exclusive ones are true or false
            if node.get(f"exclusive{key.title()}") is True and key in made:
                made[f"exclusive{key.title()}"] = made.pop(key)
        for key in ("allOf", "anyOf", "oneOf"):  # value validations: structural schemas name no new field there
            if key in node:
                made[key] = [self._open(each, depth) for each in node[key]]
        if "not" in node:
            made["not"] = self._open(node["not"], depth)
        if node.get("x-kubernetes-int-or-string"):
            made.pop("anyOf", None)
            made["type"] = ["integer", "string"]
        self._fields(node, made, depth)
        if node.get("nullable") and isinstance(made.get("type"), str):
            made["type"] = [made["type"], "null"]
        return made

    def _fields(self, node: Mapping[str, Any], made: dict[str, Any], depth: int) -> None:
        if "items" in node:
            made["items"] = self.schema(node["items"], depth + 1)
        named = {name: self.schema(each, depth + 1) for name, each in (node.get("properties") or {}).items()}
        if node.get("x-kubernetes-embedded-resource"):
            named = _OF_THE_SERVER | named
        if named:
            made["properties"] = named
        others = node.get("additionalProperties")
        if isinstance(others, dict):
            made["additionalProperties"] = self.schema(others, depth + 1)
        elif node.get("type") == "object" and not (others or node.get("x-kubernetes-preserve-unknown-fields")):
            made["additionalProperties"] = False

    def _open(self, node: Mapping[str, Any], depth: int) -> dict[str, Any]:
        """A value validation: fields that it does not name are none of its business."""
        self.nodes += 1
        if depth > MOST_DEPTH or self.nodes > MOST_NODES:
            _wrong("the schema is nested too deep, or has too many parts", self.path)
        made = {key: node[key] for key in _KEPT if key in node}
        for key in ("allOf", "anyOf", "oneOf"):
            if key in node:
                made[key] = [self._open(each, depth + 1) for each in node[key]]
        for key in ("items", "not"):
            if key in node:
                made[key] = self._open(node[key], depth + 1)
        if "properties" in node:
            made["properties"] = {name: self._open(each, depth + 1) for name, each in node["properties"].items()}
        return made
