"""The signature "S2R-HMAC-1", for both sides.

::

    base      = timestamp ":" payload
    timestamp = %x31-39 9DIGIT [ "." 1*9DIGIT ]        ; seconds since 1970, as text, 10 to 20 octets
    signature = hex( HMAC-SHA-256( secret, base ) )    ; 64 lower-case digits

The MAC is computed over the octets that travel, never over a number printed anew or a text encoded anew. A timestamp
is compared in whole nanoseconds: ``float`` would read ``nan``, and every comparison with that is false. The secret is
used as text octets, as the first s2r does, whose signatures these are.
"""

import hashlib
import hmac
import re
from typing import Final

from s2r_ci.errors import ConfigurationError
from s2r_ci.patterns import lazy

TIMESTAMP_HEADER: Final = "X-S2R-Timestamp"
SIGNATURE_HEADER: Final = "X-S2R-Signature"
KEY_ID_HEADER: Final = "X-S2R-Key-Id"
ENVELOPE_HEADER: Final = "S2R-Envelope"  # of a GET: base64url of the envelope; the MAC is over these octets
RESPONSE_HEADER: Final = "X-S2R-Response-Signature"
REPLAY_HEADER: Final = "S2R-Idempotent-Replay"

WINDOW_S: Final = 300
WINDOW_NS: Final = WINDOW_S * 10**9
SHORTEST_SECRET: Final = 32  # octets
LONGEST_SECRET: Final = 256

_TIMESTAMP: Final = lazy(r"([1-9][0-9]{9})(?:\.([0-9]{1,9}))?", re.ASCII)
_SIGNATURE: Final = lazy(r"[0-9a-f]{64}", re.ASCII)
_KEY_ID: Final = lazy(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_KNOWN_DEFAULT: Final = b"s2r-shared-secret-change-this-in-production"  # of the first s2r: all can read it


# --- grammar -----------------------------------------------------------------------------------------------


def timestamp_ns(text: str) -> int | None:
    """Nanoseconds since 1970, or None where the text is no timestamp of the grammar.

    >>> timestamp_ns("1763650000.25"), timestamp_ns("nan"), timestamp_ns("1763650000 ")
    (1763650000250000000, None, None)
    """
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        return None
    return int(found[1]) * 10**9 + int((found[2] or "").ljust(9, "0"))


def is_signature(text: str) -> bool:
    """64 lower-case hexadecimal digits and nothing else."""
    return _SIGNATURE.fullmatch(text) is not None


def is_key_id(text: str) -> bool:
    """A key id: at most 64 letters, digits, dots, dashes and underscores."""
    return _KEY_ID.fullmatch(text) is not None


def timestamp_of(now_ns: int) -> str:
    """A timestamp for a moment, in whole nanoseconds.

    >>> timestamp_of(1763650000250000000), timestamp_of(1763650000000000000)
    ('1763650000.250000000', '1763650000.000000000')
    """
    return f"{now_ns // 10**9}.{now_ns % 10**9:09d}"


def within_window(then_ns: int, now_ns: int) -> bool:
    """Whether two moments lie at most 300 s apart, to the nanosecond."""
    return abs(now_ns - then_ns) <= WINDOW_NS


# --- the MAC -----------------------------------------------------------------------------------------------


def mac_of(secret: bytes, message: bytes) -> str:
    """HMAC-SHA-256 (RFC 2104) in 64 lower-case digits: every MAC here is made by this line."""
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def is_mac_of(secret: bytes, message: bytes, signature: str) -> bool:
    """Whether the signature is the MAC of the message, compared in constant time and on octets: a text that is not
    ASCII is wrong, never an exception.
    """
    given = signature.encode("ascii", "replace")
    return hmac.compare_digest(mac_of(secret, message).encode("ascii"), given)


def sign(secret: bytes, timestamp: str, payload: bytes) -> str:
    """The signature of a payload, in hex.

    >>> sign(b"test-secret", "1234567890.0", b"test payload")[:16]
    '3247e98fc9ccda6c'
    """
    return mac_of(secret, timestamp.encode("ascii") + b":" + payload)


def verify(secret: bytes, timestamp: str, payload: bytes, signature: str) -> bool:
    """Whether the signature is that of the payload. What is no signature at all is wrong, never an exception."""
    return is_mac_of(secret, timestamp.encode("ascii", "replace") + b":" + payload, signature)


def response_signature(secret: bytes, request_mac: str, status: int, body: bytes) -> str:
    """The signature of an answer. It holds the request's MAC, so that no answer can stand for another; the key is
    derived (HKDF-SHA-256, empty salt), so that no answer's signature can be a request's.
    """
    extracted = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    key = hmac.new(extracted, b"s2r/response/1\x01", hashlib.sha256).digest()
    base = b"%b:%d:%b" % (request_mac.encode("ascii"), status, body)
    return hmac.new(key, base, hashlib.sha256).hexdigest()


def verify_response(secret: bytes, request_mac: str, status: int, body: bytes, signature: str) -> bool:
    """Whether an answer is the service's answer to the request with this MAC, compared in constant time."""
    made = response_signature(secret, request_mac, status, body).encode("ascii")
    return hmac.compare_digest(made, signature.encode("ascii", "replace"))


# --- secrets -----------------------------------------------------------------------------------------------


def read_secret(data: bytes | str, *, where: str) -> bytes:
    """The octets of a secret, as both sides use them; exactly one line feed at the end is dropped, as a file has it.

    Raises ConfigurationError for one that anybody could guess: shorter than 32 octets, longer than 256, the first
    s2r's default, one octet repeated, or with control characters. ``where`` names its source; the secret is not shown.
    """
    octets = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else bytes(data)
    octets = octets.removesuffix(b"\n")
    if weakness := _weakness(octets):
        hint = 'make one: python -c "import secrets; print(secrets.token_urlsafe(48))"'
        raise ConfigurationError(f"the shared secret {weakness}", where=where, hint=hint)
    return octets


def _weakness(octets: bytes) -> str:
    if len(octets) < SHORTEST_SECRET:
        return f"has {len(octets)} octets; it needs at least {SHORTEST_SECRET}"
    if len(octets) > LONGEST_SECRET:
        return f"has {len(octets)} octets; at most {LONGEST_SECRET} are allowed"
    if octets == _KNOWN_DEFAULT:
        return "is the default of the first s2r, which everybody can read"
    if len(set(octets)) == 1:
        return "is one character, repeated"
    if any(octet < 0x20 or octet == 0x7F for octet in octets):
        return "holds control characters; only one line feed at the end is dropped"
    return ""
