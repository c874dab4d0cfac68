"""What came back, read strictly: JSON of the shape that was agreed, about the script that was sent, and signed.

Nothing here is believed about the manifest itself: it is text until the judge has seen it.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from s2r_ci.errors import MalformedReplyError
from s2r_ci.remote.transport import LARGEST_ANSWER, Answer
from s2r_ci.signing import REPLAY_HEADER, RESPONSE_HEADER, verify_response

NOT_OURS: Final = "check that api-endpoint is the address of the conversion service, and no page of a proxy"
_MOST_TEXTS: Final = 50
_LONGEST_TEXT: Final = 400  # characters


class Usage(NamedTuple):
    """What a conversion used, as the service counts it."""

    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 0

    @property
    def tokens(self) -> int:
        """Both directions together."""
        return self.input_tokens + self.output_tokens


class Converted(NamedTuple):
    """The answer to one conversion. ``manifest`` is YAML that nobody has judged yet."""

    manifest: str
    model: str = ""  # id; empty: by rules
    prompt: str = ""
    usage: Usage = Usage()
    warnings: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    session: str = ""
    request_id: str = ""
    replayed: bool = False  # a stored answer, which is charged once


def is_signed(answer: Answer, secret: bytes, mac: str) -> bool | None:
    """Whether the answer carries our service's signature for this request; None where it carries none."""
    given = answer.headers.get(RESPONSE_HEADER.lower())
    return None if given is None else verify_response(secret, mac, answer.status, answer.body, given)


def document(answer: Answer, where: str) -> Mapping[str, Any]:
    """The JSON object in an answer. Raises MalformedReplyError for anything else."""
    try:
        value = json.loads(answer.body, object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise _malformed("the answer is no JSON", where) from None
    if not isinstance(value, dict):
        raise _malformed("the answer is no JSON object", where)
    return value


def converted(answer: Answer, script_digest: str, where: str) -> Converted:
    """The conversion in an answer 200. Raises MalformedReplyError where it is not one for this script."""
    said = document(answer, where)
    manifest, digest = said.get("runai_config"), said.get("script_sha256")
    if not isinstance(manifest, str) or not manifest.strip() or len(manifest) > LARGEST_ANSWER:
        raise _malformed("the answer holds no manifest", where)
    if "error" in said or said.get("s2r") != 1:
        raise _malformed("the answer is none of this version of the service", where)
    if digest != script_digest:
        raise _malformed("the answer is for another script than the one that was sent", where)
    return Converted(
        manifest=manifest,
        model=_text(said, "model", where),
        prompt=_text(said, "prompt_version", where),
        usage=_usage(said.get("usage"), where),
        warnings=_texts(said, "warnings", where),
        questions=_texts(said, "questions", where),
        session=_text(said, "session_id", where),
        request_id=_text(said, "request_id", where),
        replayed=answer.headers.get(REPLAY_HEADER.lower(), "") == "true",
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _refused(word: str) -> Any:
    raise ValueError(word)


def _text(said: Mapping[str, Any], name: str, where: str) -> str:
    value = said.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or not value.isprintable():
        raise _malformed(f"{name} of the answer is no short text", where)
    return value


def _texts(said: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    value = said.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _malformed(f"{name} of the answer is no list of texts", where)
    return tuple(each[:_LONGEST_TEXT] for each in value[:_MOST_TEXTS])


def _usage(value: Any, where: str) -> Usage:
    if value is None:
        return Usage()
    counts = [value.get(name, 0) if isinstance(value, dict) else None for name in Usage._fields]
    whole = [count for count in counts if type(count) is int and 0 <= count < 10**9]
    if len(whole) != len(counts):
        raise _malformed("usage of the answer holds no counts", where)
    return Usage(*whole)


def _malformed(what: str, where: str) -> MalformedReplyError:
    return MalformedReplyError(what, where=where, hint=NOT_OURS)
