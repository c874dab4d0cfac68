"""What AWS Lambda calls, behind a Function URL (payload format 2.0): ``s2r_service.handler.handler``.

No web framework: an event becomes a Request, the core answers, the answer becomes a result. The function is total
over events. The parts are made when the module is loaded, which the cold start pays once.
"""

import binascii
import os
from base64 import b64decode
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from s2r_service.assembly import assembled
from s2r_service.core import answer
from s2r_service.messages import Request, Response
from s2r_service.parts import Parts

_RESERVED_S: Final = 1.0  # between the end of our own time and that of the function
_NOWHERE: Final = Request("", "/", body=None)


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer one event."""
    return result_of(answer(request_of(event, context), parts()))


@cache
def parts() -> Parts:
    """The parts of this process, from its environment."""
    return assembled(os.environ)


def request_of(event: Any, context: Any = None) -> Request:
    """The request in an event. An event that is none gives a request that nothing answers but 404 or 400."""
    if not isinstance(event, dict):
        return _NOWHERE
    http = _table(_table(event.get("requestContext")).get("http"))
    path, query, headers = event.get("rawPath"), event.get("rawQueryString") or "", event.get("headers")
    method, address = http.get("method"), http.get("sourceIp")
    if not isinstance(path, str) or not isinstance(method, str) or not isinstance(query, str):
        return _NOWHERE
    found = _headers(headers)
    return Request(
        method=method,
        target=f"{path}?{query}" if query else path,
        headers=found or {},
        body=_body(event) if found is not None else None,
        address=address if isinstance(address, str) else "",
        remaining_s=_remaining(context),
    )


def _headers(headers: Any) -> dict[str, tuple[str, ...]] | None:
    """Headers by their name in lower case; None where they are none."""
    if not isinstance(headers, dict):
        return None
    found: dict[str, tuple[str, ...]] = {}
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            return None
        found[name.lower()] = (*found.get(name.lower(), ()), value)
    return found


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _body(event: Mapping[str, Any]) -> bytes | None:
    """The octets of a body; None where its transfer form is wrong. Base64 is strict: alphabet, padding, no rest."""
    body, encoded = event.get("body"), event.get("isBase64Encoded", False)
    if body is None:
        return b""
    if not isinstance(body, str) or not isinstance(encoded, bool):
        return None
    try:
        return b64decode(body.encode("ascii"), validate=True) if encoded else body.encode("utf-8")
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None


def _remaining(context: Any) -> float | None:
    ask = getattr(context, "get_remaining_time_in_millis", None)
    return max(0.0, ask() / 1000 - _RESERVED_S) if callable(ask) else None


def result_of(made: Response) -> dict[str, Any]:
    """An answer in payload format 2.0."""
    return {
        "statusCode": made.status,
        "headers": dict(made.headers),
        "body": made.body.decode("utf-8"),
        "isBase64Encoded": False,
    }


if os.environ.get("AWS_LAMBDA_RUNTIME_API"):
    parts()
