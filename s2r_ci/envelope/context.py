"""What a manifest depends on, as an envelope carries it: a target's choices, answers and site, there and back.

Both sides read it by the rules of the settings, so that a service takes nothing that no settings file could say.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from s2r_ci.envelope import Envelope, EnvelopeError
from s2r_ci.errors import ConfigurationError
from s2r_ci.frozen import names_of
from s2r_ci.model import Service, Target, Volume
from s2r_ci.settings import keys
from s2r_ci.settings.places import Place, Source
from s2r_ci.settings.site import make_site, read_site
from s2r_ci.settings.values import memory_mib, read_choice, read_number, read_table, read_text, read_texts

_CHOICES: Final = {"name": "target", "runai_release": "runai_release", "slurm_version": "slurm_version"}
_ANSWER_KEYS: Final = (
    "image", "default-image", "memory", "gpus", "arguments", "variables", "working-directory", "accepted", "project",
    "namespace", "body-delivery", "image-allow", "project-id", "cluster-id", "options", "mounts", "shards-per-gpu",
    "topology", "topology-level",
)  # fmt: skip


class Context(NamedTuple):
    """What the members of an envelope say about the target."""

    target: str
    runai_release: str
    slurm_version: str
    answers: dict[str, Any]
    site: dict[str, Any]


def context_of(target: Target) -> Context:
    """The members of an envelope that say what a manifest depends on: ``Envelope(..., **context_of(t)._asdict())``."""
    answers = {
        name: _plain(getattr(target, name.replace("-", "_")))
        for name in _ANSWER_KEYS
        if name not in ("memory", "body-delivery", "gpus")
    }
    answers["memory"] = f"{target.memory_mib}M" if target.memory_mib else ""
    answers["body-delivery"] = target.body_delivery if target.body_delivery != "embedded" else ""
    said = {name: value for name, value in answers.items() if value}
    if target.gpus is not None:
        said["gpus"] = target.gpus
    site = {name: _plain(getattr(target.site, name)) for name in keys.SITE_KEYS if getattr(target.site, name)}
    return Context(target.name, target.runai_release, target.slurm_version, said, site)


def _plain(value: Any) -> Any:
    match value:
        case Volume() | Service():
            found = {name.replace("_", "-"): getattr(value, name) for name in names_of(value)}
            return {name: each for name, each in found.items() if each}
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case tuple():
            return [_plain(each) for each in value]
    return value


def target_of(envelope: Envelope) -> Target:
    """The target that an envelope asks for, every value checked as the settings are.

    Raises EnvelopeError; its ``member`` is ``answers``, ``site`` or the name of the choice that is not known.
    """
    given: dict[str, Any] = {}
    for name, key in _CHOICES.items():
        if value := getattr(envelope, key):
            words = keys.KEYS[key.replace("_", "-")].words
            given[name] = _checked(key, lambda place, words=words, value=value: read_choice(value, place, words))
    given |= _checked("answers", lambda place: _answers(envelope.answers, place))
    site = _checked("site", lambda place: make_site(read_site(dict(envelope.site), place)))
    return Target(site=site, **given)


def _checked(member: str, read: Any) -> Any:
    try:
        return read(Place(Source(member)))
    except ConfigurationError:
        raise EnvelopeError(f"{member} does not keep the rules of the settings", member=member) from None


def _answers(value: Mapping[str, Any], place: Place) -> dict[str, Any]:
    table = read_table(dict(value), place, _ANSWER_KEYS)
    found: dict[str, Any] = {}
    for name, each in table.items():
        here = place.step(name)
        match name:
            case "gpus":
                found["gpus"] = read_number(each, here, 0, keys.MOST_GPUS)
            case "shards-per-gpu":
                found["shards_per_gpu"] = read_number(each, here, 0, keys.KEYS[name].high)
            case "arguments":
                found["arguments"] = read_texts(each, here, keys.ANY, "text without NUL")
            case "options":
                found["options"] = read_texts(each, here, keys.OPTION, keys.OPTION_SAYS)
            case "mounts":
                found["mounts"] = read_texts(each, here, keys.ABSOLUTE, "the path of a volume of the site map")
            case "variables":
                found["variables"] = {
                    read_text(key, here, keys.VARIABLE, "a name"): read_text(text, here, keys.ANY, "text")
                    for key, text in read_table(each, here).items()
                }
            case "accepted" | "image-allow":
                key = keys.KEYS[name]
                found[name.replace("-", "_")] = read_texts(each, here, key.pattern, key.expects)
            case "body-delivery":
                found["body_delivery"] = read_choice(each, here, keys.KEYS[name].words)
            case "memory":
                found["memory_mib"] = memory_mib(read_text(each, here, keys.MEMORY, keys.MEMORY_SAYS))
            case _:
                key = keys.KEYS[name.removeprefix("default-")]
                found[name.replace("-", "_")] = read_text(each, here, key.pattern, key.expects)
    return found
