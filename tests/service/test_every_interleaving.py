"""Every interleaving of three clients with two attempts each: the invariants of the store hold in every state.

``interleavings`` says how; here is what has to hold, for whom it was tried, and that a store which forgets one of its
conditions is found out.
"""

from typing import Any, Final, NamedTuple

import pytest

from s2r_service.charging import Charge, Put, Release
from tests.service import interleavings
from tests.service.interleavings import DEFINITE, Items, Scene, World


class Explored(NamedTuple):
    """How much there was."""

    states: int
    transitions: int

    def __str__(self) -> str:
        return f"{self.states:,} states, {self.transitions:,} transitions"


def check(state: int, world: World) -> None:
    items = state >> world.place_of_items
    charged, results, holds = world.ledger(items)
    assert charged >= results, "I2: a result without a charge"
    fresh, ended = world.outcome(state & world.mask_of_attempts)
    if ended:
        faults = world.faults(state)
        assert fresh <= charged <= fresh + faults, "I4: charges that neither a result nor a fault explains"
        assert faults or not holds, "a hold is left, and nothing went wrong"
        assert set(world.ends(items, world.time(state))) <= set(DEFINITE), "I7: no result and no definite refusal"


def explored(scene: Scene, most_faults: int) -> Explored:
    """Enter every state that can be reached."""
    world = World(scene, most_faults)
    begin, transitions = world.begin(), 0
    seen, waiting = {begin}, [begin]
    while waiting:
        for after in world.following(waiting.pop()):
            transitions += 1
            if after not in seen:
                check(after, world)
                seen.add(after)
                waiting.append(after)
    return Explored(len(seen), transitions)


TWO: Final = {
    "one key, both good": Scene(("a", "a"), (False, False)),
    "one key, the first fails": Scene(("a", "a"), (True, False)),
    "two keys, one fails": Scene(("a", "b"), (True, False)),
    "a copy of the same octets": Scene(("a", "a"), (False, False), ("x", "x")),
}
THREE: Final = {
    "three keys": Scene(("a", "b", "c"), (False, False, False)),
    "two share a key": Scene(("a", "a", "b"), (True, False, False)),
    "all share a key": Scene(("a", "a", "a"), (True, False, False)),
}


@pytest.mark.parametrize("name", TWO)
def test_two_clients_keep_the_invariants_in_every_state(name: str) -> None:
    print(f"{name}: {explored(TWO[name], 1)} with one fault")


@pytest.mark.parametrize("name", THREE)
def test_three_clients_keep_the_invariants_where_nothing_fails(name: str) -> None:
    print(f"{name}: {explored(THREE[name], 0)} without a fault")


@pytest.mark.slow
@pytest.mark.parametrize("name", THREE)
def test_three_clients_keep_the_invariants_whatever_one_fault_happens(name: str) -> None:
    """Ten seconds in all: 76,606, 181,010 and 256,084 states."""
    print(f"{name}: {explored(THREE[name], 1)} with one fault")


@pytest.mark.slow
@pytest.mark.parametrize("name", TWO)
def test_two_clients_keep_the_invariants_whatever_two_faults_happen(name: str) -> None:
    print(f"{name}: {explored(TWO[name], 2)} with two faults")


@pytest.mark.slow
@pytest.mark.parametrize("name", THREE)
def test_three_clients_keep_the_invariants_whatever_two_faults_happen(name: str) -> None:
    """Row 8, the whole model: 2,319,973, 5,422,628 and 7,264,778 states in 208 CPU seconds of 300."""
    print(f"{name}: {explored(THREE[name], 2)} with two faults")


def forgetful(broken: str, items: Items, step: Any) -> tuple[Any, int] | None:
    """What a store answers that forgets one of its conditions; None where that condition is not asked."""
    match broken, step:
        case "a charge without a hold", Charge(pk, hold, amount, limit, _):
            there = items.get(pk, {"n": 0, "holds": frozenset()})
            items[pk] = {"n": min(limit, there["n"] + amount), "holds": there["holds"] | {hold}}
            return items[pk]["n"], items[pk]["n"] - there["n"]
        case "a refund without a hold", Release(pk, _, add) if add < 0 and pk in items:
            items[pk] = {**items[pk], "n": items[pk]["n"] + add}
            return True, add
        case "a claim that is always new", Put(item, None) if item["pk"].startswith("sig#"):
            items[item["pk"]] = dict(item)
            return True, 0
        case "a record that anybody replaces", Put(item, str()):
            items[item["pk"]] = dict(item)
            return True, 0
    return None


@pytest.mark.parametrize(
    ("broken", "scene"),
    [
        pytest.param("a charge without a hold", "one key, both good", id="a charge without a hold"),
        pytest.param("a refund without a hold", "one key, the first fails", id="a refund without a hold"),
        pytest.param("a claim that is always new", "a copy of the same octets", id="a claim that is always new"),
        pytest.param("a record that anybody replaces", "one key, both good", id="a record that anybody replaces"),
    ],
)
def test_a_store_that_forgets_a_condition_is_found_out(
    broken: str, scene: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = interleavings.applied

    def bad(items: Items, step: Any) -> tuple[Any, int]:
        return forgetful(broken, items, step) or good(items, step)

    monkeypatch.setattr(interleavings, "applied", bad)
    with pytest.raises(AssertionError):
        explored(TWO[scene], 1)


def test_a_limit_that_is_not_looked_at_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    good = interleavings.applied

    def bad(items: Items, step: Any) -> tuple[Any, int]:
        return good(items, step._replace(limit=99)) if isinstance(step, Charge) else good(items, step)

    monkeypatch.setattr(interleavings, "applied", bad)
    with pytest.raises(AssertionError, match="I3"):
        explored(THREE["three keys"], 0)
