"""The breaker, with its clock held still."""

import pytest

from s2r_service.model.breaker import IN_A_ROW, LOOKED_AT, OPEN_S, Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def feed(breaker: Breaker, outcomes: str) -> None:
    for outcome in outcomes:
        assert breaker.admits()
        (breaker.failed if outcome == "x" else breaker.succeeded)()


@pytest.mark.parametrize(
    "outcomes",
    [
        pytest.param("xxxx.xxxx.", id="four in a row"),
        pytest.param("xxx.xxx.", id="more than half of few"),
        pytest.param(".xx.x.x.x.x.x.x....x", id="below half of twenty"),
    ],
)
def test_stays_closed(outcomes: str) -> None:
    breaker = Breaker(Clock())
    feed(breaker, outcomes)
    assert not breaker.is_open
    assert breaker.admits()


@pytest.mark.parametrize(
    "outcomes",
    [
        pytest.param("x" * IN_A_ROW, id="five in a row"),
        pytest.param(".x" * (LOOKED_AT // 2), id="half of the last twenty"),
        pytest.param("." * 30 + ".x" * (LOOKED_AT // 2), id="half of the last twenty, after good ones"),
    ],
)
def test_opens(outcomes: str) -> None:
    breaker = Breaker(Clock())
    feed(breaker, outcomes)
    assert breaker.is_open
    assert not breaker.admits()


def opened() -> tuple[Breaker, Clock]:
    clock = Clock()
    breaker = Breaker(clock)
    feed(breaker, "x" * IN_A_ROW)
    return breaker, clock


def test_one_probe_after_half_a_minute_and_no_second_beside_it() -> None:
    breaker, clock = opened()
    clock.now = OPEN_S - 0.001
    assert not breaker.admits()
    clock.now = OPEN_S
    assert breaker.admits()
    assert not breaker.admits()


def test_a_good_probe_closes_and_forgets() -> None:
    breaker, clock = opened()
    clock.now = OPEN_S
    feed(breaker, ".")
    assert not breaker.is_open
    feed(breaker, "xxxx")
    assert not breaker.is_open


def test_a_bad_probe_opens_for_another_half_minute() -> None:
    breaker, clock = opened()
    clock.now = OPEN_S
    feed(breaker, "x")
    assert not breaker.admits()
    clock.now = 2 * OPEN_S - 0.001
    assert not breaker.admits()
    clock.now = 2 * OPEN_S
    assert breaker.admits()
