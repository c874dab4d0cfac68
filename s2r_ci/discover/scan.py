"""The fast look at every file: does it speak of sbatch at all? What does is classified at once, from the same bytes.

Most files do not, so what counts is the cost of a no: one ``openat`` from the descriptor of its folder, one read
into a buffer that is used again and again, and one search. ``rfind`` is the quicker one: it skips eight octets at a
time over most text, where ``find`` takes twice as long. No ``stat`` comes before a yes.
"""

import errno
import os
import stat
from typing import TYPE_CHECKING, Final

from s2r_ci.discover.classify import MARKER, PROGRAMS, Verdict, classify
from s2r_ci.discover.reader import FILE, GONE, Folders, decoded, drain, why
from s2r_ci.model import ScriptClass

if TYPE_CHECKING:
    from s2r_ci.discover.globs import Keep

Row = tuple[
    str, str, str, int, str
]  # path, class, reason, line, id of a rule or ""; plain, to travel between processes

ODD_STARTS: Final = frozenset(b"#\xff\xfe")  # a script, a manifest of ours; UTF-16
UNREADABLE: Final = ScriptClass.UNREADABLE.value
UNREADABLE_RULE: Final = "file-unreadable"
NOT_REGULAR: Final = "only regular files are read"
BINARY: Final = "it is binary"
NOTHING: Final = "it does not mention #SBATCH"
TOO_LARGE_RULE: Final = "file-too-large"
SCRIPT_TOO_LARGE_RULE: Final = "script-too-large"


class Scanner:
    """Looks at files below one root; holds a buffer and the descriptors of the folder it was in last."""

    def __init__(self, root: str, *, max_bytes: int, keep: "Keep | None" = None) -> None:
        """Raises OSError where the root cannot be opened."""
        self._root = root
        self._folders = Folders(root.encode("utf-8", "surrogateescape"))
        self._max_bytes = max_bytes
        self._keep = keep
        self._buffer = bytearray(max_bytes + 1)  # pages of it that no file reaches are never touched

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
        parent: bytes | None = None
        folder = -1
        passed_over = 0
        # Bound to local names, and all in one place: this loop runs once for every file of the repository.
        opened, read, close, rfind = os.open, os.readv, os.close, self._buffer.rfind
        buffer, buffers = self._buffer, [self._buffer]
        for path in names:
            above, _, name = path.rpartition(b"/")
            if above != parent:
                parent, folder = above, self._enter(above, path, rows)
            try:
                fd = opened(name, FILE, dir_fd=folder)
            except OSError as error:
                passed_over += 1
                self._trouble(error, path, rows)
                continue
            try:
                size = read(fd, buffers)
                if rfind(b"#SBATCH", 0, size) >= 0 or (
                    (buffer[0] in ODD_STARTS or name.endswith(PROGRAMS)) and self._speaks(size)
                ):
                    self._look(fd, size, path, name, rows)
            except OSError as error:
                passed_over += 1
                self._trouble(error, path, rows)
            finally:
                close(fd)
        return len(names) - passed_over, rows

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

    def _speaks(self, size: int) -> bool:
        """May a file without ``#SBATCH`` that is a program, or begins oddly, call sbatch, or be more than it seems?"""
        buffer = self._buffer
        if buffer[0] >= 0xFE or buffer.startswith(MARKER):
            return True
        if buffer.rfind(b"sbatch", 0, size) >= 0:
            return True
        return buffer.startswith(b"#!") and (not buffer[: min(size, 4096)].isascii() or b"SBATCH" in buffer[:size])

    def _look(
        self, fd: int, size: int, path: bytes, name: bytes, rows: list[Row], *, explicit: bool = False
    ) -> None:
        """Say what a file is of which ``size`` octets stand in the buffer, all of it or more than the limit."""
        data = bytes(memoryview(self._buffer)[:size])
        large = size > self._max_bytes
        verdict = None if large else classify(data, name)
        if verdict is None and not explicit and (not large or b"\0" in data[:8192]):
            return
        # A FIFO or a socket has no end to seek to, and a character device has it at 0: a third of the cost of fstat.
        if verdict is not None and size and os.lseek(fd, 0, os.SEEK_END) == size:
            rows.append((decoded(path), verdict[0].value, verdict[1], verdict[2], verdict[3]))
        else:
            self._slowly(fd, data, path, name, rows, explicit)

    def _slowly(self, fd: int, data: bytes, path: bytes, name: bytes, rows: list[Row], explicit: bool) -> None:
        """A file with something odd about it: its kind, its size, or that it was named and is no script."""
        state = os.fstat(fd)
        if not stat.S_ISREG(state.st_mode):
            if explicit:
                rows.append((decoded(path), UNREADABLE, NOT_REGULAR, 0, UNREADABLE_RULE))
        elif len(data) > self._max_bytes:
            if explicit or b"#SBATCH" in data:
                reason = f"{state.st_size} octets, the limit is {self._max_bytes}"
                rows.append((decoded(path), UNREADABLE, reason, 0, _too_large(data, name)))
        elif state.st_size != len(data):
            rows.append(self._again(fd, path, name))
        else:
            rows.append(_row(path, classify(data, name), data))

    def _again(self, fd: int, path: bytes, name: bytes) -> Row:
        """The file changed between the read and the look at its size: once more."""
        data = drain(fd, self._max_bytes + 1)
        if len(data) > self._max_bytes or os.fstat(fd).st_size != len(data):
            return (decoded(path), UNREADABLE, "it changes while it is read", 0, UNREADABLE_RULE)
        return _row(path, classify(data, name), data)

    def _enter(self, parent: bytes, path: bytes, rows: list[Row]) -> int:
        try:
            return self._folders.enter(parent)
        except OSError as error:
            self._trouble(error, path, rows)
            return -1

    def _trouble(self, error: OSError, path: bytes, rows: list[Row]) -> None:
        """What is gone, or never was a file, is passed over without a word."""
        if error.errno not in GONE and error.errno != errno.EBADF:  # EBADF: the folder had its own row
            rows.append((decoded(path), UNREADABLE, why(error), 0, UNREADABLE_RULE))


def _too_large(data: bytes, name: bytes) -> str:
    """The rule for a file of which only the beginning was read: a log may be large, a batch script is left out."""
    head = classify(data, name)
    return SCRIPT_TOO_LARGE_RULE if head and head.script_class in _SCRIPTS else TOO_LARGE_RULE


_SCRIPTS: Final = (ScriptClass.BATCH, ScriptClass.REFUSED)


def _row(path: bytes, verdict: Verdict | None, data: bytes) -> Row:
    if verdict is not None:
        return (decoded(path), verdict[0].value, *verdict[1:])
    return (decoded(path), ScriptClass.LOOK_ALIKE.value, BINARY if b"\0" in data else NOTHING, 0, "")
