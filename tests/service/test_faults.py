"""The store's faults, by a proxy between the service and a real dynalite: answers and requests lost, garbage, death."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from s2r_ci import signing
from s2r_service.core import answer
from s2r_service.parts import Parts
from s2r_service.store.dynamo import DynamoStore, Tables
from tests.service.callers import KEYS, NOW, SECRET, Asked, Clock, ask, deployment, envelope, nonce, problem, told
from tests.service.stores import dynalite, made

Fault = Callable[
    [int], str
]  # number of the request -> "", drop-request, drop-answer, throttle, garbage, error-after


class Proxy(ThreadingHTTPServer):
    """Passes requests to dynalite, unless the fault of the moment says otherwise."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream.removeprefix("http://")
        self.fault: Fault = lambda number: ""
        self.seen = 0
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Passing)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def next_fault(self) -> str:
        with self.lock:
            self.seen += 1
            return self.fault(self.seen)


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.server.next_fault()
        if fault == "throttle":
            self._answer(
                400, b'{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}'
            )
            return
        if fault == "drop-request":
            self._cut()
            return
        upstream = HTTPConnection(self.server.upstream, timeout=10)
        upstream.request("POST", "/", body, dict(self.headers))
        found = upstream.getresponse()
        content = found.read()
        upstream.close()
        match fault:
            case "drop-answer":
                self._cut()
            case "error-after":
                self._answer(500, b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}')
            case "garbage":
                self._answer(200, b"<html>a proxy's page</html>")
            case "nothing-of-it":
                self._answer(200, b"{}")
            case _:
                self._answer(found.status, content, found.getheader("x-amzn-RequestId") or "")

    def _answer(self, status: int, content: bytes, request_id: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(content)))
        if request_id:
            self.send_header("x-amzn-RequestId", request_id)
        self.end_headers()
        self.wfile.write(content)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *arguments: Any) -> None:
        return

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            return  # the connection that was cut


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    with dynalite() as address:
        made(address)
        found = Proxy(address)
        yield found
        found.shutdown()
        found.server_close()


class Case:
    """A key of its own on the shared store, so that counters begin at nothing."""

    def __init__(self, proxy: Proxy, **settings: Any) -> None:
        proxy.fault = lambda number: ""
        self.kid = f"f{nonce()[-8:]}"
        key = KEYS.keys["ci-1"]._replace(kid=self.kid)
        self.proxy, self.clock = proxy, Clock()
        self.store = DynamoStore(made(proxy.address), Tables())
        self.parts: Parts = deployment(
            self.store, keys=KEYS._replace(keys={self.kid: key}), now=self.clock, **settings
        )

    def ask(self, script: int = 0, **members: Any) -> str:
        text = f"#!/bin/sh\n#SBATCH -n 1\ntrue {script}\n"
        made = ask(
            envelope(script=text, kid=self.kid, **members), kid=self.kid, at=signing.timestamp_of(self.clock())
        )
        return told(made, self.parts)

    def fail_at(self, step: int, fault: str, *, times: int = 1) -> None:
        """Let the n-th request from now meet a fault."""
        begin = self.proxy.seen
        self.proxy.fault = lambda number: fault if step <= number - begin < step + times else ""

    @property
    def counter(self) -> dict[str, Any]:
        self.proxy.fault = lambda number: ""
        return dict(self.store.get(f"q#key#{self.kid}#2025-11-20") or {"n": 0, "holds": frozenset()})


STEPS = range(1, 7)  # claim, record, charge, turn, answer, settle


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", ["drop-answer", "error-after", "drop-request", "throttle"])
def test_one_fault_at_any_step_costs_one_charge_and_one_answer(proxy: Proxy, step: int, fault: str) -> None:
    """F-14, F-15, F-17 to F-19: the SDK sends the write again, and it does nothing twice."""
    case = Case(proxy)
    case.fail_at(step, fault)
    assert case.ask() == "200"
    assert (case.counter["n"], case.counter.get("holds", frozenset())) == (1, frozenset())


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", ["drop-answer", "drop-request"])
def test_a_store_that_dies_at_any_step_ends_in_503_and_a_later_retry_is_charged_once(
    proxy: Proxy, step: int, fault: str
) -> None:
    """F-12, F-13: the lease lets a retry take over, and finds the charge."""
    case = Case(proxy)
    case.fail_at(step, fault, times=3)
    assert case.ask() == "store-unavailable"
    proxy.fault = lambda number: ""
    soon = case.ask()
    assert soon in ("200", "in-progress")
    case.clock.now_ns += 65 * 10**9
    assert case.ask() == "200"
    assert case.counter["n"] == 1


@pytest.mark.parametrize("fault", ["garbage", "nothing-of-it"])
def test_nonsense_from_the_store_closes_the_service(proxy: Proxy, fault: str) -> None:
    model = Asked()
    case = Case(proxy, model=model)
    proxy.fault = lambda number: fault
    assert case.ask() == "store-unavailable"  # F-16
    assert model.calls == 0
    assert case.counter["n"] == 0


