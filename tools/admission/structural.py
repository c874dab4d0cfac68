"""Custom resource definitions from our JSON Schemas, in the structural form that an API server takes.

A structural schema has a type everywhere and none of ``$ref``, ``const``, ``if`` or ``additionalProperties: false``:
closed objects are what pruning does. So what is lost here is said by the schema itself; what the server adds is its
own opinion of types, required fields and unknown ones.
"""

from collections.abc import Mapping
from typing import Any, Final

from s2r_ci.validate import load_schema

CRDS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    # schema: group, version, kind, plural
    "manifest.pytorchjob.v1": ("kubeflow.org", "v1", "PyTorchJob", "pytorchjobs"),
    "manifest.mpijob.v2beta1": ("kubeflow.org", "v2beta1", "MPIJob", "mpijobs"),
    "manifest.trainingworkload.v2alpha1": ("run.ai", "v2alpha1", "TrainingWorkload", "trainingworkloads"),
    "manifest.interactiveworkload.v2alpha1": ("run.ai", "v2alpha1", "InteractiveWorkload", "interactiveworkloads"),
    "manifest.distributedworkload.v2alpha1": ("run.ai", "v2alpha1", "DistributedWorkload", "distributedworkloads"),
}
_KEPT: Final = (
    "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
    "required",
)  # fmt: skip
_TYPES: Final = {bool: "boolean", int: "integer", str: "string", float: "number", list: "array", dict: "object"}


def definition(name: str) -> dict[str, Any]:
    """The CustomResourceDefinition of a schema."""
    group, version, kind, plural = CRDS[name]
    schema = load_schema(name)
    made = structural(schema, schema.get("$defs", {}))
    made["properties"]["metadata"] = {"type": "object"}  # the server's own
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [
                {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": made}},
            ],
        },
    }


def structural(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    """One schema without references and conditions."""
    schema = _resolved(schema, defs)
    kind = schema.get("type") or _type_of(schema)
    if isinstance(kind, list) or kind is None:
        mixed = set(kind or ()) == {"integer", "string"}
        return {"x-kubernetes-int-or-string" if mixed else "x-kubernetes-preserve-unknown-fields": True}
    found: dict[str, Any] = {"type": kind} | {key: schema[key] for key in _KEPT if key in schema}
    if values := schema.get("enum") or ([schema["const"]] if "const" in schema else None):
        found["enum"] = values
    if "items" in schema:
        found["items"] = structural(schema["items"], defs)
    if schema.get("properties") and isinstance(schema.get("additionalProperties"), dict):
        # A definition may say only one of the two, and names that are not known count.
        found["additionalProperties"] = structural(schema["additionalProperties"], defs)
    elif properties := schema.get("properties"):
        found["properties"] = {name: structural(each, defs) for name, each in properties.items()}
    elif isinstance(schema.get("additionalProperties"), dict):
        found["additionalProperties"] = structural(schema["additionalProperties"], defs)
    elif kind == "object":
        found["x-kubernetes-preserve-unknown-fields"] = True
    return found


def _resolved(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with what it refers to, and with the first part of an ``allOf`` that says a type."""
    while "$ref" in schema:
        other = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**defs[schema["$ref"].removeprefix("#/$defs/")], **other}
    for part in schema.get("allOf", ()):
        if "$ref" in part:
            schema = {**_resolved(part, defs), **schema}
    return dict(schema)


def _type_of(schema: Mapping[str, Any]) -> str | None:
    """Of an enumeration, the type of its values; an object of properties alone is one."""
    values = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    kinds = {_TYPES[type(value)] for value in values}
    if len(kinds) == 1:
        return kinds.pop()
    return "object" if "properties" in schema or "additionalProperties" in schema else None
