"""One line a request: a log for people and CloudWatch's embedded metrics in the same JSON object.

A line is made of the fields of ``Record`` and nothing else, and every text in it is held to a narrow grammar. There is
no field for a script, a manifest, an instruction, a key or an exception's message, so none can reach a log: what went
wrong unforeseen is told by the class of the exception and the places in our code it came through.
"""

import json
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from s2r_service.conversion import Conversion, ModelError
from s2r_service.model.catalogue import Catalogue
from s2r_service.model.words import Usage

NAMESPACE: Final = "s2r-ci"
DIMENSIONS: Final = (("Route",), ("Route", "Outcome"))

# Name of the metric -> its unit, in CloudWatch's words.
METRICS: Final[Mapping[str, str]] = {
    "Requests": "Count",
    "Latency": "Milliseconds",
    "ModelLatency": "Milliseconds",
    "ModelCalls": "Count",
    "InputTokens": "Count",
    "OutputTokens": "Count",
    "CachedTokens": "Count",
    "Cost": "None",  # US dollars
    "Repairs": "Count",
    "JudgeFindings": "Count",
}
_WORD: Final = re.compile(r"[A-Za-z0-9 ._:/@+<>=-]{0,160}")
_PLACES: Final = 6


class Record(NamedTuple):
    """What is said of one request. Seconds are seconds; ``outcome`` is ``ok`` or the code of the problem."""

    request_id: str
    route: str  # POST /v1/convert, without a query
    status: int
    outcome: str = "ok"
    latency_s: float = 0.0
    key_id: str = ""
    repository: str = ""  # its id
    replayed: bool = False
    script_octets: int = 0
    script_sha256: str = ""
    model_id: str = ""
    prompt_version: str = ""
    usage: Usage = Usage()
    cost: float = 0.0
    repairs: int = 0
    judge_findings: int = 0
    detail: str = ""  # a word for the operator: of ModelError, or ``places_of``


class Telemetry:
    """Writes lines; ``write`` takes one without its end, ``now`` gives seconds since 1970."""

    def __init__(
        self, write: Callable[[str], object], now: Callable[[], float], *, namespace: str = NAMESPACE
    ) -> None:
        self._write = write
        self._now = now
        self._namespace = namespace

    def told(self, record: Record) -> None:
        """Write one request's line."""
        self._write(line_of(record, int(self._now() * 1000), self._namespace))


def line_of(record: Record, now_ms: int, namespace: str = NAMESPACE) -> str:
    """The line: JSON in ASCII, members in a fixed order."""
    metrics = [{"Name": name, "Unit": unit} for name, unit in METRICS.items()]
    directive = {"Namespace": namespace, "Dimensions": [list(names) for names in DIMENSIONS], "Metrics": metrics}
    line: dict[str, Any] = {
        "_aws": {"Timestamp": now_ms, "CloudWatchMetrics": [directive]},
        "Route": _word(record.route),
        "Outcome": _word(record.outcome),
        **_values(record),
        "status": record.status,
        "request_id": _word(record.request_id),
        "key_id": _word(record.key_id),
        "repository": _word(record.repository),
        "replayed": record.replayed,
        "script_octets": record.script_octets,
        "script_sha256": _word(record.script_sha256),
        "model": _word(record.model_id),
        "prompt": _word(record.prompt_version),
        "detail": _word(record.detail),
    }
    return json.dumps(line, ensure_ascii=True, separators=(",", ":"))


def _values(record: Record) -> dict[str, float]:
    return {
        "Requests": 1,
        "Latency": round(record.latency_s * 1000, 3),
        "ModelLatency": round(record.usage.seconds * 1000, 3),
        "ModelCalls": record.usage.calls,
        "InputTokens": record.usage.input_tokens,
        "OutputTokens": record.usage.output_tokens,
        "CachedTokens": record.usage.cached_tokens,
        "Cost": round(record.cost, 6),
        "Repairs": record.repairs,
        "JudgeFindings": record.judge_findings,
    }


def _word(text: str) -> str:
    return text if _WORD.fullmatch(text) else "?"


# --- what happened, as fields of a record ------------------------------------------------------------------


def of_conversion(record: Record, made: Conversion, catalogue: Catalogue, model_id: str = "") -> Record:
    """The record with a conversion's figures; ``model_id`` is the model asked, where none decided anything."""
    asked = made.model or model_id
    return record._replace(
        model_id=asked if made.usage.calls else "",
        prompt_version=made.prompt_version or "",
        usage=made.usage,
        cost=catalogue.cost(asked, made.usage),
        repairs=made.repairs,
        judge_findings=made.refused,
    )


def of_failure(record: Record, error: ModelError, catalogue: Catalogue, model_id: str) -> Record:
    """The record with what a model's failure cost."""
    return record._replace(
        status=error.http_status,
        outcome=error.problem,
        model_id=model_id,
        usage=error.usage,
        cost=catalogue.cost(model_id, error.usage),
        detail=error.detail,
    )


def places_of(error: BaseException) -> str:
    """The class of an exception and the last places it came through, without its message: ``KeyError at a.py:3``."""
    frames = traceback.extract_tb(error.__traceback__)[-_PLACES:]
    places = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}"[:160]
