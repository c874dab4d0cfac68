"""The program part of a shell script, read with a grammar: tree-sitter and tree-sitter-bash.

The tree is walked with a stack of our own, so that no depth of nesting is too deep. Text that a shell will read as
program, ``bash -c "..."``, ``eval``, ``trap`` and here-documents fed to a shell, is parsed once more, three times
deep at most; all other here-documents are data, of which only what the shell expands counts.
"""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from s2r_ci.model import ItemKind
from s2r_ci.slurm import inventory, plain, variables
from s2r_ci.slurm.commands import DEPTH, run_words
from s2r_ci.slurm.found import Around, Found, Use, behind, computing
from s2r_ci.slurm.grammar import broken_parts, first_word, octets, parse, word_value
from s2r_ci.slurm.launchers import SHELLS, words_of
from s2r_ci.slurm.plain import Words
from s2r_ci.slurm.quoted import BARE_NAME, FOREIGN, left_over
from s2r_ci.slurm.torn import glue, leading, over_the_line

if TYPE_CHECKING:
    from tree_sitter import Node

_VISITED: Final = words_of(
    "program redirected_statement for_statement c_style_for_statement variable_assignment variable_assignments "
    "unary_expression binary_expression postfix_expression parenthesized_expression ternary_expression "
    "while_statement do_group if_statement elif_clause else_clause case_statement case_item function_definition "
    "compound_statement subshell pipeline list negated_command test_command declaration_command unset_command "
    "command subscript file_redirect heredoc_redirect herestring_redirect heredoc_body arithmetic_expansion "
    "concatenation string translated_string array simple_expansion expansion command_substitution "
    "process_substitution variable_name ERROR brace_expression"
)
_QUIET: Final = re.compile(r"[^$`()/]*+")  # nothing to expand, no path


class _TooMuch(Exception):  # noqa: N818 - never leaves this file
    """The walk costs more than the script is worth: deep nesting, text that expands again and again."""


