"""The ways in which a model service fails, as a list that is worked off request by request.

::

    throttled            429, once
    slow 2.5 x3          answers after 2.5 s, three times
    ok                   an ordinary answer
    never *              from here on: no answer at all

A line is a fault, an optional argument, and how often: ``xN``, or ``*`` for ever. After the list's end answers are
ordinary. A ``#`` begins a remark.
"""

import re
import threading
from collections.abc import Mapping
from typing import Final, NamedTuple


class Fault(NamedTuple):
    """One fault and its argument."""

    name: str = "ok"
    argument: str = ""


class Refusal(NamedTuple):
    """A fault that is an error answer of the service."""

    status: int
    code: str
    message: str


REFUSALS: Final[Mapping[str, Refusal]] = {
    "400": Refusal(400, "ValidationException", "The provided model identifier is invalid."),
    "403": Refusal(403, "AccessDeniedException", "arn:aws:sts::123456789012:assumed-role/canary is not authorized"),
    "404": Refusal(404, "ResourceNotFoundException", "This model version has reached the end of its life."),
    "408": Refusal(408, "ModelTimeoutException", "The model took too long."),
    "424": Refusal(424, "ModelErrorException", "The model failed."),
    "throttled": Refusal(429, "ThrottlingException", "Too many tokens, please wait before trying again."),
    "not-ready": Refusal(429, "ModelNotReadyException", "The model is not ready."),
    "500": Refusal(500, "InternalServerException", "An internal error."),
    "503": Refusal(503, "ServiceUnavailableException", "The service is not available."),
}
"""The codes and their statuses are those of Converse's service model."""

STOPS: Final[Mapping[str, str]] = {
    "truncated": "max_tokens",
    "filtered": "content_filtered",
    "guardrail": "guardrail_intervened",
    "malformed": "malformed_tool_use",
    "malformed-output": "malformed_model_output",
    "too-long": "model_context_window_exceeded",
    "ended": "end_turn",
}
"""Faults that are an ordinary answer with another stop reason; its content looks complete."""

CONTENTS: Final = ("empty", "text", "refused", "wrong-tool", "two-tools", "no-fields", "text-input", "too-many")
"""Faults that are an answer with other content than one use of the tool."""

LINES: Final = ("slow", "never", "drip", "cut", "reset", "garbage", "garbage-json", "strict-slow", "strict-refused")
"""Faults of the line, and of the compilation of strict schemas."""

MINDS: Final = ("sensible", "obedient", "greedy", "lying", "silent")
NAMES: Final = ("ok", *REFUSALS, *STOPS, *CONTENTS, *LINES, *MINDS)

_LINE: Final = re.compile(r"([a-z0-9-]+)(?:\s+([0-9.]+))?(?:\s+(?:x([0-9]{1,6})|(\*)))?")
_FOR_EVER: Final = -1


class WrongScriptError(ValueError):
    """A list of faults that does not read; the message names its line."""


class Script:
    """A list of faults that is worked off; one serves many threads."""

    def __init__(self, text: str = "") -> None:
        self._lock = threading.Lock()
        self._left = _read(text)

    def replace(self, text: str) -> None:
        """Begin another list."""
        left = _read(text)
        with self._lock:
            self._left = left

    def next(self) -> Fault:
        """The fault of the next request."""
        with self._lock:
            if not self._left:
                return Fault()
            fault, count = self._left[0]
            if count == 1:
                self._left.pop(0)
            elif count != _FOR_EVER:
                self._left[0] = (fault, count - 1)
            return fault


def read_fault(text: str) -> Fault:
    """One fault, as a header says it: ``slow 2``. Raises WrongScriptError."""
    return _read(text)[0][0]


def _read(text: str) -> list[tuple[Fault, int]]:
    made = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        found = _LINE.fullmatch(line)
        if found is None or found[1] not in NAMES:
            raise WrongScriptError(f"line {number}: no such fault; one of: {', '.join(NAMES)}")
        count = _FOR_EVER if found[4] else int(found[3] or 1)
        if count:
            made.append((Fault(found[1], found[2] or ""), count))
    return made
