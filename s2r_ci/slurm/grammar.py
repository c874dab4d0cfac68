"""The grammar: tree-sitter with tree-sitter-bash, loaded when the first script is read, and kept on a leash.

tree-sitter recovers from errors in time and memory that grow with the square of what it cannot read; no release
since 0.25 can be told to stop. So text is tried in small windows first, and text with too many errors or too many
pipes is not given to the grammar as a whole.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from s2r_ci.slurm.launchers import base_name

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Parser, Range, Tree

_WINDOW: Final = 2048  # octets
_ERRORS: Final = 1000  # tokens in no place, over all windows
_OPENINGS: Final = tuple(bytes((octet,)) for octet in b"()[]{}|<\0")  # what errors grow from
_FEW: Final = 150
_PIPES: Final = 2000  # a pipeline is as deep as it is long
_END: Final = 0xFFFFFFFF  # what the grammar takes for "to the end"
# The comments at the beginning, all directives among them: they say nothing to the grammar and cost it time.
_HEAD: Final = re.compile(rb"(?:[ \t]*+(?:#[^\n]*+)?\n)+")


# The grammar asks C's isdigit about every character, which reads past a table for those above U+FFFF: a picture in a
# comment could end the whole process. Their first octet becomes an underscore before the grammar sees it.
_SAFE: Final = bytes(range(0xF0)) + b"_" * 16


@cache
def _parser() -> "Parser":
    from tree_sitter import Parser

    return Parser(_language())


@cache
def _language() -> "Language":
    from tree_sitter import Language

    return Language(_bash().language())


def _bash() -> Any:
    """The compiled part of tree_sitter_bash alone: the package around it loads importlib.resources, and with it
    tempfile, shutil and pathlib, to offer query files that nobody here asks for.
    """
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    name = "tree_sitter_bash._binding"
    package = PathFinder.find_spec("tree_sitter_bash")
    found = PathFinder.find_spec(name, package.submodule_search_locations) if package else None
    if found is None or found.loader is None:
        import tree_sitter_bash

        return tree_sitter_bash
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


def kinds(names: Iterable[str]) -> dict[int, str]:
    """The numbers that the grammar gives to kinds of nodes. A number is at hand sooner than a name."""
    language = _language()
    numbers = {name: language.id_for_node_kind(name, True) for name in names}
    return {number: name for name, number in numbers.items() if number is not None}


def parse(data: bytes) -> "Tree | None":
    """The tree of a shell text; None when reading it would take too long."""
    source = data.replace(b"\0", b" ") if b"\0" in data else data
    if source.startswith(b"\xef\xbb\xbf"):
        source = b"   " + source[3:]
    if not source.isascii():
        source = source.translate(_SAFE)
    if b"\\" in source[-2:]:  # a continuation that nothing follows, which shells take for the end
        source = source[:-2] + source[-2:].replace(b"\\", b" ")
    if len(source) > _WINDOW and _hopeless(source):
        return None
    head = _HEAD.match(source)
    return _parse(source, head.end() if head else 0)


def _parse(source: bytes, start: int = 0) -> "Tree":
    """The tree of what begins at an offset; its places count from the beginning of the text all the same."""
    parser = _parser()
    parser.included_ranges = [_from_octet()(start, source.count(b"\n", 0, start))]
    return parser.parse(source)


@cache
def _from_octet() -> "Callable[[int, int], Range]":
    from tree_sitter import Point, Range

    last = Point(_END, _END)
    return lambda octet, row: Range(Point(row, 0), last, octet, _END)  # columns are not asked for


def _hopeless(source: bytes) -> bool:
    if source.isascii() and sum(map(source.count, _OPENINGS)) <= _FEW:
        return False  # too little to go wrong: no text of this sort took longer than a plain one
    if source.count(b"|") > _PIPES:
        return True
    errors = at = 0
    while at < len(source) and errors <= _ERRORS:
        end = source.rfind(b"\n", at, at + _WINDOW) + 1 or at + _WINDOW
        errors += _error_tokens(_parse(source[at:end]).root_node)
        at = end
    return errors > _ERRORS


def _error_tokens(root: "Node") -> int:
    count = 0
    stack = [root] if root.has_error else []
    while stack:
        node = stack.pop()
        if node.is_error:
            count += 1 + node.child_count
        stack.extend(kid for kid in node.children if kid.has_error)
    return count


def broken_parts(root: "Node") -> list[tuple[int, int]]:
    """The outermost parts that the grammar could not read, in order; where a word is missing, what it would close."""
    found: list[tuple[int, int]] = []
    stack = [root]
    while stack:
        node = stack.pop()
        kids = node.children
        if node.is_error:
            first = next((kid for kid in kids if kid.type != "comment"), node)
            found.append((first.start_byte, node.end_byte))
        elif node.is_missing or any(kid.is_missing for kid in kids):
            found.append((node.start_byte, node.end_byte))
        elif node.has_error:
            stack.extend(reversed(kids))
    return found


def has_ampersands(source: bytes) -> bool:
    """Whether a text without errors may hold an ``&`` that sends a command into the background; False is sure.

    >>> has_ampersands(b"a && b > c 2>&1"), has_ampersands(b"a & b")
    (False, True)
    """
    return _ALONE.search(source) is not None


def node_text(node: "Node") -> str:
    """The text of a node; octets that are not UTF-8 are surrogates."""
    return (node.text or b"").decode("utf-8", "surrogateescape")


def unquote(text: str) -> str:
    r"""A word without its quotes.

    >>> unquote('"a b"c'), unquote("'$x'"), unquote(r"a\ b")
    ('a bc', '$x', 'a b')
    """
    if not ('"' in text or "'" in text or "\\" in text):
        return text
    if _ONE_STRING.fullmatch(text):
        return text[1:-1]
    return _QUOTED.sub(_bare, text)


_ALONE: Final = re.compile(rb"&(?!(?<=>&)[12][ \n;)]|(?<= &)& |(?<= &&) )")  # not of 2>&1, not of a && b
_QUOTED: Final = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(\n|.)""", re.DOTALL)
_ONE_STRING: Final = re.compile(r"""\"[^"\\]*+"|'[^']*+'""")
_ESCAPED: Final = re.compile(r'\\([$`"\\\n])')


