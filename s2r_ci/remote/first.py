"""A server of the first s2r, which our client speaks to as its own clients did.

It takes the raw script at ``POST /`` under the same two signature headers, and answers ``{"runai_config": TEXT}``, or
``{"error": TEXT}`` with 401, 413, 429 or 500. It knows no key ids, no envelope, no quota route and no idempotency: each
request is charged, also one that fails, so none is sent twice. Its answers carry no signature, so what they say is
worth what the judge finds in it. The text is a model's: YAML, YAML and shell commands in fences, or commands alone.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from s2r_ci.errors import (
    ConversionError,
    ConversionRefusedError,
    ConverterUnavailableError,
    MalformedReplyError,
    QuotaExceededError,
    SignatureError,
)
from s2r_ci.patterns import lazy
from s2r_ci.remote.answers import NOT_OURS, Converted, document
from s2r_ci.remote.failures import AttemptError, failure_of
from s2r_ci.remote.transport import LARGEST_ANSWER, Answer

PATH: Final = "/"
WARNING: Final = (
    "the service is one of the first s2r: its answers are not signed, answers and site map do not reach it, and"
    " nothing is asked twice"
)
_NO_SUCH_ROUTE: Final = {"message": "Not Found"}  # what API Gateway says in front of it, of any path but /
_FENCED: Final = lazy(r"^```([A-Za-z]*)[ \t]*\n(.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)
_KIND: Final = lazy(r"^kind:", re.MULTILINE)  # commands have none, nor has "Error: No content in response"
_YAML: Final = frozenset({"yaml", "yml", ""})


def is_first(health: Answer, where: str) -> bool:
    """Whether the answer to an unsigned ``GET /healthz`` is one of the first s2r, which has no such route: JSON in
    which no version of our wire is named, but its own complaint about the signature that it missed.

    What is neither its answer nor ours is False: the request itself will tell what stands there.
    """
    try:
        said = document(health, where)
    except MalformedReplyError:
        return False
    if health.status == 404:
        return said == _NO_SUCH_ROUTE
    return health.status == 401 and said.keys() == {"error"} and isinstance(said["error"], str)


def converted(answer: Answer, where: str) -> Converted:
    """The conversion in an answer 200. Raises MalformedReplyError for one that holds no manifest."""
    manifest = _manifest(document(answer, where))
    if not _KIND.search(manifest) or len(manifest) > LARGEST_ANSWER:
        raise MalformedReplyError("the answer holds no manifest", where=where, hint=NOT_OURS)
    return Converted(manifest=manifest, warnings=(WARNING,))


def _manifest(said: Mapping[str, Any]) -> str:
    """The first fenced block that is YAML; without a fence, the text as it is."""
    text = said.get("runai_config")
    if not isinstance(text, str) or "error" in said:
        return ""
    blocks = [block for word, block in _FENCED.findall(text) if word.lower() in _YAML]
    return blocks[0] if blocks else text


def refusal(answer: Answer, where: str, *, now_s: float) -> AttemptError:
    """What an answer other than 200 means. None is a reason to ask again in this run."""
    try:
        known = isinstance(document(answer, where).get("error"), str)
    except MalformedReplyError:
        known = False
    if not known or answer.status not in _ERRORS:
        return AttemptError(failure_of(answer, signed=False, where=where, now_s=now_s).error, down=True)
    kind, problem, what, hint = _ERRORS[answer.status]
    error = kind(what, where=where, hint=hint)
    error.problem = problem
    return AttemptError(error, down=answer.status == 500)


_ERRORS: Final[Mapping[int, tuple[type[ConversionError], str, str, str]]] = {
    401: (
        SignatureError, "invalid-signature", "the server of the first s2r refuses the signature",
        "both sides need the same secret, and clocks less than 300 s apart",
    ),
    413: (ConversionRefusedError, "payload-too-large", "the server of the first s2r takes no script so large", ""),
    429: (
        QuotaExceededError, "quota-exceeded", "the day's quota at the server of the first s2r is used up",
        "it counts by address, and runners share addresses; run again tomorrow",
    ),
    500: (ConverterUnavailableError, "", "the server of the first s2r failed", "its own log says why"),
}  # fmt: skip


def cannot(where: str) -> AttemptError:
    """It converts, and does nothing else: no quota, no chat, no feedback."""
    return AttemptError(
        ConversionRefusedError(
            "a server of the first s2r converts scripts and knows nothing else",
            where=where,
            hint="the service of this project has quota, chat and feedback",
        )
    )
