"""How a container gets its script: ``sh -c PRELUDE FILE-NAME BODY ARGUMENTS``, the body byte for byte.

The kubelet expands ``$(NAME)`` and ``$$`` in arguments before the container sees them, so what it would change is
doubled here and arrives as the script has it.
"""

import base64
import re
from collections.abc import Iterable
from typing import Final

from s2r_ci.runai.distribution import Plan
from s2r_ci.runai.prelude import prelude

SHELL: Final = ("/bin/sh", "-c")
LONGEST_TEXT: Final = 98_304
"""Octets of a body up to which it travels as text; one argument of a process stays below 131,072."""

_DOUBLE: Final = re.compile(r"\${2,}|\$(?=[^\x00-\x7f])")
_SHOWN: Final = str.maketrans("", "", "\n\t")


def delivery(made: Plan) -> str:
    """How the body travels: ``text``, ``base64`` (long, or not printable UTF-8), or ``mounted``."""
    if made.request.target.body_delivery == "mounted":
        return "mounted"
    data = made.request.script.data
    if len(data) > LONGEST_TEXT:
        return "base64"
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return "base64"
    return "text" if text.translate(_SHOWN).isprintable() else "base64"


def arguments(made: Plan, names: Iterable[str]) -> list[str]:
    """``args`` of the container; ``names`` are those of its ``env``, which the kubelet would put in."""
    how = delivery(made)
    words = [prelude(made, how), _script_name(made, how)]
    if how == "text":
        words.append(made.request.script.data.decode())
    elif how == "base64":
        words.append(base64.b64encode(made.request.script.data).decode())
    words += made.request.target.arguments
    return [escaped(word, names) for word in words]


def escaped(text: str, names: Iterable[str]) -> str:
    """The text such that the kubelet's expansion gives it back.

    >>> escaped("echo $$ $(date) $(HOME)", ["HOME"])
    'echo $$$$ $(date) $$(HOME)'
    """
    if "$" not in text:
        return text
    text = _DOUBLE.sub(lambda match: match[0] * 2, text)
    known = "|".join(re.escape(name) for name in names)
    return re.sub(rf"(?<!\$)\$(?=\((?:{known})\))", "$$", text) if known else text


def _script_name(made: Plan, how: str) -> str:
    path = made.request.script.path
    name = path if how == "mounted" else path.rpartition("/")[2]
    return "".join(mark if mark.isprintable() else "?" for mark in name)
