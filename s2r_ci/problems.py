"""Every problem that the service can answer with (RFC 9457), on one page, for both sides.

``type`` is ``urn:s2r-ci:problem:CODE``. The detail is a fixed sentence: no word of the request and no word of an
exception stands in an answer. The client turns a code back into the error that its class means.
"""

from enum import Enum
from typing import Any, Final, NamedTuple

from s2r_ci.errors import (
    ConversionError,
    ConversionRefusedError,
    ConverterUnavailableError,
    MalformedReplyError,
    QuotaExceededError,
    SignatureError,
)

PREFIX: Final = "urn:s2r-ci:problem:"
MEDIA_TYPE: Final = "application/problem+json"


class Retry(Enum):
    """What a client should do after a problem."""

    NO = "no"
    RESIGN = "resign"  # at once, with the clock that the answer tells; one time only
    ONCE = "once"
    AFTER = "after"  # after Retry-After
    YES = "yes"  # with growing pauses


class Problem(NamedTuple):
    """One kind of problem."""

    code: str
    status: int
    title: str
    detail: str
    error: type[ConversionError]
    retry: Retry = Retry.NO
    refunds: bool = False  # what was charged for the request is given back


# fmt: off
_ALL: Final = (
    Problem("malformed-request", 400, "The request cannot be read",
            "The body, or a member of the envelope, does not keep its rule.", ConversionRefusedError),
    Problem("malformed-authentication", 401, "The authentication cannot be read",
            "A signature header is missing, repeated or not of the grammar.", SignatureError),
    Problem("invalid-signature", 401, "The signature is wrong",
            "No active key gives this signature. Check that both sides hold the same secret and key id.",
            SignatureError),
    Problem("clock-skew", 401, "The timestamp is outside the window",
            "The signature is right, but its timestamp is more than 300 s from the server's clock.",
            SignatureError, Retry.RESIGN),
    Problem("key-expired", 401, "The key is outside its dates",
            "The signature is right, but its key is not valid yet or no more. Ask for a new key.", SignatureError),
    Problem("wrong-audience", 401, "The request was signed for something else",
            "The envelope's aud, method, path or kid is not that of the request.", SignatureError),
    Problem("invalid-token", 401, "The token is not taken",
            "The workflow's token is wrong, too old, for another service, or was used before.", SignatureError),
    Problem("forbidden-repository", 403, "The repository is not allowed",
            "This deployment does not serve the repository.", ConversionRefusedError),
    Problem("not-found", 404, "Not found", "There is nothing at this path.", ConversionRefusedError),
    Problem("method-not-allowed", 405, "Method not allowed",
            "The path exists, but not for this method; see Allow.", ConversionRefusedError),
    Problem("replayed-signature", 409, "The signature was used before",
            "Each signature is good for one request. Sign anew, with the same idempotency key.", SignatureError),
    Problem("in-progress", 409, "The conversion is being worked on",
            "Another request with this idempotency key is running; ask again after Retry-After.",
            ConverterUnavailableError, Retry.AFTER),
    Problem("payload-too-large", 413, "The payload is too large",
            "A script may have 51,200 octets, an envelope 131,072.", ConversionRefusedError),
    Problem("unsupported-media-type", 415, "The content encoding is not supported",
            "Send the body as it is, without Content-Encoding.", ConversionRefusedError),
    Problem("script-rejected", 422, "The script cannot be converted",
            "The script is empty, is not text, holds no #SBATCH line, or holds a secret.", ConversionRefusedError),
    Problem("instruction-rejected", 422, "The instruction is not understood",
            'Say it plainly: "use 4 GPUs", "mount /data from claim x", "image = team/train:1", "memory 64G", '
            '"2 hours", "MODE=train", "arguments --seed 1".', ConversionRefusedError),
    Problem("idempotency-key-reused", 422, "The idempotency key stands for another request",
            "The same key was used with other content within a day.", ConversionRefusedError),
    Problem("content-blocked", 422, "The content was blocked",
            "The model, or its guardrail, would not work on this script.", ConversionRefusedError, refunds=True),
    Problem("quota-exceeded", 429, "The day's quota is used up",
            "The key, or the repository, has no conversions left today.", QuotaExceededError, Retry.AFTER),
    Problem("budget-exhausted", 429, "The day's token budget is used up",
            "The deployment has no tokens left today.", QuotaExceededError),
    Problem("too-many-failures", 429, "Too many failed authentications",
            "This address failed to authenticate too often; ask again after Retry-After.",
            SignatureError, Retry.AFTER),
    Problem("internal", 500, "Something unforeseen happened",
            "The request was not the reason. Report the request id.", ConverterUnavailableError, Retry.YES, True),
    Problem("model-output-invalid", 502, "The model's answer is not usable",
            "The model's answer has the wrong shape, or was cut off.", MalformedReplyError, Retry.ONCE, True),
    Problem("store-unavailable", 503, "The store cannot be reached",
            "Limits cannot be checked now, so nothing is converted.", ConverterUnavailableError, Retry.YES, True),
    Problem("issuer-unavailable", 503, "The issuer of tokens cannot be reached",
            "The keys of the issuer cannot be fetched now, so no token can be checked.", ConverterUnavailableError,
            Retry.YES),
    Problem("model-throttled", 503, "The model is busy",
            "The model takes no more requests now.", ConverterUnavailableError, Retry.YES, True),
    Problem("model-unavailable", 503, "The model cannot be reached",
            "The model does not answer, or the deployment may not call it.", ConverterUnavailableError, Retry.YES,
            True),
    Problem("model-timeout", 504, "The model took too long",
            "The model did not answer within the request's time.", ConverterUnavailableError, Retry.YES, True),
)
# fmt: on
PROBLEMS: Final = {problem.code: problem for problem in _ALL}


def problem_document(code: str, request_id: str, **members: Any) -> dict[str, Any]:
    """The body of an answer; ``error`` is what clients of the first s2r read."""
    problem = PROBLEMS[code]
    return {
        "type": PREFIX + code,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "request_id": request_id,
        "error": problem.detail,
        **members,
    }


def error_of(document: Any, *, where: str = "") -> ConversionError:
    """The error that a problem means. What is no problem of ours is a MalformedReplyError, never trusted further."""
    kind = document.get("type") if isinstance(document, dict) else None
    problem = PROBLEMS.get(kind.removeprefix(PREFIX)) if isinstance(kind, str) else None
    if problem is None:
        return MalformedReplyError("the answer is none of our service", where=where)
    request_id = str(document.get("request_id", ""))
    shown = "".join(letter for letter in request_id if (letter.isascii() and letter.isalnum()) or letter in "-_")[
        :64
    ]
    hint = f"request {shown}" if shown else ""
    error = problem.error(f"{problem.title.lower()}: {problem.detail}", where=where, hint=hint)
    error.problem = problem.code
    return error
