"""Manifests to disk: whole or not at all, never through a link, never two runs at once.

A file is written under a temporary name in its own folder, synced, renamed over the old one, and the folder synced
(rules X-09 to X-14 of the security design). Folders are reached component by component without following links, so
nothing is written outside the root whatever the tree looks like meanwhile.
"""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final, TypeVar

from s2r_ci.errors import IncompleteError

T = TypeVar("T")

TEMPORARY: Final = ".s2r-"
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LOCK_WAIT_S: Final = 30.0
_OPEN_FOLDERS: Final = 64


class FileStore:
    """The folder tree below one root, to write manifests into. Use as a context manager, or call ``close``.

    Folders stay open while they are in use; ``flush`` syncs those that were changed. After a fork each process
    needs its own store.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._root = _guarded(root, lambda: os.open(root, _FOLDER & ~os.O_NOFOLLOW))
        self._folders: dict[str, int] = {}
        self._changed: set[str] = set()
        self._count = 0

    def __enter__(self) -> "FileStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, path: str, data: bytes, *, keep_mode: bool = False) -> None:
        """Replace ``path`` (relative, with ``/``) by ``data``; ``keep_mode``: a script stays executable.

        Raises IncompleteError when the disk, a permission or a link in the way prevents it; the old file is then
        still there, whole, and no temporary file is left.
        """
        _guarded(path, lambda: self._replace(path, data, keep_mode=keep_mode))

    def flush(self) -> None:
        """Sync the folders that changed, so that the renames survive a power cut."""
        for folder in sorted(self._changed):
            _guarded(folder or ".", partial(os.fsync, self._folders[folder]))
        self._changed.clear()

    def close(self) -> None:
        """Flush, and let go of all folders."""
        try:
            self.flush()
        finally:
            for descriptor in self._folders.values():
                os.close(descriptor)
            self._folders.clear()
            os.close(self._root)

    def _replace(self, path: str, data: bytes, *, keep_mode: bool) -> None:
        folder, name = _split(path)
        at = self._folder(folder, create=True)
        mode = _refuse_special(name, at)
        self._count += 1
        temporary = f"{TEMPORARY}{os.getpid()}-{self._count}-{_boot()}.tmp"
        try:
            _write_new(temporary, data, at)
            if keep_mode and mode:
                os.chmod(temporary, mode, dir_fd=at)
            os.rename(temporary, name, src_dir_fd=at, dst_dir_fd=at)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=at)
            raise
        self._changed.add(folder)

    def _folder(self, folder: str, *, create: bool) -> int:
        if folder not in self._folders:
            if len(self._folders) >= _OPEN_FOLDERS:
                self._let_go()
            at = _open_folder(self._root, folder, create=create)
            _sweep(at)
            self._folders[folder] = at
        return self._folders[folder]

    def _let_go(self) -> None:
        self.flush()
        for descriptor in self._folders.values():
            os.close(descriptor)
        self._folders.clear()


@contextmanager
def locked(root: str, *, wait_s: float = _LOCK_WAIT_S) -> Iterator[None]:
    """Hold the one lock of an output root: an advisory lock on the folder itself, gone with the process.

    Raises IncompleteError when another run holds it for longer than ``wait_s`` seconds.
    """
    import fcntl  # not there on Windows

    descriptor = _guarded(root, lambda: os.open(root, _FOLDER & ~os.O_NOFOLLOW))
    try:
        _wait_for(lambda: fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB), root, wait_s)
        yield
    finally:
        os.close(descriptor)


def _wait_for(take: Callable[[], None], root: str, wait_s: float) -> None:
    until = time.monotonic() + wait_s
    while True:
        try:
            take()
        except BlockingIOError:
            if time.monotonic() >= until:
                raise IncompleteError(
                    f"another run has been writing here for {wait_s:.0f} s",
                    where=root,
                    hint="wait for it to end, or stop it, and run again",
                ) from None
            time.sleep(0.05)
        else:
            return


def _split(path: str) -> tuple[str, str]:
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise OSError(errno.EINVAL, "the path leads out of the folder that is written to")
    return "/".join(parts[:-1]), parts[-1]


def _open_folder(root: int, folder: str, *, create: bool) -> int:
    at = os.dup(root)
    for part in filter(None, folder.split("/")):
        try:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o777, dir_fd=at)
            inner = os.open(part, _FOLDER, dir_fd=at)
        finally:
            os.close(at)
        at = inner
    return at


def _refuse_special(name: str, at: int) -> int:
    """The permissions of the file that will be replaced; 0: there is none. Raises OSError for what is no file."""
    try:
        mode = os.stat(name, dir_fd=at, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return 0
    if not stat.S_ISREG(mode):
        raise OSError(errno.EEXIST, "a link, folder or device lies where the manifest belongs")
    return stat.S_IMODE(mode) & 0o777


def _write_new(name: str, data: bytes, at: int) -> None:
    descriptor = os.open(name, _NEW, 0o666, dir_fd=at)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(at: int) -> None:
    """Remove the temporary files of runs that were killed: those whose process is gone."""
    for name in os.listdir(at):
        if name.startswith(TEMPORARY) and name.endswith(".tmp") and not _alive(name):
            with suppress(OSError):
                os.unlink(name, dir_fd=at)


def _alive(name: str) -> bool:
    process, _, rest = name.removeprefix(TEMPORARY).partition("-")
    if not process.isdigit() or rest.rpartition("-")[2].removesuffix(".tmp") != _boot():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


_boot_id = ""


def _boot() -> str:
    """Eight characters that differ after a restart, so that a process number is not mistaken for another's."""
    global _boot_id
    if not _boot_id:
        try:
            with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
                _boot_id = file.read(8)
        except OSError:
            _boot_id = "00000000"
    return _boot_id


def _guarded(where: str, act: Callable[[], T]) -> T:
    try:
        return act()
    except OSError as error:
        raise IncompleteError(
            error.strerror or str(error), where=where, hint="put this right and run again: what is done is kept"
        ) from error
