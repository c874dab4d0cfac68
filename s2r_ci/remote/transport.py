"""One request over the wire, and an answer of bounded size in bounded time.

Redirects are not followed and compressed answers not taken. Proxies and CA bundles are those of the environment
(``HTTPS_PROXY``, ``NO_PROXY``, ``REQUESTS_CA_BUNDLE``); a ``.netrc`` is not read. Certificates are always checked.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from s2r_ci import __version__
from s2r_ci.errors import ConverterUnavailableError, MalformedReplyError

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session

LARGEST_ANSWER: Final = 262_144  # octets
CONNECT_S: Final = 5.0
READ_S: Final = 65.0


class Answer(NamedTuple):
    """What came back: header names in lower case, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class TransportError(ConverterUnavailableError):
    """No answer came back. ``again``: the same request may succeed later; a wrong certificate will not get right."""

    def __init__(self, what: str, *, where: str = "", hint: str = "", again: bool = True) -> None:
        super().__init__(what, where=where, hint=hint)
        self.again = again


class Transport:
    """Sends requests to one origin. May be used by many threads: each has a connection of its own."""

    def __init__(self, origin: str, *, read_s: float = READ_S, connect_s: float = CONNECT_S) -> None:
        self.origin = origin
        self.read_s = read_s
        self._connect_s = connect_s
        self._mine = threading.local()

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes, *, within_s: float) -> Answer:
        """One request and its answer, ``within_s`` seconds at most.

        Raises TransportError where none came, MalformedReplyError for one that is too large or leads elsewhere.
        """
        from requests import Request

        session = self._session()
        request = session.prepare_request(Request(method, self.origin + path, dict(headers), data=body or None))
        limit = min(self.read_s, max(within_s, 0.001))
        with _watched(limit) as watch:
            try:
                answer = self._answer(session, request, limit)
            except Exception as error:  # requests, urllib3 and ssl have a family of their own each
                if isinstance(error, TransportError | MalformedReplyError) and not watch.fired:
                    raise
                raise _told(error, self.origin, late=watch.fired) from None
            if watch.fired:  # a connection that ends looks like an answer that does
                raise _told(TimeoutError(), self.origin, late=True)
            return answer

    def _session(self) -> Session:
        session: Session | None = getattr(self._mine, "session", None)
        if session is None:
            session = self._mine.session = _new_session()
        return session

    def _answer(self, session: Session, request: PreparedRequest, limit: float) -> Answer:
        surroundings = session.merge_environment_settings(request.url, {}, True, None, None)
        response = session.send(
            request,
            timeout=(min(self._connect_s, limit), limit),
            allow_redirects=False,
            **surroundings,
        )
        try:
            return self._read(response)
        finally:
            response.close()

    def _read(self, response: Response) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        if 300 <= response.status_code < 400:
            raise MalformedReplyError(
                f"the address answers with a redirect ({response.status_code}), which is not followed",
                where=self.origin,
                hint="set api-endpoint to the address of the service itself",
            )
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise MalformedReplyError(
                "the answer is compressed, which this client did not ask for",
                where=self.origin,
                hint="a proxy on the way may do that",
            )
        said = headers.get("content-length", "")
        body = b"" if said.isdecimal() and int(said) > LARGEST_ANSWER else _some(response)
        if (not body and said.isdecimal() and int(said) > LARGEST_ANSWER) or len(body) > LARGEST_ANSWER:
            raise MalformedReplyError(
                f"the answer is larger than {LARGEST_ANSWER:,} octets", where=self.origin, hint=_NOT_OURS
            )
        framed = said.isdecimal() or "transfer-encoding" in headers
        if len(body) < int(said if said.isdecimal() else 0) or not (body or framed):
            raise TransportError("the answer was cut off", where=self.origin, hint="run again")
        return Answer(status=response.status_code, headers=headers, body=body)


_NOT_OURS: Final = "check that api-endpoint is the address of the conversion service"


def _some(response: Response) -> bytes:
    """The body, or its beginning where it is too large."""
    pieces: list[bytes] = []
    size = 0
    while size <= LARGEST_ANSWER:
        piece = response.raw.read(LARGEST_ANSWER + 1 - size, decode_content=False)
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def _new_session() -> Session:
    from requests import Session

    session = Session()
    session.auth = _no_netrc
    session.headers.clear()
    agent = f"s2r-ci/{__version__}"
    session.headers.update({"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": agent})
    session.mount("https://", _adapter())
    session.mount("http://", _adapter())
    return session


