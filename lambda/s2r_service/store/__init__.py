"""What the service remembers, and the only ways in which it does: conditional writes to single items.

An item is a flat mapping with the key ``pk`` and an integer ``ttl``. Every write below may be repeated by whoever
sends it (an SDK after a lost answer, a process after a crash): a put names the owner that it expects, and a counter
keeps a *hold* for each charge until that is settled, so a second charge or refund of the same hold does nothing.
Nothing depends on expired items being deleted.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from s2r_ci.errors import S2rError

Item = Mapping[str, Any]  # texts, whole numbers, octets, and sets of texts


class StoreError(S2rError):
    """The store did not answer, or answered nonsense: nobody knows whether the write happened."""

    status = 503
    code = "store-unavailable"
    retryable = True


class Store(Protocol):
    """Conditional writes to single items, strongly consistent reads. Every method may raise StoreError."""

    def get(self, pk: str) -> Item | None:
        """An item as it is now."""
        ...

    def put(self, item: Item, *, expect: str | None = None) -> bool:
        """Write an item where there is none (``expect`` None), or where the one there has this ``own``.

        False where that is not so, which is also the answer to one's own write, repeated: read, and compare ``own``.
        """
        ...

    def delete(self, pk: str, *, own: str) -> None:
        """Delete an item of this owner; another's stays."""
        ...

    def charge(self, pk: str, hold: str, *, amount: int, limit: int, ttl: int) -> int | None:
        """Add ``amount`` to a counter and keep the hold, where the sum stays within the limit.

        Returns the counter's new value. None: refused, or the hold is there already (``get`` tells which).
        """
        ...

    def release(self, pk: str, hold: str, *, add: int) -> bool:
        """Take a hold off a counter and add to it (0: settled; negative: given back). False: there was no hold."""
        ...

    def add_turn(self, session: str, timestamp: str, item: Item) -> None:
        """Remember one turn of a conversation; the same turn again replaces itself."""
        ...

    def turns(self, session: str) -> tuple[Item, ...]:
        """The turns of a conversation, oldest first."""
        ...
