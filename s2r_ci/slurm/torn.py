"""What the grammar tears apart or runs together, though a shell does not.

``A=$b/c/$d`` comes as an assignment of ``$b/c/`` before a command named ``$d``, with no blank between them; and the
file of ``cat <a>`` is looked for on the next line, where a shell gives up.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tree_sitter import Node

    from s2r_ci.slurm.found import Around
    from s2r_ci.slurm.shell import ShellReader

_PARAMETER: Final = re.compile(r"\d|[A-Za-z_]\w*")  # what stands behind a $ without braces
_REDIRECTS: Final = ("file_redirect", "herestring_redirect", "heredoc_redirect")


def leading(source: bytes, kids: "Sequence[Node]") -> "tuple[list[list[Node]], Sequence[Node], bool]":
    """The assignments at the head of a command, each with the pieces torn from it; the rest of the command; and
    whether the assignments stand alone, with no command on their line.
    """
    settings: list[list[Node]] = []
    at = 0
    while at < len(kids) and kids[at].type == "variable_assignment":
        pieces = [kids[at]]
        at += 1
        while at < len(kids) and kids[at].start_byte == pieces[-1].end_byte and kids[at].type not in _REDIRECTS:
            pieces.append(kids[at])
            at += 1
        settings.append(pieces)
    rest = kids[at:]
    alone = not rest or over_the_line(source, kids[at - 1 : at + 1] if settings else ())
    return settings, rest, alone


def over_the_line(source: bytes, kids: "Sequence[Node]") -> bool:
    """Whether a redirection goes on behind the end of its line, which no shell takes."""
    gaps = (source[one.end_byte : two.start_byte] for one, two in pairwise(kids))
    return any(b"\n" in gap.replace(b"\\\n", b"") for gap in gaps)


def reattach(reader: "ShellReader", before: str, kid: "Node", around: "Around") -> None:
    """Note the parameter whose ``$`` stayed behind: ``$a.$1`` comes as ``$a.$`` and ``1``."""
    if before.endswith("$") and (named := _PARAMETER.match(reader.text(kid))):
        reader.use(named[0], "", "", kid.start_byte, around)
