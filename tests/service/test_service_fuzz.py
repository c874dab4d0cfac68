"""No event is answered 500: events, envelopes and bodies made of good parts and bad ones (row 11)."""

import json
import random
from collections import Counter
from typing import Any

import pytest

from s2r_ci.envelope import write_envelope
from s2r_service.core import ROUTES, answer
from s2r_service.handler import request_of
from s2r_service.parts import Parts
from tests.service.callers import SCRIPT, deployment, envelope, headers

FLIPS = 10_240
ODD: list[Any] = [
    None, True, 0, -1, 1.5, 10**400, "", "x", "é😀", "\0", "\ud800", "a" * 70_000, [], {}, [[]], {"a": {"b": {}}},
    "nan", "1763650000", "YQ==", "#SBATCH", b"".decode(), "{", '{"s2r":1}', "../..", "%00", "🏳", "-", "0" * 64,
]  # fmt: skip


def value(chance: random.Random) -> Any:
    return chance.choice(ODD)


def payload(chance: random.Random) -> bytes:
    members = json.loads(write_envelope(envelope(script=SCRIPT)))
    for _ in range(chance.randrange(3)):
        members[chance.choice([*members, *["script"] * 6, "answers", "site", "repo", "model", "x"])] = value(chance)
    try:
        body = json.dumps(members).encode()
    except (ValueError, UnicodeEncodeError):
        body = b"{}"
    if chance.random() < 0.3:
        at = chance.randrange(len(body) + 1)
        body = body[:at] + chance.randbytes(chance.randrange(4)) + body[at + chance.randrange(3) :]
    return body


def event(chance: random.Random) -> Any:
    body = payload(chance) if chance.random() < 0.8 else chance.randbytes(chance.randrange(200))
    signed = {name: values[0] for name, values in headers(body).items()}
    found: dict[str, Any] = {
        "rawPath": chance.choice([*ROUTES, "/v1/history/abc", *["/v1/convert"] * 20]),
        "rawQueryString": chance.choice(["", "", "dry_run=true", "x"]),
        "headers": signed,
        "requestContext": {
            "http": {"method": chance.choice(["POST"] * 12 + ["GET", "PUT"]), "sourceIp": "1.1.1.1"}
        },
        "body": body.decode("utf-8", "surrogateescape"),
        "isBase64Encoded": False,
    }
    for _ in range(chance.choice([0, 0, 1, 2])):
        place = chance.choice([found, signed])
        place[chance.choice(list(place))] = value(chance)
    return found if chance.random() < 0.98 else value(chance)


def fuzzed(count: int, seed: int) -> dict[int, int]:
    parts: Parts = deployment(daily_limit=10**9, failure_limit=10**9)
    chance, statuses = random.Random(seed), dict[int, int]()
    for _ in range(count):
        made = answer(request_of(event(chance)), parts)
        assert made.status not in (500, 503), made.body
        assert len(made.body) <= 262_144
        json.loads(made.body)
        statuses[made.status] = statuses.get(made.status, 0) + 1
    return statuses


def test_no_event_is_a_fault() -> None:
    statuses = fuzzed(1_500, 1)
    assert {200, 400, 401, 404, 405, 422} <= statuses.keys(), "the fuzz has to reach them all"


@pytest.mark.slow
def test_no_event_of_twenty_thousand_is_a_fault() -> None:
    print(fuzzed(20_000, 2))


def test_ten_thousand_flipped_bits_are_refused() -> None:
    """Row 2: 10,240 single bits of timestamp, signature and body; none is accepted, none is answered 500."""
    from s2r_service.messages import Request
    from tests.service.callers import convert, told

    good = convert(SCRIPT + "# " + "x" * 1_200 + "\n")
    assert good.body is not None
    parts = deployment(failure_limit=10**9)
    assert told(good, parts) == "200", "or what is flipped below was no good request"
    places = [*((name, bit) for name in ("x-s2r-timestamp", "x-s2r-signature")
                for bit in range(8 * len(good.headers[name][0]))),
              *(("body", bit) for bit in range(8 * len(good.body)))]  # fmt: skip
    chance = random.Random(3)
    chosen = (
        places if len(places) <= FLIPS else [*places[: 8 * 84], *chance.sample(places[8 * 84 :], FLIPS - 8 * 84)]
    )
    answers = Counter[str]()
    for where, bit in chosen:
        octets = bytearray(good.body if where == "body" else good.headers[where][0].encode())
        octets[bit // 8] ^= 1 << bit % 8
        if where == "body":
            flipped: Request = good._replace(body=bytes(octets))
        else:
            flipped = good._replace(headers={**good.headers, where: (octets.decode("latin-1"),)})
        answers[told(flipped, parts)] += 1
    print(dict(answers))
    assert sum(answers.values()) == FLIPS
    assert answers.keys() <= {"invalid-signature", "malformed-authentication"}
