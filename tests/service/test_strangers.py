"""What a stranger costs: no word to the store, no call of a model, no memory (rows 23 and F-48)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from s2r_ci import signing
from s2r_ci.envelope import write_envelope
from s2r_service.core import answer
from s2r_service.messages import Request
from s2r_service.parts import Brake
from tests.service.callers import (
    NOW,
    OTHER,
    SCRIPT,
    Asked,
    ask,
    convert,
    deployment,
    envelope,
    headers,
    post,
    problem,
    raw,
    told,
)


class Untouched:
    """A store that says when it is spoken to at all."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.calls.append(name)
        raise AssertionError(f"the store was asked: {name}")


BODY: Final = SCRIPT.encode()
REFUSED: Final = {
    "no signature": Request("POST", "/v1/convert", {}, BODY),
    "no body": Request("POST", "/v1/convert", headers(BODY), None),
    "another route": post(BODY, "/v1/nothing"),
    "another method": convert()._replace(method="PUT"),
    "odd timestamp": raw(at="nan"),
    "odd signature": raw()._replace(headers={**headers(BODY), signing.SIGNATURE_HEADER.lower(): ("é" * 64,)}),
    "odd key id": raw(kid="../x"),
    "unknown key id": raw(kid="nobody"),
    "wrong secret": convert()._replace(headers=headers(b"{}", secret=OTHER)),
    "flipped body": raw()._replace(body=BODY + b"#"),
    "too large": post(b"#" * 51_201, "/", kid=None),
    "too large an envelope": post(b"{" + b" " * 10**6, "/v1/convert"),
    "packed": convert()._replace(headers={**headers(BODY), "content-encoding": ("gzip",)}),
    "too old": raw(at=signing.timestamp_of(NOW - 301 * 10**9)),
    "too new": raw(at=signing.timestamp_of(NOW + 301 * 10**9)),
    "a key of yesterday": ask(envelope(script=SCRIPT, kid="old"), kid="old"),
    "a key of tomorrow": ask(envelope(script=SCRIPT, kid="soon"), kid="soon"),
    "another service": ask(envelope(script=SCRIPT, aud="https://elsewhere.example")),
    "another path": post(write_envelope(envelope("/v1/chat", script=SCRIPT)), "/v1/convert"),
    "no envelope": post(b"{", "/v1/convert"),
    "an empty script": convert(""),
    "no script": raw(b"hello\n"),
    "a script with a secret": convert(f"{SCRIPT}export GITHUB_TOKEN={'ghp_' + 'a1B2c3D4e5' * 3 + 'f6G7h8'}\n"),
    "an unknown model": convert(model="gpt"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_is_refused_costs_no_word_to_the_store(name: str) -> None:
    """Row 23."""
    store, model = Untouched(), Asked()
    found = answer(REFUSED[name], deployment(store, model=model))
    assert 400 <= found.status < 500, problem(found)
    assert (store.calls, model.calls) == ([], 0)


def test_a_request_that_is_good_does_ask_the_store() -> None:
    store = Untouched()
    assert told(convert(), deployment(store)) == "internal"
    assert store.calls


def test_a_flood_without_signatures_meets_the_brake_and_nothing_else() -> None:
    """F-48: 10,000 requests of 40 addresses by 8 threads."""
    store, model = Untouched(), Asked()
    parts = deployment(store, model=model, failure_limit=60)

    def one(number: int) -> str:
        unsigned = Request("POST", "/v1/convert", {}, BODY, address=f"203.0.113.{number % 40}")
        return told(unsigned, parts)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(10_000)))
    assert answers.count("malformed-authentication") == 40 * 60
    assert answers.count("too-many-failures") == 10_000 - 40 * 60
    assert (store.calls, model.calls) == ([], 0)
    assert told(convert()._replace(address="203.0.113.7"), deployment()) == "200", "good signatures are not braked"


def test_the_brake_remembers_a_bounded_number_of_addresses() -> None:
    brake = Brake(1)
    for number in range(25_000):
        assert not brake.failed(f"address-{number}", 0)
    assert len(brake._counts) <= 10_000
    assert brake.failed("address-24999", 0), "those of late are still known"
