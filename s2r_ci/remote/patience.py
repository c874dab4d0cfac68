"""When to try again, and when to stop: jitter, ``Retry-After``, a budget of retries, a breaker.

Everything here is arithmetic over a clock that is handed in; nothing sleeps.
"""

import re
from collections.abc import Callable
from typing import Final

ATTEMPTS: Final = 4
LONGEST_WAIT_S: Final = 60.0  # a service that says more than this is not waited for
_STEP_S: Final = 0.5
_MOST_JITTER_S: Final = 20.0
_FEWEST_RETRIES: Final = 10
_SHARE_OF_RETRIES: Final = 10  # one retry for so many scripts
_FAILURES: Final = 5
_OPEN_S: Final = 30.0
_LOOK_AGAIN_S: Final = 0.5


def jitter_s(attempt: int, random: Callable[[], float]) -> float:
    """Full jitter: a random share of 0.5, 1, 2, 4 ... seconds, of 20 at most. ``attempt`` counts from 0.

    >>> jitter_s(0, lambda: 1.0), jitter_s(3, lambda: 0.5), jitter_s(30, lambda: 1.0)
    (0.5, 2.0, 20.0)
    """
    return random() * min(_MOST_JITTER_S, _STEP_S * 2.0 ** min(attempt, 16))


def retry_after_s(header: str | None, now: float) -> float | None:
    """The seconds that a ``Retry-After`` asks for, or None where it says nothing that can be read.

    It is a whole number of seconds or an HTTP date (RFC 9110, 10.2.3). ``now`` is UNIX time.

    >>> retry_after_s("7", 0.0), retry_after_s("-1", 0.0), retry_after_s("soon", 0.0)
    (7.0, None, None)
    """
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]{1,12}", text, re.ASCII):
        return float(text)
    if not text[:1].isalpha() or len(text) > 64:
        return None
    from email.utils import parsedate_to_datetime

    try:
        then = parsedate_to_datetime(text)
        return max(0.0, then.timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


class Patience:
    """What all questions of a run share: how many retries are left, and whether the service seems to be there.

    ``expected`` is how many scripts the run will send. Used by many threads, whose turns keep them apart.
    """

    def __init__(self, expected: int, clock: Callable[[], float], random: Callable[[], float]) -> None:
        self._retries = max(_FEWEST_RETRIES, -(-expected // _SHARE_OF_RETRIES))
        self._clock = clock
        self._random = random
        self._failures = 0
        self._state = "closed"  # open: asked too soon after failures; probing: one asks, to see; down: given up
        self._open_until = 0.0
        self._reached = False

    def pause(self, attempt: int, asked_s: float | None) -> float | None:
        """The seconds to wait before attempt number ``attempt`` (the first retry is 1); None: stop trying.

        ``asked_s`` is what the service asked for; nobody waits for more than a minute.
        """
        if attempt >= ATTEMPTS or self._retries <= 0 or (asked_s is not None and asked_s > LONGEST_WAIT_S):
            return None
        self._retries -= 1
        return max(jitter_s(attempt - 1, self._random), asked_s or 0.0)

    # --- the breaker

    def closed_for_s(self) -> float | None:
        """Seconds until the service may be asked again; 0: now; None: it is given up for this run.

        A service that answered before is tried by one question when half a minute has passed, and the others wait for
        what comes of it. One that never answered is given up at once.
        """
        if self._state == "down":
            return None
        if self._state == "open":
            left = self._open_until - self._clock()
            if left > 0:
                return left
            self._state = "probing"
            return 0.0
        return _LOOK_AGAIN_S if self._state == "probing" else 0.0

    def answered(self) -> None:
        """The service answered, and could work."""
        self._failures = 0
        self._state = "closed"
        self._reached = True

    def failed(self) -> None:
        """No answer, or one that says that the service cannot work now."""
        self._failures += 1
        if self._state == "probing":
            self._state = "down"
        elif self._state == "closed" and self._failures >= _FAILURES:
            self._state = "open" if self._reached else "down"
            self._open_until = self._clock() + _OPEN_S
