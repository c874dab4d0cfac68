"""Exactly one charge for one conversion, whatever is lost, repeated or killed.

This is the protocol and nothing else: a generator that yields the steps it wants done (a write, a read, the
conversion itself) and is sent what came of each. ``drive`` runs it against a store; the tests run it against every
interleaving of three clients with lost answers and crashes between any two steps, because it is the same code.

A conversion's record is RUN while somebody works on it, FAIL while its charges are given back, DONE with the answer.
``own`` names the attempt that holds it, and its state: whoever has read a record can replace that very one only. A
record whose lease has passed may be taken over, with its ``rid`` and its ``day``: then the holds of the dead attempt
are found again instead of being charged a second time. So nobody touches a counter unless the lease has ten more
seconds: a write that is sent arrives within these, or never.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, Final, NamedTuple

from s2r_service.store import Item, Store

DAY_S: Final = 86_400
KEPT_S: Final = 3 * DAY_S  # counters, after their day
RECORD_S: Final = DAY_S
CLAIM_S: Final = 600  # a timestamp may lie 300 s ahead, and is then good for 300 s more
LEASE_AFTER_S: Final = 2  # beyond the request's own deadline
WRITE_MS: Final = 10_000  # a write reaches the store within this, or never: three attempts of 1 s and 2 s
GIVING_BACK_MS: Final = 30_000  # the lease of who gives charges back

RUN, FAIL, DONE = "RUN", "FAIL", "DONE"


# --- steps -------------------------------------------------------------------------------------------------


class Get(NamedTuple):
    """Read an item. Sent back: the item, or None."""

    pk: str


class Put(NamedTuple):
    """Write an item. Sent back: whether it was written."""

    item: Item
    expect: str | None = None


class Delete(NamedTuple):
    """Delete an item of this owner."""

    pk: str
    own: str


class Charge(NamedTuple):
    """Charge a counter. Sent back: its value, or None."""

    pk: str
    hold: str
    amount: int
    limit: int
    ttl: int


class Release(NamedTuple):
    """Take a hold off a counter. Sent back: whether it was there."""

    pk: str
    hold: str
    add: int


class AddTurn(NamedTuple):
    """Remember a turn."""

    session: str
    timestamp: str
    item: Item


class Now(NamedTuple):
    """Sent back: milliseconds since 1970."""


class Work(NamedTuple):
    """The conversion itself. Sent back: a ``Worked``; nothing is raised."""

    rid: str
    day: str


Step = Get | Put | Delete | Charge | Release | AddTurn | Now | Work


# --- what goes in and comes out ----------------------------------------------------------------------------


class Count(NamedTuple):
    """One counter of the day and its limit. ``amount`` of requests is 1; of tokens, the worst case."""

    name: str  # q#key#KID, q#repo#ID, tok; the day is put behind it
    limit: int
    amount: int = 1
    refused: str = "quota-exceeded"


class Asked(NamedTuple):
    """One conversion, authenticated."""

    mac: str
    then_s: int  # of the timestamp
    own: str  # 128 random bits of this attempt
    rid: str  # 128 random bits, kept where this attempt is the first
    record: str  # pk
    content: str  # digest
    counts: Sequence[Count]
    deadline_ms: int


class Worked(NamedTuple):
    """What the conversion gave. ``problem`` is empty where it gave an answer; then ``result`` is what to keep of it."""

    result: bytes = b""
    problem: str = ""
    tokens: int = 0
    turn: AddTurn | None = None


class Outcome(NamedTuple):
    """How a conversion ended. ``problem`` is empty for an answer, fresh or (``replay``) kept."""

    problem: str = ""
    result: bytes = b""
    replay: bool = False
    wait_s: int = 0  # of in-progress
    used: int | None = None  # of the first counter
    rid: str = ""


Steps = Generator[Step, Any, Outcome]
_Part = Generator[Step, Any, Any]


def day_of(now_ms: int) -> str:
    """The day, in UTC whatever the machine's zone is.

    >>> day_of(1763650000000), day_of(1763683199999), day_of(1763683200000)
    ('2025-11-20', '2025-11-20', '2025-11-21')
    """
    from datetime import UTC, datetime

    return datetime.fromtimestamp(now_ms // 1000, UTC).strftime("%Y-%m-%d")


def seconds_left(now_ms: int) -> int:
    """Whole seconds to the next midnight in UTC, at least 1."""
    return max(1, DAY_S - now_ms // 1000 % DAY_S)


# --- the protocol ------------------------------------------------------------------------------------------


def claim(asked: Asked) -> _Part:
    """Use up a MAC. Sent out: whether it was new. The claim outlives the window in which the MAC could pass."""
    until = asked.then_s + CLAIM_S
    pk = f"sig#{asked.mac}"
    if (yield Put({"pk": pk, "own": asked.own, "exp": until, "ttl": until + DAY_S})):
        return True
    there = yield Get(pk)
    return there is not None and there.get("own") == asked.own  # our own write, repeated after a lost answer


def converted(asked: Asked) -> Steps:
    """Claim, record, charge, work, keep, settle: steps 9 to 13 of a conversion."""
    if not (yield from claim(asked)):
        return Outcome("replayed-signature")
    opened = yield from _open(asked)
    if isinstance(opened, Outcome):
        return opened
    used = yield from _charge_all(asked, opened)
    if isinstance(used, Outcome):
        return used
    worked: Worked = yield Work(opened["rid"], opened["day"])
    if worked.problem:
        yield from _give_back(asked, opened, asked.counts, worked.tokens)
        return Outcome(worked.problem, used=used, rid=opened["rid"])
    return (yield from _keep(asked, opened, worked, used))


def _open(asked: Asked) -> _Part:
    """The record, ours; or the outcome that what is there means."""
    now_ms = yield Now()
    fresh = _record(asked, asked.rid, day_of(now_ms), now_ms)
    if (yield Put(fresh)):
        return fresh
    there = yield Get(asked.record)
    if there is None:
        return Outcome("in-progress", wait_s=1)  # it was there a moment ago: its owner has just given it up
    if there.get("own") == asked.own:
        return fresh
    if there["st"] == DONE and there["exp"] * 1000 >= now_ms:
        if there["ph"] != asked.content:
            return Outcome("idempotency-key-reused")
        return Outcome(result=there["res"], replay=True, rid=there["rid"])
    if there["st"] != DONE and there["lease"] >= now_ms:
        if there["ph"] != asked.content:
            return Outcome("idempotency-key-reused")
        return Outcome("in-progress", wait_s=max(1, -(-(there["lease"] - now_ms) // 1000)))
    return (yield from _take_over(asked, there, fresh, now_ms))


def _take_over(asked: Asked, there: Item, fresh: Item, now_ms: int) -> _Part:
    """A dead attempt's record with its ``rid`` and day, so that its charges are found; an expired one anew."""
    ours = fresh
    if there["st"] != DONE and there["ph"] == asked.content:
        ours = _record(asked, there["rid"], there["day"], now_ms)
    if (yield from _replace(ours, there["own"])):
        return ours
    return Outcome("in-progress", wait_s=1)


