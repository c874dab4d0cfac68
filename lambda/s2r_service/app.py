"""The same core behind FastAPI: for the container on Kubernetes and for a developer's machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from s2r_ci.envelope import LARGEST
from s2r_service.core import answer
from s2r_service.messages import Request, Response
from s2r_service.parts import Parts

if TYPE_CHECKING:
    import fastapi

METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def create_app(parts: Parts, *, trusted_proxies: Iterable[str] = ()) -> fastapi.FastAPI:
    """The app of a deployment. ``trusted_proxies`` are addresses whose X-Forwarded-For is believed (its last entry)."""
    from fastapi import FastAPI, Request as Incoming, Response as Outgoing  # noqa: I001  one line
    from starlette.concurrency import run_in_threadpool

    app = FastAPI(title="s2r-ci", openapi_url=None, docs_url=None, redoc_url=None)
    trusted = frozenset(trusted_proxies)

    async def everything(incoming: Incoming) -> Outgoing:
        made = await run_in_threadpool(answer, await _request(incoming, trusted), parts)
        return _outgoing(Outgoing, made)

    app.router.add_route("/{path:path}", everything, methods=METHODS, include_in_schema=False)
    return app


async def _request(incoming: fastapi.Request, trusted: frozenset[str]) -> Request:
    """The request as it came: target not decoded, repeated headers repeated, the body cut at the limit."""
    scope = incoming.scope
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    headers: dict[str, tuple[str, ...]] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        headers[key] = (*headers.get(key, ()), value.decode("latin-1"))
    return Request(
        method=incoming.method,
        target=f"{path}?{query}" if query else path,
        headers=headers,
        body=await _body(incoming),
        address=_address(incoming, headers, trusted),
    )


async def _body(incoming: fastapi.Request) -> bytes:
    found = bytearray()
    async for chunk in incoming.stream():
        found += chunk
        if len(found) > LARGEST:
            break  # the core says 413; the rest is not read
    return bytes(found)


def _address(incoming: fastapi.Request, headers: dict[str, tuple[str, ...]], trusted: frozenset[str]) -> str:
    peer = incoming.client.host if incoming.client else ""
    forwarded = headers.get("x-forwarded-for", ())
    if peer not in trusted or not forwarded:
        return peer
    return forwarded[-1].rpartition(",")[2].strip()


def _outgoing(kind: type[fastapi.Response], made: Response) -> fastapi.Response:
    outgoing = kind(content=made.body, status_code=made.status)
    outgoing.raw_headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in made.headers
    ]
    outgoing.raw_headers.append((b"content-length", str(len(made.body)).encode()))
    return outgoing
