"""What an answer other than 200 means: the error, whether the service seems down, and whether to try again."""

from __future__ import annotations

from typing import Any, Final

from s2r_ci.errors import ConversionError, ConversionRefusedError, MalformedReplyError
from s2r_ci.problems import MEDIA_TYPE, PROBLEMS, Retry, error_of
from s2r_ci.remote.answers import NOT_OURS, document
from s2r_ci.remote.patience import retry_after_s
from s2r_ci.remote.transport import Answer, TransportError

_UNABLE: Final = frozenset({500, 502, 503, 504})
_CLOSING: Final = frozenset(
    {"malformed-authentication", "invalid-signature", "key-expired", "wrong-audience", "forbidden-repository",
     "invalid-token",
     "too-many-failures", "clock-skew", "quota-exceeded", "budget-exhausted"}
)  # fmt: skip


class AttemptError(Exception):
    """An attempt without a result. ``error`` is what the caller gets when no further attempt is made."""

    def __init__(
        self,
        error: ConversionError,
        retry: Retry = Retry.NO,
        *,
        wait_s: float | None = None,  # what the service asked to wait
        server_time: Any = None,  # what the service's clock says, if a signed answer told it
        down: bool = False,  # the service does not answer, or cannot work now
    ) -> None:
        super().__init__(error.what)
        self.error = error
        self.retry = retry
        self.wait_s = wait_s
        self.server_time = server_time
        self.down = down

    @property
    def problem(self) -> str:
        """The service's own word for it; empty where it has said none."""
        return self.error.problem

    @property
    def closing(self) -> bool:
        """Whether every further question would meet the same."""
        return self.problem in _CLOSING


def unreached(error: TransportError) -> AttemptError:
    """No answer came."""
    return AttemptError(error, Retry.YES if error.again else Retry.NO, down=True)


def not_ours(what: str, where: str) -> AttemptError:
    """An answer came, and not from our service."""
    return AttemptError(MalformedReplyError(what, where=where, hint=NOT_OURS), down=True)


def failure_of(answer: Answer, *, signed: bool, where: str, now_s: float) -> AttemptError:
    """What an answer other than 200 means. ``signed``: it carries the service's signature for this request."""
    wait_s = retry_after_s(answer.headers.get("retry-after"), now_s)
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        return _of_gateway(answer, where, wait_s)
    try:
        said = document(answer, where)
    except MalformedReplyError as malformed:
        return AttemptError(malformed, down=True)
    error = error_of(said, where=where)
    problem = PROBLEMS.get(error.problem)
    if problem is None:
        return AttemptError(error, down=True)
    down = answer.status in _UNABLE and error.problem != "model-output-invalid"
    server_time = said.get("server_time") if signed else None
    return AttemptError(error, problem.retry, wait_s=wait_s, server_time=server_time, down=down)


def _of_gateway(answer: Answer, where: str, wait_s: float | None) -> AttemptError:
    """What stands between here and the service answered, or something else does."""
    if answer.status in _UNABLE or answer.status == 429:
        error = TransportError(f"the service cannot be reached: status {answer.status}", where=where)
        return AttemptError(error, Retry.YES, wait_s=wait_s, down=True)
    if answer.status == 403 and "accessdenied" in answer.headers.get("x-amzn-errortype", "").lower():
        refused = ConversionRefusedError(
            "AWS refuses the call before the service sees it",
            where=where,
            hint="the Function URL needs lambda:InvokeFunctionUrl and lambda:InvokeFunction in its resource policy",
        )
        return AttemptError(refused, down=True)
    return not_ours(f"the answer is none of our service (status {answer.status})", where)
