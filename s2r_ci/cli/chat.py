"""``s2r chat SESSION "use 4 GPUs"``: refine what the service made of a script, and judge it like everything else.

The service remembers the conversation, the journal which script it is about. What a person asks for becomes answers,
as they would stand in the settings: the manifest is judged with them, and they are printed, so that they can be put
there; until they are, ``s2r-scan check`` says that the manifest has other settings.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from s2r_ci.cli.arguments import add_service, parse, parser
from s2r_ci.errors import ConfigurationError, MalformedReplyError
from s2r_ci.model import ConversionRequest, ConversionResult, Script, Target

if TYPE_CHECKING:
    from s2r_ci.asking import Service
    from s2r_ci.remote.answers import Converted
    from s2r_ci.remote.outgoing import Outgoing
    from s2r_ci.session import Place

PATH: Final = "/v1/chat"
_SESSION: Final = re.compile(r"[A-Za-z0-9_-]{20,64}")
_LONGEST: Final = 2_000  # characters of an instruction


def run(words: Sequence[str]) -> int:
    """Ask, judge, print. The exit code is 0, 1 where the judge refuses, or that of the trouble with the service."""
    made = parser("s2r chat", "refine a conversion of the service")
    made.prog = "s2r chat"
    made.add_argument("session", metavar="SESSION", help="the session that s2r named, or the script it is about")
    made.add_argument("instruction", metavar="TEXT", help='what to change: "use 4 GPUs"')
    made.add_argument("out", nargs="?", default="", metavar="OUT", help="default: standard output")
    add_service(made)
    first = words[0] if words and _SESSION.fullmatch(words[0]) else ""  # one may begin as an option does
    given = dict(parse(made, ["session", *words[1:]] if first else words))
    if first:
        given["session"] = first
    session, text, out = (str(given.pop(name)) for name in ("session", "instruction", "out"))
    if not text.strip() or len(text) > _LONGEST:
        raise ConfigurationError(f"an instruction has 1 to {_LONGEST:,} characters", where="TEXT")
    return _refine(_place(given), session, text, out)


def _place(given: Mapping[str, Any]) -> "Place":
    from s2r_ci.session import place_of

    return place_of({**given, "paths": []})


class _About(NamedTuple):
    """What a conversation is about."""

    session: str
    script: Script
    target: Target
    out: "Outgoing"


def _refine(place: "Place", session: str, text: str, out: str) -> int:
    from s2r_ci.asking import access_for, service_for
    from s2r_ci.publish.report import publish

    access = access_for(replace(place.settings, converter="service"), os.environ)
    assert access is not None  # noqa: S101  it raises, where there is none
    service = service_for(access, place.settings, os.environ, root=place.root)
    about = _about(place, service, session)
    answer, answers = _asked(service, about, text)
    publish(_document(service, about, answer, answers), out, "manifest")
    for line in _told(about, answer, answers):
        print(f"s2r: {line}", file=sys.stderr)
    return 0


def _about(place: "Place", service: "Service", session: str) -> _About:
    """The script of a session, as it is now. A script's path stands for the latest session about it."""
    from s2r_ci.discover import read_file
    from s2r_ci.remote.outgoing import outgoing

    found = service.journal.of_session(session) or service.journal.of_path(session)
    if found is None:
        raise ConfigurationError(
            "no conversion of this session is known here",
            where=session,
            hint="convert the script first (s2r job.sh), in the same repository and with the same key",
        )
    script = Script(path=found.path, data=read_file(place.root, found.path))
    target = place.tree.target_for(found.path)
    return _About(found.session, script, target, outgoing(script, target))


def _asked(service: "Service", about: _About, text: str) -> "tuple[Converted, Mapping[str, Any]]":
    """The service's answer, and the answers of the settings that it stands for."""
    import hashlib
    import secrets

    from s2r_ci.remote.answers import converted, document

    client = service.client
    envelope = client.envelope(
        "POST", PATH, session_id=about.session, instruction=text, idem=secrets.token_urlsafe(24)
    )
    reply = client.ask(envelope)
    answer = converted(reply, hashlib.sha256(about.out.text.encode()).hexdigest(), client.access.origin)
    answers = document(reply, client.access.origin).get("answers") or {}
    if not isinstance(answers, dict):
        raise MalformedReplyError("answers of the answer is no table", where=client.access.origin)
    return answer, answers


def _document(service: "Service", about: _About, answer: "Converted", answers: Mapping[str, Any]) -> str:
    """The refined manifest as a file. Raises ConversionError where the judge refuses it."""
    from s2r_ci.pipeline import walk
    from s2r_ci.walked import document_of, refusal

    target = _answered(about.target, answers)
    walked = walk(about.script, target, _Refined(service, about, answer))
    if not walked.writable:
        raise refusal(walked)
    return document_of(walked, target, f"{about.script.path}.runai.yaml").decode("utf-8")


class _Refined(NamedTuple):
    """A converter that has its answer already."""

    service: "Service"
    about: _About
    answer: "Converted"

    def convert(self, request: ConversionRequest) -> ConversionResult:
        """The service's manifest as a result; the judge sees it next."""
        from s2r_ci.convert.rules import RulesConverter

        made = RulesConverter().convert(request)
        return self.service.converter.taken(request, made, self.about.out, self.answer)


def _answered(target: Target, answers: Mapping[str, Any]) -> Target:
    """The target with the answers that the service names, each checked as if it stood in the settings."""
    from s2r_ci.settings.places import Place, Source
    from s2r_ci.settings.site import read_answer, read_site
    from s2r_ci.settings.values import memory_mib

    place = Place(Source("the service's answers"))
    said = {name: value for name, value in answers.items() if name not in _BESIDE}
    try:
        answer = read_answer({"scripts": "**", **said}, place, "")
        site: Mapping[str, Any] = read_site(answers.get("site", {}), place.step("site"))
    except ConfigurationError as error:
        raise MalformedReplyError(error.what, where=error.where) from None
    values: dict[str, Any] = dict(answer.values)
    if "memory" in values:
        values["memory_mib"] = memory_mib(values.pop("memory"))
    values["variables"] = {**target.variables, **values.get("variables", {})}
    values["mounts"] = tuple(dict.fromkeys((*target.mounts, *values.get("mounts", ()))))
    values["options"] = (*target.options, *values.get("options", ()))
    volumes = {**target.site.volumes, **site.get("volumes", {})}
    return replace(target, **{**values, "site": replace(target.site, volumes=volumes)})


def _told(about: _About, answer: "Converted", answers: Mapping[str, Any]) -> Iterator[str]:
    """What to put into the settings, so that the refined manifest is what they give."""
    yield from (" ".join(each.split()) for each in answer.warnings)
    said = {name: value for name, value in answers.items() if name not in _BESIDE}
    volumes = answers.get("site", {}).get("volumes", {})
    if said or volumes:
        yield "to keep this, put it into s2r-ci.toml:"
    if volumes:
        yield "  [site.volumes]"
    for path, volume in volumes.items():
        yield f"  {json.dumps(path)} = {_toml(volume)}"
    if said:
        yield "  [[answers]]"
        yield f"  scripts = {json.dumps(about.script.path)}"
    for name, value in sorted(said.items()):
        yield f"  {name} = {_toml(value)}"


_BESIDE: Final = ("site", "decisions")  # no keys of an answer in the settings


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {_toml(each)}" for name, each in value.items()) + " }"
    return json.dumps(value)
