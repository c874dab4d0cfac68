"""The keys of a deployment: which secret an id stands for, from when to when, and what it may spend.

At most two keys of a client are active, so that one can follow the other without a refused request: add the new one
as ``verify-only``, switch the signers, revoke the old one. The list is read anew at most every 60 s, and a revoked key
is dead with the next reading.
"""

import json
import re
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from s2r_ci.errors import ConfigurationError
from s2r_ci.signing import is_key_id, read_secret

STATES: Final = ("active", "verify-only", "revoked")
REREAD_S: Final = 60.0
DEFAULT_KID: Final = "default"
_MOST_ACTIVE: Final = 2
_FAR_NS: Final = 2**63
_MEMBERS: Final = frozenset({"kid", "secret", "not_before", "not_after", "state", "client", "limit"})


class Key(NamedTuple):
    """One key. ``client`` groups keys that follow each other; quota and records belong to the client."""

    kid: str
    secret: bytes
    client: str = ""
    not_before_ns: int = 0
    not_after_ns: int = _FAR_NS
    limit: int | None = None  # conversions a day; None: the deployment's
    default: bool = False  # tried where a request names no key

    def __repr__(self) -> str:
        return f"Key({self.kid})"  # a key that is printed by mistake shows no secret


class Keyring(NamedTuple):
    """The keys that may sign, by id."""

    keys: dict[str, Key]

    def candidates(self, kid: str | None) -> tuple[Key, ...]:
        """The key of an id; without one, every default key."""
        if kid is None:
            return tuple(key for key in self.keys.values() if key.default)
        return (self.keys[kid],) if kid in self.keys else ()


def read_keys(text: str, *, where: str) -> Keyring:
    """A keyring from JSON: a list of ``{kid, secret, not_before, not_after, state, client, limit, default}``.

    Raises ConfigurationError; no secret is shown.
    """
    try:
        listed = json.loads(text)
    except ValueError:
        raise ConfigurationError(
            "the keys are no JSON", where=where, hint='write [{"kid": ..., "secret": ...}]'
        ) from None
    if not isinstance(listed, list) or not listed:
        raise ConfigurationError("the keys are no list with at least one key", where=where)
    return _keyring((_key(each, where) for each in listed), where)


def single_key(secret: str, *, where: str) -> Keyring:
    """The keyring of one shared secret, as the first s2r has it: for requests that name no key, or ``default``."""
    key = Key(DEFAULT_KID, read_secret(secret, where=where), client=DEFAULT_KID, default=True)
    return Keyring({key.kid: key})


def _keyring(keys: Iterable[Key | None], where: str) -> Keyring:
    found: dict[str, Key] = {}
    for key in keys:
        if key is None:
            continue
        if key.kid in found:
            raise ConfigurationError(f"two keys have the id {key.kid}", where=where)
        found[key.kid] = key
    for client in {key.client for key in found.values()}:
        if sum(key.client == client for key in found.values()) > _MOST_ACTIVE:
            raise ConfigurationError(f"client {client} has more than two keys that are not revoked", where=where)
    if sum(key.default for key in found.values()) > _MOST_ACTIVE:
        raise ConfigurationError("more than two default keys", where=where)
    return Keyring(found)


def _key(entry: Any, where: str) -> Key | None:
    if not isinstance(entry, dict) or not entry.keys() <= _MEMBERS | {"default"}:
        raise ConfigurationError(f"a key has the members {', '.join(sorted(_MEMBERS))} and default", where=where)
    kid, state = entry.get("kid"), entry.get("state", "active")
    if not isinstance(kid, str) or not is_key_id(kid):
        raise ConfigurationError("a kid has at most 64 letters, digits, '.', '_' and '-'", where=where)
    if state not in STATES:
        raise ConfigurationError(f"the state of a key is one of {', '.join(STATES)}", where=f"{where}: {kid}")
    if state == "revoked":
        return None
    client, limit = entry.get("client", kid), entry.get("limit")
    if not isinstance(client, str) or not is_key_id(client):
        raise ConfigurationError("the client of a key is a name like a kid", where=f"{where}: {kid}")
    if limit is not None and (type(limit) is not int or not 0 <= limit <= 10**9):
        raise ConfigurationError("a limit is a whole number from 0 to 1,000,000,000", where=f"{where}: {kid}")
    secret = entry.get("secret")
    return Key(
        kid=kid,
        secret=read_secret(secret if isinstance(secret, str) else "", where=f"{where}: {kid}"),
        client=client,
        not_before_ns=_moment(entry.get("not_before"), 0, where),
        not_after_ns=_moment(entry.get("not_after"), _FAR_NS, where),
        limit=limit,
        default=entry.get("default") is True,
    )


def _moment(value: Any, missing: int, where: str) -> int:
    if value is None:
        return missing
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
        try:
            return int(datetime.fromisoformat(value).timestamp()) * 10**9
        except ValueError:
            pass
    raise ConfigurationError("a date of a key is written 2026-11-28T00:00:00Z", where=where)


class Reloading:
    """A keyring that is read anew when 60 s have passed. Where that fails, the last good one is kept for the moment
    and tried again with the next request.
    """

    def __init__(self, read: Callable[[], Keyring], clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._keyring = read()
        self._at = clock()

    def __call__(self) -> Keyring:
        """The keyring of now."""
        now = self._clock()
        if now - self._at >= REREAD_S and self._lock.acquire(blocking=False):
            try:
                self._keyring, self._at = self._read(), now
            except (ConfigurationError, OSError):
                return self._keyring
            finally:
                self._lock.release()
        return self._keyring
