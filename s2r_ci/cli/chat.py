"""``s2r chat SESSION "use 4 GPUs"``: refine what the service made of a script, and judge it like everything else.

The service remembers the conversation, the journal which script it is about. What a person asks for becomes answers,
as they would stand in the settings: the manifest is judged with them, and they are printed, so that they can be put
there; until they are, ``s2r-scan check`` says that the manifest has other settings.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from s2r_ci.called import script_of
from s2r_ci.cli.arguments import add_service, parse, parser
from s2r_ci.cli.refining import BESIDE, About, Refined, refined, target_with
from s2r_ci.errors import ConfigurationError
from s2r_ci.frozen import replace
from s2r_ci.patterns import lazy

if TYPE_CHECKING:
    from s2r_ci.asking import Service
    from s2r_ci.remote.answers import Converted
    from s2r_ci.repository import Place

_SESSION: Final = lazy(r"[A-Za-z0-9_-]{20,64}")
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
    from s2r_ci.repository import place_of

    return place_of({**given, "paths": []})


def _refine(place: "Place", session: str, text: str, out: str) -> int:
    import secrets

    from s2r_ci.asking import access_for, service_for
    from s2r_ci.publish.report import publish

    access = access_for(replace(place.settings, converter="service"), os.environ)
    assert access is not None  # noqa: S101  it raises, where there is none
    service = service_for(access, place.settings, os.environ, root=place.root)
    about = _about(place, service, session)
    answer, answers = refined(service, about, text, secrets.token_urlsafe(24))
    publish(_document(service, about, answer, answers), out, "manifest")
    for line in _told(about, answer, answers):
        print(f"s2r: {line}", file=sys.stderr)
    return 0


def _about(place: "Place", service: "Service", session: str) -> About:
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
    read = partial(read_file, place.root)
    script = script_of(found.path, read(found.path), read)
    target = place.tree.target_for(found.path)
    return About(found.session, script, target, outgoing(script, target))


def _document(service: "Service", about: About, answer: "Converted", answers: Mapping[str, Any]) -> str:
    """The refined manifest as a file. Raises ConversionError where the judge refuses it."""
    from s2r_ci.pipeline import walk
    from s2r_ci.walked import document_of, refusal

    target = target_with(about.target, answers)
    walked = walk(about.script, target, Refined(service, about, answer))
    if not walked.writable:
        raise refusal(walked)
    return document_of(walked, target, f"{about.script.path}.runai.yaml").decode("utf-8")


def _told(about: About, answer: "Converted", answers: Mapping[str, Any]) -> Iterator[str]:
    """What to put into the settings, so that the refined manifest is what they give."""
    yield from (" ".join(each.split()) for each in answer.warnings)
    said = {name: value for name, value in answers.items() if name not in BESIDE}
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


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {_toml(each)}" for name, each in value.items()) + " }"
    return json.dumps(value)
