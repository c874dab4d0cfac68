"""One JSON Web Token (RFC 7519) of a workflow: read strictly, its RS256 signature checked, its claims held to the wire.

The signature is checked as RFC 8017, section 8.2.2, says: raise it to the public exponent and compare with the one
right encoding, octet for octet. Nothing of a signature is parsed, there is one algorithm, and keys come from the
issuer's set alone, so none of the known ways to talk a verifier into another key or algorithm exists. The library that
does the same is 5 MB of machine code, and the Lambda zip has room for two; the tests hold this against that library.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, NoReturn

LARGEST: Final = 8_192  # octets; GitHub's have about 1,800
LEEWAY_S: Final = 60
SMALLEST_BITS: Final = 2_048
LARGEST_BITS: Final = 8_192
EXPONENT: Final = 65_537  # what every issuer uses

_PART: Final = re.compile(r"[A-Za-z0-9_-]{1,8192}", re.ASCII)
_HEADER: Final = frozenset({"alg", "typ", "kid", "x5t"})  # no jku, x5u, jwk, x5c, crit: nothing that names a key
_SHA_256: Final = bytes.fromhex("3031300d060960864801650304020105000420")  # DigestInfo of RFC 8017, 9.2, note 1
_NUMBER: Final = re.compile(r"[0-9]{1,20}", re.ASCII)


class TokenError(Exception):
    """The token is not taken; the message is for the operator, and holds nothing of the token."""


class PublicKey(NamedTuple):
    """An RSA public key."""

    modulus: int
    exponent: int = EXPONENT


class Token(NamedTuple):
    """A token that reads; nothing of it is believed yet."""

    kid: str
    claims: Mapping[str, Any]
    signed: bytes  # header and claims as they came
    signature: bytes


class Subject(NamedTuple):
    """Who a good token speaks for."""

    repository_id: str
    owner_id: str
    jti: str
    expires_s: int
    claims: Mapping[str, Any]


# --- reading -----------------------------------------------------------------------------------------------


def read_token(text: str) -> Token:
    """The parts of a token. Raises TokenError."""
    parts = text.split(".") if text.isascii() and len(text) <= LARGEST else []
    if len(parts) != 3 or not all(_PART.fullmatch(part) for part in parts):
        _refuse("three parts of base64url, 8,192 octets at most")
    header, claims = (_object(_octets(part)) for part in parts[:2])
    if header.get("alg") != "RS256" or header.get("typ") != "JWT" or not header.keys() <= _HEADER:
        _refuse("header")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        _refuse("header: kid")
    return Token(kid, claims, f"{parts[0]}.{parts[1]}".encode("ascii"), _octets(parts[2]))


def _octets(part: str) -> bytes:
    try:
        data = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        _refuse("base64url")
    if urlsafe_b64encode(data).rstrip(b"=").decode("ascii") != part:
        _refuse("base64url with bits left over")
    return data


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data, object_pairs_hook=_once, parse_constant=_constant)
    except (ValueError, RecursionError):
        _refuse("no JSON")
    if not isinstance(found, dict):
        _refuse("no JSON object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _constant(word: str) -> NoReturn:
    raise ValueError(word)


def _refuse(what: str) -> NoReturn:
    raise TokenError(what)


# --- the signature -----------------------------------------------------------------------------------------


def is_signed(token: Token, key: PublicKey) -> bool:
    """Whether the token carries this key's RS256 signature (RSASSA-PKCS1-v1_5 with SHA-256)."""
    size = (key.modulus.bit_length() + 7) // 8
    number = int.from_bytes(token.signature)
    if len(token.signature) != size or number >= key.modulus:
        return False
    digest = _SHA_256 + hashlib.sha256(token.signed).digest()
    right = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    return hmac.compare_digest(pow(number, key.exponent, key.modulus).to_bytes(size), right)


# --- the claims --------------------------------------------------------------------------------------------


def subject_of(claims: Mapping[str, Any], *, issuer: str, audiences: frozenset[str], now_s: int) -> Subject:
    """Who a token with these claims speaks for, now and here. Raises TokenError."""
    if claims.get("iss") != issuer:
        _refuse("iss")
    aud = claims.get("aud")
    aud = aud[0] if isinstance(aud, list) and len(aud) == 1 else aud
    if not isinstance(aud, str) or aud not in audiences:
        _refuse("aud")
    expires, begins, issued = (_moment(claims, name) for name in ("exp", "nbf", "iat"))
    if not (max(begins, issued) - LEEWAY_S <= now_s <= expires + LEEWAY_S):
        _refuse("exp, nbf or iat")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= 256:
        _refuse("jti")
    return Subject(_id(claims, "repository_id"), _id(claims, "repository_owner_id"), jti, expires, claims)


def _moment(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value < 10**11:
        _refuse(name)
    return value


def _id(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        _refuse(name)
    return value
