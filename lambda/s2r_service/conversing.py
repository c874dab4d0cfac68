"""A conversation about a conversion: ``POST /v1/chat``, ``GET /v1/history/{session_id}``, ``POST /v1/feedback``.

A session belongs to the client whose key began it; to everybody else it does not exist (404).
"""

from __future__ import annotations

import json
import zlib
from typing import Any, Final

from s2r_ci.envelope import Envelope, content_digest
from s2r_ci.frozen import replace
from s2r_ci.secrets import find_secrets
from s2r_service.authentication import Refused, Signed, enveloped
from s2r_service.charging import DAY_S
from s2r_service.conversion import Budget, Conversion, Task, Turn
from s2r_service.converting import Job, claim, converted, repo_of, task_of
from s2r_service.messages import Request, Response, json_response
from s2r_service.parts import Parts

_TOLD: Final = ("instruction", "runai_config", "model", "questions", "verdict", "reason", "diff")


def chat(request: Request, found: Signed, parts: Parts, request_id: str) -> Response:
    """Convert once more, with what a person asks for. Counts as a conversion."""
    envelope = _envelope(request, found, parts)
    if not envelope.idem or not envelope.session_id or not envelope.instruction or envelope.script:
        raise Refused("malformed-request")
    _no_secret(envelope.instruction)
    said = _turns(envelope.session_id, found, parts)
    turns = [each for each in said if "runai_config" in each]
    first = turns[0]
    about = replace(envelope, script=first["script"], **{"model": envelope.model, **_context(first, envelope)})
    job = Job(
        signed=found,
        task=task_of(about, parts),
        idem=f"chat#{envelope.session_id}#{envelope.idem}",
        content=content_digest(envelope),
        repo=repo_of(envelope, found),
        address=request.address,
        context=first["context"],
        session=envelope.session_id,
        instruction=envelope.instruction,
    )
    before = [Turn(each["instruction"], each["answers"]) for each in turns]
    return converted(job, parts, request, request_id, _refining(before, envelope.instruction, parts))


def _context(first: dict[str, Any], envelope: Envelope) -> dict[str, Any]:
    kept = dict(first["context"])
    if envelope.model:
        kept.pop("model", None)
    return kept


def _refining(before: list[Turn], instruction: str, parts: Parts) -> Any:
    from s2r_service.conversion import refine

    def work(task: Task, budget: Budget) -> Conversion:
        return refine(task, before, instruction, parts.model, budget, parts.catalogue)

    return work


def history(request: Request, found: Signed, parts: Parts, request_id: str) -> Response:
    """The turns of a session, oldest first."""
    _envelope(request, found, parts)
    session = request.path.rpartition("/")[2]
    claim(found, parts)
    turns = [{name: each[name] for name in _TOLD if name in each} for each in _turns(session, found, parts)]
    return json_response(200, {"s2r": 1, "request_id": request_id, "session_id": session, "turns": turns})


def feedback(request: Request, found: Signed, parts: Parts, request_id: str) -> Response:
    """Keep a verdict on a conversion: accepted, edited (with a diff) or rejected (with a reason)."""
    envelope = _envelope(request, found, parts)
    needs = {"edited": envelope.diff, "rejected": envelope.reason}.get(envelope.verdict, "x")
    if not envelope.session_id or not envelope.verdict or not needs:
        raise Refused("malformed-request")
    _no_secret(envelope.diff + "\n" + envelope.reason)
    claim(found, parts)
    _turns(envelope.session_id, found, parts)
    said = {"verdict": envelope.verdict, "diff": envelope.diff, "reason": envelope.reason}
    now_ns = parts.now_ns()
    item = {
        "client": found.key.client,
        "said": zlib.compress(json.dumps({name: each for name, each in said.items() if each}).encode(), 6),
        "ttl": now_ns // 10**9 + parts.settings.history_days * DAY_S,
    }
    parts.store.add_turn(envelope.session_id, f"{now_ns // 10**3:017d}", item)
    parts.observe({"event": "feedback", "verdict": envelope.verdict})
    return json_response(200, {"s2r": 1, "request_id": request_id, "session_id": envelope.session_id})


def _envelope(request: Request, found: Signed, parts: Parts) -> Envelope:
    if request.method == "POST" and found.payload[:1] != b"{":
        raise Refused("malformed-request")
    return enveloped(request, found, parts.settings.audiences)


def _no_secret(text: str) -> None:
    if find_secrets(text):
        raise Refused("script-rejected")


def _turns(session: str, found: Signed, parts: Parts) -> list[dict[str, Any]]:
    """What was said in a session of this client and has not expired. Raises Refused where there is none."""
    now_s = parts.now_ns() // 10**9
    kept = [
        item
        for item in parts.store.turns(session)
        if item.get("client") == found.key.client and item.get("ttl", 0) > now_s
    ]
    if not kept:
        raise Refused("not-found")
    return [json.loads(zlib.decompress(item["said"])) for item in kept]
