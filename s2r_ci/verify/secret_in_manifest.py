"""secret-in-manifest: no secret stands in the manifest, in no spelling (P-29)."""

import base64
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from s2r_ci.model import ConversionRequest
from s2r_ci.secrets import find_secrets
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.facts import Container, Facts
from s2r_ci.verify.prelude_changed import read
from s2r_ci.verify.scalars import places
from s2r_ci.verify.shapes import Steps

_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_LONG: Final = 256
_FIELDS: Final = frozenset(
    {
        "activeDeadlineSeconds", "annotations", "apiVersion", "backoffLimit", "batch/v1", "containers", "emptyDir",
        "ephemeral-storage", "fieldPath", "fieldRef", "kai.scheduler/preemptibility", "matchExpressions", "metadata",
        "mountPath", "non-preemptible", "nodeAffinity", "nodeSelector", "nodeSelectorTerms", "nvidia.com/gpu",
        "operator", "persistentVolumeClaim", "claimName", "preemptible", "priorityClassName",
        "requiredDuringSchedulingIgnoredDuringExecution", "requests", "resources", "restartPolicy",
        "runai-nodepools", "runai-scheduler", "s2r-ci/job-name", "schedulerName", "template", "valueFrom",
        "volumeMounts", "workingDir", "kubernetes.io/hostname",
    }
)  # fmt: skip
"""Words that stand in every manifest, and need no second look."""
_SHORTEST: Final = 8  # below that a value would be found by chance


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Detectors over everything but the body, which is the script; the script's own secrets in any spelling."""
    containers = [container for role in facts.roles for container in role.containers]
    told = [pair for container in containers for pair in _told(container)]
    known = _known(request.script.text)
    if not known and not any(_seen(text) for text in _portions(request, facts, told)):
        return  # the usual case
    bodies = {steps for container in containers if (steps := _body(request, container))}
    if known and bodies:
        yield _breach("the script, which has a secret", min(bodies, key=str))
    for steps, text in (*places(facts.body), *told):
        if len(text) < _SHORTEST or steps in bodies:
            continue
        if any(spelling in text for spelling in known):
            yield _breach("a secret of the script", steps)
        elif _seen(text):
            yield _breach("what looks like a secret", steps)


@lru_cache(maxsize=64)
def _seen(text: str) -> bool:
    """Preludes repeat from script to script, so that most are looked through once."""
    return bool(find_secrets(text))


def _portions(request: ConversionRequest, facts: Facts, told: list[tuple[Steps, str]]) -> Iterator[str]:
    """Long texts one by one, the short ones together, each only once.

    Not looked through again: the script, and a prelude of the catalogue, which says nothing but what the script says.
    """
    texts = facts.texts
    if texts is None:
        return  # policy refuses it for its size, whatever it says
    known = {id(word) for role in facts.carriers for c in role.containers for word in _known_words(request, c)}
    short: list[str] = []
    for text in {*texts, *(text for _, text in told)} - _FIELDS:
        if len(text) <= _LONG:
            short.append(text)
        elif id(text) not in known:
            yield text
    yield "\n".join(sorted(short))


def _known_words(request: ConversionRequest, container: Container) -> Iterator[object]:
    """Words of the container, as they stand in the manifest, that say only what the script says."""
    words = container.node.get("args")
    if not container.carries or not isinstance(words, list):
        return
    if not read(container.prelude)[1]:
        yield words[0]
    if container.body == request.script.data:
        yield words[2]


def _told(container: Container) -> Iterator[tuple[Steps, str]]:
    """Names beside their values, as a shell would have them: many a secret is only known by its name."""
    for name, value in container.environment.items():
        if value:
            yield (*container.steps, "env"), f"{name}={value}"
    if container.arguments:
        yield (*container.steps, "args"), " ".join(container.arguments)


def _body(request: ConversionRequest, container: Container) -> Steps:
    """The steps of the body where it is the script, octet for octet."""
    return (*container.steps, "args", 2) if container.body == request.script.data else ()


@lru_cache(maxsize=8)
def _known(text: str) -> frozenset[str]:
    """Every spelling of every secret in the script."""
    values = {text[secret.start : secret.end] for secret in find_secrets(text)}
    return frozenset(spelling for value in values if len(value) >= _SHORTEST for spelling in _spellings(value))


def _spellings(value: str) -> Iterator[str]:
    octets = value.encode("utf-8", "surrogateescape")
    yield from (value, value[::-1], octets.hex(), octets.hex().upper(), _percent(octets))
    for shift in range(3):  # base64 looks different at each of the three places an octet can have
        text = base64.b64encode(b"\0" * shift + octets).decode()
        inner = text[-(-shift * 4 // 3) : len(text) - 4 if text.endswith("=") else len(text)]
        if len(inner) >= _SHORTEST:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")


def _percent(octets: bytes) -> str:
    """As in a URL; the standard library's own way there loads too much for one line."""
    return "".join(chr(octet) if chr(octet) in _PLAIN else f"%{octet:02X}" for octet in octets)


def _breach(what: str, steps: Steps) -> Breach:
    return Breach(message=f"the manifest holds {what}", subject="secret", steps=steps)
