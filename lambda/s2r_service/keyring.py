"""The keys of a deployment: which secret an id stands for, from when to when, and what it may spend.

At most two keys of a client are active, so that one can follow the other without a refused request: add the new one
as ``verify-only``, switch the signers, revoke the old one. The list is read anew at most every 60 s, and a revoked key
is dead with the next reading.

An entry in the state ``issuer`` signs nothing itself: the secrets of sessions are made from it (``s2r_service.oidc``).
"""

import hashlib
import hmac
import json
import re
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from s2r_ci.errors import ConfigurationError
from s2r_ci.signing import is_key_id, read_secret

STATES: Final = ("active", "verify-only", "revoked", "issuer")
SESSION_S: Final = 900
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
    repo: str = ""  # of a session: the one repository that it stands for

    @property
    def subject(self) -> str:
        """What quota and records belong to: the key, or the repository of all its sessions."""
        return self.client if self.repo else self.kid

    def __repr__(self) -> str:
        return f"Key({self.kid})"  # a key that is printed by mistake shows no secret


class Keyring(NamedTuple):
    """The keys that may sign, by id."""

    keys: dict[str, Key]
    issuers: tuple[bytes, ...] = ()  # the first one issues; sessions of the others are still good

    def candidates(self, kid: str | None) -> tuple[Key, ...]:
        """The key of an id; without one, every default key."""
        if kid is None:
            return tuple(key for key in self.keys.values() if key.default)
        if kid in self.keys:
            return (self.keys[kid],)
        found = _SESSION.fullmatch(kid)
        return tuple(_session_key(kid, found, issuer) for issuer in self.issuers) if found else ()


# --- sessions ----------------------------------------------------------------------------------------------

_SESSION: Final = re.compile(r"oidc-([0-9]{1,20})-([1-9][0-9]{9})-[A-Za-z0-9_-]{22}", re.ASCII)


def session_kid(repository_id: str, until_s: int, nonce: str) -> str:
    """The key id of a session: whose it is, and until when."""
    return f"oidc-{repository_id}-{until_s}-{nonce}"


def session_secret(issuer: bytes, kid: str) -> str:
    """The secret of a session: 32 octets in base64url, made from its id, so that nobody has to remember it."""
    made = hmac.new(issuer, b"s2r/session-key/1\0" + kid.encode("ascii"), hashlib.sha256).digest()
    return urlsafe_b64encode(made).rstrip(b"=").decode("ascii")


def _session_key(kid: str, found: re.Match[str], issuer: bytes) -> Key:
    until_s = int(found[2])
    return Key(
        kid=kid,
        secret=session_secret(issuer, kid).encode("ascii"),
        client=f"oidc-{found[1]}",
        not_before_ns=(until_s - SESSION_S - 60) * 10**9,
        not_after_ns=until_s * 10**9,
        repo=found[1],
    )


# --- reading -----------------------------------------------------------------------------------------------


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
    issuers = [_issuing(each, where) for each in listed if isinstance(each, dict) and each.get("state") == "issuer"]
    keys = [each for each in listed if not (isinstance(each, dict) and each.get("state") == "issuer")]
    return _keyring((_key(each, where) for each in keys), where)._replace(issuers=tuple(issuers))


def _issuing(entry: dict[str, Any], where: str) -> bytes:
    """The secret of an entry that issues."""
    if not entry.keys() <= {"kid", "secret", "state"}:
        raise ConfigurationError("an issuer has kid, secret and state, and nothing else", where=where)
    secret, kid = entry.get("secret"), entry.get("kid", "issuer")
    return read_secret(secret if isinstance(secret, str) else "", where=f"{where}: {kid}")


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
    if kid.startswith("oidc-"):
        raise ConfigurationError("a kid that begins with oidc- is a session's", where=f"{where}: {kid}")
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
