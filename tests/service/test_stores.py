"""One contract, three keepers: the file, dynalite, and moto behind one lock."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from s2r_service.store import Store, StoreError
from s2r_service.store.dynamo import DynamoStore, Tables
from s2r_service.store.embedded import EmbeddedStore
from tests.service.callers import KEYS, SCRIPT, SECRET, Asked, ask, convert, deployment, envelope, nonce, told
from tests.service.stores import dynalite, made, moto

TTL = 4_000_000_000
Counter = dict[str, Any]


@pytest.fixture(scope="module", params=["file", "dynalite", "moto"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    if request.param == "file":
        yield EmbeddedStore(tmp_path_factory.mktemp("store") / "s2r.sqlite3")
        return
    with (dynalite if request.param == "dynalite" else moto)() as address:
        yield DynamoStore(made(address), Tables())


@pytest.fixture
def key() -> str:
    return f"k#{nonce()}"


def test_nothing_is_there_before_it_is_written(store: Store, key: str) -> None:
    assert store.get(key) is None
    assert store.turns(key) == ()


def test_an_item_survives_whole(store: Store, key: str) -> None:
    item = {
        "pk": key,
        "own": "a",
        "lease": 2**53,
        "res": bytes(range(256)),
        "holds": frozenset({"é", "b"}),
        "ttl": TTL,
    }
    assert store.put(item)
    assert store.get(key) == item


def test_a_second_put_of_the_same_key_is_refused(store: Store, key: str) -> None:
    assert store.put({"pk": key, "own": "a", "ttl": TTL})
    assert not store.put({"pk": key, "own": "b", "ttl": TTL})
    assert (store.get(key) or {})["own"] == "a"


def test_only_the_owner_replaces_and_deletes(store: Store, key: str) -> None:
    assert not store.put({"pk": key, "own": "b", "ttl": TTL}, expect="a"), "there is none yet"
    assert store.put({"pk": key, "own": "a", "ttl": TTL})
    assert store.put({"pk": key, "own": "b", "ttl": TTL}, expect="a")
    assert not store.put({"pk": key, "own": "c", "ttl": TTL}, expect="a")
    store.delete(key, own="a")
    assert store.get(key) is not None
    store.delete(key, own="b")
    store.delete(key, own="b")
    assert store.get(key) is None


def test_the_first_charge_of_a_new_counter_is_admitted(store: Store, key: str) -> None:
    assert store.charge(key, "r1", amount=1, limit=2, ttl=TTL) == 1
    assert store.charge(key, "r2", amount=1, limit=2, ttl=TTL) == 2
    assert store.charge(key, "r3", amount=1, limit=2, ttl=TTL) is None
    assert store.get(key) == {"pk": key, "n": 2, "holds": frozenset({"r1", "r2"}), "ttl": TTL}


def test_a_limit_of_nothing_or_less_than_the_amount_admits_nobody(store: Store, key: str) -> None:
    assert store.charge(key, "r", amount=1, limit=0, ttl=TTL) is None
    assert store.charge(key, "r", amount=6_001, limit=6_000, ttl=TTL) is None
    assert store.get(key) is None


def test_a_charge_and_its_refund_happen_once_each(store: Store, key: str) -> None:
    assert store.charge(key, "r1", amount=1, limit=9, ttl=TTL) == 1
    assert store.charge(key, "r1", amount=1, limit=9, ttl=TTL) is None, "B08: an SDK may repeat it"
    assert store.release(key, "r1", add=-1)
    assert not store.release(key, "r1", add=-1)
    assert not store.release(key, "never", add=-1)
    assert (store.get(key) or {})["n"] == 0


def test_amounts_are_reserved_and_settled(store: Store, key: str) -> None:
    assert store.charge(key, "r1:6000", amount=6000, limit=10_000, ttl=TTL) == 6000
    assert store.charge(key, "r2:6000", amount=6000, limit=10_000, ttl=TTL) is None
    assert store.release(key, "r1:6000", add=9_000 - 6000), "R-09: used more than reserved, and it counts"
    assert (store.get(key) or {})["n"] == 9_000


def test_turns_come_in_order_and_once(store: Store, key: str) -> None:
    for stamp in ("2", "1", "2"):
        store.add_turn(key, stamp, {"client": "ci", "said": stamp.encode(), "ttl": TTL})
    assert [turn["said"] for turn in store.turns(key)] == [b"1", b"2"]
    assert store.turns(key + "x") == ()


def test_at_most_the_limit_is_admitted_whatever_the_concurrency(store: Store, key: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        values = list(pool.map(lambda n: store.charge(key, f"r{n}", amount=1, limit=40, ttl=TTL), range(120)))
    assert sorted(value for value in values if value is not None) == list(range(1, 41))


def test_one_of_many_puts_wins(store: Store, key: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda n: store.put({"pk": key, "own": str(n), "ttl": TTL}), range(64)))
    assert sum(won) == 1


@pytest.mark.parametrize("limit", [0, 1, 25])
def test_exactly_the_limit_of_conversions_is_answered(store: Store, limit: int) -> None:
    """R-03 in small, through the whole core: see the slow test for 2,000 at limit 500."""
    kid = f"c{limit}-{nonce()[-6:]}"
    key = KEYS.keys["ci-1"]._replace(kid=kid, client=kid)
    parts = deployment(store, keys=KEYS._replace(keys={kid: key}), daily_limit=limit)
    scripts = [f"#!/bin/sh\n#SBATCH -n 1\ntrue {n}\n" for n in range(limit + 15)]
    asked = [ask(envelope(script=script, kid=kid), secret=SECRET, kid=kid) for script in scripts]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda request: told(request, parts), asked))
    assert answers.count("200") == limit
    assert answers.count("quota-exceeded") == 15


def test_copies_of_one_request_reach_the_conversion_once(store: Store) -> None:
    request = convert(idem=nonce())
    barrier = threading.Barrier(8)

    def ask_at_once(_: int) -> str:
        barrier.wait()
        return told(request, parts)

    parts = deployment(store)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask_at_once, range(8)))
    assert sorted(answers) == ["200"] + ["replayed-signature"] * 7


@pytest.mark.slow
def test_moto_without_its_lock_is_found_out() -> None:
    """Row 7, F-47: were this test to pass with a store whose writes race, the tests above would show nothing."""
    with moto("racing") as address:
        store = DynamoStore(made(address), Tables())
        for run in range(10):
            with ThreadPoolExecutor(32) as pool:
                values = pool.map(
                    lambda n, run=run: store.charge(f"race{run}", f"r{n}", amount=1, limit=100, ttl=TTL), range(400)
                )
                admitted = [value for value in values if value is not None]
            if sorted(admitted) != list(range(1, 101)):
                print(f"run {run + 1}: {len(admitted)} admitted, {len(set(admitted))} different values")
                return
    pytest.fail("ten runs without a violation: this machine shows no race, and the other tests prove nothing here")


# --- the file ----------------------------------------------------------------------------------------------


def test_the_file_survives_a_restart_and_is_shared(tmp_path: Path) -> None:
    one, two = EmbeddedStore(tmp_path / "s"), EmbeddedStore(tmp_path / "s")
    assert one.charge("q", "r1", amount=1, limit=2, ttl=TTL) == 1
    assert two.charge("q", "r2", amount=1, limit=2, ttl=TTL) == 2
    one.close()
    assert (EmbeddedStore(tmp_path / "s").get("q") or {})["n"] == 2


def test_expired_items_are_swept(tmp_path: Path) -> None:
    times = iter([1000.0, 1000.0, 1000.0, 5000.0])
    store = EmbeddedStore(tmp_path / "s", now=lambda: next(times))
    assert store.put({"pk": "a", "own": "x", "ttl": 2000})
    assert store.put({"pk": "b", "own": "x", "ttl": 9000})
    assert store.get("a") is not None
    assert store.get("a") is None


def test_a_file_that_is_none_closes_the_service(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"no database" * 100)
    with pytest.raises(StoreError):
        EmbeddedStore(tmp_path / "s")


def test_a_store_that_is_closed_closes_the_service() -> None:
    store = EmbeddedStore()
    store.close()
    assert told(convert(), deployment(store)) == "store-unavailable"


# --- DynamoDB ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with dynalite() as found:
        yield found


@pytest.mark.parametrize(
    "item",
    [
        {"n": {"S": "text"}},
        {"n": {"N": "1.5"}, "holds": {"SS": ["x"]}},
        {"n": {"N": "1"}, "holds": {"S": "x"}},
        {"n": {"N": "1"}, "holds": {"N": "5"}},
    ],
    ids=["text", "a half", "holds as text", "holds as number"],
)
def test_a_counter_that_is_none_admits_nobody(address: str, item: dict[str, Any]) -> None:
    kid = f"c{nonce()[-6:]}"
    key = KEYS.keys["ci-1"]._replace(kid=kid)
    client = made(address)
    client.put_item(TableName="s2r-service", Item={"pk": {"S": f"q#key#{kid}#2025-11-20"}, **item})
    model = Asked()
    parts = deployment(DynamoStore(client, Tables()), keys=KEYS._replace(keys={kid: key}), model=model)
    assert told(ask(envelope(script=SCRIPT, kid=kid), kid=kid), parts) == "store-unavailable"
    assert model.calls == 0


def test_a_counter_without_ttl_or_with_many_holds_goes_on(address: str, key: str) -> None:
    client = made(address)
    holds = [f"hold-{n:05d}" for n in range(10_000)]
    client.put_item(TableName="s2r-service", Item={"pk": {"S": key}, "n": {"N": "3"}, "holds": {"SS": holds}})
    store = DynamoStore(client, Tables())
    assert store.charge(key, "r", amount=1, limit=10, ttl=TTL) == 4
    assert (store.get(key) or {})["ttl"] == TTL


def test_the_table_of_the_first_s2r_is_used_with_its_own_names(address: str) -> None:
    client = made(address)
    store = DynamoStore(client, Tables())
    day = "ip#203.0.113.9#2025-11-20"
    client.put_item(
        TableName="s2r-rate-limits", Item={"ip_date": {"S": "203.0.113.9#2025-11-20"}, "request_count": {"N": "7"}}
    )
    assert store.charge(day, "r", amount=1, limit=8, ttl=TTL) == 8
    assert store.charge(day, "s", amount=1, limit=8, ttl=TTL) is None
    assert (store.get(day) or {})["n"] == 8
    row = client.get_item(TableName="s2r-rate-limits", Key={"ip_date": {"S": "203.0.113.9#2025-11-20"}})["Item"]
    assert row["request_count"] == {"N": "8"}
    assert row["ttl"] == {"N": str(TTL)}
    assert store.release(day, "r", add=-1)


def test_a_table_that_is_not_there_closes_the_service(address: str) -> None:
    parts = deployment(DynamoStore(made(address), Tables(main="elsewhere")))
    assert told(convert(), parts) == "store-unavailable"