def _bare(match: re.Match[str]) -> str:
    if match[1] is not None:
        return match[1]
    if match[2] is not None:
        return _ESCAPED.sub(lambda m: "" if m[1] == "\n" else m[1], match[2])
    return "" if match[3] == "\n" else match[3]


def octets(text: str, characters: int) -> int:
    """How many octets so many characters of a text take."""
    return characters if text.isascii() else len(text[:characters].encode("utf-8", "surrogateescape"))


def word_value(node: "Node", text: str) -> str:
    """A word without quotes; the text of command substitutions becomes ``$()``, what is in them is read apart."""
    if "$(" not in text and "`" not in text:
        return unquote(text)
    source = text.encode("utf-8", "surrogateescape")
    base = node.start_byte
    parts: list[bytes] = []
    at = 0
    for start, end in _substitutions(node):
        parts += (source[at : start - base], b"$()")
        at = end - base
    parts.append(source[at:])
    return unquote(b"".join(parts).decode("utf-8", "surrogateescape"))


def _substitutions(node: "Node") -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    stack = [node]
    while stack:
        here = stack.pop()
        if here.type in ("command_substitution", "process_substitution", "arithmetic_expansion"):
            found.append((here.start_byte, here.end_byte))
        else:
            stack.extend(reversed(here.children))
    return found


def literal(kind: str, text: str) -> str | None:
    """The text an assignment gives (kind and text of its value), where no expansion has a part in it."""
    if kind == "raw_string":
        return text[1:-1]
    if kind not in ("word", "number", "string", "concatenation") or "$" in text or "`" in text or text[:1] == "~":
        return None
    return unquote(text)


def first_word(node: "Node") -> str:
    """The name of a command node, without its folder."""
    return next((base_name(node_text(kid)) for kid in node.children if kid.type == "command_name"), "")
