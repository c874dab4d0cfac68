"""``POST /`` and ``POST /v1/convert``, and what is left of the day's quota."""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

from s2r_ci import signing
from s2r_ci.envelope import Envelope, EnvelopeError, content_digest, is_script
from s2r_ci.envelope.context import target_of
from s2r_ci.errors import ConfigurationError, ConversionError
from s2r_ci.model import NOTHING, Script, Target
from s2r_ci.secrets import find_secrets
from s2r_service import charging, limits
from s2r_service.authentication import Refused, Signed, enveloped
from s2r_service.charging import AddTurn, Asked, Count, Outcome, Work, Worked
from s2r_service.conversion import Budget, Conversion, ModelError, Task
from s2r_service.messages import Request, Response, json_response
from s2r_service.parts import Parts
from s2r_service.telemetry import concluded, failed, places_of

DEFAULT_NAME: Final = "job.sh"
_UNSIGNED_MODEL: Final = "the header X-S2R-Model is not signed and was ignored; name the model in the envelope"
_Convert = Callable[[Task, Budget], Conversion]


class Job(NamedTuple):
    """One conversion that was asked for and may be charged."""

    signed: Signed
    task: Task
    idem: str
    content: str  # digest of all that the answer depends on
    repo: str = ""
    address: str = ""
    warnings: tuple[str, ...] = ()
    context: Mapping[str, Any] = NOTHING  # members of the envelope that a later turn needs
    session: str = ""  # of a conversation that goes on
    instruction: str = ""


# --- the routes --------------------------------------------------------------------------------------------


def either(request: Request, found: Signed, parts: Parts, request_id: str) -> Response:
    """Convert an envelope, or a raw script as clients of the first s2r send it."""
    if found.payload[:1] == b"{":
        return convert(request, found, parts, request_id)
    if not parts.settings.legacy_raw or request.query:
        raise Refused("malformed-request")
    job = _raw_job(request, found, parts)
    return converted(job, parts, request, request_id, _by(parts))


def convert(request: Request, found: Signed, parts: Parts, request_id: str) -> Response:
    """Convert the script of an envelope; with ``?dry_run=true`` by rules alone, and for nothing."""
    if found.payload[:1] != b"{" or request.query not in ("", "dry_run=true", "dry_run=false"):
        raise Refused("malformed-request")
    envelope = enveloped(request, found, parts.settings.audiences)
    job = job_of(envelope, found, request, parts)
    if request.query == "dry_run=true":
        return _dry(job, parts, request, request_id)
    return converted(job, parts, request, request_id, _by(parts))


def quota(request: Request, found: Signed, parts: Parts, request_id: str) -> Response:
    """What is left today. Costs nothing."""
    envelope = enveloped(request, found, parts.settings.audiences)
    claim(found, parts)
    now_ms = parts.now_ns() // 10**6
    counts = limits.counts_of(found, repo_of(envelope, found), request.address, 0, parts)
    left = [max(0, each.limit - limits.used(each, now_ms, parts)) for each in counts]
    document = {
        "s2r": 1,
        "request_id": request_id,
        "limit": counts[0].limit,
        "remaining": min(left),
        "resets_in": charging.seconds_left(now_ms),
        "subject": parts.settings.limit_subject,
    }
    return json_response(200, document, *limits.headers(counts[0].limit, min(left), now_ms))


# --- what is asked for -------------------------------------------------------------------------------------


def _raw_job(request: Request, found: Signed, parts: Parts) -> Job:
    try:
        text = found.payload.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("script-rejected") from None
    _check_script(text)
    task = Task(Script(path=DEFAULT_NAME, data=found.payload), Target())
    digest = sha256(found.payload).hexdigest()
    return Job(
        found, task, idem=f"raw#{digest}", content=digest, repo=found.key.repo, address=request.address,
        warnings=_warned(request),
    )  # fmt: skip


def repo_of(envelope: Envelope, found: Signed) -> str:
    """The repository that is counted: a session's own; under a shared secret the one that the client names."""
    return found.key.repo or (envelope.repo.id if envelope.repo else "")


