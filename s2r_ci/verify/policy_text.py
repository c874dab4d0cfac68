"""The policy of what is written: P-21, P-24 to P-27 and P-41.

The script's own body is exempt where it stands as the third argument: it is compared octet for octet instead.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from s2r_ci.model import ConversionRequest
from s2r_ci.patterns import lazy
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import settable
from s2r_ci.verify.facts import DEEPEST, MOST_NODES, Container, Facts
from s2r_ci.verify.prelude_changed import read
from s2r_ci.verify.scalars import places
from s2r_ci.verify.shapes import Steps

LONGEST_SCALAR: Final = 8192
LONGEST_PRELUDE: Final = 32_768
LONGEST_BODY: Final = 131_071  # octets of one argument of a process on Linux
LONGEST_FILE: Final = 262_144

_HIDDEN: Final = lazy(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_IMAGE: Final = lazy(
    r"(?:[a-z0-9]+(?:[.-][a-z0-9]+)*(?::[0-9]{1,5})?/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
    r"(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)
_LONGEST_IMAGE: Final = 255
_CONSTRUCTS: Final = lazy(
    r"\b(?:curl|wget|ncat|netcat|nc|telnet|socat|eval)\b|/dev/(?:tcp|udp)/|\bbase64\s+-(?:d|D|-decode)\b"
    r"|\|\s*(?:ba|da|z|k)?sh\b|[a-z0-9]://[^\s/]{0,80}|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"
)
_DECODES_BODY: Final = 'printf %s "$1" | base64 -d >"$S2R_DIR/slurm_script"'
_WORKER_COMMANDS: Final = frozenset({(), ("/usr/sbin/sshd", "-De")})


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Images and commands of every container, then every scalar of the manifest."""
    for role in facts.roles:
        for container in role.containers:
            yield from _image(container)
            yield from _words(request, container, role in facts.carriers)
            for name in container.environment:
                if not settable(name, request):
                    message = f"P-27 the variable {name[:80]!r} changes how programs load, or is no name"
                    yield Breach(message=message, subject="P-27", steps=(*container.steps, "env"))
    yield from _scalars(facts)


def _image(container: Container) -> Iterator[Breach]:
    image = container.image
    if image and (len(image) > _LONGEST_IMAGE or not _IMAGE.fullmatch(image)):
        message = f"P-21 not a reference to an image: {image[:120]!r}"
        yield Breach(message=message, subject="P-21", steps=(*container.steps, "image"))


def _words(request: ConversionRequest, container: Container, carrier: bool) -> Iterator[Breach]:
    """P-24 for words that come from nowhere, P-25 for network and shell constructs in what is ours."""
    if not container.carries:
        if carrier or (*container.command, *container.args) not in _WORKER_COMMANDS:
            text = request.script.text
            for word in (*container.command, *container.args):
                if word not in text:
                    yield _breach("P-24", f"the word {word[:80]!r} is not in the script", container, "command")
        yield from _constructs(request, " ".join((*container.command, *container.args)), container, "args")
        return
    if line := read(container.prelude)[1]:
        yield _breach(
            "P-24", f"no prelude of this tool reads like this one from line {line} on", container, "args", 0
        )
        yield from _constructs(request, container.prelude.replace(_DECODES_BODY, ""), container, "args", 0)
    for index, word in enumerate(container.args[2:], 2):
        if index > 2 and word not in request.target.arguments and word not in request.script.text:
            yield _breach("P-24", f"the argument {word[:80]!r} comes from nowhere", container, "args", index)


def _constructs(request: ConversionRequest, text: str, container: Container, *steps: str | int) -> Iterator[Breach]:
    for found in _found(text):
        if found not in _found(request.script.text):  # as a construct: "nc" is not in a script that says "function"
            yield _breach("P-25", f"{found[:40]!r} is not in the script", container, *steps)
            return


@lru_cache(maxsize=64)
def _found(text: str) -> tuple[str, ...]:
    """The constructs of P-25 in a text. Preludes repeat from script to script."""
    return tuple(match[0] for match in _CONSTRUCTS.finditer(text))


def _scalars(facts: Facts) -> Iterator[Breach]:
    """P-26 and P-41: one look at all texts, and a walk for the place only where something is wrong."""
    texts = facts.texts
    if texts is None:
        message = f"P-41 more than {MOST_NODES} nodes, or deeper than {DEEPEST}"
        yield Breach(message=message, subject="P-41")
        return
    if sum(map(len, texts)) > LONGEST_FILE:
        yield Breach(message=f"P-41 more than {LONGEST_FILE} octets", subject="P-41")
    if not _are_fine(texts, facts):
        ours = {
            step: most
            for role in (*facts.carriers, *facts.agents)
            for c in role.containers
            for step, _, most in _longer(c)
        }
        for steps, text in places(facts.body):
            yield from _scalar(text, steps, ours.get(steps, LONGEST_SCALAR))


def _are_fine(texts: list[str], facts: Facts) -> bool:
    """The quick yes: all short enough in any encoding, and printable but for the script itself."""
    long = {
        id(text): most
        for role in (*facts.carriers, *facts.agents)
        for c in role.containers
        for _, text, most in _longer(c)
    }
    seen: list[str] = []
    for text in texts:
        most = long.get(id(text), LONGEST_SCALAR)
        if len(text) > most or (len(text) * 4 > most and not text.isascii()):
            return False
        if most == LONGEST_PRELUDE:
            if not _shows_in_prelude(text):
                return False
        elif most != LONGEST_BODY:
            seen.append(text)
    return _shows("\n".join(seen))


def _shows(text: str) -> bool:
    """No character that hides what it does."""
    plain = text.isascii() and text.replace("\n", "").replace("\t", "").isprintable()
    return plain or not _HIDDEN.search(text)


_shows_in_prelude: Final = lru_cache(maxsize=64)(_shows)  # preludes repeat from script to script


def _with_prelude(facts: Facts) -> Iterator[Container]:
    for role in (*facts.carriers, *facts.agents):
        yield from role.containers


def _longer(container: Container) -> Iterator[tuple[Steps, object, int]]:
    """Prelude and body may be longer than other texts: their places, they themselves, and their limits."""
    words = container.node.get("args") if container.carries else None
    for index, most in ((0, LONGEST_PRELUDE), (2, LONGEST_BODY)):
        if isinstance(words, list) and len(words) > index:
            yield (*container.steps, "args", index), words[index], most


def _scalar(text: str, steps: Steps, most: int) -> Iterator[Breach]:
    if len(text.encode("utf-8", "surrogatepass")) > most:
        yield Breach(message=f"P-41 a text of more than {most} octets", subject="P-41", steps=steps)
    if most != LONGEST_BODY and _HIDDEN.search(text):
        yield Breach(message="P-26 characters that do not show what they do", subject="P-26", steps=steps)


def _breach(rule: str, message: str, container: Container, *steps: str | int) -> Breach:
    return Breach(message=f"{rule} {message}", subject=rule, steps=(*container.steps, *steps))
