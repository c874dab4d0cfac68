"""From a request to an answer. Total: whatever comes in, an answer goes out, and none of them is 500 but for a bug.

Routing comes first (404, 405), then what the route does. Problems are raised as ``Refused`` anywhere below and become
answers here, in one place; the answer to a good signature is signed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from s2r_ci import signing
from s2r_ci.problems import MEDIA_TYPE, PROBLEMS, Retry, problem_document
from s2r_service import conversing, converting, pages
from s2r_service.authentication import Refused, Signed, signed
from s2r_service.messages import Request, Response, json_response
from s2r_service.oidc import sessions
from s2r_service.parts import Parts
from s2r_service.store import StoreError
from s2r_service.telemetry import places_of

Open = Callable[[Request, Parts], Response]
Closed = Callable[[Request, Signed, Parts, str], Response]
LARGEST_ANSWER: Final = 262_144


class Route(NamedTuple):
    """What answers a path: to anybody (``open``), or to a good signature (``closed``)."""

    open: Open | None = None
    closed: Closed | None = None


ROUTES: Final[Mapping[str, Mapping[str, Route]]] = {
    "/": {"GET": Route(open=pages.index), "POST": Route(closed=converting.either)},
    "/healthz": {"GET": Route(open=pages.health)},
    "/health": {"GET": Route(open=pages.health)},
    "/openapi.json": {"GET": Route(open=pages.openapi)},
    "/docs": {"GET": Route(open=pages.docs)},
    "/v1/models": {"GET": Route(open=pages.models)},
    "/models/list": {"POST": Route(open=pages.models)},
    "/v1/session": {"POST": Route(open=sessions.session)},
    "/v1/convert": {"POST": Route(closed=converting.convert)},
    "/v1/quota": {"GET": Route(closed=converting.quota)},
    "/v1/chat": {"POST": Route(closed=conversing.chat)},
    "/v1/feedback": {"POST": Route(closed=conversing.feedback)},
    "/v1/history/{session_id}": {"GET": Route(closed=conversing.history)},
}
_HISTORY: Final = re.compile(r"/v1/history/[A-Za-z0-9_-]{1,64}")
_FAILED_AUTHENTICATION: Final = frozenset({"malformed-authentication", "invalid-signature", "invalid-token"})
_RETRY_S: Final = 5


def answer(request: Request, parts: Parts) -> Response:
    """Answer one request. Raises nothing."""
    request_id = parts.token()
    begun = parts.clock()
    try:
        made = _routed(request, parts, request_id)
    except Refused as refused:
        made = _problem(refused, request, parts, request_id)
    except StoreError as error:
        parts.observe({"event": "store", "request_id": request_id, "where": error.where})
        made = _problem(Refused("store-unavailable"), request, parts, request_id)
    except Exception as error:  # the last door: no word of an exception leaves, its kind goes to the operator
        parts.observe({"event": "bug", "request_id": request_id, "error": places_of(error)})
        made = _problem(Refused("internal"), request, parts, request_id)
    made = _framed(made, request, parts, request_id)
    seconds = parts.clock() - begun
    parts.observe({"event": "request", "request_id": request_id, "status": made.status, "seconds": seconds,
                   "route": route_name(request.path), "method": request.method[:16]})  # fmt: skip
    return made


def route_name(path: str) -> str:
    """The route of a path as the table names it; ``-`` where there is none."""
    if path in ROUTES and "{" not in path:
        return path
    return "/v1/history/{session_id}" if _HISTORY.fullmatch(path) else "-"


def _routed(request: Request, parts: Parts, request_id: str) -> Response:
    methods = ROUTES.get(route_name(request.path), {})
    if not methods or (request.path == "/docs" and not parts.settings.docs):
        raise Refused("not-found")
    if request.method == "OPTIONS" and _origin(request, parts):
        return Response(204, (("Access-Control-Allow-Methods", ", ".join(methods)),
                              ("Access-Control-Allow-Headers", ", ".join(_CORS_HEADERS)),
                              ("Access-Control-Max-Age", "600")), b"")  # fmt: skip
    route = methods.get(request.method)
    if route is None:
        raise Refused("method-not-allowed")
    if route.open is not None:
        return route.open(request, parts)
    assert route.closed is not None  # noqa: S101  the table says so
    found = signed(request, parts.keyring(), parts.now_ns())
    try:
        made = route.closed(request, found, parts, request_id)
    except Refused as refused:
        refused.signed = found
        raise
    except StoreError as error:
        parts.observe({"event": "store", "request_id": request_id, "where": error.where})
        raise Refused("store-unavailable", signed=found) from None
    return _signed(made, found)


def _problem(refused: Refused, request: Request, parts: Parts, request_id: str) -> Response:
    code = refused.code
    if code in _FAILED_AUTHENTICATION and parts.brake.failed(request.address, parts.now_ns() // 10**9):
        code = "too-many-failures"
    members, headers = dict(refused.members), list[tuple[str, str]]()
    headers += members.pop("headers", ())  # type: ignore[arg-type]  # our own
    problem = PROBLEMS[code]
    if code == "method-not-allowed":
        headers.append(("Allow", ", ".join(ROUTES[route_name(request.path)])))
    if problem.retry in (Retry.AFTER, Retry.YES) and not any(name == "Retry-After" for name, _ in headers):
        headers.append(("Retry-After", str(_RETRY_S)))
    document = problem_document(code, request_id, **members)
    made = json_response(problem.status, document, *headers, media_type=MEDIA_TYPE)
    parts.observe({"event": "problem", "request_id": request_id, "problem": code})
    return _signed(made, refused.signed) if refused.signed else made


def _signed(made: Response, found: Signed) -> Response:
    signature = signing.response_signature(found.key.secret, found.mac, made.status, made.body)
    return made.with_headers((signing.RESPONSE_HEADER, signature))


# --- headers of every answer -------------------------------------------------------------------------------

_CORS_HEADERS: Final = ("Content-Type", signing.TIMESTAMP_HEADER, signing.SIGNATURE_HEADER, signing.KEY_ID_HEADER,
                        signing.ENVELOPE_HEADER)  # fmt: skip
_EXPOSED: Final = ("RateLimit", "RateLimit-Policy", "Retry-After", signing.RESPONSE_HEADER, signing.REPLAY_HEADER)


def _origin(request: Request, parts: Parts) -> str:
    origin = request.header("origin") or ""
    return origin if origin in parts.settings.cors_origins else ""


def _framed(made: Response, request: Request, parts: Parts, request_id: str) -> Response:
    headers = [("X-Request-Id", request_id), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    if parts.settings.cors_origins:
        headers.append(("Vary", "Origin"))
    if origin := _origin(request, parts):
        headers += [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", ", ".join(_EXPOSED)),
        ]
    return made.with_headers(*headers)


def documented() -> dict[str, dict[str, Any]]:
    """Path → method → what the code says of it, for the OpenAPI document and its test."""
    return {
        path: {method.lower(): route.open or route.closed for method, route in methods.items()}
        for path, methods in ROUTES.items()
    }