def job_of(envelope: Envelope, found: Signed, request: Request, parts: Parts) -> Job:
    """The conversion that an envelope asks for. Raises Refused."""
    if not envelope.idem:
        raise Refused("malformed-request", member="idem")
    _check_script(envelope.script)
    task = task_of(envelope, parts)
    return Job(
        signed=found,
        task=task,
        idem=envelope.idem,
        content=content_digest(envelope),
        repo=repo_of(envelope, found),
        address=request.address,
        warnings=_warned(request),
        context={
            name: getattr(envelope, name)
            for name in ("name", "model", "target", "runai_release", "slurm_version", "answers", "site")
            if getattr(envelope, name)
        },
    )


def task_of(envelope: Envelope, parts: Parts) -> Task:
    """Script, target and model of an envelope. Raises Refused."""
    if envelope.model and envelope.model not in parts.catalogue.offers:
        raise Refused("malformed-request", member="model")
    try:
        target = target_of(envelope)
    except EnvelopeError as error:
        raise Refused("malformed-request", member=error.member) from None
    script = Script(path=envelope.name or DEFAULT_NAME, data=envelope.script.encode())
    return Task(script, target, envelope.model or None)


def _check_script(text: str) -> None:
    """Refuse what is no batch script, and what holds a secret: our client would have put a placeholder there."""
    if not is_script(text) or find_secrets(text):
        raise Refused("script-rejected")


def _warned(request: Request) -> tuple[str, ...]:
    return (_UNSIGNED_MODEL,) if request.headers.get("x-s2r-model") else ()


# --- doing it ----------------------------------------------------------------------------------------------


