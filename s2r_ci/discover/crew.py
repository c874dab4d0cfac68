"""Forked processes that look at files while git still lists them.

The parent cuts the stream of NUL-separated names into batches, hands each to the process that asks first, and
gathers the rows. Everything goes through pipes; a process that has no more work meets the end of its pipe and ends.
"""

import gc
import marshal
import os
import select
import sys
from collections.abc import Iterable, Iterator
from typing import Final, NoReturn

from s2r_ci.discover.scan import Row, Scanner
from s2r_ci.errors import IncompleteError

WORTH_A_CREW: Final = 2_000  # names; below, one process is faster
BATCH: Final = 24_000  # octets of names; two batches fit into a pipe, so that the parent never waits to write
WAITING: Final = 2  # batches a process has in its pipe

Answer = tuple[int, list[Row]]


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def scan_all(pieces: Iterable[bytes], scanner: Scanner, *, jobs: int, most: int) -> Iterator[Answer]:
    """Look at the files of a NUL-separated stream of names; the order of the answers is not the order of names.

    Raises IncompleteError where a process is killed, and what ``pieces`` raises.
    """
    names = 0
    held: list[bytes] = []
    batches = batched(pieces)
    for batch in batches:
        held.append(batch)
        names += batch.count(b"\0")
        if names >= WORTH_A_CREW or names > most:
            break
    processes = jobs or cores()
    if names < WORTH_A_CREW or processes < 2 or _has_threads():
        for batch in _chained(held, batches):
            yield scanner.scan(_names(batch))
        return
    with Crew(scanner, processes) as crew:
        yield from crew.work(_chained(held, batches))


def batched(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut a stream of names, each ended by NUL, into batches of whole names."""
    rest = b""
    for piece in pieces:
        rest += piece
        while len(rest) >= BATCH:
            end = rest.rfind(b"\0", 0, BATCH) + 1 or rest.find(b"\0") + 1
            if not end:
                break
            yield rest[:end]
            rest = rest[end:]
    if rest:
        yield rest if rest.endswith(b"\0") else rest + b"\0"


def _chained(first: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    yield from first
    yield from rest


def _names(batch: bytes) -> list[bytes]:
    names = batch.split(b"\0")
    names.pop()
    if b"/\0" in batch:  # a repository inside this one: git names the folder alone
        names = [name for name in names if not name.endswith(b"/")]
    return names


def _has_threads() -> bool:
    """A fork copies one thread alone; locks held by the others would stay locked."""
    threading = sys.modules.get("threading")
    return threading is not None and threading.active_count() > 1


class Crew:
    """The processes and their pipes."""

    def __init__(self, scanner: Scanner, count: int) -> None:
        self._scanner = scanner
        self._count = count
        self._asks: dict[int, int] = {}  # answers' descriptor -> where batches are written to
        self._pids: list[int] = []

    def __enter__(self) -> "Crew":
        for _ in range(self._count):
            self._start()
        return self

    def __exit__(self, *_: object) -> None:
        for answers, batches in self._asks.items():
            os.close(batches)
            os.close(answers)
        for pid in self._pids:
            os.waitpid(pid, 0)

    def _start(self) -> None:
        batches, give = os.pipe()
        answers, answer = os.pipe()
        pid = os.fork()
        if pid == 0:
            for fd in (give, answers, *self._asks, *self._asks.values()):
                os.close(fd)
            _serve(self._scanner, batches, answer)
        os.close(batches)
        os.close(answer)
        self._asks[answers] = give
        self._pids.append(pid)

    def work(self, batches: Iterator[bytes]) -> Iterator[Answer]:
        """Hand out the batches and yield the answers as they come."""
        poll = select.poll()
        busy = dict.fromkeys(self._asks, 0)
        for answers in busy:
            poll.register(answers, select.POLLIN)
        for batch in batches:
            free = min(busy, key=busy.__getitem__)
            while busy[free] >= WAITING:
                free = poll.poll()[0][0]
                yield self._take(free, busy)
            busy[free] += 1
            self._give(self._asks[free], batch)
        while any(busy.values()):
            yield self._take(poll.poll()[0][0], busy)

    def _give(self, fd: int, batch: bytes) -> None:
        try:
            _write(fd, batch)
        except BrokenPipeError:
            raise IncompleteError(*_DIED, hint=_HINT) from None

    def _take(self, fd: int, busy: dict[int, int]) -> Answer:
        data = _read(fd)
        if data is None:
            raise IncompleteError(*_DIED, hint=_HINT)
        busy[fd] -= 1
        answer: Answer = marshal.loads(data)  # noqa: S302  from a process of ours, through a pipe of ours
        return answer


_DIED: Final = ("a process that looked at files was killed",)
_HINT: Final = "try again with --jobs 1"


def _serve(scanner: Scanner, batches: int, answer: int) -> NoReturn:
    """The life of one process. It prints nothing, and leaves no buffer of the parent's behind."""
    status = 1
    try:
        gc.disable()  # rows are not circular, and this process is short
        own = scanner.copy()
        while (batch := _read(batches)) is not None:
            _write(answer, marshal.dumps(own.scan(_names(batch))))
        status = 0
    except (Exception, KeyboardInterrupt):  # the parent sees the closed pipe, and says so
        status = 1
    finally:
        os._exit(status)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(len(data).to_bytes(4, "little") + data)
    while view:
        view = view[os.write(fd, view) :]


def _read(fd: int) -> bytes | None:
    """One message; None at the end of the pipe."""
    head = _exactly(fd, 4)
    return _exactly(fd, int.from_bytes(head, "little")) if head is not None else None


def _exactly(fd: int, size: int) -> bytes | None:
    data = os.read(fd, size)
    while len(data) < size:
        piece = os.read(fd, size - len(data))
        if not piece:
            return None
        data += piece
    return data
