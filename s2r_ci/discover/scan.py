"""The fast look at every file: does it speak of sbatch at all? What does is classified at once, from the same bytes.

Most files do not, so what counts is the cost of a no: one ``openat`` from the descriptor of its folder, one read
into a buffer that is used again and again, and a search by ``memchr`` for a letter that is rare in most text, ``B``.
No ``stat`` is done before there is a yes.
"""

import errno
import os
import stat
from typing import Final

from s2r_ci.discover.calls import PROGRAMS
from s2r_ci.discover.classify import BOM, MARKER, classify
from s2r_ci.discover.globs import Keep
from s2r_ci.discover.reader import FILE, GONE, Folders, decoded, drain, why
from s2r_ci.model import ScriptClass

Row = tuple[
    str, str, str, int, str
]  # path, class, reason, line, id of a rule or ""; plain, to travel between processes

BUFFER: Final = 262_144
HOPS: Final = 64  # letters B looked at before the search goes over to whole words
UNREADABLE: Final = ScriptClass.UNREADABLE.value
UNREADABLE_RULE: Final = "file-unreadable"
NOT_REGULAR: Final = "only regular files are read"
NOTHING: Final = "it does not mention #SBATCH"
SCRIPT_STARTS: Final = (b"#!", BOM, b"\xff\xfe", b"\xfe\xff")


class Scanner:
    """Looks at files below one root; holds a buffer and the descriptors of the folder it was in last."""

    def __init__(self, root: str, *, max_bytes: int, keep: Keep | None = None) -> None:
        """Raises OSError where the root cannot be opened."""
        self._root = root
        self._folders = Folders(root.encode("utf-8", "surrogateescape"))
        self._max_bytes = max_bytes
        self._keep = keep
        self._buffer = bytearray(min(BUFFER, max_bytes + 1))

    def copy(self) -> "Scanner":
        """One for a forked process: nothing that is shared is moved."""
        return Scanner(self._root, max_bytes=self._max_bytes, keep=self._keep)

    def close(self) -> None:
        """Give the descriptors back."""
        self._folders.close()

    def scan(self, names: list[bytes]) -> tuple[int, list[Row]]:
        """Look at the files of these names; return how many were looked at, and a row for each worth a word."""
        if self._keep is not None:
            names = list(filter(self._keep, names))
        rows: list[Row] = []
        current: bytes | None = None
        folder = -1
        examined = 0
        # Bound to local names: this loop runs once for every file of the repository.
        opened, read, close, speaks = os.open, os.readv, os.close, self._speaks
        buffers = [self._buffer]
        for path in names:
            parent, _, name = path.rpartition(b"/")
            if parent != current:
                current, folder = parent, self._enter(parent, path, rows)
            if folder < 0:
                continue
            try:
                fd = opened(name, FILE, dir_fd=folder)
            except OSError as error:
                self._trouble(error, path, rows)
                continue
            try:
                size = read(fd, buffers)
                examined += 1
                if speaks(size, name):
                    self._look(fd, size, path, name, rows)
            except OSError as error:
                self._trouble(error, path, rows)
            finally:
                close(fd)
        return examined, rows

    def scan_explicit(self, path: bytes) -> list[Row]:
        """Look at one file that was named: what is no regular file, or too large, gets a row too."""
        parent, _, name = path.rpartition(b"/")
        try:
            fd = os.open(name or b".", FILE, dir_fd=self._folders.enter(parent))
        except OSError as error:
            rule = "" if error.errno == errno.ELOOP else UNREADABLE_RULE
            return [(decoded(path), UNREADABLE, why(error), 0, rule)]
        rows: list[Row] = []
        try:
            size = os.readv(fd, [self._buffer])
            self._look(fd, size, path, name, rows, explicit=True)
        except OSError as error:
            rows.append((decoded(path), UNREADABLE, why(error), 0, UNREADABLE_RULE))
        finally:
            os.close(fd)
        return rows

    def _speaks(self, size: int, name: bytes) -> bool:
        """Is the first buffer worth a closer look? Says yes too often rather than too seldom."""
        buffer = self._buffer
        find = buffer.find
        at = find(b"B", 0, size)
        hops = HOPS
        while at >= 0:
            hops -= 1
            if buffer[at - 1] == 83 or not hops:  # 83: S
                if find(b"SBATCH", max(at - 1, 0), size) >= 0:
                    return True
                break
            at = find(b"B", at + 1, size)
        if buffer[0] == 35 or buffer[0] >= 0xFE or size == len(buffer):  # "#", UTF-16, not all of the file
            return self._begins_oddly(size)
        return name.endswith(PROGRAMS) and find(b"sbatch", 0, size) >= 0

    def _begins_oddly(self, size: int) -> bool:
        buffer = self._buffer
        if size == len(buffer):
            return True
        if buffer.startswith(b"#!"):
            return buffer.find(b"sbatch", 0, size) >= 0 or not buffer[: min(size, 4096)].isascii()
        return size > 1 and (buffer[0] != 35 or buffer.startswith(MARKER) or buffer.find(b"sbatch", 0, size) >= 0)

    def _look(
        self, fd: int, size: int, path: bytes, name: bytes, rows: list[Row], *, explicit: bool = False
    ) -> None:
        """Read the rest where there is one, and say what the file is."""
        data = bytes(memoryview(self._buffer)[:size])
        if size == len(self._buffer):
            if not explicit and b"\0" in data[:8192] and not data.startswith(SCRIPT_STARTS):
                return
            data = drain(fd, self._max_bytes + 1)
        verdict = classify(data, name)
        if verdict is None and not explicit:
            return
        state = os.fstat(fd)
        if not stat.S_ISREG(state.st_mode):
            if explicit:
                rows.append((decoded(path), UNREADABLE, NOT_REGULAR, 0, UNREADABLE_RULE))
        elif len(data) > self._max_bytes:
            self._too_large(data, state.st_size, path, rows, explicit)
        elif state.st_size != len(data) and not self._stands_still(fd):
            rows.append((decoded(path), UNREADABLE, "it changes while it is read", 0, UNREADABLE_RULE))
        elif verdict is not None:
            rows.append((decoded(path), verdict[0].value, verdict[1], verdict[2], ""))
        else:
            rows.append((decoded(path), ScriptClass.LOOK_ALIKE.value, NOTHING, 0, ""))

    def _stands_still(self, fd: int) -> bool:
        """The file changed between the read and the look at its size: does it still?"""
        return len(drain(fd, self._max_bytes + 1)) == os.fstat(fd).st_size

    def _too_large(self, data: bytes, size: int, path: bytes, rows: list[Row], explicit: bool) -> None:
        if explicit or b"#SBATCH" in data:
            reason = f"{size} octets, the limit is {self._max_bytes}"
            rows.append((decoded(path), UNREADABLE, reason, 0, "file-too-large"))

    def _enter(self, parent: bytes, path: bytes, rows: list[Row]) -> int:
        try:
            return self._folders.enter(parent)
        except OSError as error:
            self._trouble(error, path, rows)
            return -1

    def _trouble(self, error: OSError, path: bytes, rows: list[Row]) -> None:
        """What is gone, or never was a file, is passed over without a word."""
        if error.errno not in GONE:
            rows.append((decoded(path), UNREADABLE, why(error), 0, UNREADABLE_RULE))
