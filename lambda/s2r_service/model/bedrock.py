"""Amazon Bedrock, asked through Converse with one forced tool.

The SDK's own retries are off: by default they send one slow question five times. What is tried again is decided here,
inside the deadline. The deadline holds to the second because the caller waits on the clock and not on the socket: an
answer that drips in an octet at a time would keep a socket's timeout from ever firing.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from s2r_service.model.breaker import Breaker
from s2r_service.model.reading import read_reply, usage_of
from s2r_service.model.words import ModelError, Prompt, Reply, Usage

if TYPE_CHECKING:
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

MAX_TOKENS: Final = 1024
"""Explicit: unset, the provider reserves the model's maximum from the quota up front."""

CONNECT_S: Final = 3.0
READ_S: Final = 45.0
RETRY_WITHIN_S: Final = 10.0
RETRY_LEFT_S: Final = 25.0
_JITTER_S: Final = 1.0
_WARM_UP_S: Final = 300.0

# botocore's error code -> problem, whether it is worth a second call. Source: the service model of Converse.
_ERRORS: Final[Mapping[str, tuple[str, bool]]] = {
    "ValidationException": ("model-unavailable", False),
    "AccessDeniedException": ("model-unavailable", False),
    "ResourceNotFoundException": ("model-unavailable", False),
    "ModelTimeoutException": ("model-timeout", False),
    "ModelErrorException": ("model-unavailable", True),
    "ThrottlingException": ("model-throttled", True),
    "ModelNotReadyException": ("model-unavailable", True),
    "InternalServerException": ("model-unavailable", True),
    "ServiceUnavailableException": ("model-unavailable", True),
}
_BY_STATUS: Final[Mapping[int, tuple[str, bool]]] = {
    408: ("model-timeout", False),
    424: ("model-unavailable", True),
    429: ("model-throttled", True),
}


class Guardrail(NamedTuple):
    """A guardrail that looks at the script before the model does."""

    id: str
    version: str


