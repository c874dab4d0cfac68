"""The breaker: while a model keeps failing, nobody waits for it and nobody pays for it."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

IN_A_ROW: Final = 5
LOOKED_AT: Final = 20
OPEN_S: Final = 30.0


class Breaker:
    """Opens after 5 failures in a row, or when half of the last 20 calls failed; after 30 s one call may probe.

    ``clock`` gives seconds that never go back. One breaker serves many threads.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last: deque[bool] = deque(maxlen=LOOKED_AT)  # True: it failed
        self._in_a_row = 0
        self._opened: float | None = None
        self._probing = False

    def admits(self) -> bool:
        """Whether a call may be made now. A True in the half-open state is a ticket for the one probe."""
        with self._lock:
            if self._opened is None:
                return True
            if self._probing or self._clock() - self._opened < OPEN_S:
                return False
            self._probing = True
            return True

    def succeeded(self) -> None:
        """A call came back: what it said is another matter."""
        with self._lock:
            if self._opened is not None:
                self._last.clear()
            self._opened, self._probing, self._in_a_row = None, False, 0
            self._last.append(False)

    def failed(self) -> None:
        """A call was throttled, refused, timed out or broke off."""
        with self._lock:
            self._in_a_row += 1
            self._last.append(True)
            half = len(self._last) == LOOKED_AT and 2 * sum(self._last) >= LOOKED_AT
            if self._probing or self._in_a_row >= IN_A_ROW or half:
                self._opened, self._probing = self._clock(), False

    @property
    def is_open(self) -> bool:
        """Whether calls are held back, the probe aside."""
        with self._lock:
            return self._opened is not None
