"""The store in a file (or in memory): for a developer's machine, a container of one replica, and tests.

SQLite in WAL mode; a write is one transaction, so it is whole or not there when the process is killed. Items are JSON.
"""

import json
import sqlite3
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from s2r_service.store import Item, StoreError

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS items (pk TEXT PRIMARY KEY, ttl INTEGER NOT NULL, item TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_by_ttl ON items (ttl);
CREATE TABLE IF NOT EXISTS turns (session TEXT, timestamp TEXT, ttl INTEGER NOT NULL, item TEXT NOT NULL,
    PRIMARY KEY (session, timestamp)) WITHOUT ROWID;
"""
_SWEEP_S: Final = 600


class EmbeddedStore:
    """Keeps ``s2r_service.store.Store``. One serves many threads, and several processes may open one file."""

    def __init__(self, path: str | Path = ":memory:", *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._swept = 0.0
        try:
            self._db = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
            self._db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_TABLES}")
        except sqlite3.Error as error:
            raise StoreError("the store's file cannot be opened", where=str(path)) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def get(self, pk: str) -> Item | None:
        """An item as it is now."""
        with self._transaction() as db:
            return _get(db, pk)

    def put(self, item: Item, *, expect: str | None = None) -> bool:
        """Write an item where none is, or where this owner's is."""
        with self._transaction() as db:
            there = _get(db, item["pk"])
            if (there is not None) if expect is None else (there is None or there.get("own") != expect):
                return False
            _put(db, item)
            return True

    def delete(self, pk: str, *, own: str) -> None:
        """Delete an item of this owner."""
        with self._transaction() as db:
            there = _get(db, pk)
            if there is not None and there.get("own") == own:
                db.execute("DELETE FROM items WHERE pk = ?", (pk,))

    def charge(self, pk: str, hold: str, *, amount: int, limit: int, ttl: int) -> int | None:
        """Charge a counter once, within its limit."""
        with self._transaction() as db:
            count, holds = _counter(_get(db, pk) or {})
            if count > limit - amount or hold in holds:
                return None
            _put(db, {"pk": pk, "n": count + amount, "holds": holds | {hold}, "ttl": ttl})
            return count + amount

    def release(self, pk: str, hold: str, *, add: int) -> bool:
        """Take a hold off a counter."""
        with self._transaction() as db:
            there = _get(db, pk) or {}
            count, holds = _counter(there)
            if hold not in holds:
                return False
            _put(db, {**there, "n": count + add, "holds": holds - {hold}})
            return True

    def add_turn(self, session: str, timestamp: str, item: Item) -> None:
        """Remember a turn."""
        row = (session, timestamp, item["ttl"], _text(item))
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO turns VALUES (?, ?, ?, ?)", row)

    def turns(self, session: str) -> tuple[Item, ...]:
        """The turns of a session, oldest first."""
        with self._transaction() as db:
            rows = db.execute("SELECT item FROM turns WHERE session = ? ORDER BY timestamp", (session,)).fetchall()
        return tuple(_item(row[0]) for row in rows)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One write at a time, in this process by the lock and between processes by the file's."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._sweep()
                yield self._db
                self._db.execute("COMMIT")
            except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
                self._undo()
                raise StoreError("the store's file cannot be read or written") from error

    def _undo(self) -> None:
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        except sqlite3.Error:
            return  # the file is gone; the first error says so

    def _sweep(self) -> None:
        """Delete what has expired, every ten minutes."""
        now = self._now()
        if now - self._swept < _SWEEP_S:
            return
        self._swept = now
        for table in ("items", "turns"):
            self._db.execute(f"DELETE FROM {table} WHERE ttl < ?", (int(now),))  # noqa: S608  our own names


def _get(db: sqlite3.Connection, pk: str) -> dict[str, Any] | None:
    row = db.execute("SELECT item FROM items WHERE pk = ?", (pk,)).fetchone()
    return _item(row[0]) if row else None


def _put(db: sqlite3.Connection, item: Item) -> None:
    db.execute("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", (item["pk"], item["ttl"], _text(item)))


def _counter(item: Item) -> tuple[int, frozenset[str]]:
    count, holds = item.get("n", 0), item.get("holds", frozenset())
    if type(count) is not int or not isinstance(holds, frozenset):
        raise ValueError("no counter")
    return count, holds


def _text(item: Item) -> str:
    return json.dumps(item, default=_spelled, separators=(",", ":"))


def _spelled(value: object) -> object:
    if isinstance(value, bytes):
        return {"octets": b64encode(value).decode("ascii")}
    if isinstance(value, set | frozenset):
        return {"set": sorted(value)}
    raise TypeError(f"no item holds a {type(value).__name__}")


def _item(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text, object_hook=_read)
    return found


def _read(table: dict[str, Any]) -> Any:
    match table:
        case {"octets": str(text)} if len(table) == 1:
            return b64decode(text)
        case {"set": list(names)} if len(table) == 1:
            return frozenset(names)
    return table
