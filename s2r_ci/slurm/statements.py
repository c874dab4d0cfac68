"""Statements of a shell script that hold others: pipelines, loops, tests, redirections, here-documents."""

import re
from typing import TYPE_CHECKING, Final

from s2r_ci.slurm import plain, variables
from s2r_ci.slurm.found import VARIABLE, Around, computing, through_pipe
from s2r_ci.slurm.grammar import first_word
from s2r_ci.slurm.launchers import SHELLS
from s2r_ci.slurm.quoted import BARE_NAME, FOREIGN
from s2r_ci.slurm.torn import over_the_line

if TYPE_CHECKING:
    from tree_sitter import Node

    from s2r_ci.slurm.shell import ShellReader

_QUIET: Final = re.compile(r"[^$`()/]*+")  # nothing to expand, no path


def pipeline(reader: "ShellReader", node: "Node", around: Around) -> None:
    """``a | b``: what is not the first of it is fed by another."""
    kids = node.children
    reader.push([kid for kid in kids[1:] if kid.type != "&"], through_pipe(around))
    reader.push(kids[:1], around)


def redirected(reader: "ShellReader", node: "Node", around: Around) -> None:
    """A command with its redirections and here-documents."""
    kids = node.children
    program, rest = "", kids
    if kids and kids[0].type == "command":
        program, rest = reader.command(kids[0], around), kids[1:]
    for kid in rest:
        if kid.type == "heredoc_redirect":
            heredoc(reader, kid, around, program)
        elif not _says_nothing(reader, kid):
            reader.push((kid,), around)


def _says_nothing(reader: "ShellReader", node: "Node") -> bool:
    """A redirection such as ``> log 2>&1``: no expansion, no absolute path."""
    if node.type != "file_redirect":
        return False
    text = reader.text(node)
    return "\n" not in text and _QUIET.fullmatch(text) is not None


def heredoc(reader: "ShellReader", node: "Node", around: Around, program: str = "") -> None:
    """A here-document; one that a shell is fed with is read as program."""
    kids = node.children
    start = next((reader.text(kid) for kid in kids if kid.type == "heredoc_start"), "")
    for kid in kids:
        if kid.type == "pipeline":  # cat <<EOF | bash
            tail = [part for part in kid.children if part.type == "command"]
            program = (first_word(tail[-1]) if tail else "") or program
    for kid in kids:
        if kid.type == "heredoc_body":
            _heredoc_body(reader, kid, around, program, quoted=start[:1] in "'\"\\" and bool(start))
        else:
            reader.push((kid,), around)


def _heredoc_body(reader: "ShellReader", node: "Node", around: Around, program: str, *, quoted: bool) -> None:
    if not quoted:
        reader.push((node,), around)
    if program in SHELLS or program == "ssh":
        text = reader.text(node)
        if not quoted:
            text = text.replace("\\$", "$")
        reader.nested(text, around, base=node.start_byte)
    elif reader.speaks_of_slurm and FOREIGN.fullmatch(program):
        _slurm_names(reader, node)


def function(reader: "ShellReader", node: "Node", around: Around) -> None:
    """A function, whose name is a command from now on."""
    kids = node.children
    reader.functions.update(reader.text(kid) for kid in kids if kid.type == "word")
    reader.push(kids, around._replace(function=True))


def for_loop(reader: "ShellReader", node: "Node", around: Around) -> None:
    """``for NAME in WORDS``."""
    rest = []
    named = values = False
    for kid in node.children:
        kind = kid.type
        if kind == "variable_name" and not named:
            named = True
            variables.put(reader, reader.text(kid), kid)
        else:
            rest.append(kid)
            values = values or kind == "in"
            if kind in ("word", "string", "raw_string", "concatenation"):
                reader.node_paths(kid, reader.text(kid))
    if not values:  # `for x; do` walks over the arguments
        reader.use("@", "", "", node.start_byte, around)
    reader.push(rest, around)


def test(reader: "ShellReader", node: "Node", around: Around) -> None:
    """``[ ... ]`` and ``[[ ... ]]``."""
    text = reader.text(node)
    reader.node_paths(node, text)
    if node.has_error:  # whatever it holds, commands even
        reader.push(node.children, around)
    elif _QUIET.fullmatch(text):
        return
    elif plain.only_names(text):
        reader.expand(text, node.start_byte, around)
    else:
        reader.push(node.children, around)


def redirect(reader: "ShellReader", node: "Node", around: Around) -> None:
    """A redirection."""
    kids = node.children
    if reader.depth == 0 and over_the_line(reader.source, kids):
        reader.broken.append((node.start_byte, node.end_byte))
    if kids and kids[-1].type != "process_substitution":
        reader.node_paths(kids[-1], reader.text(kids[-1]))
    reader.push(kids, around)


def substitution(reader: "ShellReader", node: "Node", around: Around) -> None:
    """``$( )``, ``<( )``."""
    reader.push(node.children, computing(around))


def _slurm_names(reader: "ShellReader", node: "Node") -> None:
    for match in BARE_NAME.finditer(reader.source, node.start_byte, node.end_byte):
        reader.add(VARIABLE, match[1].decode(), "", reader.at(match.start(1)))
