"""The one tool that the model is forced to call, and the reading of what it put in.

The schema is closed and the same in every request, so that its bytes stay in the caches of the provider. It uses only
the keywords that strict tool use knows; the bounds are checked here. There is no field for resources, time, array,
kind or name, and none for free text that anybody would see.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from s2r_ci.model import Change, Decisions

NAME: Final = "decide"

NOTES: Final[Mapping[str, str]] = {
    "needs-internet": "downloads something while the job runs",
    "needs-license": "asks a licence server",
    "interactive": "waits for somebody to type",
    "writes-home": "writes results to the home folder, which a pod does not keep",
    "hard-coded-host": "names a host of the old cluster",
    "hard-coded-user": "names a user or group of the old cluster",
    "compiles-on-node": "compiles for the hardware of the old cluster",
    "old-gpu": "is built for a GPU type that the new cluster may lack",
    "checkpoint": "can continue from a checkpoint, so that the job could be preemptible",
    "launcher": "deserves a look by somebody who knows how the program is launched",
}
QUESTIONS: Final[Mapping[str, str]] = {
    "which-environment": "which packages does the environment hold?",
    "which-data": "where is this data in the new cluster?",
    "which-license": "how is the licence reached from the new cluster?",
    "which-network": "may pods reach this address?",
    "which-version": "which version of the program is meant?",
}
CONFIDENCES: Final = ("low", "medium", "high")

_MOST: Final = 32
_LONGEST_TEXT: Final = 4096


def _object(**members: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": members,
        "required": sorted(members),
        "additionalProperties": False,
    }


def _list(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


_TEXT: Final[Mapping[str, Any]] = {"type": "string"}
_LINE: Final[Mapping[str, Any]] = {"type": "integer"}
SCHEMA: Final[Mapping[str, Any]] = _object(
    image=_TEXT,
    environment=_list(_object(name=_TEXT, value=_TEXT)),
    mounts=_list(_TEXT),
    changes=_list(_object(line=_LINE, text=_TEXT)),
    notes=_list(_object(code={"type": "string", "enum": sorted(NOTES)}, line=_LINE)),
    questions=_list(_object(code={"type": "string", "enum": sorted(QUESTIONS)}, line=_LINE)),
    confidence={"type": "string", "enum": list(CONFIDENCES)},
)
TOOL: Final[Mapping[str, Any]] = {
    "name": NAME,
    "description": "Hand over what the rules left open. Every member is required; empty means: nothing decided.",
    "schema": SCHEMA,
}


class Answer(NamedTuple):
    """What the model said, of the right shape. ``notes`` and ``questions`` are texts of our own."""

    decisions: Decisions
    notes: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    confidence: str = "low"


class WrongShapeError(ValueError):
    """The tool's input is not of the schema's shape; the message is a word for the log and holds no input."""


def read_answer(value: object, lines: int) -> Answer:
    """The answer in a tool's input, for a script of so many lines. Raises WrongShapeError."""
    told = _members(value, SCHEMA, "input")
    confidence = _one_of(told["confidence"], CONFIDENCES, "confidence")
    decisions = Decisions(
        image=_text(told["image"], "image"),
        variables=_pairs(told["environment"]),
        mounts=tuple(dict.fromkeys(_text(each, "mounts") for each in _items(told["mounts"], "mounts"))),
        changes=_changes(told["changes"], lines),
    )
    return Answer(
        decisions=decisions,
        notes=_remarks(told["notes"], "notes", NOTES, lines),
        questions=_remarks(told["questions"], "questions", QUESTIONS, lines),
        confidence=confidence,
    )


def _members(value: object, schema: Mapping[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(schema["properties"]):
        raise WrongShapeError(f"{where}: other members than the schema's")
    return value


def _items(value: object, where: str) -> list[Any]:
    if not isinstance(value, list) or len(value) > _MOST:
        raise WrongShapeError(f"{where}: no list, or too long")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise WrongShapeError(f"{where}: no text, or too long")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise WrongShapeError(f"{where}: half a character") from None
    return value


def _line(value: object, lines: int, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= lines:
        raise WrongShapeError(f"{where}: no line of the script")
    return value


def _one_of(value: object, words: Any, where: str) -> str:
    if not isinstance(value, str) or value not in words:
        raise WrongShapeError(f"{where}: no word of the list")
    return value


def _pairs(value: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in _items(value, "environment"):
        pair = _members(each, SCHEMA["properties"]["environment"]["items"], "environment")
        name = _text(pair["name"], "environment")
        if name in found:
            raise WrongShapeError("environment: a name twice")
        found[name] = _text(pair["value"], "environment")
    return found


def _changes(value: object, lines: int) -> tuple[Change, ...]:
    made = []
    for each in _items(value, "changes"):
        pair = _members(each, SCHEMA["properties"]["changes"]["items"], "changes")
        made.append(Change(line=_line(pair["line"], lines, "changes"), text=_text(pair["text"], "changes")))
    return tuple(sorted(made, key=lambda change: change.line))


def _remarks(value: object, where: str, texts: Mapping[str, str], lines: int) -> tuple[str, ...]:
    made = []
    for each in _items(value, where):
        pair = _members(each, SCHEMA["properties"][where]["items"], where)
        code = _one_of(pair["code"], texts, where)
        made.append(f"line {_line(pair['line'], lines, where)}: {texts[code]} [{code}]")
    return tuple(dict.fromkeys(made))
