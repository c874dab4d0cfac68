"""The memory of what was asked: which scripts a run left for the next one, which session belongs to which script.

One file for each repository and service, in the cache folder of the user, readable by nobody else. One line is one
event; a line is written at once and whole, so a kill leaves at most the last one torn, and a torn line is passed
over. It holds paths, digests, counts and times: no script, no manifest, no key. Where the cache cannot be written the
run goes on without a memory. What keeps a script from being charged twice is not here: that is the idempotency key,
which is the same in every run, because it is made from the script and what was asked.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

_KEEP_S: Final = 14 * 86_400
_LARGEST: Final = 16_777_216  # octets; a larger journal begins anew
_STATES: Final = frozenset({"asked", "done", "left", "failed"})
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Entry(NamedTuple):
    """The last that is known of one question: ``state`` is asked, done, left or failed."""

    idem: str
    state: str
    time: int  # UNIX seconds
    path: str = ""
    digest: str = ""  # of the script
    session: str = ""
    tokens: int = 0


class Journal:
    """Appends events, and remembers those of earlier runs."""

    def __init__(self, path: str, *, now: float) -> None:
        self.path = path
        self.known: dict[str, Entry] = {}
        if path:
            self._read(int(now))

    def note(self, entry: Entry) -> None:
        """Remember an event. A disk that does not take it is no reason to stop."""
        self.known[entry.idem] = entry
        if self.path:
            with suppress(OSError):
                _append(self.path, _line(entry))

    def left(self) -> frozenset[str]:
        """The paths of the scripts that the last run left, or was killed over."""
        return frozenset(entry.path for entry in self.known.values() if entry.state in ("left", "asked"))

    def of_session(self, session: str) -> Entry | None:
        """The conversion that a session belongs to, the latest first."""
        found = [entry for entry in self.known.values() if entry.session == session]
        return max(found, key=lambda entry: entry.time, default=None)

    def of_path(self, path: str) -> Entry | None:
        """The latest conversion of a script."""
        found = [entry for entry in self.known.values() if entry.path == path and entry.session]
        return max(found, key=lambda entry: entry.time, default=None)

    def _read(self, now: int) -> None:
        lines = _lines(self.path)
        for line in lines:
            entry = _entry(line)
            if entry is not None and now - _KEEP_S < entry.time <= now + 86_400:
                self.known[entry.idem] = entry
        if len(lines) > 2 * len(self.known) + 100:
            with suppress(OSError):
                _replace(self.path, map(_line, self.known.values()))


def journal_path(environ: Mapping[str, str], *names: str) -> str:
    """Where the journal for these names (a repository, a service, a key id) lies; empty where there is no home."""
    base = environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        home = environ.get("HOME", "")
        base = os.path.join(home, ".cache") if os.path.isabs(home) else ""
    if not base:
        return ""
    known = hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return os.path.join(base, "s2r-ci", f"asked-{known}.jsonl")


def _line(entry: Entry) -> bytes:
    return (json.dumps(entry._asdict(), separators=(",", ":")) + "\n").encode()


def _entry(line: bytes) -> Entry | None:
    """The event of a line; None where it was torn, or is not ours."""
    try:
        value: Any = json.loads(line)
        entry = Entry(**value)
    except (ValueError, TypeError, RecursionError):
        return None
    texts = (entry.idem, entry.state, entry.path, entry.digest, entry.session)
    whole = all(isinstance(text, str) for text in texts) and isinstance(entry.tokens, int)
    return entry if whole and isinstance(entry.time, int) and entry.state in _STATES else None


def _lines(path: str) -> list[bytes]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            data = b"".join(iter(lambda: os.read(descriptor, 1 << 20), b"")) if _is_small(descriptor) else b""
        finally:
            os.close(descriptor)
    except OSError:
        return []
    return data.split(b"\n")


def _is_small(descriptor: int) -> bool:
    return os.fstat(descriptor).st_size <= _LARGEST


def _append(path: str, line: bytes) -> None:
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        os.write(descriptor, line)  # one call: lines of two runs at once do not mix
    finally:
        os.close(descriptor)


def _replace(path: str, lines: Iterable[bytes]) -> None:
    temporary = f"{path}.{os.getpid()}.tmp"
    with suppress(FileNotFoundError):
        os.unlink(temporary)
    descriptor = os.open(temporary, _FLAGS | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
