"""What a deployment is made of: settings, keys, store, model, clocks and chance. All of it comes in by argument."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from s2r_service.keyring import Keyring
    from s2r_service.model.catalogue import Catalogue
    from s2r_service.model.words import Model
    from s2r_service.oidc.sessions import Oidc
    from s2r_service.settings import ServiceSettings
    from s2r_service.store import Store

_MOST_ADDRESSES: Final = 10_000
_MINUTE_S: Final = 60


class Brake:
    """Failed authentications of an address in this minute, in the memory of this process and bounded.

    It slows down who guesses. A good signature is never looked at here, whatever its address has done.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._counts: OrderedDict[tuple[str, int], int] = OrderedDict()

    def failed(self, address: str, now_s: int) -> bool:
        """Count a failure; True when there are too many in this minute."""
        key = (address[:64], now_s // _MINUTE_S)
        with self._lock:
            count = self._counts.pop(key, 0) + 1
            self._counts[key] = count
            while len(self._counts) > _MOST_ADDRESSES:
                self._counts.popitem(last=False)
        return count > self._limit


def token() -> str:
    """128 random bits, 22 characters of base64url."""
    return secrets.token_urlsafe(16)


def silent(record: Mapping[str, Any]) -> None:
    """Observes nothing."""


class Parts(NamedTuple):
    """One deployment. ``observe`` gets one record of every request; it never holds script text or a secret."""

    settings: ServiceSettings
    keyring: Callable[[], Keyring]
    store: Store
    model: Model | None
    catalogue: Catalogue
    brake: Brake
    now_ns: Callable[[], int] = time.time_ns
    clock: Callable[[], float] = time.monotonic
    token: Callable[[], str] = token
    observe: Callable[[Mapping[str, Any]], None] = silent
    oidc: Oidc | None = None  # None: no tokens are taken
