"""Names of Slurm's variables that no expansion shows: hidden in arithmetic, or quoted for somebody else to expand.

``for ((i = SLURM_PROCID; ...``, ``bash -c 'echo $SLURM_PROCID'`` in a variable, ``python -c '... "SLURM_PROCID" ...'``.
"""

import re
from typing import TYPE_CHECKING, Final

from s2r_ci.slurm import inventory
from s2r_ci.slurm.found import VARIABLE
from s2r_ci.slurm.grammar import first_word

if TYPE_CHECKING:
    from tree_sitter import Node

    from s2r_ci.slurm.shell import ShellReader

BARE_NAME: Final = re.compile(rb"(S(?<!\wS)(?:LURMD?|BATCH)_[A-Z][A-Z0-9_]*)")  # begins with a letter: found fast
FOREIGN: Final = re.compile(r"(?:python|pypy|perl|Rscript|R|julia|ruby|node|printenv|matlab)[\d.]*")
_STEPS_UP: Final = 6


def left_over(reader: "ShellReader", root: "Node") -> None:
    """Names the walk did not meet: hidden in arithmetic, or quoted for someone else to expand."""
    for match in BARE_NAME.finditer(reader.data):
        start, name = match.start(), match[1].decode()
        if reader.found.holds_variable(name, start) or inventory.is_commented(reader.data, start):
            continue
        node = root.descendant_for_byte_range(start, match.end())
        if node is not None and _is_used(reader, node, match):
            reader.add(VARIABLE, name, "", start)


def _is_used(reader: "ShellReader", node: "Node", match: "re.Match[bytes]") -> bool:
    if node.type == "variable_name" or node.text == match[1]:
        return True
    if node.type not in ("raw_string", "string_content", "word", "string"):
        return False
    command = _command_of(node)
    if FOREIGN.fullmatch(command):
        return True
    before = reader.data[max(0, match.start() - 2) : match.start()]
    return before.endswith((b"$", b"${")) and command not in ("echo", "printf", "cat")


def _command_of(node: "Node") -> str:
    """The name of the command that a word belongs to."""
    here: Node | None = node
    for _ in range(_STEPS_UP):
        if here is None or here.type == "command":
            break
        here = here.parent
    return first_word(here) if here is not None and here.type == "command" else ""
