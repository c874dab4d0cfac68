"""The bodies of Converse: what a request has to hold, and what an answer holds."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from s2r_service.standin import wishes
from s2r_service.standin.faults import MINDS as NAMED_MINDS
from s2r_service.standin.faults import STOPS
from s2r_service.standin.minds import MINDS, question_of

_REQUIRED: Final = ("messages", "system", "inferenceConfig", "toolConfig")
_STRICT_KEYWORDS: Final = frozenset(
    {"type", "properties", "required", "additionalProperties", "items", "enum", "description"}
)
_OCTETS_A_TOKEN: Final = 4


class Answer(NamedTuple):
    """An HTTP answer; ``body`` is octets, or a value to be written as JSON."""

    status: int
    body: Any
    content_type: str = "application/json"
    error: str = ""

    @property
    def octets(self) -> bytes:
        """The body as it is sent."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def error_of(status: int, code: str, message: str) -> Answer:
    """An error as Amazon's REST-JSON services answer it."""
    return Answer(status, {"message": message}, error=code)


def wrong_request(body: Mapping[str, Any]) -> str:
    """What is wrong with a request; empty for nothing. It has to force exactly one tool, with a closed schema where
    it is strict, and to limit its tokens.
    """
    missing = [name for name in _REQUIRED if not body.get(name)]
    if missing:
        return f"missing: {', '.join(missing)}"
    tools = body["toolConfig"].get("tools", [])
    if len(tools) != 1 or body["toolConfig"].get("toolChoice") != {"tool": {"name": _name(body)}}:
        return "exactly one tool has to be forced"
    if not isinstance(body["inferenceConfig"].get("maxTokens"), int):
        return "maxTokens has to be said"
    spec = tools[0]["toolSpec"]
    if spec.get("strict") and not all(_is_closed(node) for node in _nodes(spec["inputSchema"]["json"])):
        return "a strict schema has to be closed, and may use few keywords"
    return ""


def _nodes(schema: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for child in (*schema.get("properties", {}).values(), schema.get("items")):
            yield from _nodes(child)


def _is_closed(node: Mapping[str, Any]) -> bool:
    closed = node.get("type") != "object" or node.get("additionalProperties") is False
    return closed and set(node) <= _STRICT_KEYWORDS


def _name(body: Mapping[str, Any]) -> str:
    return str(body["toolConfig"]["tools"][0].get("toolSpec", {}).get("name", ""))


def answer_of(body: Mapping[str, Any], fault: str, mind: str, cached: bool) -> Answer:
    """An answer of status 200: ordinary, with another stop reason, or with other content."""
    text = "\n".join(_texts(body))
    told = _told(_name(body), fault if fault in NAMED_MINDS else mind, text)
    content = _content(fault, _name(body), told)
    system = len(json.dumps(body["system"])) // _OCTETS_A_TOKEN
    usage = {
        "inputTokens": len(text) // _OCTETS_A_TOKEN,
        "outputTokens": max(1, len(json.dumps(content)) // _OCTETS_A_TOKEN),
        "cacheReadInputTokens": system if cached else 0,
        "cacheWriteInputTokens": 0 if cached else system,
    }
    usage["totalTokens"] = sum(usage.values())
    return Answer(
        200,
        {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": STOPS.get(fault, "end_turn" if fault in ("text", "refused") else "tool_use"),
            "usage": usage,
            "metrics": {"latencyMs": 1},
        },
    )


def _told(tool: str, mind: str, text: str) -> Mapping[str, Any]:
    """The input of one of the service's two tools, as a mind fills it in."""
    match tool:
        case "decide":
            return MINDS[mind](question_of(text))
        case "amend":
            return wishes.MINDS[mind](wishes.wish_in(text))
    return {}


def _texts(body: Mapping[str, Any]) -> Iterator[str]:
    for message in body["messages"]:
        for block in message.get("content", ()):
            guarded = block.get("guardContent", {}).get("text", {}).get("text", "")
            yield str(block.get("text", guarded))


def _content(fault: str, tool: str, told: Mapping[str, Any]) -> list[dict[str, Any]]:
    def use(name: str, given: Any) -> dict[str, Any]:
        return {"toolUse": {"toolUseId": "tooluse_standin", "name": name, "input": given}}

    match fault:
        case "empty":
            return []
        case "text":
            return [{"text": "kind: TrainingWorkload\n"}]
        case "refused":
            return [{"text": "I cannot help with this script."}]
        case "wrong-tool":
            return [use("write_yaml", {"yaml": "kind: Pod\n"})]
        case "two-tools":
            return [use(tool, told), use(tool, told)]
        case "no-fields":
            return [use(tool, {})]
        case "text-input":
            return [use(tool, "image: team/train:1")]
        case "too-many":
            return [use(tool, {**told, "mounts": ["/x"] * 10_000})]
        case _:
            return [use(tool, dict(told))]