def _replace(item: Item, expect: str) -> _Part:
    """Put an item in the place of another. Sent out: whether it is there now, also where an SDK sent the put twice."""
    if (yield Put(item, expect)):
        return True
    there = yield Get(item["pk"])
    return there is not None and there.get("own") == item["own"]


def _record(asked: Asked, rid: str, day: str, now_ms: int) -> dict[str, Any]:
    until = now_ms // 1000 + RECORD_S
    return {
        "pk": asked.record,
        "st": RUN,
        "own": asked.own,
        "rid": rid,
        "day": day,
        "ph": asked.content,
        "lease": asked.deadline_ms + LEASE_AFTER_S * 1000,
        "exp": until,
        "ttl": until + DAY_S,
    }


def _hold(rid: str, count: Count) -> str:
    return rid if count.amount == 1 else f"{rid}:{count.amount}"


def _key(count: Count, day: str) -> str:
    return f"{count.name}#{day}"


def _charge_all(asked: Asked, record: Item) -> _Part:
    """Every counter in order; a refusal gives back what was taken before it. Sent out: the first counter's value."""
    first: int | None = None
    for number, count in enumerate(asked.counts):
        now_ms = yield Now()
        if now_ms > record["lease"] - WRITE_MS:
            return Outcome("store-unavailable")  # so slow that another may take the record over meanwhile
        hold, pk = _hold(record["rid"], count), _key(count, record["day"])
        ttl = now_ms // 1000 + KEPT_S
        used = yield Charge(pk, hold, count.amount, count.limit, ttl)
        if used is None:
            there = (yield Get(pk)) or {}
            if not isinstance(there.get("n", 0), int):
                return Outcome("store-unavailable")  # no counter of ours: nobody is admitted, and an operator looks
            if hold not in there.get("holds", ()):
                yield from _give_back(asked, record, asked.counts[:number], 0)
                return Outcome(count.refused, used=there.get("n", 0) if number == 0 else first)
            used = there["n"]
        first = used if number == 0 else first
    return first


