"""What the model is told: versions with digests, a part that never changes, a schema that is closed everywhere."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from s2r_ci.wishes import reading as wishes
from s2r_service.conversion import warm_up_prompt
from s2r_service.model import tool
from s2r_service.model.prompt import VERSION, prompt_version, shown, system
from s2r_service.refinement import VERSION as REFINE
from tests.service.offices import converted, standin

# A changed text or schema is another version: give the file a new name, keep the old one, and add its line here.
PUBLISHED = {"convert-1": "convert-1+0fb7370a35c17341", "refine-1": "refine-1+4d14b6d5476aea59"}
STRICT = {"type", "properties", "required", "additionalProperties", "items", "enum"}
FORBIDDEN = {
    "gpus", "gpu", "cpu", "cpus", "memory", "resources", "time", "array", "kind", "name", "namespace", "replicas",
    "labels", "annotations", "yaml", "command", "args", "hostPath", "privileged", "volumes", "tolerations",
}  # fmt: skip


def nodes(schema: Any) -> Iterator[Any]:
    yield schema
    for child in (*schema.get("properties", {}).values(), schema.get("items")):
        if child:
            yield from nodes(child)


def versions() -> dict[str, str]:
    return {
        VERSION: prompt_version(),
        REFINE: prompt_version(REFINE, json.dumps(wishes.TOOL, sort_keys=True)),
    }


def test_a_published_version_never_changes() -> None:
    assert versions() == PUBLISHED


def test_the_provenance_names_the_version_and_its_digest() -> None:
    with standin() as (_, model):
        made = converted(model)
    assert made.prompt_version == PUBLISHED[VERSION]
    header = made.manifest.split("#   content sha256")[0]
    assert f"#   model:           {made.model}\n" in header
    assert f"#   prompt:          {made.prompt_version}\n" in header


@pytest.mark.parametrize("schema", [tool.SCHEMA, wishes.SCHEMA], ids=["decide", "amend"])
def test_a_schema_is_closed_and_uses_what_strict_tools_know(schema: Any) -> None:
    for node in nodes(schema):
        assert set(node) <= STRICT
        if node["type"] == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == sorted(node["properties"])


def test_the_tool_has_no_field_for_what_rules_decide() -> None:
    names = {name for node in nodes(tool.SCHEMA) for name in node.get("properties", {})}
    assert names & FORBIDDEN == {"name"}  # of a variable


def test_no_free_text_of_the_model_reaches_anybody() -> None:
    told = tool.read_answer(
        {
            "image": "", "environment": [], "mounts": [], "changes": [], "confidence": "low",
            "notes": [{"code": "needs-internet", "line": 3}], "questions": [{"code": "which-data", "line": 2}],
        },
        lines=3,
    )  # fmt: skip
    assert told.notes == ("line 3: downloads something while the job runs [needs-internet]",)
    assert told.questions == ("line 2: where is this data in the new cluster? [which-data]",)


@pytest.mark.parametrize("code", [*tool.NOTES, *tool.QUESTIONS])
def test_every_code_of_the_tool_is_explained_to_the_model(code: str) -> None:
    assert f"- `{code}`:" in system()


@pytest.mark.parametrize("name", tool.SCHEMA["properties"])
def test_every_field_of_the_tool_is_explained_to_the_model(name: str) -> None:
    assert f"`{name}`" in system()


def test_the_part_that_never_changes_comes_first_and_is_long_enough_to_be_cached() -> None:
    """Providers cache a beginning of 1,024 tokens and more; a token is some four letters of English."""
    assert len(system()) / 4 > 1024
    with standin() as (server, model):
        converted(model)
        again = converted(model)
    first, second = server.asked
    assert first["system"] == second["system"] == [{"text": system()}, {"cachePoint": {"type": "default"}}]
    assert first["toolConfig"] == second["toolConfig"]
    assert again.usage.cached_tokens > 1000


def test_a_request_says_how_much_may_come_back_and_leaves_nothing_to_chance() -> None:
    with standin() as (server, model):
        converted(model)
    assert server.asked[0]["inferenceConfig"] == {"maxTokens": 1024, "temperature": 0.0}
    assert "guardrailConfig" not in server.asked[0]


def test_a_guardrail_looks_at_the_script_alone() -> None:
    from s2r_service.model.bedrock import Guardrail

    with standin(guardrail=Guardrail("abc123", "1")) as (server, model):
        converted(model)
    facts, script = server.asked[0]["messages"][0]["content"]
    assert set(facts) == {"text"}
    assert script["guardContent"]["text"]["text"].startswith("<script-")
    assert server.asked[0]["guardrailConfig"]["guardrailIdentifier"] == "abc123"


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("srun x", "srun x"),
        ("\tsrun é", "\tsrun é"),
        ("a\u202eb\U000e0041\x1b[2J", "a\\u{202e}b\\u{e0041}\\u{1b}[2J"),
        ("a\udcffb\r", "a\\u{dcff}b\\u{d}"),
    ],
)
def test_nothing_hides_in_a_line(line: str, seen: str) -> None:
    assert shown(line) == seen


def test_a_warm_up_asks_with_the_same_tool() -> None:
    assert warm_up_prompt().tool == tool.TOOL
