"""When to try again: jitter, Retry-After (C-06), the budget of retries, the breaker."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2r_ci.remote.patience import ATTEMPTS, LONGEST_WAIT_S, Patience, jitter_s, retry_after_s

NOW = 1_795_869_933.0  # Sat, 28 Nov 2026 12:45:33 GMT


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def patience(expected: int = 1, random: Callable[[], float] = lambda: 1.0) -> tuple[Patience, Time]:
    time = Time()
    return Patience(expected, time, random), time


@given(attempt=st.integers(0, 10_000), chance=st.floats(0, 1))
def test_jitter_stays_in_its_bounds(attempt: int, chance: float) -> None:
    assert 0 <= jitter_s(attempt, lambda: chance) <= min(20.0, 0.5 * 2.0 ** min(attempt, 16))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0), (" 7 ", 7.0), ("0", 0.0), ("000", 0.0), ("1000000000", 1e9),
        ("Sat, 28 Nov 2026 12:45:43 GMT", 10.0), ("Sat, 28 Nov 2026 12:00:00 GMT", 0.0),
        ("Sat, 28 Nov 2026 12:45:43 -0000", 10.0),
        (None, None), ("", None), ("-1", None), ("1e9", None), ("1.5", None), ("+3", None), ("soon", None),
        ("\u0667", None), ("9" * 5000, None), ("Sat, 99 Foo 2026 12:45:43 GMT", None), ("a" * 5000, None),
        ("Sat, 28 Nov 99999 12:45:43 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_or_ignored(header: str | None, seconds: float | None) -> None:
    """C-06."""
    assert retry_after_s(header, NOW) == seconds


@given(st.text())
def test_retry_after_never_raises(header: str) -> None:
    found = retry_after_s(header, NOW)
    assert found is None or found >= 0


def test_attempts_end() -> None:
    made, _ = patience()
    assert [made.pause(number, None) for number in range(1, ATTEMPTS + 1)] == [0.5, 1.0, 2.0, None]


def test_the_service_says_how_long_to_wait_up_to_a_minute() -> None:
    made, _ = patience()
    assert made.pause(1, 7.0) == 7.0
    assert made.pause(1, LONGEST_WAIT_S) == 60.0
    assert made.pause(1, LONGEST_WAIT_S + 1) is None


@pytest.mark.parametrize(("expected", "retries"), [(1, 10), (100, 10), (400, 40), (1001, 101)])
def test_a_run_has_a_budget_of_retries(expected: int, retries: int) -> None:
    made, _ = patience(expected)
    assert sum(made.pause(1, None) is not None for _ in range(1000)) == retries


def test_a_service_that_never_answered_is_given_up_at_once() -> None:
    made, _ = patience()
    for _ in range(4):
        made.failed()
        assert made.closed_for_s() == 0
    made.failed()
    assert made.closed_for_s() is None


def test_a_service_that_answered_before_is_tried_once_more() -> None:
    """F-08: one asks, to see; the others wait for what comes of it."""
    made, time = patience()
    made.answered()
    for _ in range(5):
        made.failed()
    assert made.closed_for_s() == 30.0
    time.now += 12
    assert made.closed_for_s() == 18.0
    time.now += 18
    assert made.closed_for_s() == 0  # this one tries
    assert made.closed_for_s() == 0.5  # this one waits
    made.answered()
    assert made.closed_for_s() == 0
    for _ in range(5):
        made.failed()
    time.now += 31
    assert made.closed_for_s() == 0
    made.failed()
    assert made.closed_for_s() is None


def test_an_answer_between_failures_keeps_it_closed() -> None:
    made, _ = patience()
    for _ in range(20):
        made.failed()
        made.failed()
        made.answered()
    assert made.closed_for_s() == 0