def _no_netrc(request: PreparedRequest) -> PreparedRequest:
    """An authentication that adds nothing; without one, requests looks into the ``.netrc``."""
    return request


# --- the watch: a whole request ends in time, however slowly its octets drip ---------------------------------


class _Watch:
    """Ends the connection of this thread when the time is up. A socket's own timeout counts from octet to octet."""

    def __init__(self) -> None:
        self.fired = False
        self.socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._over = False

    def fire(self) -> None:
        """The time is up."""
        with self._lock:
            if self._over:
                return
            self.fired = True
            if self.socket is not None:
                with suppress(OSError):
                    self.socket.shutdown(socket.SHUT_RDWR)

    def over(self) -> None:
        """The request has ended: its connection may serve another."""
        with self._lock:
            self._over = True
            self.socket = None


_here: Final = threading.local()


@contextmanager
def _watched(limit_s: float) -> Iterator[_Watch]:
    watch = _here.watch = _Watch()
    timer = threading.Timer(limit_s, watch.fire)
    timer.daemon = True
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        watch.over()


def _adapter() -> Any:
    from requests.adapters import HTTPAdapter

    class Adapter(HTTPAdapter):
        """Tells the watch which socket a request uses."""

        def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
            pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
            if not hasattr(pool.ConnectionCls, "_told_to_watch"):
                pool.ConnectionCls = _telling(pool.ConnectionCls)
            return pool

    return Adapter(pool_connections=1, pool_maxsize=1, max_retries=0)


def _telling(kind: Any) -> Any:
    class Telling(kind):  # type: ignore[misc]  # the class of urllib3 that the pool would use
        _told_to_watch = True

        def getresponse(self) -> Any:
            watch: _Watch = _here.watch
            watch.socket = self.sock
            if watch.fired:
                raise TimeoutError("the time was up before the answer began")
            return super().getresponse()

    return Telling


# --- what went wrong, in words -------------------------------------------------------------------------------


def _told(error: Exception, origin: str, *, late: bool) -> TransportError:
    """The trouble of a library as ours: the cause in a few words, and nothing of the request."""
    from requests import exceptions as each

    if late or isinstance(error, each.ReadTimeout | TimeoutError):
        return TransportError("the service did not answer in time", where=origin, hint="run again later")
    if isinstance(error, each.SSLError):
        return TransportError(
            f"the certificate of the service cannot be trusted: {_cause(error)}",
            where=origin,
            hint="where your network has a certificate authority of its own, set REQUESTS_CA_BUNDLE",
            again=False,
        )
    if isinstance(error, each.ProxyError):
        return TransportError("the proxy refused", where=origin, hint="check HTTPS_PROXY and NO_PROXY")
    if isinstance(error, each.ConnectTimeout):
        return TransportError("the service cannot be reached: no connection in time", where=origin, hint=_REACH)
    if isinstance(error, each.ConnectionError | OSError):
        again = not _is_unknown_host(error)
        return TransportError(
            f"the service cannot be reached: {_cause(error)}", where=origin, hint=_REACH, again=again
        )
    return TransportError(f"the answer cannot be read ({type(error).__name__})", where=origin, hint=_NOT_OURS)


_REACH: Final = "check api-endpoint and the network; `s2r-scan doctor` tries it"


def _cause(error: BaseException) -> str:
    """The innermost reason, which is the one that a person can act on."""
    seen: list[BaseException] = []
    current: Any = error
    while isinstance(current, BaseException) and current not in seen:
        seen.append(current)
        inner = getattr(current, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((a for a in current.args if isinstance(a, BaseException)), None)
        current = inner or current.__cause__ or current.__context__
    last = seen[-1]
    if isinstance(last, OSError) and last.errno and not getattr(last, "verify_message", ""):
        return os.strerror(last.errno).lower() if last.errno > 0 else str(last.strerror or last).lower()
    said = str(getattr(last, "verify_message", "") or last)
    return " ".join(said.split())[:160]


def _is_unknown_host(error: BaseException) -> bool:
    return "getaddrinfo" in repr(error) or "NameResolution" in repr(error)
