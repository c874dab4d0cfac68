"""One question to the service, with all its attempts: each signed anew, all with the same idempotency key.

What is tried again, and when, follows from the kind of problem (``s2r_ci.problems``) and from ``patience``. A problem
that every further question would meet too (a wrong key, a quota that is used up) closes the client: what follows
fails at once, without a call.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, TypeVar

from s2r_ci import __version__
from s2r_ci.envelope import Envelope, envelope_header, write_envelope
from s2r_ci.errors import ConversionError, ConverterUnavailableError, MalformedReplyError
from s2r_ci.frozen import frozen, replace
from s2r_ci.problems import Retry
from s2r_ci.remote import first
from s2r_ci.remote.access import Access
from s2r_ci.remote.answers import is_signed
from s2r_ci.remote.failures import AttemptError, failure_of, not_ours, unreached
from s2r_ci.remote.patience import Patience
from s2r_ci.remote.transport import Answer, Transport, TransportError
from s2r_ci.remote.workflow import Session
from s2r_ci.signing import ENVELOPE_HEADER, KEY_ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign, timestamp_of

CLIENT: Final = f"s2r-ci/{__version__}"
_LONGEST_WORK_S: Final = 90.0  # a conversion that is being worked on is done, or given up, within its lease
_LARGEST_SKEW_S: Final = 86_400
_SPARE_S: Final = 60.0
T = TypeVar("T")


@frozen
class Clock:
    """Time, waiting and chance; handed in, so that a test needs none of them."""

    now_ns: Callable[[], int] = time.time_ns
    steady_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    nonce: Callable[[], str] = lambda: secrets.token_urlsafe(16)


class Client:
    """Asks one service. Used by many threads, whose turns keep them apart; ``aside`` is entered to wait.

    ``until_s`` is the moment of the steady clock after which nothing more is asked. ``buy`` gets a key that is good
    for a while, where there is none that is kept.
    """

    def __init__(
        self,
        access: Access,
        patience: Patience,
        *,
        until_s: float,
        transport: Transport | None = None,
        clock: Clock | None = None,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
        buy: Callable[[], Session] | None = None,
    ) -> None:
        self.access = access
        self.skew_ns = 0  # how far the service's clock is ahead of ours
        self.attempts = 0  # requests that went out
        self.first: bool | None = None  # whether the service is one of the first s2r; None: not looked up yet
        self._transport = transport or Transport(access.origin)
        self._patience = patience
        self._until_s = until_s
        self._clock = clock or Clock()
        self._aside = aside
        self._buy = buy
        self._good_until_s = 0.0
        self._closed: ConversionError | None = None
        self._last: ConversionError | None = None

    def envelope(self, method: str, path: str, **members: Any) -> Envelope:
        """An envelope for this service; its nonce is that of the first attempt."""
        return Envelope(
            aud=self.access.origin, method=method, path=path, kid=self.access.key_id, nonce=self._clock.nonce(),
            client=CLIENT, **members,
        )  # fmt: skip

    def ask(self, envelope: Envelope) -> Answer:
        """The answer 200 to a question, its signature checked.

        Raises ConverterUnavailableError, ConversionRefusedError or MalformedReplyError, with the service's own word
        in ``problem`` where it has said one.
        """
        nonces = iter((envelope.nonce,))

        def attempt() -> Answer:
            if self.is_first():
                raise first.cannot(self.access.origin)
            self._bought()
            kid = self.access.key_id
            return self._attempt(replace(envelope, kid=kid, nonce=next(nonces, "") or self._clock.nonce()))

        return self._patiently(attempt)

    def is_first(self) -> bool:
        """Whether the service is a server of the first s2r: looked up once, and never where a key id is set, which
        only our service knows. Raises ConverterUnavailableError where nothing answers.
        """
        if self.first is None:
            self.first = not self.access.key_id and self._patiently(self._probe)
        return self.first

    def ask_first(self, script: bytes) -> Answer:
        """The answer 200 of a server of the first s2r to a raw script, asked once: it charges every request.

        Raises what ``ask`` raises. The answer carries no signature.
        """

        def attempt() -> Answer:
            headers, _ = self._headers(script, "text/plain; charset=utf-8")
            try:
                answer = self._sent("POST", first.PATH, headers, script)
            except AttemptError as failure:
                raise AttemptError(failure.error, down=failure.down) from None
            if answer.status != 200:
                raise first.refusal(answer, self.access.origin, now_s=self._clock.now_ns() / 1e9)
            return answer

        return self._patiently(attempt)

    def _patiently(self, attempt: Callable[[], T]) -> T:
        """What an attempt gives in the end, with all the attempts that patience allows."""
        met = _Met(work_until_s=self._clock.steady_s() + _LONGEST_WORK_S)
        while True:
            self._wait_until_open()
            try:
                found = attempt()
            except AttemptError as failure:
                pause_s = self._pause_s(failure, met)
                if pause_s is None:
                    raise self._ended(failure) from None
            else:
                self._patience.answered()
                return found
            self._sleep(pause_s)

    def signed(self, envelope: Envelope) -> tuple[Mapping[str, str], bytes, str]:
        """Headers, body and signature of a request, made now."""
        if envelope.method == "GET":
            header = envelope_header(envelope)
            headers, mac = self._headers(header.encode(), "")
            return {**headers, ENVELOPE_HEADER: header}, b"", mac
        body = write_envelope(envelope)
        headers, mac = self._headers(body, "application/json")
        return headers, body, mac

    def _headers(self, payload: bytes, media_type: str) -> tuple[dict[str, str], str]:
        """The headers that sign a payload now, and the signature."""
        timestamp = timestamp_of(self._clock.now_ns() + self.skew_ns)
        mac = sign(self.access.secret.octets, timestamp, payload)
        headers = {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: mac, KEY_ID_HEADER: self.access.key_id}
        headers["Content-Type"] = media_type
        return {name: value for name, value in headers.items() if value}, mac

    def _attempt(self, envelope: Envelope) -> Answer:
        """One request and its answer 200. Raises AttemptError, and ConverterUnavailableError when the time is over."""
        headers, body, mac = self.signed(envelope)
        where = self.access.origin
        answer = self._sent(envelope.method, envelope.path, headers, body)
        signed = is_signed(answer, self.access.secret.octets, mac)
        if signed is False or (signed is None and answer.status == 200):
            raise not_ours("the answer is not signed by a service that holds this key", where)
        if answer.status != 200:
            raise failure_of(answer, signed=bool(signed), where=where, now_s=self._clock.now_ns() / 1e9)
        return answer

    def _bought(self) -> None:
        """See to it that there is a key, and that it is good for another minute. Raises AttemptError."""
        if self._buy is not None and self._clock.now_ns() / 1e9 > self._good_until_s - _SPARE_S:
            self._left_s()
            with self._aside():
                self.access, self._good_until_s = self._buy()

    def _probe(self) -> bool:
        """Whether a server of the first s2r answers. Raises AttemptError where nothing does."""
        answer = self._sent("GET", "/healthz", {}, b"")
        if answer.status == 429 or answer.status >= 500:
            raise failure_of(answer, signed=False, where=self.access.origin, now_s=self._clock.now_ns() / 1e9)
        return first.is_first(answer, self.access.origin)

    def _sent(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One request and its answer, whatever it says. Raises AttemptError."""
        left_s = self._left_s()
        self.attempts += 1
        try:
            with self._aside():
                return self._transport.send(method, path, headers, body, within_s=left_s)
        except TransportError as error:
            raise unreached(error) from None
        except MalformedReplyError as error:
            raise AttemptError(error, down=True) from None

    # --- between attempts

    def _ended(self, failure: AttemptError) -> ConversionError:
        if failure.closing:
            self._closed = failure.error
        return failure.error

    def _pause_s(self, failure: AttemptError, met: "_Met") -> float | None:
        """The seconds to wait before the next attempt, or None: there is none."""
        self._last = failure.error
        (self._patience.failed if failure.down else self._patience.answered)()
        if failure.problem == "in-progress":
            pause_s = max(failure.wait_s or 0.0, 1.0)
            return pause_s if self._clock.steady_s() + pause_s < met.work_until_s else None
        if failure.problem == "replayed-signature":  # something on the way sent our octets twice
            return 0.0 if met.first(failure) else None
        match failure.retry:
            case Retry.NO:
                return None
            case Retry.RESIGN:
                return 0.0 if met.first(failure) and self._corrected(failure) else None
            case Retry.ONCE if not met.first(failure):
                return None
            case Retry.AFTER if failure.wait_s is None:
                return None
        met.retries += 1
        return self._patience.pause(met.retries, failure.wait_s)

    def _corrected(self, failure: AttemptError) -> bool:
        """Take over the service's time, where a signed answer has told it and it is not absurd."""
        then = failure.server_time
        if isinstance(then, bool) or not isinstance(then, int | float) or not abs(then) < 10**11:
            return False
        skew_ns = int(then * 10**9) - self._clock.now_ns()
        if abs(skew_ns) > _LARGEST_SKEW_S * 10**9:
            return False
        self.skew_ns = skew_ns
        return True

    def _wait_until_open(self) -> None:
        while True:
            if self._closed is not None:
                raise _again(self._closed)
            pause_s = self._patience.closed_for_s()
            if pause_s is None:
                why = self._last.what if self._last else "no answer"
                raise ConverterUnavailableError(
                    f"the service was given up after failures in a row, the last: {why}", where=self.access.origin
                )
            self._left_s()
            if pause_s == 0:
                return
            self._sleep(pause_s)

    def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            with self._aside():
                self._clock.sleep(min(seconds, max(self._until_s - self._clock.steady_s(), 0.0)))

    def _left_s(self) -> float:
        left_s = self._until_s - self._clock.steady_s()
        if left_s <= 0:
            raise ConverterUnavailableError(
                "the time for this run is over (deadline)", where=self.access.origin, hint="raise --deadline"
            )
        return left_s


class _Met:
    """What one question has met so far."""

    def __init__(self, work_until_s: float) -> None:
        self.retries = 0
        self.work_until_s = work_until_s
        self._problems: set[str] = set()

    def first(self, failure: AttemptError) -> bool:
        """Whether this problem is met for the first time."""
        known = failure.problem in self._problems
        self._problems.add(failure.problem)
        return not known


def _again(error: ConversionError) -> ConversionError:
    """The same error for another script: an exception object is raised once."""
    copy = type(error)(error.what, where=error.where, hint=error.hint)
    copy.problem = error.problem
    return copy
