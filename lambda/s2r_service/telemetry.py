"""One line a request: a log for people and CloudWatch's embedded metrics in the same JSON object.

A line is made of the fields of ``Record`` and nothing else, and every text in it is held to a narrow grammar. There is
no field for a script, a manifest, an instruction, a key or an exception's message, so none can reach a log: what went
wrong unforeseen is told by the class of the exception and the places in our code it came through.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from s2r_service.model.words import ModelError, Usage

if TYPE_CHECKING:
    from s2r_service.conversion import Conversion
    from s2r_service.model.catalogue import Catalogue

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


# --- what happens during a request -------------------------------------------------------------------------


class Observer:
    """Gathers what the service reports of a request, thread by thread, and writes its line when the request ends.

    It is ``Parts.observe``. What belongs to no request (a warning at the start, a verdict) goes to ``other``.
    """

    def __init__(self, telemetry: Telemetry, other: Callable[[Mapping[str, Any]], None]) -> None:
        self._telemetry = telemetry
        self._other = other
        self._gathered = threading.local()

    def __call__(self, record: Mapping[str, Any]) -> None:
        """Take one report."""
        gathered: dict[str, Any] = self._gathered.__dict__
        match record.get("event"):
            case "conversion" | "model":
                gathered |= {name: value for name, value in record.items() if name in Record._fields}
            case "problem":
                gathered["outcome"] = record.get("problem", "")
            case "store":
                gathered["detail"] = f"store {record.get('where', '')}"
            case "bug":
                gathered["detail"] = record.get("error", "")
            case "request":
                self._telemetry.told(_finished(record, gathered))
                gathered.clear()
            case _:
                self._other(record)


def _finished(record: Mapping[str, Any], gathered: Mapping[str, Any]) -> Record:
    made = Record(
        request_id=str(record.get("request_id", "")),
        route=f"{record.get('method', '')} {record.get('route', '')}",
        status=int(record.get("status", 0)),
        latency_s=float(record.get("seconds", 0.0)),
    )
    return made._replace(**gathered)


def concluded(made: Conversion, catalogue: Catalogue, alias: str | None) -> dict[str, Any]:
    """The report of a conversion: which model was asked, what it used, and what the judge said to it."""
    asked = made.model or catalogue.offer(alias).model_id
    return {
        "event": "conversion",
        "model_id": asked if made.usage.calls else "",
        "prompt_version": made.prompt_version or "",
        "usage": made.usage,
        "cost": catalogue.cost(asked, made.usage),
        "repairs": made.repairs,
        "judge_findings": made.refused,
    }


def failed(error: ModelError, catalogue: Catalogue, alias: str | None) -> dict[str, Any]:
    """The report of a model that gave nothing: what it cost all the same, and a word for the operator."""
    asked = catalogue.offer(alias).model_id
    return {
        "event": "model",
        "outcome": error.problem,
        "model_id": asked,
        "usage": error.usage,
        "cost": catalogue.cost(asked, error.usage),
        "detail": error.detail,
    }


def places_of(error: BaseException) -> str:
    """The class of an exception and the last places it came through, without its message: ``KeyError at a.py:3``."""
    import traceback  # only when something is wrong

    frames = traceback.extract_tb(error.__traceback__)[-_PLACES:]
    places = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}"[:160]
