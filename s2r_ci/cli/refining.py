"""One turn of a conversation with the service about a conversion: what is sent, what came back, and as what target.

Nothing of it is believed: the manifest goes to the judge, the answers are read as strictly as settings.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from s2r_ci.errors import ConfigurationError, MalformedReplyError
from s2r_ci.frozen import replace
from s2r_ci.model import ConversionRequest, ConversionResult, Script, Target

if TYPE_CHECKING:
    from s2r_ci.asking import Service
    from s2r_ci.remote.answers import Converted
    from s2r_ci.remote.outgoing import Outgoing

PATH: Final = "/v1/chat"
BESIDE: Final = ("site", "decisions")  # no keys of an answer in the settings


class About(NamedTuple):
    """What a conversation is about."""

    session: str
    script: Script
    target: Target
    out: "Outgoing"


def refined(service: "Service", about: About, text: str, idem: str) -> "tuple[Converted, Mapping[str, Any]]":
    """The service's answer, and the answers of the settings that it stands for. The same ``idem`` is charged once.

    Raises what ``Client.ask`` raises, and MalformedReplyError.
    """
    import hashlib

    from s2r_ci.remote.answers import converted, document

    client = service.client
    envelope = client.envelope("POST", PATH, session_id=about.session, instruction=text, idem=idem)
    reply = client.ask(envelope)
    answer = converted(reply, hashlib.sha256(about.out.text.encode()).hexdigest(), client.access.origin)
    answers = document(reply, client.access.origin).get("answers") or {}
    if not isinstance(answers, dict):
        raise MalformedReplyError("answers of the answer is no table", where=client.access.origin)
    return answer, answers


class Refined(NamedTuple):
    """A converter that has its answer already."""

    service: "Service"
    about: About
    answer: "Converted"

    def convert(self, request: ConversionRequest) -> ConversionResult:
        """The service's manifest as a result; the judge sees it next."""
        from s2r_ci.convert.rules import RulesConverter

        made = RulesConverter().convert(request)
        return self.service.converter.taken(request, made, self.about.out, self.answer)


def target_with(target: Target, answers: Mapping[str, Any]) -> Target:
    """The target with the answers that the service names, each checked as if it stood in the settings."""
    from s2r_ci.settings.places import Place, Source
    from s2r_ci.settings.site import read_answers, read_site
    from s2r_ci.settings.values import memory_mib

    place = Place(Source("the service's answers"))
    said = {name: value for name, value in answers.items() if name not in BESIDE}
    try:
        (answer,) = read_answers([{"scripts": "**", **said}], place, "")
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
