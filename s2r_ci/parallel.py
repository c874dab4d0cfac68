"""One function over many items: on all cores, or many at once where the work is to wait for somebody else.

``each_chunk`` forks workers, so they see everything the parent had; only answers travel, in the order of the items.
Few items are done in this process, where starting workers would cost more than it saves. ``each_waiting`` has threads
instead, which take turns at computing.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Final, TypeVar

from s2r_ci.errors import IncompleteError

I = TypeVar("I")  # noqa: E741
O = TypeVar("O")  # noqa: E741

CHUNK: Final = 32
WORTH_A_WORKER: Final = 192  # items; below, one process is faster


def cores() -> int:
    """The cores this process may use."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each_chunk(items: Sequence[I], work: Callable[[Sequence[I]], list[O]], *, jobs: int = 0) -> Iterator[list[O]]:
    """Yield ``work(chunk)`` for consecutive chunks of ``items``. ``jobs``: processes; 0: one a core."""
    chunks = [items[at : at + CHUNK] for at in range(0, len(items), CHUNK)]
    processes = min(jobs or cores(), len(chunks))
    if processes < 2 or len(items) < WORTH_A_WORKER:
        yield from map(work, chunks)
        return
    yield from _forked(chunks, work, processes)


class Turns:
    """One thread computes, the others wait. Whoever waits for a network steps aside meanwhile.

    The interpreter would let no two threads compute at once anyhow; this also keeps what is not made for threads
    (a parser that is shared, a cache) from being entered twice.
    """

    def __init__(self) -> None:
        from threading import Lock

        self._turn = Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """It is this thread's turn."""
        with self._turn:
            yield

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Others may compute meanwhile; only for the thread whose turn it is."""
        self._turn.release()
        try:
            yield
        finally:
            self._turn.acquire()


def each_waiting(
    items: Sequence[I], work: Callable[[I], O], turns: Turns, *, at_once: int
) -> Iterator[tuple[int, O]]:
    """Yield the place of each item and ``work(item)``, in the order in which they get done.

    When the caller stops listening, no further item is begun; what is being waited for then is left behind.
    """
    from queue import SimpleQueue
    from threading import Thread

    waiting = iter(range(len(items)))
    done: SimpleQueue[tuple[int, O | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        with turns.taken():
            for place in waiting:
                try:
                    done.put((place, work(items[place]), None))
                except BaseException as error:  # it is the caller's, who is in another thread
                    done.put((place, None, error))

    for _ in range(min(at_once, len(items))):
        Thread(target=run, daemon=True).start()
    try:
        for _ in items:
            place, answer, error = done.get()
            if error is not None:
                raise error
            yield place, answer  # type: ignore[misc]  # there is an answer where there is no error
    finally:
        for _ in waiting:  # nobody listens any more
            pass


def _forked(chunks: list[Sequence[I]], work: Callable[[Sequence[I]], list[O]], processes: int) -> Iterator[list[O]]:
    """Every process takes each ``processes``-th chunk and answers over a pipe of its own: no lock, so nothing to be
    stuck on when one of them is ended.
    """
    workers = [_start(chunks[number::processes], work) for number in range(processes)]
    try:
        for number in range(len(chunks)):
            yield _answer(workers[number % processes])
    finally:
        for worker in workers:
            worker.end()


class _Worker:
    """A process, and the reading end of its pipe."""

    def __init__(self, process: int, answers: BinaryIO) -> None:
        self.process = process
        self.answers = answers

    def end(self) -> None:
        """Ask the process to end, and gather it. A worker that is done already is not there to be asked."""
        import signal

        self.answers.close()
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGTERM)
        with suppress(ChildProcessError):
            os.waitpid(self.process, 0)


def _start(chunks: list[Sequence[I]], work: Callable[[Sequence[I]], list[O]]) -> _Worker:
    import pickle
    import signal

    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process:
        os.close(writing)
        return _Worker(process, os.fdopen(reading, "rb"))
    os.close(reading)
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to handle: it ends its workers
        signal.signal(signal.SIGTERM, _leave)
        with os.fdopen(writing, "wb") as answers:
            for chunk in chunks:
                pickle.dump(_tried(work, chunk), answers, pickle.HIGHEST_PROTOCOL)
                answers.flush()
        code = 0
    except (BrokenPipeError, SystemExit):
        pass
    finally:
        os._exit(code)  # not through the parent's own clean-up


def _tried(work: Callable[[Sequence[I]], list[O]], chunk: Sequence[I]) -> tuple[list[O] | None, Exception | None]:
    try:
        return work(chunk), None
    except Exception as error:  # it is the caller's, who is in another process
        return None, error


def _answer(worker: _Worker) -> list[Any]:
    import pickle  # 3 ms, paid only by large runs

    try:
        answer, error = pickle.load(worker.answers)  # noqa: S301  our own process wrote it
    except (EOFError, pickle.UnpicklingError) as end:
        raise IncompleteError("a process of this run was killed", hint="run again; what is done is kept") from end
    if error is not None:
        raise error
    return list(answer)


def _leave(*_: object) -> None:
    raise SystemExit