def _give_back(asked: Asked, record: Item, counts: Sequence[Count], tokens: int) -> _Part:
    """Undo charges. The record says FAIL first, so that who takes it over later is sure that we are done or dead."""
    now_ms = yield Now()
    own = asked.own
    if counts:
        own = f"{asked.own}.{FAIL}"
        failing = {**record, "st": FAIL, "own": own, "lease": now_ms + GIVING_BACK_MS}
        if not (yield from _replace(failing, asked.own)):
            return  # taken over: the charges are the new owner's now
        for count in counts:
            if (yield Now()) > failing["lease"] - WRITE_MS:
                return  # whoever takes the record over finds the holds
            spent = tokens if count.amount != 1 else 0
            yield Release(_key(count, record["day"]), _hold(record["rid"], count), spent - count.amount)
    yield Delete(asked.record, own)


def _keep(asked: Asked, record: Item, worked: Worked, used: int | None) -> Steps:
    """The answer first, then the holds off: a crash in between leaves a hold behind, never a second charge."""
    if worked.turn is not None:
        yield worked.turn
    now_ms = yield Now()
    until = now_ms // 1000 + RECORD_S
    done = {
        **record,
        "st": DONE,
        "own": f"{asked.own}.{DONE}",
        "res": worked.result,
        "exp": until,
        "ttl": until + DAY_S,
    }
    if not (yield from _replace(done, asked.own)):
        return Outcome("in-progress", wait_s=1)  # the lease passed, and another works on it with our charge
    for count in asked.counts:
        spent = worked.tokens - count.amount if count.amount != 1 else 0
        yield Release(_key(count, record["day"]), _hold(record["rid"], count), spent)
    return Outcome(result=worked.result, used=used, rid=record["rid"])


# --- running it --------------------------------------------------------------------------------------------


def drive(
    steps: Generator[Step, Any, Any], store: Store, now_ms: Callable[[], int], work: Callable[[Work], Worked]
) -> Any:
    """Run steps against a store. Raises StoreError where the store does: the record's lease then does the rest."""
    answer: Any = None
    while True:
        try:
            step = steps.send(answer)
        except StopIteration as end:
            return end.value
        answer = _done(step, store, now_ms, work)


def _done(step: Step, store: Store, now_ms: Callable[[], int], work: Callable[[Work], Worked]) -> Any:
    match step:
        case Get(pk):
            return store.get(pk)
        case Put(item, expect):
            return store.put(item, expect=expect)
        case Delete(pk, own):
            return store.delete(pk, own=own)
        case Charge(pk, hold, amount, limit, ttl):
            return store.charge(pk, hold, amount=amount, limit=limit, ttl=ttl)
        case Release(pk, hold, add):
            return store.release(pk, hold, add=add)
        case AddTurn(session, timestamp, item):
            return store.add_turn(session, timestamp, item)
        case Now():
            return now_ms()
        case Work():
            return work(step)
