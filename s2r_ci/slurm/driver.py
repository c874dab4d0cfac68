"""Shell programs that send jobs: each ``sbatch`` call, with the options it puts over those of the script it sends.

Only what stands there literally is read; a word with ``$`` in it is listed, not guessed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from s2r_ci.frozen import field, frozen
from s2r_ci.model import Header
from s2r_ci.slurm.grammar import node_text, parse, unquote
from s2r_ci.slurm.header import read_header
from s2r_ci.slurm.options import DEFAULT_RELEASE, Catalogue, Option, UnknownOptionError, catalogue

if TYPE_CHECKING:
    from tree_sitter import Node

_EXPANDS: Final = frozenset({
    "simple_expansion", "expansion", "command_substitution", "arithmetic_expansion", "process_substitution",
    "brace_expression",
})  # fmt: skip
_MOST_NODES: Final = 400_000  # a program larger than this is not looked through


@frozen
class Call:
    """One ``sbatch`` call. ``options`` is as the command line has it, without what is not literal."""

    line: int
    script: str = ""  # "": given by --wrap or a pipe, or not literal
    options: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()  # behind the script
    left_open: tuple[str, ...] = ()  # words that only the run decides
    wrapped: str | None = None  # the command of --wrap
    environ: Mapping[str, str] = field(default_factory=dict)  # SBATCH_X=... before the call


def sbatch_calls(text: str, *, release: str = DEFAULT_RELEASE) -> tuple[Call, ...]:
    """All sbatch calls of a shell program, in order of their lines. Never raises; text that is no shell has none."""
    tree = parse(text.encode("utf-8", "surrogateescape")) if "sbatch" in text else None
    if tree is None:
        return ()
    known = catalogue(release)
    return tuple(sorted((_call(node, known) for node in _commands(tree.root_node)), key=lambda call: call.line))


def read_call(call: Call, data: bytes, *, release: str = DEFAULT_RELEASE) -> Header:
    """The header of the script that a call sends, with the call's options over it, as sbatch merges them."""
    return read_header(data, call.script, release=release, environ=call.environ, arguments=call.options)


def _commands(root: "Node") -> Iterator["Node"]:
    nodes, seen = [root], 0
    while nodes and seen < _MOST_NODES:
        node = nodes.pop()
        seen += 1
        if node.type == "command":
            name = node.child_by_field_name("name")
            if name is not None and _sends(name, node):
                yield node
        nodes.extend(node.children)


def _sends(name: "Node", node: "Node") -> bool:
    """The command is sbatch, by whatever path, also behind ``time``, ``exec`` and their like."""
    word = unquote(node_text(name)).rpartition("/")[2]
    if word == "sbatch":
        return True
    return word in ("exec", "time", "command", "nohup", "env") and any(
        unquote(node_text(child)).rpartition("/")[2] == "sbatch"
        for child in node.children_by_field_name("argument")
    )


def _call(node: "Node", known: Catalogue) -> Call:
    words = [_word(child) for child in node.children_by_field_name("argument")]
    name = node.child_by_field_name("name")
    if name is not None and unquote(node_text(name)).rpartition("/")[2] != "sbatch":
        at = next(place for place, (word, _) in enumerate(words) if word.rpartition("/")[2] == "sbatch")
        words = words[at + 1 :]
    reader = _Words(words, known)
    reader.read()
    return Call(
        line=node.start_point[0] + 1,
        script=reader.script or _redirected(node),
        options=tuple(reader.options),
        arguments=tuple(reader.arguments),
        left_open=tuple(reader.left_open),
        wrapped=reader.wrapped,
        environ=dict(_assignments(node)),
    )


class _Words:
    """Sorts the words of one call into options, script and arguments."""

    def __init__(self, words: Sequence[tuple[str, bool]], known: Catalogue) -> None:
        self._words = words
        self._known = known
        self.options: list[str] = []
        self.arguments: list[str] = []
        self.left_open: list[str] = []
        self.script = ""
        self.wrapped: str | None = None

    def read(self) -> None:
        at = 0
        while at < len(self._words):
            text, literal = self._words[at]
            at += 1
            if not literal and not text.startswith("-"):
                self.left_open.append(text)  # $OPTIONS, or a script whose name the run decides
                continue
            if not text.startswith("-") or text == "-":
                self.script = text
                self._rest(at)
                return
            used = int(self._takes_next(text) and at < len(self._words))
            self._option(self._words[at - 1 : at + used])
            at += used

    def _rest(self, at: int) -> None:
        for text, literal in self._words[at:]:
            (self.arguments if literal else self.left_open).append(text)

    def _option(self, words: Sequence[tuple[str, bool]]) -> None:
        texts = [text for text, _ in words]
        if texts[0].split("=")[0] == "--wrap":
            self.wrapped = texts[0].partition("=")[2] or texts[-1]
        elif all(literal for _, literal in words):
            self.options += texts
        else:
            self.left_open.append(" ".join(texts))

    def _takes_next(self, text: str) -> bool:
        """Whether the option takes the next word as its value."""
        if text.startswith("--"):
            name, equals, _ = text[2:].partition("=")
            option = self._find(name)
            return bool(option and option.argument == "required" and not equals)
        for place, letter in enumerate(text[1:], 2):
            option = self._known.shorts.get(letter)
            if option is None or option.argument != "none":
                return bool(option and option.argument == "required" and place == len(text))
        return False

    def _find(self, name: str) -> Option | None:
        try:
            return self._known.find(name)
        except UnknownOptionError:
            return None


def _word(node: "Node") -> tuple[str, bool]:
    """A word without its quotes, and whether the run cannot change it."""
    text = node_text(node)
    if node.type == "raw_string":
        return text[1:-1], True
    nodes = [node]
    while nodes:
        inner = nodes.pop()
        if inner.type in _EXPANDS:
            return text, False
        nodes.extend(inner.children)
    return unquote(text), not any(letter in text for letter in "*?") or node.type == "string"


def _assignments(node: "Node") -> Iterator[tuple[str, str]]:
    """``SBATCH_PARTITION=gpu sbatch ...``"""
    for child in node.children:
        if child.type == "variable_assignment":
            name, _, value = node_text(child).partition("=")
            if name.startswith(("SBATCH_", "SLURM_")) and "$" not in value and "`" not in value:
                yield name, unquote(value)


def _redirected(node: "Node") -> str:
    """The file of ``sbatch < job.sh``."""
    parent = node.parent
    for child in parent.children if parent is not None and parent.type == "redirected_statement" else ():
        if child.type == "file_redirect" and node_text(child).startswith("<"):
            target = child.child_by_field_name("destination")
            word, literal = _word(target) if target is not None else ("", False)
            return word if literal else ""
    return ""