def claim(found: Signed, parts: Parts) -> None:
    """Use up the signature of a request that is not charged. Raises Refused."""
    asked = Asked(found.mac, found.then_ns // 10**9, parts.token(), "", "", "", (), 0)
    if not charging.drive(charging.claim(asked), parts.store, lambda: parts.now_ns() // 10**6, _no_work):
        raise Refused("replayed-signature")


def _no_work(step: Work) -> Worked:
    return Worked(problem="internal")


def _by(parts: Parts) -> _Convert:
    from s2r_service.conversion import convert as by_model

    return lambda task, budget: by_model(task, parts.model, budget, parts.catalogue)


def _budget(request: Request, parts: Parts) -> Budget:
    seconds = parts.settings.request_s if request.remaining_s is None else request.remaining_s
    return Budget(parts.clock() + min(seconds, parts.settings.request_s), parts.clock)


def converted(job: Job, parts: Parts, request: Request, request_id: str, work: _Convert) -> Response:
    """Steps 9 to 13, and the answer that their outcome is. Raises Refused and StoreError."""
    budget = _budget(request, parts)
    counts = limits.counts_of(job.signed, job.repo, job.address, limits.worst_case(job.task.script, parts), parts)
    asked = Asked(
        mac=job.signed.mac,
        then_s=job.signed.then_ns // 10**9,
        own=parts.token(),
        rid=parts.token(),
        record=f"idem#{job.signed.key.subject}#{sha256(job.idem.encode()).hexdigest()}",
        content=job.content,
        counts=counts,
        deadline_ms=parts.now_ns() // 10**6 + int(budget.remaining_s * 1000),
    )
    outcome: Outcome = charging.drive(
        charging.converted(asked),
        parts.store,
        lambda: parts.now_ns() // 10**6,
        lambda step: _worked(job, step, parts, budget, work),
    )
    return _answered(outcome, counts, parts, request_id)


def _worked(job: Job, step: Work, parts: Parts, budget: Budget, work: _Convert) -> Worked:
    try:
        made = work(job.task, budget)
    except ModelError as error:
        parts.observe(failed(error, parts.catalogue, job.task.alias))
        return Worked(problem=error.problem, tokens=error.usage.input_tokens + error.usage.output_tokens)
    except (ConversionError, ConfigurationError) as error:
        return Worked(problem=getattr(error, "problem", "") or "script-rejected")
    except Exception as error:
        parts.observe({"event": "bug", "error": places_of(error)})
        return Worked(problem="internal")
    session = job.session or session_of(job.signed, step.rid)
    parts.observe(concluded(made, parts.catalogue, job.task.alias))
    result = {
        "runai_config": made.manifest,
        "s2r": 1,
        "model": made.model,
        "prompt_version": made.prompt_version,
        "usage": _spent(made.usage),
        "script_sha256": job.task.script.digest,
        "warnings": [*job.warnings, *made.warnings],
        "questions": list(made.questions),
        "session_id": session,
        **({"answers": dict(made.answers)} if job.instruction else {}),
    }
    used = made.usage.input_tokens + made.usage.output_tokens
    packed = zlib.compress(json.dumps(result).encode(), 6)
    return Worked(result=packed, tokens=used, turn=_turn(job, made, session, parts))


def _spent(usage: Any) -> dict[str, int]:
    return {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens, "calls": usage.calls}


def session_of(found: Signed, rid: str) -> str:
    """The session of a conversion: as hard to guess as its record's id, and the same for who takes the record over."""
    made = sha256(f"s2r/session/1\0{found.key.subject}\0{rid}".encode()).digest()
    return urlsafe_b64encode(made[:16]).rstrip(b"=").decode("ascii")


def _turn(job: Job, made: Conversion, session: str, parts: Parts) -> AddTurn:
    """One turn of the conversation, the first with the script. The script holds no secret: see ``_check_script``."""
    now_ns = parts.now_ns()
    said = {
        "instruction": job.instruction,
        "runai_config": made.manifest,
        "model": made.model,
        "questions": list(made.questions),
        "answers": dict(made.answers),
        "script": job.task.script.text,
        "context": dict(job.context),
    }
    item = {
        "client": job.signed.key.client,
        "said": zlib.compress(json.dumps(said).encode(), 6),
        "ttl": now_ns // 10**9 + parts.settings.history_days * charging.DAY_S,
    }
    return AddTurn(session, f"{now_ns // 10**3:017d}", item)


def _answered(outcome: Outcome, counts: Sequence[Count], parts: Parts, request_id: str) -> Response:
    now_ms = parts.now_ns() // 10**6
    limit = counts[0].limit
    headers = limits.headers(limit, limit - outcome.used, now_ms) if outcome.used is not None else ()
    match outcome.problem:
        case "":
            result = json.loads(zlib.decompress(outcome.result))
            if outcome.replay:
                left = limit - limits.used(counts[0], now_ms, parts)
                headers = ((signing.REPLAY_HEADER, "true"), *limits.headers(limit, left, now_ms))
            return json_response(200, {**result, "request_id": request_id}, *headers)
        case "in-progress":
            raise Refused("in-progress", headers=(("Retry-After", str(outcome.wait_s)),))
        case "quota-exceeded" | "budget-exhausted":
            wait = ("Retry-After", str(charging.seconds_left(now_ms)))
            shown = limits.headers(limit, 0, now_ms) if outcome.problem == "quota-exceeded" else headers
            raise Refused(outcome.problem, headers=(wait, *shown))
    raise Refused(outcome.problem)


def _dry(job: Job, parts: Parts, request: Request, request_id: str) -> Response:
    """Everything but the model; nothing is charged and nothing kept."""
    from s2r_service.conversion import convert as by_model

    claim(job.signed, parts)
    now_ms = parts.now_ns() // 10**6
    counts = limits.counts_of(job.signed, job.repo, job.address, 0, parts)
    left = min(each.limit - limits.used(each, now_ms, parts) for each in counts)
    if left <= 0:
        return _answered(Outcome("quota-exceeded", used=counts[0].limit), counts, parts, request_id)
    try:
        made = by_model(job.task, None, _budget(request, parts), parts.catalogue)
    except (ConversionError, ConfigurationError):
        raise Refused("script-rejected") from None
    document = {
        "runai_config": made.manifest,
        "s2r": 1,
        "request_id": request_id,
        "model": None,
        "prompt_version": None,
        "usage": _spent(made.usage),
        "script_sha256": job.task.script.digest,
        "warnings": [*job.warnings, *made.warnings],
        "questions": list(made.questions),
        "session_id": session_of(job.signed, request_id),
        "dry_run": True,
    }
    return json_response(200, document, *limits.headers(counts[0].limit, left, now_ms))
