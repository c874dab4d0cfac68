"""A key for the OIDC token of a GitHub workflow: nothing secret is stored, and the key is good for minutes.

The workflow's runner hands out a token for an audience (``ACTIONS_ID_TOKEN_REQUEST_URL``, where the job has the
permission ``id-token: write``); the service sells a key for it, once (``POST /v1/session``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from s2r_ci.errors import ConfigurationError, ConversionError, ConverterUnavailableError, MalformedReplyError
from s2r_ci.patterns import lazy
from s2r_ci.remote.access import Access, Secret, origin_of
from s2r_ci.remote.answers import NOT_OURS, document
from s2r_ci.remote.failures import AttemptError, failure_of, unreached
from s2r_ci.remote.transport import Answer, Transport, TransportError
from s2r_ci.signing import is_key_id

KEY_ID: Final = "oidc"
"""The key id that asks for this."""

PATH: Final = "/v1/session"
URL: Final = "ACTIONS_ID_TOKEN_REQUEST_URL"
TOKEN: Final = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105  its name
_PERMISSION: Final = "give the workflow job the permission id-token: write; a fork's pull request cannot have it"
_READ_S: Final = 15.0
_JWT: Final = lazy(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_SECRET: Final = lazy(r"[A-Za-z0-9_-]{43}", re.ASCII)


class Session(NamedTuple):
    """A key, and until when it signs (UNIX seconds)."""

    access: Access
    until_s: int


def offered(environ: Mapping[str, str]) -> bool:
    """Whether the runner hands out tokens to this job."""
    return bool(environ.get(URL) and environ.get(TOKEN))


def session(origin: str, environ: Mapping[str, str], *, now_s: float) -> Session:
    """A key for this workflow's token. Raises AttemptError."""
    token = _token(origin, environ, now_s)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    said = document(_sent(origin, "POST", PATH, headers, b"{}", now_s), origin)
    kid, secret, until_s = said.get("kid"), said.get("secret"), said.get("not_after")
    fine = isinstance(kid, str) and is_key_id(kid) and isinstance(secret, str) and _SECRET.fullmatch(secret)
    if not fine or type(until_s) is not int:
        raise AttemptError(MalformedReplyError("the answer holds no key", where=origin, hint=NOT_OURS), down=True)
    return Session(Access(origin, str(kid), Secret(str(secret).encode("ascii"))), until_s)


def _token(origin: str, environ: Mapping[str, str], now_s: float) -> str:
    """The workflow's token for this service. The runner's own key goes to the runner's address and nowhere else."""
    from urllib.parse import quote, urlsplit

    try:
        parts = urlsplit(environ.get(URL, ""))
        issuer = origin_of(f"{parts.scheme}://{parts.netloc}")
    except (ConfigurationError, ValueError):
        raise AttemptError(_none("its address is not safe")) from None
    query = f"{parts.query}&" if parts.query else ""
    path = f"{parts.path or '/'}?{query}audience={quote(origin, safe='')}"
    headers = {"Authorization": f"bearer {environ.get(TOKEN, '')}"}
    try:
        value = document(_sent(issuer, "GET", path, headers, b"", now_s), issuer).get("value")
    except AttemptError as failure:
        raise AttemptError(_none(failure.error.what), failure.retry, wait_s=failure.wait_s) from None
    except MalformedReplyError:
        value = None
    if not isinstance(value, str) or not _JWT.fullmatch(value):
        raise AttemptError(_none("its answer holds none"))
    return value


def _none(why: str) -> ConversionError:
    return ConverterUnavailableError(
        f"the runner gives no token for the workflow: {why}", where=URL, hint=_PERMISSION
    )


def _sent(origin: str, method: str, path: str, headers: Mapping[str, str], body: bytes, now_s: float) -> Answer:
    try:
        answer = Transport(origin, read_s=_READ_S).send(method, path, headers, body, within_s=_READ_S)
    except TransportError as error:
        raise unreached(error) from None
    except MalformedReplyError as error:
        raise AttemptError(error, down=True) from None
    if answer.status != 200:
        raise failure_of(answer, signed=False, where=origin, now_s=now_s)
    return answer
