"""The issuer's keys (a JSON Web Key Set, RFC 7517): fetched, kept, and fetched anew with care.

A set is good for ten minutes. An unknown key id asks for a new one, once a minute at most, whoever invents the ids.
Where the issuer does not answer, the last good set is kept for a day.
"""

from __future__ import annotations

import json
import threading
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from s2r_service.oidc.token import EXPONENT, LARGEST_BITS, SMALLEST_BITS, PublicKey

FRESH_S: Final = 600.0
AGAIN_S: Final = 60.0
LAST_GOOD_S: Final = 86_400.0
LARGEST: Final = 65_536  # octets
_MOST_KEYS: Final = 64
_TIMEOUT_S: Final = 3.0

Fetch = Callable[[], bytes]


class IssuerUnavailableError(Exception):
    """There is no set of keys that may be used now."""


class KeySetError(ValueError):
    """What came is no set of keys, is too large, or holds no key that can be used."""


class Issuer:
    """The keys of one issuer, for many threads. ``clock`` counts seconds and never goes back."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float]) -> None:
        self.fetches = 0
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: Mapping[str, PublicKey] = {}
        self._good_at = -LAST_GOOD_S
        self._tried_at = -AGAIN_S

    def key(self, kid: str) -> PublicKey | None:
        """The key of an id; None where the issuer has none. Raises IssuerUnavailableError."""
        with self._lock:
            age = self._clock() - self._good_at
            may_try = self._clock() - self._tried_at >= AGAIN_S
            if may_try and (age >= FRESH_S or kid not in self._keys):
                self._refresh()
            if self._clock() - self._good_at >= LAST_GOOD_S:
                raise IssuerUnavailableError
            return self._keys.get(kid)

    def _refresh(self) -> None:
        self._tried_at = self._clock()
        self.fetches += 1
        try:
            self._keys = read_keys(self._fetch())
        except (OSError, KeySetError):  # the last good set stays, until it is a day old
            return
        self._good_at = self._clock()


def read_keys(data: bytes) -> dict[str, PublicKey]:
    """The RSA keys for RS256 in a set, by id; others are passed over, and so is an id that stands there twice.

    Raises KeySetError.
    """
    if len(data) > LARGEST:
        raise KeySetError("too large")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise KeySetError("no JSON") from None
    listed = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise KeySetError("no list of keys")
    ids = [each.get("kid") for each in listed if isinstance(each, dict)]
    usable = {
        str(each["kid"]): key
        for each in listed
        if isinstance(each, dict) and ids.count(each.get("kid")) == 1 and (key := _key(each)) is not None
    }
    if not usable:
        raise KeySetError("no key for RS256")
    return usable


def _key(entry: Mapping[str, Any]) -> PublicKey | None:
    kid, n, e = entry.get("kid"), entry.get("n"), entry.get("e")
    if entry.get("kty") != "RSA" or entry.get("alg", "RS256") != "RS256" or entry.get("use", "sig") != "sig":
        return None
    if not (isinstance(kid, str) and kid and isinstance(n, str) and isinstance(e, str)):
        return None
    try:
        modulus, exponent = (int.from_bytes(urlsafe_b64decode(each + "=" * (-len(each) % 4))) for each in (n, e))
    except ValueError:
        return None
    sound = SMALLEST_BITS <= modulus.bit_length() <= LARGEST_BITS and modulus % 2 == 1 and exponent == EXPONENT
    return PublicKey(modulus, exponent) if sound else None


def fetching(url: str) -> Fetch:
    """A function that fetches a set: https but on loopback, no redirect, 64 kB and three seconds at most."""

    def fetch() -> bytes:
        from http.client import HTTPConnection, HTTPException, HTTPSConnection

        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
        try:
            connection.request("GET", parts.path or "/", headers={"Accept": "application/json"})
            answer = connection.getresponse()
            data = answer.read(LARGEST + 1)
            if answer.status != 200:
                raise KeySetError(f"status {answer.status}")
            return data
        except HTTPException as error:
            raise KeySetError(type(error).__name__) from None
        finally:
            connection.close()

    return fetch
