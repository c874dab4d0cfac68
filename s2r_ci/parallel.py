"""One function over many items, on all cores: the order of the answers is the order of the items.

Workers are forked, so they see everything the parent had; only answers travel. Few items are done in this process,
where starting workers would cost more than it saves.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

I = TypeVar("I")  # noqa: E741
O = TypeVar("O")  # noqa: E741

CHUNK: Final = 32
WORTH_A_WORKER: Final = 192  # items; below, one process is faster

_work: Callable[[Sequence[Any]], list[Any]] | None = None


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


def _forked(chunks: list[Sequence[I]], work: Callable[[Sequence[I]], list[O]], processes: int) -> Iterator[list[O]]:
    import multiprocessing  # 20 ms, paid only by large runs

    global _work
    _work = work
    try:
        with multiprocessing.get_context("fork").Pool(processes, _quiet) as pool:
            yield from pool.imap(_call, chunks)
    finally:
        _work = None


def _quiet() -> None:
    """An interrupt is the parent's to handle: it ends the workers, who then tidy up on the way out."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)


def _leave(*_: object) -> None:
    raise SystemExit(143)


def _call(chunk: Sequence[Any]) -> list[Any]:
    assert _work is not None  # noqa: S101  set before the fork
    return _work(chunk)
