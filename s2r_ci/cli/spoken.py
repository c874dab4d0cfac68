"""Commands of a comment through the service's conversation, whose session is the pull request's.

The session is found again without a memory of ours: converting the same script for the same pull request is one
request, which the service answers from its store and charges once. A turn that the judge spoke against ends the
conversation, because the service would carry it on; the next command begins another.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from s2r_ci.cli.refining import About, Refined, refined, target_with
from s2r_ci.errors import ConversionError, MalformedReplyError, S2rError
from s2r_ci.frozen import replace
from s2r_ci.model import ConversionRequest, Script

if TYPE_CHECKING:
    from s2r_ci.asking import Service
    from s2r_ci.remote.answers import Converted
    from s2r_ci.repository import Place

MOST_SCRIPTS: Final = 20  # of one pull request that a comment asks the service about
_MOST_SESSIONS: Final = 5  # of one script of one pull request
_LONGEST_REASON: Final = 500


class Thread(NamedTuple):
    """Where something was said: what makes a request of this comment the same one when its workflow is run again."""

    repository: str
    pull: int
    comment: int


class Heard(NamedTuple):
    """What the service made of the words: the answers for the file, and its manifest, which nobody has judged yet."""

    about: About
    answer: "Converted"
    answers: Mapping[str, Any]


def service_of(place: "Place", environ: Mapping[str, str]) -> "Service | None":
    """The service that the workflow names; None where it names none. The files of a branch do not say who is asked.

    Raises ConfigurationError for an address or a secret that cannot be used.
    """
    from s2r_ci.asking import access_for, service_for

    if not environ.get("S2R_API_ENDPOINT", "").strip():
        return None
    settings = replace(place.settings, api_endpoint=environ["S2R_API_ENDPOINT"].strip())
    access = access_for(settings, environ)
    return service_for(access, settings, environ, root=place.root) if access else None


def heard(
    service: "Service",
    place: "Place",
    script: Script,
    words: Sequence[str],
    thread: Thread,
    said: Mapping[str, Any],
) -> Heard | None:
    """Ask for each of the words; ``said`` are the answers that the tool's file holds for the script already.

    None where the script is no single job: its own walk says so. Raises ConversionError: the service could not be
    asked, did not understand, or answered what nobody said.
    """
    from s2r_ci.pipeline import convertible
    from s2r_ci.remote.outgoing import outgoing

    request = convertible(script, place.tree.target_for(script.path))
    if request is None:
        return None
    out = outgoing(script, request.target, refuse=service.converter.wish.refuse)
    if out.why:
        raise ConversionError(f"the script cannot be sent: {out.why}", where=script.path)
    about = About(_session(service, request, out, thread), script, request.target, out)
    before: Mapping[str, Any] = {}
    for number, text in enumerate(words):
        idem = _key("comment", thread.repository, str(thread.comment), str(number), script.path, about.session)
        service.converter.allowance.take(len(text))
        answer, answers = refined(service, about, text, idem)
        _faithful(service, about, text, before, answers)
        before = answers
    return Heard(about, answer, _added(said, before))


def _key(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogateescape")).hexdigest()[:43]


def _session(service: "Service", request: ConversionRequest, out: Any, thread: Thread) -> str:
    """The session of this script in this pull request: the first whose turns nobody spoke against."""
    from s2r_ci.convert.service import question
    from s2r_ci.remote.answers import converted

    client, digest = service.client, hashlib.sha256(out.text.encode()).hexdigest()
    asked = question(client, request, out, service.converter.wish)
    for number in range(_MOST_SESSIONS):
        idem = _key("pull", thread.repository, str(thread.pull), asked.idem, str(number))
        service.converter.allowance.take(len(out.text))
        answer = converted(client.ask(replace(asked, idem=idem)), digest, client.access.origin)
        if not _ended(service, answer.session):
            return answer.session
    raise ConversionError(
        f"{_MOST_SESSIONS} conversations about this script were refused by the judge",
        where=request.script.path,
        hint="put the answers into the settings",
    )


def _ended(service: "Service", session: str) -> bool:
    """Whether a turn of the session was rejected."""
    from s2r_ci.remote.answers import document

    client = service.client
    told = document(client.ask(client.envelope("GET", f"/v1/history/{session}")), client.access.origin)
    turns = told.get("turns")
    if not isinstance(turns, list):
        raise MalformedReplyError("the answer holds no turns", where=client.access.origin)
    return any(isinstance(turn, dict) and turn.get("verdict") == "rejected" for turn in turns)


def _faithful(
    service: "Service", about: About, text: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Raises MalformedReplyError where the answers say what the words do not."""
    from s2r_ci.pipeline import convertible
    from s2r_ci.wishes.faithful import unsaid

    request = convertible(about.script, target_with(about.target, before))
    found = unsaid(text, before, after, request.job) if request else ["options"]
    if found:
        reject(service, about, f"not what was asked for: {', '.join(found)}")
        raise MalformedReplyError(
            f"the service's answer is not what the words ask for ({', '.join(found)})",
            where=service.client.access.origin,
            hint="say it as one of the commands, or put the answer into the settings",
        )


def _added(said: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The answers of the file with the new ones; an option counts instead of an earlier one of its name."""
    names = {str(option).partition("=")[0] for option in new.get("options", ())}
    options = [option for option in said.get("options", ()) if option.partition("=")[0] not in names]
    kept = {name: value for name, value in new.items() if name != "decisions"}
    if options or names:
        kept["options"] = [*options, *new.get("options", ())]
    if variables := {**said.get("variables", {}), **new.get("variables", {})}:
        kept["variables"] = variables
    if mounts := list(dict.fromkeys((*said.get("mounts", ()), *new.get("mounts", ())))):
        kept["mounts"] = mounts
    return {**said, **kept}


def document(service: "Service", place: "Place", found: Heard) -> bytes:
    """The service's manifest as a file, made with the settings as they are now. Raises ConversionError where schema,
    judge or policy speak against it; the conversation ends with that.
    """
    from s2r_ci.pipeline import walk
    from s2r_ci.walked import document_of, refusal

    script = found.about.script
    target = place.tree.target_for(script.path)
    walked = walk(script, target, Refined(service, found.about, found.answer))
    if not walked.writable:
        error = refusal(walked)
        reject(service, found.about, error.what)
        raise error
    return document_of(walked, target, place.tree.for_script(script.path).manifest_path(script.path))


def reject(service: "Service", about: About, why: str) -> None:
    """Tell the service that a turn was not taken. Where it cannot be told, the next command meets the turn again and
    is refused again: nothing wrong comes of that.
    """
    client = service.client
    reason = " ".join(why.split())[:_LONGEST_REASON]
    envelope = client.envelope("POST", "/v1/feedback", session_id=about.session, verdict="rejected", reason=reason)
    try:
        client.ask(envelope)
    except S2rError:
        return
