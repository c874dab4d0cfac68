"""Every interleaving of three clients with two attempts each: the invariants of the store, one state at a time.

The code that runs is ``charging.converted`` itself: it yields its steps, and here a scheduler decides whose step is
next, whether its request or its answer is lost (to a process that dies with it, or to an SDK that sends the write
again), and whether midnight or the end of all leases comes in between. States that were seen are not entered again;
at most two faults happen in a run. Values are kept once and known by number, which is what makes millions possible.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

import pytest

from s2r_service import charging
from s2r_service.charging import (
    AddTurn,
    Asked,
    Charge,
    Count,
    Delete,
    Get,
    Now,
    Outcome,
    Put,
    Release,
    Work,
    Worked,
)

MIDNIGHT_MS: Final = 1763683200_000
BEGIN_MS: Final = MIDNIGHT_MS - 30_000
LEASE_MS: Final = 62_000
LIMIT: Final = 2
ENDED: Final = ("ok", "replay")

Pairs = tuple[tuple[str, Any], ...]
Items = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Scene:
    """Who asks for what: idempotency keys and MACs by client, and whose first attempt meets a failing model."""

    idems: tuple[str, ...]
    fails: tuple[bool, ...]
    macs: tuple[str, ...] = ("x", "y", "z")


class Attempt(NamedTuple):
    """One attempt of a client: what it was sent so far, and how it ended ("": it runs; dead, ok, replay, a problem)."""

    client: int
    number: int
    begun_ms: int
    sent: tuple[Any, ...] = ()
    last: str = ""


class Kept(NamedTuple):
    """An item that a client was sent, as a value."""

    pairs: Pairs


class State(NamedTuple):
    """Everything that decides what can happen next; items and attempts by their number in the scene."""

    items: int
    attempts: tuple[int, ...]  # the one that runs or ran last, by client; -1: none yet
    now_ms: int
    faults: int
    worked: tuple[str, ...]  # MACs whose conversion was begun


class Move(NamedTuple):
    """What one step of one attempt may come to."""

    items: int
    attempt: int
    faults: int = 0
    worked: str = ""


class World:
    """One scene, and all that was ever true in it, numbered."""

    def __init__(self, scene: Scene, most_faults: int) -> None:
        self.scene = scene
        self.most_faults = most_faults
        self._numbers: dict[Any, int] = {}
        self._values: list[Any] = []
        self.moves = lru_cache(maxsize=None)(self._moves)
        self.wanted = lru_cache(maxsize=None)(self._wanted)

    def number(self, value: Any) -> int:
        found = self._numbers.setdefault(value, len(self._values))
        if found == len(self._values):
            self._values.append(value)
        return found

    def attempt(self, number: int) -> Attempt:
        found: Attempt = self._values[number]
        return found

    def items(self, number: int) -> Items:
        return {pk: dict(pairs) for pk, pairs in self._values[number]}

    def keep(self, items: Items) -> int:
        return self.number(
            tuple(sorted((pk, tuple(sorted(item.items(), key=itemgetter(0)))) for pk, item in items.items()))
        )

    # --- whose turn it is

    def following(self, state: State) -> Iterator[State]:
        waiting = False
        for client, number in enumerate(state.attempts):
            attempt = self.attempt(number) if number >= 0 else None
            if attempt is not None and not attempt.last:
                waiting |= isinstance(self.wanted(number), Charge | Release)
                for move in self.moves(state.items, number, state.now_ms):
                    if state.faults + move.faults <= self.most_faults:
                        yield self._after(state, client, move)
            elif attempt is None or (attempt.number == 1 and attempt.last not in ENDED):
                begun = Attempt(client, 1 if attempt is None else 2, state.now_ms)
                yield self._after(state, client, Move(state.items, self.number(begun)))
        # The clock does not leap between a look at it and the write that this look permits: that is the assumption
        # that a write arrives within ten seconds, or never.
        if state.faults < self.most_faults and not waiting:
            for to_ms in (MIDNIGHT_MS + 1_000, state.now_ms + LEASE_MS + charging.GIVING_BACK_MS + 1_000):
                if to_ms > state.now_ms:
                    yield state._replace(now_ms=to_ms, faults=state.faults + 1)

    def _after(self, state: State, client: int, move: Move) -> State:
        return State(
            items=move.items,
            attempts=(*state.attempts[:client], move.attempt, *state.attempts[client + 1 :]),
            now_ms=state.now_ms,
            faults=state.faults + move.faults,
            worked=tuple(sorted((*state.worked, move.worked))) if move.worked else state.worked,
        )

    # --- one step of one attempt

    def asked(self, attempt: Attempt) -> Asked:
        who, idem = f"{attempt.client}.{attempt.number}", self.scene.idems[attempt.client]
        return Asked(
            mac=self.mac(attempt),
            then_s=BEGIN_MS // 1000,
            own=f"own{who}",
            rid=f"rid{who}",
            record=f"idem#{idem}",
            content=idem,
            counts=(Count("q", LIMIT),),
            deadline_ms=attempt.begun_ms + LEASE_MS - 2_000,
        )

    def mac(self, attempt: Attempt) -> str:
        return f"{self.scene.macs[attempt.client]}{attempt.number}"

    def _wanted(self, number: int) -> Any:
        """The step that an attempt wants now, or its Outcome: the generator, run again with what it was sent."""
        attempt = self.attempt(number)
        steps = charging.converted(self.asked(attempt))
        try:
            step = next(steps)
            for each in attempt.sent:
                step = steps.send(dict(each.pairs) if isinstance(each, Kept) else each)
        except StopIteration as end:
            return end.value
        return step

    def _sent(self, attempt: Attempt, answer: Any) -> int:
        kept = Kept(tuple(sorted(answer.items(), key=itemgetter(0)))) if isinstance(answer, dict) else answer
        number = self.number(attempt._replace(sent=(*attempt.sent, kept)))
        found = self.wanted(number)
        if isinstance(found, Outcome):
            last = found.problem or ("replay" if found.replay else "ok")
            return self.number(attempt._replace(sent=(), last=last))
        return number

    def _moves(self, items_number: int, number: int, now_ms: int) -> tuple[Move, ...]:
        attempt, step = self.attempt(number), self.wanted(number)
        if isinstance(step, Now):
            return (Move(items_number, self._sent(attempt, now_ms)),)
        if isinstance(step, Work):
            failing = self.scene.fails[attempt.client] and attempt.number == 1
            worked = Worked(problem="model-timeout") if failing else Worked(result=b"r")
            return (Move(items_number, self._sent(attempt, worked), worked=self.mac(attempt)),)
        items = self.items(items_number)
        answer, _ = applied(items, step)
        done = self.keep(items)
        found = [Move(done, self._sent(attempt, answer))]
        if not isinstance(step, Get):
            dead = self.number(attempt._replace(sent=(), last="dead"))
            found.append(Move(items_number, dead, faults=1))  # the request was lost, or it died before
            found.append(Move(done, dead, faults=1))  # it died after, and never saw the answer
            again, moved = applied(items, step)  # the answer was lost, and the SDK has sent the write again
            assert moved == 0, "a repeated write moves a counter"
            found.append(Move(self.keep(items), self._sent(attempt, again), faults=1))
        return tuple(found)


def applied(items: Items, step: Any) -> tuple[Any, int]:
    """What a step does to the items (in place) and is answered, and by how much a counter moved."""
    match step:
        case Get(pk):
            return dict(items[pk]) if pk in items else None, 0
        case Put(item, expect):
            there = items.get(item["pk"])
            if (there is not None) if expect is None else (there is None or there["own"] != expect):
                return False, 0
            assert isinstance(item["ttl"], int), "I10"
            items[item["pk"]] = dict(item)
            return True, 0
        case Delete(pk, own):
            if items.get(pk, {}).get("own") == own:
                del items[pk]
            return None, 0
        case Charge(pk, hold, amount, limit, _):
            there = items.get(pk, {"n": 0, "holds": frozenset()})
            if there["n"] > limit - amount or hold in there["holds"]:
                return None, 0
            items[pk] = {"n": there["n"] + amount, "holds": there["holds"] | {hold}}
            return items[pk]["n"], amount
        case Release(pk, hold, add):
            there = items.get(pk, {"holds": ()})
            if hold not in there["holds"]:
                return False, 0
            items[pk] = {"n": there["n"] + add, "holds": there["holds"] - {hold}}
            return True, add
        case AddTurn():
            return None, 0
    raise AssertionError(step)


# --- what holds in every state -----------------------------------------------------------------------------


def check(state: State, world: World) -> None:
    items = world.items(state.items)
    counters = [item for pk, item in items.items() if pk.startswith("q#")]
    attempts = [world.attempt(number) if number >= 0 else None for number in state.attempts]
    for item in counters:
        assert 0 <= item["n"] <= LIMIT, "I3: more than the limit, or less than nothing"
    assert len(set(state.worked)) == len(state.worked), "I1: a MAC was good for two conversions"
    fresh = [world.scene.idems[each.client] for each in attempts if each is not None and each.last == "ok"]
    assert len(set(fresh)) == len(fresh), "I2: two fresh results of one idempotency key"
    charged = sum(item["n"] for item in counters)
    assert charged >= sum(item.get("st") == charging.DONE for item in items.values()), (
        "I2: a result without a charge"
    )
    if all(each is not None and each.last for each in attempts):
        assert len(fresh) <= charged <= len(fresh) + state.faults, (
            "I4: charges that neither a result nor a fault explains"
        )
        if not state.faults:
            assert not any(item["holds"] for item in counters), "a hold is left, and nothing went wrong"


def explored(scene: Scene, most_faults: int) -> int:
    """Enter every state that can be reached; the number of states."""
    world = World(scene, most_faults)
    begin = State(world.keep({}), (-1,) * len(scene.idems), BEGIN_MS, 0, ())
    seen, waiting = {begin}, [begin]
    while waiting:
        for after in world.following(waiting.pop()):
            if after not in seen:
                check(after, world)
                seen.add(after)
                waiting.append(after)
    return len(seen)


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
    print(f"{name}: {explored(TWO[name], 1):,} states with one fault")


@pytest.mark.slow
@pytest.mark.parametrize("name", TWO)
def test_two_clients_keep_the_invariants_whatever_two_faults_happen(name: str) -> None:
    print(f"{name}: {explored(TWO[name], 2):,} states with two faults")


@pytest.mark.slow
@pytest.mark.parametrize("name", THREE)
def test_three_clients_keep_the_invariants_in_every_state(name: str) -> None:
    print(f"{name}: {explored(THREE[name], 2):,} states")


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
    good = applied
    monkeypatch.setitem(
        globals(), "applied", lambda items, step: forgetful(broken, items, step) or good(items, step)
    )
    with pytest.raises(AssertionError):
        explored(TWO[scene], 1)


def test_a_limit_that_is_not_looked_at_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    good = applied

    def bad(items: Items, step: Any) -> tuple[Any, int]:
        return good(items, step._replace(limit=99)) if isinstance(step, Charge) else good(items, step)

    monkeypatch.setitem(globals(), "applied", bad)
    with pytest.raises(AssertionError, match="I3"):
        explored(THREE["three keys"], 0)
