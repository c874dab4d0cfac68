"""What the core takes and gives: a request and an answer, whatever carried them."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

JSON: Final = "application/json"


class Request(NamedTuple):
    """One HTTP request. ``target`` is path and query as sent, never decoded; header names are in lower case, each
    with every value that came. ``body`` is None where its transfer form could not be decoded.
    """

    method: str
    target: str
    headers: Mapping[str, tuple[str, ...]] = {}
    body: bytes | None = b""
    address: str = ""  # of the peer
    remaining_s: float | None = None  # until whoever runs us gives up; None: the deployment's own limit

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What follows the first question mark."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """The one value of a header; None where there is none, or more than one."""
        values = self.headers.get(name.lower(), ())
        return values[0] if len(values) == 1 else None


class Response(NamedTuple):
    """One answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_headers(self, *more: tuple[str, str]) -> "Response":
        """The same answer with further headers."""
        return self._replace(headers=(*self.headers, *more))


def json_response(status: int, document: Any, *headers: tuple[str, str], media_type: str = JSON) -> Response:
    """An answer in JSON: ASCII, so that no proxy can misread it."""
    body = json.dumps(document, separators=(",", ":")).encode("ascii")
    return Response(status, (("Content-Type", media_type), *headers), body)