def test_a_store_that_is_not_there_closes_the_service() -> None:
    model = Asked()
    parts = deployment(DynamoStore(made_nowhere(), Tables()), model=model)
    found = answer(ask(envelope(script="#!/bin/sh\n#SBATCH -n 1\ntrue\n")), parts)
    assert (problem(found), model.calls) == ("store-unavailable", 0)  # F-11
    assert found.header("retry-after")


def made_nowhere() -> Any:
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})
    return boto3.client(
        "dynamodb", endpoint_url="http://127.0.0.1:9", region_name="us-west-2", config=config,
        aws_access_key_id="made-up", aws_secret_access_key="made-up",  # pragma: allowlist secret
    )  # fmt: skip


FAILS = "#!/bin/sh\n#SBATCH --job-name=a\npython train.py $MODE\n"


@pytest.mark.parametrize("step", range(4, 8))
def test_a_refund_whose_answer_is_lost_happens_once(proxy: Proxy, step: int) -> None:
    """F-20, B07: the model fails, and nothing was charged."""
    case = Case(proxy, model=Asked(problem="model-timeout"), token_budget=10**9)
    case.fail_at(step, "drop-answer")
    made = ask(envelope(script=FAILS, kid=case.kid), kid=case.kid)
    assert told(made, case.parts) == "model-timeout"
    assert (case.counter["n"], case.counter.get("holds", frozenset())) == (0, frozenset())


def test_midnight_between_charge_and_refund_refunds_the_day_of_the_charge(proxy: Proxy) -> None:
    """F-27, I9."""
    clock = Clock(NOW // (86_400 * 10**9) * 86_400 * 10**9 + 86_400 * 10**9 - 2 * 10**9)

    class Slow(Asked):
        def decide(self, *arguments: Any, **named: Any) -> Any:
            clock.now_ns += 4 * 10**9
            return super().decide(*arguments, **named)

    case = Case(proxy, model=Slow(problem="model-timeout"))
    case.parts = case.parts._replace(now_ns=clock)
    made = ask(envelope(script=FAILS, kid=case.kid), kid=case.kid, at=signing.timestamp_of(clock()))
    assert told(made, case.parts) == "model-timeout"
    assert case.counter["n"] == 0
    assert case.store.get(f"q#key#{case.kid}#2025-11-21") is None


def lossy(proxy: Proxy, seed: int, requests: int) -> None:
    """Row 6: a quarter of all answers lost, refunds at random; counters equal kept charges and no hold is left."""
    chance, lock = random.Random(seed), threading.Lock()

    def fault(number: int) -> str:
        with lock:
            return "drop-answer" if chance.random() < 0.25 else ""

    case = Case(proxy)
    store = DynamoStore(made(proxy.address), Tables(), clock=lambda: 0.0)
    store._breaker.admits = lambda: True  # type: ignore[method-assign]  # losses are what is measured here
    pk = f"q#lossy#{nonce()}"
    proxy.fault = fault
    kept: list[bool] = []

    def one(number: int) -> None:
        from s2r_service.store import StoreError

        hold = f"r{number}"
        for _ in range(20):  # a client that does not give up; each call is retried by the SDK besides
            try:
                got = store.charge(pk, hold, amount=1, limit=requests // 2, ttl=4_000_000_000)
                if got is None and hold not in (store.get(pk) or {}).get("holds", ()):
                    return
                break
            except StoreError:
                continue
        refund = number % 3 == 0
        for _ in range(20):
            try:
                store.release(pk, hold, add=-1 if refund else 0)
                break
            except StoreError:
                continue
        kept.append(not refund)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(requests)))
    proxy.fault = lambda number: ""
    item = case.store.get(pk) or {}
    assert item["n"] == sum(kept)
    assert item["n"] <= requests // 2
    assert not item.get("holds")


@pytest.mark.parametrize("seed", [1])
def test_lost_answers_lose_and_double_nothing(proxy: Proxy, seed: int) -> None:
    lossy(proxy, seed, 40)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_lost_answers_lose_and_double_nothing_at_length(proxy: Proxy, seed: int) -> None:
    lossy(proxy, seed, 150)


@pytest.mark.slow
def test_two_thousand_at_once_are_five_hundred_answers(proxy: Proxy) -> None:
    """F-29, row 5."""
    case = Case(proxy, daily_limit=500)
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(case.ask, range(2_000)))
    assert (answers.count("200"), answers.count("quota-exceeded")) == (500, 1_500)
    assert case.counter["n"] == 500


@pytest.mark.slow
def test_a_thousand_requests_in_twenty_copies_reach_the_conversion_a_thousand_times(proxy: Proxy) -> None:
    """Row 4."""
    case = Case(proxy, daily_limit=10**6)
    asked = [
        ask(envelope(script=f"#!/bin/sh\n#SBATCH -n 1\ntrue {n}\n", kid=case.kid), kid=case.kid, secret=SECRET)
        for n in range(1_000)
    ]
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda request: told(request, case.parts), asked * 20))
    assert answers.count("200") == 1_000
    assert answers.count("replayed-signature") == 19_000