class ShellReader:
    """Reads one script; afterwards ``found`` holds what is in it."""

    def __init__(self, path: str, data: bytes) -> None:
        self.data = data
        self.found = Found(path, data)
        self.broken: list[tuple[int, int]] = []  # byte ranges the grammar could not read
        self.texts: dict[str, str] = {}  # what a variable holds, as far as the script says
        self.functions: set[str] = set()
        self._source = data  # what is being read: the script, or a text in it
        self._ascii = data.decode("ascii") if data.isascii() else None
        self._base = 0
        self._fixed: int | None = None
        self.depth = 0
        self._slurm = b"SLURM" in data or b"SBATCH_" in data
        self._stack: list[tuple[_Handler, Node, Around]] = []
        self._budget = 200_000 + 32 * len(data)  # octets of text to take into the hand

    # --- what comes out ------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read all of it."""
        tree = parse(self.data)
        if tree is None:
            self.broken = [(0, len(self.data))]
            self.found.outside = True
            self.found.gpu = next(inventory.gpu_hints(self.data), None) is not None
            return
        root = tree.root_node
        if root.has_error:
            self.broken = broken_parts(root)
        try:
            self._walk(root, Around())
        except _TooMuch:
            self.broken = [(0, len(self.data))]
        self.found.gpu = next(inventory.gpu_hints(self.data), None) is not None
        if self._slurm:
            left_over(self, root)
        self.found.from_outside()

    # --- places --------------------------------------------------------------------------------------------

    def add(self, kind: ItemKind, name: str, value: str, offset: int) -> None:
        """One more item. In text that a variable brought along, names and paths count where they are written."""
        if self._fixed is None or kind not in (ItemKind.VARIABLE, ItemKind.PATH):
            self.found.add(kind, name, value, offset)

    def at(self, offset: int) -> int:
        """The place in the script of an offset in the text that is being read."""
        return self._base + offset if self._fixed is None else self._fixed

    def text(self, node: "Node") -> str:
        """The text of a node; octets that are not UTF-8 are surrogates."""
        return self.slice(node.start_byte, node.end_byte)

    def slice(self, start: int, end: int) -> str:
        """The text between two offsets. All text goes through here, and none of it is free."""
        self._budget -= end - start
        if self._budget < 0:
            raise _TooMuch
        if self._ascii is not None:
            return self._ascii[start:end]
        return self._source[start:end].decode("utf-8", "surrogateescape")

    # --- the walk ------------------------------------------------------------------------------------------

    def _walk(self, root: "Node", around: Around) -> None:
        outer = self._stack
        stack: list[tuple[_Handler, Node, Around]] = []
        self._stack = stack
        self.push((root,), around)
        while stack:
            handler, node, around = stack.pop()
            handler(self, node, around)
        self._stack = outer

    def _inside(self, node: "Node", around: Around) -> None:
        self.push(node.children, around)

    def push(self, nodes: "Sequence[Node]", around: Around) -> None:
        """Visit these nodes next, in their order; a command before ``&`` runs in the background."""
        ampersand = False
        handlers, push = _HANDLERS, self._stack.append
        for node in reversed(nodes):
            kind = node.type
            handler = handlers.get(kind)
            if handler is not None:
                push((handler, node, behind(around) if ampersand else around))
                ampersand = False
            elif kind == "&":
                ampersand = True

    def nested(self, text: str, around: Around, *, base: int = 0, fixed: int | None = None) -> None:
        """Read text that a shell will read as program; its offsets begin at ``base``, or all are ``fixed``."""
        if self.depth >= DEPTH or not text.strip():
            return
        before = self._base, self._fixed, self._source, self._ascii
        if self._fixed is None:
            self._base, self._fixed = self._base + base, fixed if fixed is None else self._base + fixed
        self.depth += 1
        self._budget -= 4 * len(text)
        self._source = text.encode("utf-8", "surrogateescape")
        self._ascii = text if text.isascii() else None
        tree = parse(self._source)
        if tree is not None:
            self._walk(tree.root_node, around)
        self.depth -= 1
        self._base, self._fixed, self._source, self._ascii = before

    # --- statements ----------------------------------------------------------------------------------------

    def _pipeline(self, node: "Node", around: Around) -> None:
        kids = node.children
        self.push([kid for kid in kids[1:] if kid.type != "&"], around._replace(piped=True))
        self.push(kids[:1], around)

    def _redirected(self, node: "Node", around: Around) -> None:
        kids = node.children
        program, rest = "", kids
        if kids and kids[0].type == "command":
            program, rest = self._command(kids[0], around), kids[1:]
        for kid in rest:
            if kid.type == "heredoc_redirect":
                self._heredoc(kid, around, program)
            elif not self._says_nothing(kid):
                self.push((kid,), around)

    def _says_nothing(self, node: "Node") -> bool:
        """A redirection such as ``> log 2>&1``: no expansion, no absolute path."""
        if node.type != "file_redirect":
            return False
        text = self.text(node)
        return "\n" not in text and _QUIET.fullmatch(text) is not None

    def _heredoc(self, node: "Node", around: Around, program: str = "") -> None:
        kids = node.children
        start = next((self.text(kid) for kid in kids if kid.type == "heredoc_start"), "")
        for kid in kids:
            if kid.type == "pipeline":  # cat <<EOF | bash
                tail = [part for part in kid.children if part.type == "command"]
                program = (first_word(tail[-1]) if tail else "") or program
        for kid in kids:
            if kid.type == "heredoc_body":
                self._heredoc_body(kid, around, program, quoted=start[:1] in "'\"\\" and bool(start))
            elif handler := _HANDLERS.get(kid.type):
                self._stack.append((handler, kid, around))

    def _heredoc_body(self, node: "Node", around: Around, program: str, *, quoted: bool) -> None:
        if not quoted:
            self.push((node,), around)
        if program in SHELLS or program == "ssh":
            text = self.text(node)
            if not quoted:
                text = text.replace("\\$", "$")
            self.nested(text, around, base=node.start_byte)
        elif self._slurm and FOREIGN.fullmatch(program):
            self._slurm_names(node)

    def _function(self, node: "Node", around: Around) -> None:
        kids = node.children
        self.functions.update(self.text(kid) for kid in kids if kid.type == "word")
        self.push(kids, around._replace(function=True))

    def _for(self, node: "Node", around: Around) -> None:
        rest = []
        named = values = False
        for kid in node.children:
            kind = kid.type
            if kind == "variable_name" and not named:
                named = True
                variables.put(self, self.text(kid), kid)
            else:
                rest.append(kid)
                values = values or kind == "in"
                if kind in ("word", "string", "raw_string", "concatenation"):
                    self.node_paths(kid, self.text(kid))
        if not values:  # `for x; do` walks over the arguments
            self.use("@", "", "", node.start_byte, around)
        self.push(rest, around)

    def _test(self, node: "Node", around: Around) -> None:
        text = self.text(node)
        if "/" in text:
            self.node_paths(node, text)
        if node.has_error:  # whatever it holds, commands even
            self.push(node.children, around)
        elif _QUIET.fullmatch(text):
            return
        elif plain.only_names(text):
            self.expand(text, node.start_byte, around)
        else:
            self.push(node.children, around)

    def _redirect(self, node: "Node", around: Around) -> None:
        kids = node.children
        if self.depth == 0 and over_the_line(self._source, kids):
            self.broken.append((node.start_byte, node.end_byte))
        if kids and kids[-1].type != "process_substitution":
            text = self.text(kids[-1])
            if "/" in text:
                self.node_paths(kids[-1], text)
        self.push(kids, around)

    def _substitution(self, node: "Node", around: Around) -> None:
        self.push(node.children, computing(around))

    def _slurm_names(self, node: "Node") -> None:
        for match in BARE_NAME.finditer(self._source, node.start_byte, node.end_byte):
            self.add(ItemKind.VARIABLE, match[1].decode(), "", self.at(match.start(1)))

    # --- names and paths -----------------------------------------------------------------------------------

    def use(self, name: str, operator: str, default: str, start: int, around: Around) -> None:
        """A variable is read here."""
        offset = self._base + start if self._fixed is None else self._fixed
        if name.startswith(inventory.SLURM_BEGINNINGS):
            self.add(ItemKind.VARIABLE, name, "", offset)
        elif self._fixed is None and (self.depth == 0 or not (name.isdigit() or name in "@*")):
            own = around.assigned == name
            self.found.uses.append(Use(name, operator, default, offset, own, around.function))

    def expand(self, text: str, start: int, around: Around) -> None:
        """Names are read in a text that holds nothing else to expand (``plain.only_names``)."""
        ascii_only = text.isascii()
        for match in plain.NAME.finditer(text):
            at = match.start(1)
            self.use(match[1], "", "", start + (at if ascii_only else octets(text, at)), around)

    def paths(self, value: str, text: str, start: int, *, mount: bool = False) -> None:
        """The host's paths in a word: without quotes, as written, and where it begins."""
        for path, inside, _ in inventory.host_paths(value, mount=mount):
            self.add(ItemKind.PATH, path, inside, self.at(start + octets(text, max(text.find(path), 0))))

    def node_paths(self, node: "Node", text: str) -> None:
        """The absolute paths in a node with this text."""
        self.paths(word_value(node, text), text, node.start_byte)

    # --- commands ------------------------------------------------------------------------------------------

    def _command(self, node: "Node", around: Around) -> str:
        """Take a command apart; the answer is the name of the innermost program."""
        start = node.start_byte
        text = self.slice(start, node.end_byte)
        if text.startswith("coproc "):
            around = around._replace(background=True)
        words = plain.command(text, start)
        if words is None:
            return self._quoted_command(node, text, around)
        program = run_words(self, words, around)
        if "$" in text:
            self.expand(text, start, around)
        return program

    def _quoted_command(self, node: "Node", whole: str, around: Around) -> str:
        """A command with quotes, substitutions, assignments: word by word, as the grammar has them."""
        raws: list[str] = []
        values: list[str] = []
        starts: list[int] = []
        visit: list[Node] = []
        settings, rest, alone = leading(self._source, node.children)
        for pieces in settings:
            variables.assign_pieces(self, pieces, around, prefix=not alone)
        end = -1
        for kid in rest:
            kind, start, before = kid.type, kid.start_byte, end
            if kind == "herestring_redirect" or kind == "file_redirect":
                visit.append(kid)
                continue
            end = kid.end_byte if kind != "$" or start == before else -1
            if kind == "$":
                continue
            text = self.slice(start, end)
            if start == before and raws:
                glue(self, raws, values, kid, around)
            else:
                raws.append(text)
                values.append(word_value(kid, text))
                starts.append(start)
            if "$" in text or "`" in text or kind == "process_substitution":
                if plain.only_names(text):
                    self.expand(text, start, around)
                elif kind == "command_name":
                    visit += kid.children
                else:
                    visit.append(kid)
        program = run_words(self, Words(raws, values, starts, whole, starts[0]), around) if raws else ""
        if visit:
            self.push(visit, around)
        return program


_Handler = Callable[[ShellReader, "Node", Around], object]
_HANDLERS: Final[dict[str, _Handler]] = dict.fromkeys(_VISITED, ShellReader._inside) | {
    "command": ShellReader._command,
    "pipeline": ShellReader._pipeline,
    "redirected_statement": ShellReader._redirected,
    "heredoc_redirect": ShellReader._heredoc,
    "function_definition": ShellReader._function,
    "for_statement": ShellReader._for,
    "test_command": ShellReader._test,
    "file_redirect": ShellReader._redirect,
    "command_substitution": ShellReader._substitution,
    "process_substitution": ShellReader._substitution,
    "variable_name": variables.variable,
    "simple_expansion": variables.simple,
    "expansion": variables.expansion,
    "variable_assignment": variables.assignment,
    "declaration_command": variables.declaration,
    "unset_command": variables.unset,
}
