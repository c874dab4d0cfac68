"""One question and its attempts: what is sent again, when, and with which signature. Real HTTP, no real waiting."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from s2r_ci.envelope import Envelope, default_idem
from s2r_ci.errors import (
    ConversionError,
    ConversionRefusedError,
    ConverterUnavailableError,
    MalformedReplyError,
    QuotaExceededError,
    SignatureError,
)
from s2r_ci.problems import PROBLEMS, Retry
from s2r_ci.remote.access import Access, Secret
from s2r_ci.remote.client import Client, Clock
from s2r_ci.remote.patience import Patience
from s2r_ci.signing import timestamp_ns
from tests.remote.conftest import KEY_ID, script
from tools import standin_service as standin
from tools.standin_service import SECRET, StandIn


@dataclass
class Time:
    """A clock that waiting moves."""

    steady: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.steady += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def service() -> Iterator[StandIn]:
    with StandIn() as made:
        yield made


def client(service: StandIn, time: Time, *, until_s: float = 900.0, chance: float = 1.0) -> Client:
    access = Access(origin=service.address, key_id=KEY_ID, secret=Secret(SECRET))
    clock = Clock(steady_s=lambda: time.steady, sleep=time.sleep)
    patience = Patience(1, clock.steady_s, lambda: chance)
    return Client(access, patience, until_s=until_s, clock=clock)


def question(asking: Client, number: int = 0) -> Envelope:
    from dataclasses import replace

    envelope = asking.envelope("POST", "/v1/convert", script=script(number), name=f"job{number}.sh")
    return replace(envelope, idem=default_idem(envelope))


def test_each_attempt_is_signed_anew_and_is_the_same_request(service: StandIn, time: Time) -> None:
    service.faults = [standin.problem("store-unavailable")] * 3
    asking = client(service, time)
    assert asking.ask(question(asking)).status == 200
    assert time.slept == [0.5, 1.0, 2.0]
    assert len({each.nonce for each in service.seen}) == 4
    assert len({each.idem for each in service.seen}) == 1
    assert len({headers["X-S2R-Signature"] for headers in service.headers}) == 4
    assert len(service.charged) == 1


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_every_problem_is_tried_again_as_the_table_says(service: StandIn, time: Time, code: str) -> None:
    service.always = standin.problem(code, server_time=2e9)
    asking = client(service, time)
    with pytest.raises(ConversionError) as caught:
        asking.ask(question(asking))
    assert caught.value.problem == code
    assert type(caught.value) is PROBLEMS[code].error
    by_kind = {Retry.NO: 1, Retry.RESIGN: 1, Retry.ONCE: 2, Retry.AFTER: 1, Retry.YES: 4}
    special = {"replayed-signature": 2, "in-progress": 90}
    assert len(service.seen) == special.get(code, by_kind[PROBLEMS[code].retry])


@pytest.mark.parametrize(
    ("retry_after", "attempts", "slept"),
    [
        pytest.param("7", 4, [7.0, 7.0, 7.0], id="seconds"),
        pytest.param("60", 4, [60.0, 60.0, 60.0], id="a minute"),
        pytest.param("61", 1, [], id="more than a minute"),
        pytest.param("1000000000", 1, [], id="for ever"),
        pytest.param("-1", 4, [0.5, 1.0, 2.0], id="before now"),
        pytest.param("soon", 4, [0.5, 1.0, 2.0], id="garbage"),
    ],
)
def test_retry_after_is_honoured_up_to_a_minute(
    service: StandIn, time: Time, retry_after: str, attempts: int, slept: list[float]
) -> None:
    """C-06, F-02."""
    service.always = standin.problem("model-throttled", retry_after=retry_after)
    asking = client(service, time)
    with pytest.raises(ConverterUnavailableError):
        asking.ask(question(asking))
    assert (len(service.seen), time.slept) == (attempts, slept)


@pytest.mark.parametrize(("retry_after", "attempts"), [("2", 4), ("3600", 1), ("", 1)])
def test_a_quota_is_waited_for_when_it_is_short(
    service: StandIn, time: Time, retry_after: str, attempts: int
) -> None:
    service.always = standin.problem("quota-exceeded", retry_after=retry_after)
    asking = client(service, time)
    for _ in range(3):  # what follows fails at once
        with pytest.raises(QuotaExceededError):
            asking.ask(question(asking))
    assert len(service.seen) == attempts


def test_what_is_being_worked_on_is_waited_for(service: StandIn, time: Time) -> None:
    """F-13: the answer comes when the work is done, and the waiting costs no retries."""
    service.faults = [standin.problem("in-progress", retry_after="5")] * 12
    asking = client(service, time)
    assert asking.ask(question(asking)).status == 200
    assert time.slept == [5.0] * 12


def test_the_time_of_a_run_ends_its_waiting(service: StandIn, time: Time) -> None:
    service.always = standin.problem("store-unavailable", retry_after="50")
    asking = client(service, time, until_s=60.0)
    with pytest.raises(ConverterUnavailableError, match="time for this run is over"):
        asking.ask(question(asking))
    assert (time.steady, len(service.seen)) == (60.0, 2)
    with pytest.raises(ConverterUnavailableError, match="deadline"):
        asking.ask(question(asking, 1))
    assert len(service.seen) == 2


# --- clocks (F-25) ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("skew_s", [-86_000, -900, -301, 301, 900, 86_000])
def test_a_clock_is_corrected_once_and_stays_so(time: Time, skew_s: int) -> None:
    with StandIn(skew_s=skew_s) as service:
        asking = client(service, time)
        assert asking.ask(question(asking)).status == 200
        assert asking.attempts == 2
        assert asking.ask(question(asking, 1)).status == 200
        assert asking.attempts == 3
        signed = timestamp_ns(service.headers[-1]["X-S2R-Timestamp"])
        assert signed is not None
        assert abs(signed - service.now_ns()) < 5 * 10**9


@pytest.mark.parametrize(
    ("members", "signed"),
    [
        pytest.param({}, True, id="no time"),
        pytest.param({"server_time": "1763650000"}, True, id="text"),
        pytest.param({"server_time": True}, True, id="a truth"),
        pytest.param({"server_time": 1e300}, True, id="the end of time"),
        pytest.param({"server_time": 0}, True, id="1970"),
        pytest.param({"server_time": 1_763_650_000}, False, id="not signed"),
    ],
)
def test_a_time_that_cannot_be_is_not_taken(
    service: StandIn, time: Time, members: dict[str, Any], signed: bool
) -> None:
    service.always = standin.problem("clock-skew", signed=signed, **members)
    asking = client(service, time)
    with pytest.raises(SignatureError):
        asking.ask(question(asking))
    assert (asking.attempts, asking.skew_ns) == (1, 0)


def test_a_service_that_goes_on_about_the_clock_is_believed_once(service: StandIn, time: Time) -> None:
    def always(handler: standin.Handler, envelope: Envelope | None) -> bool:
        return standin.problem("clock-skew", server_time=service.now_ns() / 1e9)(handler, envelope)

    service.always = always
    asking = client(service, time)
    with pytest.raises(SignatureError):
        asking.ask(question(asking))
    assert asking.attempts == 2


# --- who answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error", "attempts"),
    [
        pytest.param(standin.says(b"{}", status=403, signed=False), MalformedReplyError, 1, id="a stranger's 403"),
        pytest.param(standin.says(b"x", status=404, signed=False), MalformedReplyError, 1, id="a stranger's 404"),
        pytest.param(standin.says(b"x", status=418, signed=False), MalformedReplyError, 1, id="a teapot"),
        pytest.param(
            standin.says(b"x", status=429, signed=False), ConverterUnavailableError, 4, id="Lambda's own 429"
        ),
        pytest.param(standin.says(b"x", status=502, signed=False), ConverterUnavailableError, 4, id="a gateway"),
        pytest.param(
            standin.says(b"[]", status=500, kind="application/problem+json"), MalformedReplyError, 1, id="no object"
        ),
    ],
)
def test_answers_of_others_are_told_apart(
    service: StandIn, time: Time, fault: standin.Fault, error: type[ConversionError], attempts: int
) -> None:
    service.always = fault
    asking = client(service, time)
    with pytest.raises(error) as caught:
        asking.ask(question(asking))
    assert type(caught.value) is error or isinstance(caught.value, ConverterUnavailableError)
    assert len(service.seen) == attempts


def test_a_refusal_by_aws_names_the_permissions(service: StandIn, time: Time) -> None:
    """B17: a Function URL without its second permission answers before the service sees the call."""

    def refused(handler: standin.Handler, envelope: Envelope | None) -> bool:
        headers = {"x-amzn-ErrorType": "AccessDeniedException", "Content-Length": "2"}
        handler.raw(403, headers, b"{}")
        return True

    service.always = refused
    asking = client(service, time)
    with pytest.raises(ConversionRefusedError, match="lambda:InvokeFunction"):
        asking.ask(question(asking))


def test_the_key_id_travels_in_the_header_and_under_the_signature(service: StandIn, time: Time) -> None:
    asking = client(service, time)
    asking.ask(question(asking))
    assert service.headers[0]["X-S2R-Key-Id"] == service.seen[0].kid == KEY_ID
    assert SECRET.decode() not in str(service.headers) + str(service.bodies)
