"""The store in Amazon DynamoDB: two tables, single-item conditional writes, no transactions.

The SDK may repeat each of these writes after a lost answer: see ``s2r_service.store`` why that does no harm. A
condition that compares an attribute which is not there is false, hence ``attribute_not_exists(n) OR ...``.
``ttl`` is a reserved word and always spelled ``#ttl``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from s2r_service.model.breaker import Breaker
from s2r_service.store import Item, StoreError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CONNECT_S: Final = 1.0
READ_S: Final = 2.0
ATTEMPTS: Final = 3
POOL: Final = 64
_REFUSED: Final = "ConditionalCheckFailedException"
_LEGACY: Final = "ip#"  # counters of this kind live in the table of the first s2r
_MOST_TURNS: Final = 200


class Tables(NamedTuple):
    """Names of tables. ``legacy`` is that of the first s2r, with the key ``ip_date``."""

    main: str = "s2r-service"
    history: str = "s2r-history"
    legacy: str = "s2r-rate-limits"


class _Place(NamedTuple):
    """Where a key lives, and what its attributes are called there."""

    table: str
    key: str
    value: str
    counter: str  # name of the attribute that counts


def make_client(endpoint_url: str | None = None, *, region: str | None = None) -> DynamoDBClient:
    """A client with short timeouts. Three attempts are safe: every write may be repeated."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        max_pool_connections=POOL,
        tcp_keepalive=True,
    )
    return boto3.client("dynamodb", endpoint_url=endpoint_url, region_name=region, config=config)


