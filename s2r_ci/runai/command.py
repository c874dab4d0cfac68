"""How a container gets its script: ``sh -c PRELUDE FILE-NAME BODY ARGUMENTS``, the body byte for byte.

The kubelet expands ``$(NAME)`` and ``$$`` in arguments before the container sees them, so what it would change is
doubled here and arrives as the script has it.
"""

import base64
import re
from collections.abc import Iterable
from typing import Final

from s2r_ci.patterns import lazy
from s2r_ci.runai.distribution import Plan
from s2r_ci.runai.prelude import agent, prelude

SHELL: Final = ("/bin/sh", "-c")
LONGEST_TEXT: Final = 98_304
"""Octets of a body up to which it travels as text; one argument of a process stays below 131,072."""

# As the kubelet reads, from left to right: $$, $(anything up to the first bracket), $ before a character that is
# not ASCII (of which it would take one octet). A $ before anything else stays, and that is no $.
_READ: Final = lazy(r"\$(?:(\$)|\(([^)]*)\)|([^\x00-\x7f]))")


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
    return "text" if text.replace("\n", "").replace("\t", "").isprintable() else "base64"


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


def agent_arguments(made: Plan, names: Iterable[str]) -> list[str]:
    """``args`` of the pods behind the first, which get no script: what they run comes from the first."""
    return [escaped(word, names) for word in (agent(made), _script_name(made, delivery(made)))]


def escaped(text: str, names: Iterable[str]) -> str:
    """The text such that the kubelet's expansion gives it back.

    >>> escaped("echo $$ $(date +$$) $(HOME)", ["HOME"])
    'echo $$$$ $(date +$$) $$(HOME)'
    """
    if "$" not in text:
        return text
    known = frozenset(names)

    def double(match: re.Match[str]) -> str:
        dollar, name, other = match.groups()
        if dollar:
            return "$$$$"
        # A name it does not know it copies whole, dollars and all.
        return "$" + match[0] if other or name in known else match[0]

    return _READ.sub(double, text)


def _script_name(made: Plan, how: str) -> str:
    path = made.request.script.path
    name = path if how == "mounted" else path.rpartition("/")[2]
    return "".join(mark if mark.isprintable() else "?" for mark in name)
