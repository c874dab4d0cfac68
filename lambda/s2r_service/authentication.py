"""Steps 3 to 8 of a signed request: who sent it, and is it what was signed. No step here reads or writes anything.

The order is part of the wire: size, grammar, key, MAC, window, dates, envelope. What a stranger can learn ends with
the MAC; only who holds a secret is told about clocks and dates.
"""

import re
from typing import Final, NamedTuple, NoReturn

from s2r_ci import signing
from s2r_ci.envelope import LARGEST, LARGEST_SCRIPT, Envelope, EnvelopeError, read_envelope, read_envelope_header
from s2r_service.keyring import Key, Keyring
from s2r_service.messages import Request

_DUMMY: Final = Key("", b"\0" * signing.SHORTEST_SECRET)
_HEADER: Final = re.compile(rb"[A-Za-z0-9_-]{1,%d}" % (LARGEST * 4 // 3 + 4))


class Refused(Exception):  # noqa: N818  an answer, not a fault
    """The request gets this problem. ``mac`` and ``key`` are those of a signature that was good all the same."""

    def __init__(self, code: str, *, signed: "Signed | None" = None, **members: object) -> None:
        super().__init__(code)
        self.code = code
        self.signed = signed
        self.members = members


class Signed(NamedTuple):
    """A good signature: which key gave it, when, and over what. ``mac`` was computed here, never taken from outside."""

    key: Key
    mac: str
    then_ns: int
    payload: bytes


def payload_of(request: Request) -> bytes:
    """The octets that are signed: the body; of a GET, those of the header that carries the envelope.

    Raises Refused: malformed-request, payload-too-large, unsupported-media-type.
    """
    if request.body is None:
        raise Refused("malformed-request")
    encodings = request.headers.get("content-encoding", ())
    if any(value.strip().lower() not in ("", "identity") for value in encodings):
        raise Refused("unsupported-media-type")
    if request.method == "GET":
        if request.body or len(request.headers.get(signing.ENVELOPE_HEADER.lower(), ())) != 1:
            raise Refused("malformed-authentication" if not request.body else "malformed-request")
        octets = (request.header(signing.ENVELOPE_HEADER) or "").encode("utf-8", "surrogateescape")
        if not _HEADER.fullmatch(octets):
            raise Refused("malformed-authentication")
        return octets
    if len(request.body) > (LARGEST if request.body[:1] == b"{" else LARGEST_SCRIPT):
        raise Refused("payload-too-large")
    return request.body


def signed(request: Request, keyring: Keyring, now_ns: int) -> Signed:
    """The good signature of a request. Raises Refused."""
    payload = payload_of(request)
    timestamp, signature, kid, then_ns = _headers(request)
    candidates = keyring.candidates(kid)
    key = None
    for candidate in candidates or (_DUMMY,):  # an unknown id costs what a wrong MAC costs
        good = signing.verify(candidate.secret, timestamp, payload, signature)
        key = candidate if good and candidates else key
    if key is None:
        raise Refused("invalid-signature")
    found = Signed(key, signing.sign(key.secret, timestamp, payload), then_ns, payload)
    if not signing.within_window(then_ns, now_ns):
        raise Refused("clock-skew", signed=found, server_time=now_ns // 10**9)
    if not key.not_before_ns <= then_ns <= key.not_after_ns:
        raise Refused("key-expired", signed=found)
    return found


def _headers(request: Request) -> tuple[str, str, str | None, int]:
    timestamp, signature = request.header(signing.TIMESTAMP_HEADER), request.header(signing.SIGNATURE_HEADER)
    then_ns = signing.timestamp_ns(timestamp) if timestamp is not None else None
    if timestamp is None or signature is None or then_ns is None or not signing.is_signature(signature):
        raise Refused("malformed-authentication")
    kid = request.header(signing.KEY_ID_HEADER)
    if request.headers.get(signing.KEY_ID_HEADER.lower()) and (kid is None or not signing.is_key_id(kid)):
        raise Refused("malformed-authentication")
    return timestamp, signature, kid, then_ns


def enveloped(request: Request, found: Signed, audiences: frozenset[str]) -> Envelope:
    """The envelope of a signed request, bound to this request. Raises Refused."""
    try:
        if request.method == "GET":
            envelope = read_envelope_header(found.payload.decode("ascii"))
        else:
            envelope = read_envelope(found.payload)
    except EnvelopeError as error:
        _malformed(found, error.member)
    bound = (
        envelope.aud in audiences
        and envelope.method == request.method
        and envelope.path == request.target
        and envelope.kid in ((found.key.kid, "") if found.key.default else (found.key.kid,))
    )
    if not bound:
        raise Refused("wrong-audience", signed=found)
    return envelope


def _malformed(found: Signed, member: str) -> NoReturn:
    raise Refused("malformed-request", signed=found, **({"member": member} if member else {}))