class World(NamedTuple):
    """Clock, sleep and chance, so that a test can hold them still."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = random.uniform


class Bedrock:
    """Keeps ``s2r_service.model.words.Model`` with Amazon Bedrock. One serves many threads.

    ``strict`` says whether the provider is asked to hold the tool's input to the schema: ``on``, ``off``, or ``auto``
    (after ``warm_up`` has seen it work: the first use of a schema may take minutes to compile).
    """

    def __init__(
        self,
        client: BedrockRuntimeClient,
        *,
        guardrail: Guardrail | None = None,
        strict: str = "auto",
        plain_models: frozenset[str] = frozenset(),
        uncached_models: frozenset[str] = frozenset(),
        world: World = World(),  # noqa: B008 - frozen
    ) -> None:
        self._client = client
        self._guardrail = guardrail
        self._strict = strict
        self._plain = set(plain_models)  # that have no strict tools
        self._uncached = uncached_models
        self._warm: set[str] = set()
        self._world = world
        self._breakers: dict[str, Breaker] = {}
        self._lock = threading.Lock()

    def breaker(self, model_id: str) -> Breaker:
        """The breaker of a model."""
        with self._lock:
            return self._breakers.setdefault(model_id, Breaker(self._world.clock))

    def decide(self, prompt: Prompt, *, model_id: str, timeout_s: float, attempts: int = 2) -> Reply:
        """Ask once, and once more after throttling or a failure of the provider, where it came fast and time is left.

        Raises ModelError with the calls that were made.
        """
        end = self._world.clock() + timeout_s
        used = Usage()
        strict = self._is_strict(model_id)
        while True:
            begun = self._world.clock()
            try:
                reply = self._attempt(prompt, model_id, end - begun, strict)
                return reply._replace(usage=used.plus(reply.usage))
            except _FailedError as failed:
                used = used.plus(failed.usage)
                again = used.calls < attempts and self._again(failed, begun, end, strict)
                if not again:
                    raise ModelError(failed.problem, usage=used, detail=failed.detail) from None
                strict = strict and failed.detail != "ValidationException"

    def _is_strict(self, model_id: str) -> bool:
        if self._strict == "off" or model_id in self._plain:
            return False
        return self._strict == "on" or model_id in self._warm

    def _again(self, failed: _FailedError, begun: float, end: float, strict: bool) -> bool:
        """Full jitter before the second call. A strict schema that is refused is put again without being strict."""
        now = self._world.clock()
        if now - begun > RETRY_WITHIN_S or end - now < RETRY_LEFT_S:
            return False
        if strict and failed.detail == "ValidationException":
            return True
        if failed.retryable:
            self._world.sleep(self._world.uniform(0.0, _JITTER_S))
        return failed.retryable

    def warm_up(self, prompt: Prompt, model_id: str) -> bool:
        """Have the provider compile the schema; to be called after each deploy and daily, outside of a request.

        True when the model holds to the schema from now on; False where it is asked without being strict.
        """
        if self._strict == "off" or model_id in self._plain:
            return False
        try:
            self._attempt(prompt, model_id, _WARM_UP_S, strict=True)
        except _FailedError as failed:
            if failed.detail == "ValidationException":
                self._plain.add(model_id)
            return False
        self._warm.add(model_id)
        return True

    def _attempt(self, prompt: Prompt, model_id: str, seconds: float, strict: bool) -> Reply:
        """One call, or none where the breaker is open."""
        breaker = self.breaker(model_id)
        if not breaker.admits():
            raise _FailedError("model-unavailable", "breaker-open", Usage())
        question = self._question(prompt, model_id, strict)
        try:
            found = _within(seconds, lambda: self._client.converse(**question))
        except Exception as error:
            breaker.failed()
            raise _failure(error) from None
        if "stopReason" not in found:  # what the SDK makes of half a document, or of a proxy's page
            breaker.failed()
            raise _FailedError("model-unavailable", "no-answer", Usage(calls=1))
        breaker.succeeded()
        try:
            return read_reply(found, prompt.tool["name"])
        except ModelError as error:
            raise _FailedError(error.problem, error.detail, usage_of(found)) from None

    def _question(self, prompt: Prompt, model_id: str, strict: bool) -> dict[str, Any]:
        system: list[dict[str, Any]] = [{"text": prompt.system}]
        if model_id not in self._uncached:
            system.append({"cachePoint": {"type": "default"}})
        guarded: dict[str, Any] = {"text": prompt.guarded}
        if self._guardrail:
            guarded = {"guardContent": {"text": {"text": prompt.guarded}}}
        tool = {
            "name": prompt.tool["name"],
            "description": prompt.tool["description"],
            "inputSchema": {"json": prompt.tool["schema"]},
            **({"strict": True} if strict else {}),
        }
        question: dict[str, Any] = {
            "modelId": model_id,
            "system": system,
            "messages": [{"role": "user", "content": [{"text": prompt.text}, guarded]}],
            "inferenceConfig": {"maxTokens": MAX_TOKENS, "temperature": 0.0},
            "toolConfig": {
                "tools": [{"toolSpec": tool}],
                "toolChoice": {"tool": {"name": prompt.tool["name"]}},
            },
        }
        if self._guardrail:
            question["guardrailConfig"] = {
                "guardrailIdentifier": self._guardrail.id,
                "guardrailVersion": self._guardrail.version,
                "trace": "disabled",
            }
        return question


def client(*, region: str = "", endpoint: str = "", read_s: float = READ_S) -> BedrockRuntimeClient:
    """The SDK's client: no retries, short connect, and no answer awaited longer than a call may take.

    ``endpoint`` is for stand-ins; AWS_ENDPOINT_URL_BEDROCK_RUNTIME says the same without code.
    """
    import boto3
    from botocore.config import Config

    settings = Config(
        connect_timeout=CONNECT_S,
        read_timeout=read_s,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=32,
    )
    return boto3.client(
        "bedrock-runtime", region_name=region or None, endpoint_url=endpoint or None, config=settings
    )


class _FailedError(Exception):
    """One call that gave nothing."""

    def __init__(self, problem: str, detail: str, usage: Usage, retryable: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.detail = detail
        self.usage = usage
        self.retryable = retryable


def _failure(error: Exception) -> _FailedError:
    """Which of the table's classes an exception of the SDK belongs to. Its text stays here: it names accounts."""
    from botocore import exceptions

    once = Usage(calls=1)
    if isinstance(error, exceptions.ClientError):
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        retryable = status >= 500
        problem, again = _ERRORS.get(code) or _BY_STATUS.get(status) or ("model-unavailable", retryable)
        return _FailedError(problem, code if code in _ERRORS else f"status-{status}", once, again)
    if isinstance(error, TimeoutError | exceptions.ReadTimeoutError):
        return _FailedError("model-timeout", type(error).__name__, once)
    if isinstance(error, exceptions.ConnectTimeoutError | exceptions.EndpointConnectionError):
        return _FailedError("model-unavailable", type(error).__name__, once, retryable=True)
    return _FailedError("model-unavailable", type(error).__name__, once)


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """What the call gives or raises; TimeoutError when it takes longer, and then nobody waits for it any more."""
    outcome: list[Callable[[], Any]] = []
    done = threading.Event()

    def work() -> None:
        try:
            value = call()
            outcome.append(lambda: value)
        except Exception as error:  # it is raised again where it is waited for
            failed = error

            def fail() -> Any:
                raise failed

            outcome.append(fail)
        done.set()

    threading.Thread(target=work, name="converse", daemon=True).start()
    if not done.wait(seconds):
        raise TimeoutError("the model did not answer in time")
    return outcome[0]()
