"""Reading files of a tree that may change, or lie, under our hands.

Every component of a path is opened from the descriptor of the one above, never through a symbolic link, and without
waiting for a FIFO. Only regular files are read.
"""

import errno
import os
import stat
from typing import Final

from s2r_ci.errors import IncompleteError

FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0)
FOLDER: Final = FILE | os.O_DIRECTORY
GONE: Final = frozenset({errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENXIO, errno.ENODEV})
KINDS: Final = (
    (stat.S_ISLNK, "a symbolic link"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
)  # fmt: skip


def encoded(path: str) -> bytes:
    """A path of ours as the file system's bytes, whatever the locale."""
    return path.encode("utf-8", "surrogateescape")


def decoded(path: bytes) -> str:
    """The file system's bytes as a path of ours."""
    return path.decode("utf-8", "surrogateescape")


class Folders:
    """Descriptors of the folder last used and of those above it, so that neighbours cost one open."""

    def __init__(self, root: bytes) -> None:
        """Raises OSError where the root cannot be opened; the root itself may be a symbolic link."""
        self._fds = [os.open(root or b".", FOLDER & ~os.O_NOFOLLOW)]
        self._names: list[bytes] = []

    def enter(self, folder: bytes) -> int:
        """The descriptor of a folder below the root; b"" is the root. Raises OSError."""
        wanted = folder.split(b"/") if folder else []
        same = 0
        for have, want in zip(self._names, wanted, strict=False):
            if have != want:
                break
            same += 1
        while len(self._names) > same:
            self._names.pop()
            os.close(self._fds.pop())
        for name in wanted[same:]:
            if name in (b"", b".", b".."):
                raise OSError(errno.ENOENT, "no path below the root")
            self._fds.append(os.open(name, FOLDER, dir_fd=self._fds[-1]))
            self._names.append(name)
        return self._fds[-1]

    def close(self) -> None:
        """Give the descriptors back."""
        while self._fds:
            os.close(self._fds.pop())
        self._names.clear()


def kind_of(fd: int) -> str:
    """What an open descriptor is, in words; empty for a regular file."""
    mode = os.fstat(fd).st_mode
    return "" if stat.S_ISREG(mode) else next((word for test, word in KINDS if test(mode)), "no regular file")


def kind_at(name: bytes, folder: int) -> str:
    """What a name in an open folder is, in words; empty for a regular file, "missing" where there is none."""
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except OSError:
        return "missing"
    return "" if stat.S_ISREG(mode) else next((word for test, word in KINDS if test(mode)), "no regular file")


def read_file(root: str, path: str, *, max_bytes: int = 1_048_576) -> bytes:
    """Return the bytes of a regular file below ``root``.

    Raises IncompleteError, which names the path: it is missing, unreadable, no regular file, reached through a
    symbolic link, larger than ``max_bytes``, or changing while it is read (tried twice).
    """
    parent, _, name = encoded(path).rpartition(b"/")
    try:
        folders = Folders(encoded(root))
        try:
            fd = os.open(name, FILE, dir_fd=folders.enter(parent))
        finally:
            folders.close()
    except (OSError, ValueError) as error:
        raise IncompleteError(why(error), where=path) from None
    try:
        return _read(fd, path, max_bytes)
    except OSError as error:
        raise IncompleteError(why(error), where=path) from None
    finally:
        os.close(fd)


def why(error: Exception) -> str:
    """The cause in plain words."""
    if isinstance(error, OSError):
        if error.errno == errno.ELOOP:
            return "a symbolic link; only regular files are read"
        return (error.strerror or "it cannot be read").lower()
    return "no name of a file"


def _read(fd: int, path: str, max_bytes: int) -> bytes:
    if kind := kind_of(fd):
        raise IncompleteError(f"{kind}; only regular files are read", where=path)
    for _ in range(2):
        size = os.fstat(fd).st_size
        if size > max_bytes:
            raise IncompleteError(f"{size} octets, the limit is {max_bytes}", where=path, hint="max-file-bytes")
        data = drain(fd, max_bytes + 1)
        if len(data) == size == os.fstat(fd).st_size:
            return data
    raise IncompleteError("it changes while it is read", where=path)


def drain(fd: int, limit: int) -> bytes:
    """Read from the start, at most ``limit`` octets."""
    pieces = []
    have = 0
    while have < limit and (piece := os.pread(fd, min(limit - have, 1_048_576), have)):
        pieces.append(piece)
        have += len(piece)
    return b"".join(pieces)
