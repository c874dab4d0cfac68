"""What leaves this machine of one script: the text without its secrets, or the reason why nothing does."""

import json
from collections.abc import Iterable
from typing import Final, NamedTuple

from s2r_ci.envelope import LARGEST_CONTEXT, LARGEST_SCRIPT, Envelope, is_script
from s2r_ci.envelope.context import context_of, target_of
from s2r_ci.frozen import replace
from s2r_ci.model import Script, Target
from s2r_ci.secrets import Placeholder, find_secrets, redact

_LONGEST_NAME: Final = 1024


class Outgoing(NamedTuple):
    """``why`` says in words why the script is not sent; empty: it is, as ``text``."""

    text: str = ""
    placeholders: tuple[Placeholder, ...] = ()
    why: str = ""


def outgoing(script: Script, target: Target, *, refuse: bool = False) -> Outgoing:
    """The script as it may be sent. ``refuse``: one with what looks like a secret is not sent at all."""
    if why := _unfit(script) or _unfit_answers(target):
        return Outgoing(why=why)
    redacted = redact(script.text)
    if redacted.placeholders and refuse:
        line = redacted.placeholders[0].line
        return Outgoing(why=f"line {line} holds what looks like a secret, and redact = refuse")
    if len(redacted.text.encode()) > LARGEST_SCRIPT or not is_script(redacted.text):
        return Outgoing(why="without its secrets it is no script that can be sent")
    return Outgoing(text=redacted.text, placeholders=redacted.placeholders)


def _unfit(script: Script) -> str:
    if len(script.data) > LARGEST_SCRIPT:
        return f"it has {len(script.data):,} octets, and the service takes {LARGEST_SCRIPT:,}"
    if not is_utf8(script.text):
        return "it is not UTF-8"
    if not is_script(script.text):
        return "it holds a NUL, or no line that begins with #SBATCH"
    if len(script.path) > _LONGEST_NAME or not script.path.isprintable() or not is_utf8(script.path):
        return "its name is not plain UTF-8"
    return ""


def is_utf8(text: str) -> bool:
    """Whether a text can travel: octets that are no UTF-8 are lone surrogates in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unfit_answers(target: Target) -> str:
    """Answers and site map travel too, as they are: where one looks like a secret, nothing does."""
    context = context_of(target)
    lines = [
        *(f"export {name}={value!r}" for name, value in target.variables.items()),
        " ".join(target.arguments),
        *_texts((context.answers, context.site)),
    ]
    if find_secrets("\n".join(lines)):
        return "an answer in the settings holds what looks like a secret"
    travelled = target_of(Envelope(aud="-", method="-", path="-", nonce="-", **context._asdict()))
    if replace(travelled, converter=target.converter) != target:
        return "an answer in the settings is one that the service does not know"
    if len(json.dumps([context.answers, context.site])) > LARGEST_CONTEXT:
        return f"its answers and site map have more than {LARGEST_CONTEXT:,} octets"
    return ""


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield str(name)
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
