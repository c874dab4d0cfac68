"""The definitions that the API server is given: structural, as it asks of them. Needs no server."""

from collections.abc import Iterator
from typing import Any

import pytest

from tools.admission.structural import CRDS, definition

FREE = {"x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string"}


def nodes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    below = list(schema.get("properties", {}).values())
    below += [schema[key] for key in ("items", "additionalProperties") if key in schema]
    for each in below:
        yield from nodes(each)


@pytest.mark.parametrize("name", CRDS)
def test_a_definition_is_structural(name: str) -> None:
    (version,) = definition(name)["spec"]["versions"]
    every = list(nodes(version["schema"]["openAPIV3Schema"]))
    assert len(every) > 50
    for node in every:
        assert "type" in node or FREE & node.keys()
        assert not {"$ref", "const", "if", "allOf", "patternProperties", "$comment"} & node.keys()
        assert not (node.get("properties") and "additionalProperties" in node)
        assert node.get("type") != "array" or "items" in node