class DynamoStore:
    """Keeps ``s2r_service.store.Store``. One serves many threads."""

    def __init__(
        self, client: DynamoDBClient, tables: Tables, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._tables = tables
        self._breaker = Breaker(clock)

    def get(self, pk: str) -> Item | None:
        """An item as it is now."""
        place = self._place(pk)
        found = self._ask(
            "get_item", TableName=place.table, Key={place.key: {"S": place.value}}, ConsistentRead=True
        )
        return _renamed(_item(found["Item"]), place, pk) if found and found.get("Item") else None

    def put(self, item: Item, *, expect: str | None = None) -> bool:
        """Write an item where none is, or where this owner's is."""
        asked: dict[str, Any] = {"TableName": self._tables.main, "Item": _attributes(item)}
        if expect is None:
            asked["ConditionExpression"] = "attribute_not_exists(pk)"
        else:
            asked["ConditionExpression"] = "own = :own"
            asked["ExpressionAttributeValues"] = {":own": {"S": expect}}
        return self._ask("put_item", **asked) is not None

    def delete(self, pk: str, *, own: str) -> None:
        """Delete an item of this owner."""
        self._ask(
            "delete_item",
            TableName=self._tables.main,
            Key={"pk": {"S": pk}},
            ConditionExpression="own = :own",
            ExpressionAttributeValues={":own": {"S": own}},
        )

    def charge(self, pk: str, hold: str, *, amount: int, limit: int, ttl: int) -> int | None:
        """Charge a counter once, within its limit."""
        place = self._place(pk)
        if limit < amount:
            return None  # the condition of an item that is not there yet would let it pass
        found = self._ask(
            "update_item",
            TableName=place.table,
            Key={place.key: {"S": place.value}},
            UpdateExpression="ADD #n :amount, holds :holds SET #ttl = :ttl",
            ConditionExpression=(
                "(attribute_not_exists(#n) OR #n <= :most) AND "
                "(attribute_not_exists(holds) OR NOT contains(holds, :hold))"
            ),
            ExpressionAttributeNames={"#n": place.counter, "#ttl": "ttl"},
            ExpressionAttributeValues={
                ":amount": {"N": str(amount)},
                ":most": {"N": str(limit - amount)},
                ":hold": {"S": hold},
                ":holds": {"SS": [hold]},
                ":ttl": {"N": str(ttl)},
            },
            ReturnValues="UPDATED_NEW",
        )
        return None if found is None else _whole(found["Attributes"][place.counter])

    def release(self, pk: str, hold: str, *, add: int) -> bool:
        """Take a hold off a counter."""
        place = self._place(pk)
        found = self._ask(
            "update_item",
            TableName=place.table,
            Key={place.key: {"S": place.value}},
            UpdateExpression="ADD #n :add DELETE holds :holds",
            ConditionExpression="contains(holds, :hold)",
            ExpressionAttributeNames={"#n": place.counter},
            ExpressionAttributeValues={
                ":add": {"N": str(add)},
                ":hold": {"S": hold},
                ":holds": {"SS": [hold]},
            },
        )
        return found is not None

    def add_turn(self, session: str, timestamp: str, item: Item) -> None:
        """Remember a turn."""
        keys = {"SessionId": session, "Timestamp": timestamp}
        self._ask("put_item", TableName=self._tables.history, Item=_attributes({**item, **keys}))

    def turns(self, session: str) -> tuple[Item, ...]:
        """The turns of a session, oldest first."""
        found = self._ask(
            "query",
            TableName=self._tables.history,
            KeyConditionExpression="SessionId = :session",
            ExpressionAttributeValues={":session": {"S": session}},
            ConsistentRead=True,
            Limit=_MOST_TURNS,
        )
        items = found["Items"] if found else []
        return tuple(
            {name: value for name, value in _item(each).items() if name not in ("SessionId", "Timestamp")}
            for each in items
        )

    def _place(self, pk: str) -> _Place:
        if pk.startswith(_LEGACY):
            return _Place(self._tables.legacy, "ip_date", pk.removeprefix(_LEGACY), "request_count")
        return _Place(self._tables.main, "pk", pk, "n")

    def _ask(self, operation: str, **asked: Any) -> dict[str, Any] | None:
        """One call; None where its condition did not hold. Everything else that goes wrong is a StoreError."""
        if not self._breaker.admits():
            raise StoreError("the store did not answer of late", where=operation)
        from botocore.exceptions import ClientError

        try:
            found: dict[str, Any] = getattr(self._client, operation)(**asked)
            _checked(operation, asked, found)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code == _REFUSED:
                self._breaker.succeeded()
                return None
            if code == "ValidationException":  # an item that is not ours says nothing about the store's health
                self._breaker.succeeded()
            else:
                self._breaker.failed()
            raise StoreError("the store refused", where=f"{operation}: {_word(code)}") from error
        except Exception as error:  # sockets, proxies, answers that are no JSON, wrong checksums
            self._breaker.failed()
            raise StoreError("the store did not answer", where=f"{operation}: {type(error).__name__}") from error
        self._breaker.succeeded()
        return found


def _checked(operation: str, asked: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Whether an answer is DynamoDB's at all: a proxy's page of JSON is none."""
    if operation == "query" and not isinstance(found.get("Items"), list):
        raise ValueError("no Items")
    if asked.get("ReturnValues") == "UPDATED_NEW" and "Attributes" not in found:
        raise ValueError("no Attributes")
    if "x-amzn-requestid" not in found.get("ResponseMetadata", {}).get("HTTPHeaders", {}):
        raise ValueError("no request id")


def _word(code: str) -> str:
    return code if re.fullmatch(r"[A-Za-z]{1,64}", code) else "?"


def _attributes(item: Item) -> dict[str, Any]:
    return {name: _attribute(value) for name, value in item.items()}


def _attribute(value: Any) -> dict[str, Any]:
    match value:
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
    return {"SS": sorted(value)}


def _item(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in attributes.items()}


def _value(attribute: Mapping[str, Any]) -> Any:
    match attribute:
        case {"S": text}:
            return text
        case {"N": _}:
            return _whole(attribute)
        case {"B": octets}:
            return bytes(octets)
        case {"SS": names}:
            return frozenset(names)
    raise StoreError("an item holds what the service did not write")


def _whole(attribute: Mapping[str, Any]) -> int:
    try:
        return int(attribute["N"])
    except (KeyError, ValueError):
        raise StoreError("a counter holds no whole number") from None


def _renamed(item: dict[str, Any], place: _Place, pk: str) -> Item:
    """An item of the first s2r's table in our own names."""
    if place.key == "pk":
        return item
    found = {name: value for name, value in item.items() if name not in (place.key, place.counter)}
    return {**found, "pk": pk, "n": item.get(place.counter, 0)}
