"""Every order in which clients of one service can run, entered one state at a time.

The code that runs is ``charging.converted`` itself: it yields its steps, and here a scheduler decides whose step is
next, whether its request or its answer is lost (to a process that dies with it, or to an SDK that sends the write
again), and whether midnight or the end of all leases comes in between. States that were seen are not entered again.

Four things make the whole of it small enough, and none of them leaves a state of the store out:

- A look at the clock, the conversion itself and the start of an attempt touch nothing that others see: they happen
  together with the step beside them. Only a leap of the clock tells the orders apart, so at a leap every subset of
  those who may look has looked just before.
- Two histories of an attempt that left its generator at the same place with the same values are one.
- The claim of a MAC that nobody else can use is forgotten when its attempt is past it.
- A state is one number, made of the numbers of its parts.

What a step may come to depends on the items, its attempt and the clock alone, so it is worked out once and kept as
what it adds to the number of a state: a transition is an addition and a look into a set.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations
from operator import itemgetter
from types import GeneratorType
from typing import Any, Final, NamedTuple

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
DEFINITE: Final = ("ok", "replay", "quota-exceeded", "model-timeout")
_BITS: Final = 24
_MASK: Final = (1 << _BITS) - 1  # of every number in a state; a world with more numbers than that says so

Items = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Scene:
    """Who asks for what: idempotency keys and MACs by client, and whose first attempt meets a failing model."""

    idems: tuple[str, ...]
    fails: tuple[bool, ...]
    macs: tuple[str, ...] = ("x", "y", "z")

    def alone(self, client: int) -> bool:
        """Whether nobody else sends the octets that this client sends."""
        return self.macs[: len(self.idems)].count(self.macs[client]) == 1


class Attempt(NamedTuple):
    """One attempt of a client. ``last``: "" it runs; ready: it has not begun; ok; over: ended in another way, and its
    client has no further attempt. ``worked``: its conversion was begun.
    """

    client: int
    number: int
    begun_ms: int = 0
    sent: tuple[Any, ...] = ()
    last: str = ""
    worked: bool = False


class Kept(NamedTuple):
    """An item that a client was sent, as a value."""

    pairs: tuple[tuple[str, Any], ...]


class Move(NamedTuple):
    """What one step of one attempt may come to: what it adds to the number of a state, its faults included."""

    shift: int
    faults: int
    worked: int  # the bit of a MAC that others have too, and whose conversion was begun by this step


class World:
    """One scene, and all that was ever true in it, numbered."""

    def __init__(self, scene: Scene, most_faults: int) -> None:
        self.scene = scene
        self.most_faults = most_faults
        self._numbers: dict[Any, int] = {}
        self._values: list[Any] = []
        self.looked = lru_cache(maxsize=None)(self._looked)
        self.look = lru_cache(maxsize=None)(self._look)
        self.wanted = lru_cache(maxsize=None)(self._wanted)
        self.sent = lru_cache(maxsize=None)(self._sent)
        self.done = lru_cache(maxsize=None)(self._done)
        self.touched = lru_cache(maxsize=None)(self._touched)
        self.step = lru_cache(maxsize=None)(self._step)
        self.claim = lru_cache(maxsize=None)(self._claim)
        self.ledger = lru_cache(maxsize=None)(self._ledger)
        self.ends = lru_cache(maxsize=None)(self._ends)
        self.moves = lru_cache(maxsize=None)(self._moves)
        self.leaps = lru_cache(maxsize=None)(self._leaps)
        self.outcome = lru_cache(maxsize=None)(self._outcome)
        clients = len(scene.idems)
        self._places = tuple(_BITS * at for at in range(clients))  # of the attempts, in a state's number
        self._worked, self._faults, self._now, self.place_of_items = (_BITS * (clients + at) for at in range(4))
        self.mask_of_attempts = (1 << self._worked) - 1

    def begin(self) -> int:
        ready = (self.number(Attempt(client, 1, last="ready")) for client in range(len(self.scene.idems)))
        attempts = sum(number << place for number, place in zip(ready, self._places, strict=True))
        return self.number(()) << self.place_of_items | self.number(BEGIN_MS) << self._now | attempts

    def time(self, state: int) -> int:
        """The number of the time in a state."""
        return state >> self._now & _MASK

    def faults(self, state: int) -> int:
        """How much has gone wrong on the way to a state."""
        return state >> self._faults & _MASK

    def number(self, value: Any, key: Any = None) -> int:
        """The number of a value; of values with one key, the first that came stands for all."""
        found = self._numbers.setdefault((type(value), value if key is None else key), len(self._values))
        if found == len(self._values):
            assert found < 1 << _BITS
            self._values.append(value)
        return found

    def value(self, number: int) -> Any:
        return self._values[number]

    def attempt(self, number: int) -> Attempt:
        found: Attempt = self._values[number]
        return found

    def items(self, number: int) -> Items:
        return {pk: dict(self.value(item)) for pk, item in self.value(number)}

    def _item(self, number: int, pk: str) -> int:
        """The number of an item; -1 where there is none."""
        return next((item for name, item in self.value(number) if name == pk), -1)

    def _with(self, number: int, pk: str, item: int) -> int:
        """The items with another in the place of one; -1 takes it away."""
        others = [each for each in self.value(number) if each[0] != pk]
        return self.number(tuple(sorted([*others, (pk, item)] if item >= 0 else others)))

    # --- whose turn it is

    def following(self, state: int) -> Iterator[int]:
        """The states that one step, or one leap of the clock, can make of this one."""
        items, now, worked = state >> self.place_of_items, state >> self._now & _MASK, state >> self._worked & _MASK
        left = self.most_faults - (state >> self._faults & _MASK)
        for place in self._places:
            for shift, faults, bit in self.moves(items, state >> place & _MASK, now):
                if faults <= left:
                    assert not worked & bit, "I1: a MAC was good for two conversions"
                    yield state + shift
        if left:
            for shift in self.leaps(now, state & self.mask_of_attempts):
                yield state + shift

    def _attempts(self, packed: int) -> list[int]:
        return [packed >> place & _MASK for place in self._places]

    def _leaps(self, now: int, packed: int) -> tuple[int, ...]:
        """What a leap of the clock may come to, while anybody runs: what it adds to the number of a state."""
        attempts = self._attempts(packed)
        if all(self.attempt(number).last in ("ok", "over") for number in attempts):
            return ()
        looks = [
            self.look(number, now) - number << place
            for number, place in zip(attempts, self._places, strict=True)
            if self.looked(number, now) is not None
        ]
        now_ms = self.value(now)
        later = [
            self.number(to_ms) - now << self._now
            for to_ms in (MIDNIGHT_MS + 1_000, now_ms + LEASE_MS + charging.GIVING_BACK_MS + 1_000)
            if to_ms > now_ms
        ]
        subsets = chain.from_iterable(combinations(looks, size) for size in range(len(looks) + 1))
        return tuple(sum(looking) + to + (1 << self._faults) for looking in subsets for to in later)

    def _looked(self, number: int, now: int) -> int | None:
        """The attempt after a look at the clock alone. None: it wants none, or the write that the look permits is
        sent at once, for a write that is sent arrives within ten seconds or never.
        """
        after = self.look(number, now)
        stays = after == number or self.attempt(after).last or isinstance(self.wanted(after), Charge | Release)
        return None if stays else after

    def _look(self, number: int, now: int) -> int:
        """Begin an attempt that is ready, and give it the time as often as it asks."""
        attempt = self.attempt(number)
        if attempt.last == "ready":
            number = self._numbered(attempt._replace(last="", begun_ms=self.value(now)))
        while not self.attempt(number).last and isinstance(self.wanted(number), Now):
            number = self.sent(number, now)
        return number

    # --- one step of one attempt

    def asked(self, attempt: Attempt) -> Asked:
        who, idem = f"{attempt.client}.{attempt.number}", self.scene.idems[attempt.client]
        return Asked(
            mac=f"{self.scene.macs[attempt.client]}{attempt.number}",
            then_s=BEGIN_MS // 1000,
            own=f"own{who}",
            rid=f"rid{who}",
            record=f"idem#{idem}",
            content=idem,
            counts=(Count("q", LIMIT),),
            deadline_ms=attempt.begun_ms + LEASE_MS - 2_000,
        )

    def _run(self, attempt: Attempt) -> tuple[Any, Generator[Any, Any, Any]]:
        """What an attempt wants now, or its Outcome, and its generator, run again with what it was sent."""
        steps = charging.converted(self.asked(attempt))
        try:
            step: Any = next(steps)
            for each in attempt.sent:
                step = steps.send(dict(each.pairs) if isinstance(each, Kept) else each)
        except StopIteration as end:
            return end.value, steps
        return step, steps

    def _wanted(self, number: int) -> Any:
        """The next step of an attempt that runs."""
        return self._run(self.attempt(number))[0]

    def _sent(self, number: int, answer: int) -> int:
        """The attempt after an answer, and after the conversion if that comes next."""
        attempt = self.attempt(number)
        attempt = attempt._replace(sent=(*attempt.sent, self.value(answer)))
        if isinstance(self._run(attempt)[0], Work):
            assert not attempt.worked, "I1: a MAC was good for two conversions"
            failing = self.scene.fails[attempt.client] and attempt.number == 1
            worked = Worked(problem="model-timeout") if failing else Worked(result=b"r")
            attempt = attempt._replace(worked=True, sent=(*attempt.sent, worked))
        return self._numbered(attempt)

    def _numbered(self, attempt: Attempt) -> int:
        """The number of an attempt that runs, or of what is left of one that has ended."""
        found, steps = self._run(attempt)
        if isinstance(found, Outcome):
            good = not found.problem and not found.replay
            return self._ended(attempt, "ok" if good else "done" if found.replay else "problem")
        key = (attempt.client, attempt.number, attempt.begun_ms, attempt.worked, standing(steps))
        return self.number(attempt, key)

    def _ended(self, attempt: Attempt, how: str) -> int:
        if how in ("ok", "done") or attempt.number == 2:
            return self.number(Attempt(attempt.client, 2, last="ok" if how == "ok" else "over"))
        return self.number(Attempt(attempt.client, 2, last="ready"))

    def _moves(self, items: int, number: int, now: int) -> tuple[Move, ...]:
        """What the next step of an attempt may come to."""
        return tuple(self._stepped(items, number, now)) if self.attempt(number).last not in ("ok", "over") else ()

    def _stepped(self, items: int, number: int, now: int) -> Iterator[Move]:
        def move(to_items: int, attempt: int, faults: int = 0, worked: int = 0) -> Move:
            place = self._places[self.attempt(number).client]
            shift = (to_items - items << self.place_of_items) + (attempt - number << place)
            return Move(shift + (faults << self._faults) + (worked << self._worked), faults, worked)

        looked = self.look(number, now)
        if self.attempt(looked).last:
            yield move(items, looked)
            return
        step = self.wanted(looked)
        once, answer, twice, again = self.done(items, self.step(looked))
        after = self.sent(looked, answer)
        yield move(self._forgotten(once, looked, after), after, worked=self._begun(looked, after))
        if not isinstance(step, Get):
            dead = self._ended(self.attempt(looked), "dead")
            yield move(items, dead, 1)  # the request was lost, or it died before
            yield move(self._forgotten(once, looked, dead), dead, 1)  # it died after, and never saw the answer
            after = self.sent(looked, again)  # the answer was lost, and the SDK has sent the write again
            yield move(self._forgotten(twice, looked, after), after, 1, self._begun(looked, after))

    def _begun(self, before: int, after: int) -> int:
        """The bit of the MAC whose conversion was begun between these two; 0 where its attempt alone can use it."""
        attempt, later = self.attempt(before), self.attempt(after)
        if attempt.worked or not later.worked or self.scene.alone(attempt.client):
            return 0
        return 1 << 2 * self.scene.macs.index(self.scene.macs[attempt.client]) + attempt.number

    def _step(self, number: int) -> int:
        """The number of the step that an attempt wants."""
        step = self.wanted(number)
        return self.number(step, frozen(step))

    def _done(self, items: int, step_number: int) -> tuple[int, int, int, int]:
        """Items and answer after a step, and after the same step once more; by number. A step touches one item."""
        step = self.value(step_number)
        if isinstance(step, AddTurn):
            nothing = self.number(None)
            return items, nothing, items, nothing
        pk = step.item["pk"] if isinstance(step, Put) else step.pk
        once, answer, twice, again = self.touched(pk, self._item(items, pk), step_number)
        return self._with(items, pk, once), answer, self._with(items, pk, twice), again

    def _touched(self, pk: str, item: int, step_number: int) -> tuple[int, int, int, int]:
        """The item after a step, and after the same step once more."""
        items, step = {} if item < 0 else {pk: dict(self.value(item))}, self.value(step_number)

        def now() -> int:
            return self.number(frozen(items[pk])) if pk in items else -1

        answer, _ = applied(items, step)
        once = now()
        again, moved = applied(items, step)
        assert moved == 0, "a repeated write moves a counter"
        return once, self.number(kept(answer)), now(), self.number(kept(again))

    def _forgotten(self, items: int, before: int, after: int) -> int:
        """The items without a claim that is done with and that nobody else can make."""
        pk = self.claim(before, after)
        return self._with(items, pk, -1) if pk else items

    def _claim(self, before: int, after: int) -> str:
        """The claim that is done with between these two; empty where there is none."""
        attempt = self.attempt(before)
        if not self.scene.alone(attempt.client):
            return ""
        claim = f"sig#{self.asked(attempt).mac}"
        still = not self.attempt(after).last and isinstance(step := self.wanted(after), Get) and step.pk == claim
        return "" if still else claim

    # --- what comes of it in the end

    def _outcome(self, packed: int) -> tuple[int, bool]:
        """How many attempts have a fresh result, and whether all have ended."""
        attempts = [self.attempt(number) for number in self._attempts(packed)]
        fresh = [self.scene.idems[each.client] for each in attempts if each.last == "ok"]
        assert len(set(fresh)) == len(fresh), "I2: two fresh results of one idempotency key"
        return len(fresh), all(each.last in ("ok", "over") for each in attempts)

    def _ledger(self, items_number: int) -> tuple[int, int, int]:
        """What was charged on all days, how many results are kept, and how many holds are left."""
        items = self.items(items_number)
        counters = [item for pk, item in items.items() if pk.startswith("q#")]
        assert all(0 <= item["n"] <= LIMIT for item in counters), "I3: more than the limit, or less than nothing"
        results = sum(item.get("st") == charging.DONE for item in items.values())
        return sum(item["n"] for item in counters), results, sum(len(item["holds"]) for item in counters)

    def _ends(self, items_number: int, now: int) -> tuple[str, ...]:
        """I7: once all leases have passed, how one more attempt for each idempotency key ends, without a fault."""
        later = self.number(self.value(now) + 2 * LEASE_MS + charging.GIVING_BACK_MS)
        found = []
        for client in range(len(self.scene.idems)):
            items, sent = self.items(items_number), list[Any]()
            attempt = Attempt(client, 3, begun_ms=self.value(later))
            while not isinstance(step := self._run(attempt._replace(sent=tuple(sent)))[0], Outcome):
                match step:
                    case Now():
                        sent.append(self.value(later))
                    case Work():
                        sent.append(Worked(result=b"r"))
                    case _:
                        sent.append(kept(applied(items, step)[0]))
            found.append(step.problem or ("replay" if step.replay else "ok"))
            assert all(item["n"] <= LIMIT for pk, item in items.items() if pk.startswith("q#")), "I3, later"
        return tuple(found)


def kept(answer: Any) -> Any:
    """An answer as a value."""
    return Kept(tuple(sorted(answer.items(), key=itemgetter(0)))) if isinstance(answer, dict) else answer


def frozen(value: Any) -> Any:
    """A value that can be a key."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return (type(value).__name__, *map(frozen, value))
    if isinstance(value, dict):
        return tuple(sorted(((name, frozen(each)) for name, each in value.items()), key=itemgetter(0)))
    if isinstance(value, GeneratorType):
        return None  # stands in the chain of its own
    return value if not hasattr(value, "__next__") else None  # an iterator: what it gave last is a local beside it


def standing(steps: Any) -> tuple[Any, ...]:
    """Where a generator stands, and with what values: all that decides what it does from here on."""
    found: list[Any] = []
    while isinstance(steps, GeneratorType) and steps.gi_frame is not None:
        frame = steps.gi_frame
        found.append((steps.gi_code.co_name, frame.f_lasti, frozen(dict(frame.f_locals))))
        steps = steps.gi_yieldfrom
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
