"""What came back from Converse: the one tool's input, or why there is none."""

from collections.abc import Mapping
from typing import Any, Final

from s2r_service.model.words import ModelError, Reply, Usage

_STOPS: Final[Mapping[str, str]] = {
    "guardrail_intervened": "content-blocked",
    "content_filtered": "content-blocked",
    "refusal": "content-blocked",
}
_MOST_TOKENS: Final = 10_000_000


def read_reply(found: object, tool: str) -> Reply:
    """The reply in an answer of Converse. Raises ModelError for every other stop reason than ``tool_use``, and for
    other content than one use of the tool (and text beside it, which nobody reads).
    """
    answer = found if isinstance(found, dict) else {}
    usage = usage_of(answer)
    stop = answer.get("stopReason")
    if stop != "tool_use":
        problem = _STOPS.get(str(stop), "model-output-invalid")
        raise ModelError(problem, usage=usage, detail=f"stop: {_word(stop)}")
    uses = [block["toolUse"] for block in _content(answer) if isinstance(block, dict) and "toolUse" in block]
    if len(uses) != 1 or not isinstance(uses[0], dict):
        raise ModelError("model-output-invalid", usage=usage, detail=f"{len(uses)} uses of a tool")
    if uses[0].get("name") != tool:
        raise ModelError("model-output-invalid", usage=usage, detail="another tool")
    request_id = str(_mapping(answer.get("ResponseMetadata")).get("RequestId", ""))
    return Reply(tool_input=uses[0].get("input"), usage=usage, request_id=_word(request_id))


def usage_of(found: object) -> Usage:
    """One call, and the tokens that the answer says it took; numbers that cannot be are none."""
    told = _mapping(_mapping(found).get("usage"))
    cached, written = _count(told.get("cacheReadInputTokens")), _count(told.get("cacheWriteInputTokens"))
    return Usage(
        # Bedrock counts what was read from and written to the cache apart from the rest of the input.
        input_tokens=_count(told.get("inputTokens")) + cached + written,
        output_tokens=_count(told.get("outputTokens")),
        calls=1,
        cached_tokens=cached,
        written_tokens=written,
    )


def _content(answer: Mapping[str, Any]) -> list[Any]:
    content = _mapping(_mapping(answer.get("output")).get("message")).get("content")
    return content if isinstance(content, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int:
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else 0


def _word(value: object) -> str:
    """A short word that may stand in a log."""
    text = str(value)[:64]
    return text if text.isascii() and text.isprintable() else "?"
