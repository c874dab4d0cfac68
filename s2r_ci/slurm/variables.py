"""Variables of a shell script: where they are read, set, exported and unset."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from s2r_ci.slurm import plain
from s2r_ci.slurm.found import VARIABLE, assigning
from s2r_ci.slurm.grammar import literal, unquote
from s2r_ci.slurm.inventory import MOUNT_VARIABLES, is_slurm
from s2r_ci.slurm.torn import reattach

if TYPE_CHECKING:
    from tree_sitter import Node

    from s2r_ci.slurm.found import Around
    from s2r_ci.slurm.shell import ShellReader

_NAMES = ("variable_name", "special_variable_name")
_OPERATORS = ("-", "=", "?", "+")


# --- reading ----------------------------------------------------------------------------------------------


def variable(reader: "ShellReader", node: "Node", around: "Around") -> None:
    """A name that stands by itself: in arithmetic, in a subscript."""
    reader.use(reader.text(node), "", "", node.start_byte, around)


def simple(reader: "ShellReader", node: "Node", around: "Around") -> None:
    """``$NAME``, ``$1``, ``$@``; ``$1x`` is ``$1`` and an x."""
    for kid in node.children:
        if kid.type in _NAMES:
            name = reader.text(kid)
            reader.use(name[:1] if name[:1].isdigit() else name, "", "", kid.start_byte, around)


def expansion(reader: "ShellReader", node: "Node", around: "Around") -> None:
    """``${NAME}``, ``${NAME:-word}`` and whatever else braces hold."""
    kids = node.children
    place = next((at for at, kid in enumerate(kids) if kid.type in _NAMES), -1)
    if 0 < place < len(kids) - 1 and kids[place - 1].type == "!" and kids[place + 1].type in ("@", "*"):
        return  # ${!SLURM_@}: the names that begin so
    if place >= 0:
        _expanded(reader, node, kids, place, around)
        kids = [kid for behind in kids[:place] + kids[place + 1 :] for kid in _default(behind)]
    reader.push(kids, around)


def _default(node: "Node") -> "list[Node]":
    """Of ``${A:-left-right}`` the grammar says that ``left`` is a variable."""
    if node.type != "concatenation":
        return [node]
    return [kid for kid in node.children if kid.type not in _NAMES]


def _expanded(reader: "ShellReader", node: "Node", kids: "list[Node]", place: int, around: "Around") -> None:
    name = reader.text(kids[place])
    operator = default = ""
    behind = kids[place + 1] if place + 1 < len(kids) else None
    if behind is not None and behind.type.lstrip(":") in _OPERATORS:
        operator = behind.type
        default = reader.slice(behind.end_byte, node.end_byte - 1)
        if plain.may_hold_path(default):
            reader.paths(unquote(default), default, behind.end_byte)
    reader.use(name, operator, default, kids[place].start_byte, around)
    if operator in (":=", "="):
        reader.found.by_default.setdefault(name, reader.at(node.end_byte))


# --- setting ----------------------------------------------------------------------------------------------


def put(reader: "ShellReader", name: str, node: "Node") -> None:
    """A variable gets a value here."""
    if is_slurm(name):
        reader.add(VARIABLE, name, "", reader.at(node.start_byte))
    reader.found.sets.setdefault(name, reader.at(node.end_byte))


def assignment(reader: "ShellReader", node: "Node", around: "Around") -> None:
    """``NAME=value`` as a statement."""
    assign(reader, node, around)


def assign(reader: "ShellReader", node: "Node", around: "Around", *, prefix: bool = False) -> str:
    """``NAME=value``; ``prefix``: before a command, for which alone it counts. The answer is the name."""
    text = reader.text(node)
    name = plain.assigned(text)
    if name:
        _plain_value(reader, name, text[len(name) + 1 :], node.start_byte + len(name) + 1, around, keep=not prefix)
    else:
        name = _any_value(reader, node, around, keep=not prefix)
    if not prefix:
        put(reader, name, node)
    elif is_slurm(name):
        reader.add(VARIABLE, name, "", reader.at(node.start_byte))
    return name


def assign_pieces(reader: "ShellReader", pieces: "Sequence[Node]", around: "Around", *, prefix: bool) -> None:
    """An assignment at the head of a command, and what the grammar tore from it (``torn``)."""
    if len(pieces) == 1:
        assign(reader, pieces[0], around, prefix=prefix)
        return
    start, end = pieces[0].start_byte, pieces[-1].end_byte
    text = reader.slice(start, end)
    if name := plain.assigned(text):
        _plain_value(reader, name, text[len(name) + 1 :], start + len(name) + 1, around, keep=not prefix)
    else:
        name = _any_value(reader, pieces[0], around, keep=False)
        for one, two in pairwise(pieces):
            reattach(reader, reader.text(one), two, around)
        if not prefix:
            _remember(reader, name, None, None)
        parts = [
            kid for piece in pieces[1:] for kid in (piece.children if piece.type == "command_name" else [piece])
        ]
        reader.push(parts, assigning(around, name))
    if not prefix:
        put(reader, name, pieces[-1])
    elif is_slurm(name):
        reader.add(VARIABLE, name, "", reader.at(start))


def _plain_value(reader: "ShellReader", name: str, text: str, start: int, around: "Around", *, keep: bool) -> None:
    if keep:
        _remember(reader, name, None if "$" in text else unquote(text), text)
    if plain.may_hold_path(text):
        reader.paths(unquote(text), text, start, mount=name in MOUNT_VARIABLES)
    if "$" in text:
        reader.expand(text, start, assigning(around, name))


def _any_value(reader: "ShellReader", node: "Node", around: "Around", *, keep: bool) -> str:
    kids = node.children
    target = kids[0]
    if target.type == "subscript":
        reader.push(target.children[1:], around)
        target = target.children[0]
    name = reader.text(target)
    value = kids[2] if len(kids) > 2 else None
    text = reader.text(value) if value is not None else ""
    if keep:
        if kids[0].type == "subscript" or len(kids) < 2 or kids[1].type != "=":
            _remember(reader, name, None, None)
        elif value is None:
            _remember(reader, name, "", None)
        else:
            _remember(reader, name, literal(value.type, text), text)
    if value is not None:
        if plain.may_hold_path(text) and value.type != "command_substitution":
            reader.node_paths(value, text)
        reader.push((value,), assigning(around, name))
    return name


def _remember(reader: "ShellReader", name: str, known: str | None, text: str | None) -> None:
    literals = reader.found.literals
    literals[name] = known if literals.get(name, known) == known else None
    if text is not None:
        reader.texts[name] = text


# --- builtins -----------------------------------------------------------------------------------------------


def declaration(reader: "ShellReader", node: "Node", around: "Around") -> None:
    """``export``, ``declare``, ``local``, ``readonly``, ``typeset``."""
    kids = node.children
    word = kids[0].type
    exports = word == "export" or (len(kids) > 1 and _with_x(reader.text(kids[1])))
    reader.found.commands.setdefault(word)
    rest = []
    for before, kid in pairwise(kids):
        kind = kid.type
        if before.end_byte == kid.start_byte:
            reattach(reader, reader.text(before), kid, around)
        if kind == "variable_assignment":
            name = assign(reader, kid, around)
            if exports:
                reader.found.exported[name] = None
        elif kind == "variable_name":
            _declared(reader, kid, word, exports=exports)
        else:
            rest.append(kid)
    if rest:
        reader.push(rest, around)


def _with_x(text: str) -> bool:
    return text.startswith("-") and "x" in text


def _declared(reader: "ShellReader", node: "Node", word: str, *, exports: bool) -> None:
    name = reader.text(node)
    if exports:
        reader.found.exported[name] = None
    elif word in ("local", "declare", "typeset"):
        put(reader, name, node)
    if is_slurm(name):
        reader.add(VARIABLE, name, "", reader.at(node.start_byte))


def unset(reader: "ShellReader", node: "Node", around: "Around") -> None:
    """``unset NAME``."""
    reader.found.commands.setdefault("unset")
    for kid in node.children:
        if kid.type != "variable_name":
            reader.push((kid,), around)
        elif is_slurm(name := reader.text(kid)):
            reader.add(VARIABLE, name, "", reader.at(kid.start_byte))
