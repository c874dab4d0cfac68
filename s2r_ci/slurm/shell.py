"""The program part of a shell script, read with a grammar: tree-sitter and tree-sitter-bash.

The tree is walked with a stack of our own, so that no depth of nesting is too deep. Text that a shell will read as
program, ``bash -c "..."``, ``eval``, ``trap`` and here-documents fed to a shell, is parsed once more, three times
deep at most; all other here-documents are data, of which only what the shell expands counts.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from s2r_ci.model import ItemKind
from s2r_ci.slurm import inventory, plain, statements, variables
from s2r_ci.slurm.commands import DEPTH, SPECIAL, is_ordinary, run_ordinary, run_words
from s2r_ci.slurm.found import PATH, VARIABLE, Around, Found, Use, behind
from s2r_ci.slurm.grammar import broken_parts, has_ampersands, kinds, octets, parse, word_value
from s2r_ci.slurm.launchers import peeler, words_of
from s2r_ci.slurm.plain import Words
from s2r_ci.slurm.quoted import left_over
from s2r_ci.slurm.torn import leading, reattach

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
_new: Final = tuple.__new__  # a named tuple's own constructor takes twice as long


class _TooMuch(Exception):  # noqa: N818 - never leaves this file
    """The walk costs more than the script is worth: deep nesting, text that expands again and again."""


class ShellReader:
    """Reads one script; afterwards ``found`` holds what is in it."""

    def __init__(self, path: str, data: bytes) -> None:
        self.data = data
        self.found = Found(path, data)
        self.broken: list[tuple[int, int]] = []  # byte ranges the grammar could not read
        self.texts: dict[str, str] = {}  # what a variable holds, as written, as far as the script says
        self.functions: set[str] = set()
        self.source = data  # what is being read: the script, or a text in it
        self._ascii = data.decode("ascii") if data.isascii() else None
        self._base = 0
        self._fixed: int | None = None
        self.depth = 0
        self.speaks_of_slurm = b"SLURM" in data or b"SBATCH_" in data
        self._stack: list[tuple[Iterable[Node], Around]] = []
        self._ampersands = True  # whether a command of this text may stand before an ampersand
        self._budget = 200_000 + 32 * len(data)  # octets of text to take into the hand

    # --- what comes out ------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read all of it."""
        tree = parse(self.data)
        if tree is None:
            self.broken = [(0, len(self.data))]
            self.found.outside = True
            self.found.gpu = inventory.uses_gpu(self.data)
            return
        root = tree.root_node
        if root.has_error:
            self.broken = broken_parts(root)
        try:
            self._walk(root, Around())
        except _TooMuch:
            self.broken = [(0, len(self.data))]
        self.found.gpu = inventory.uses_gpu(self.data)
        if self.speaks_of_slurm:
            left_over(self, root)
        self.found.from_outside()

    # --- places --------------------------------------------------------------------------------------------

    def add(self, kind: ItemKind, name: str, value: str, offset: int) -> None:
        """One more item. In text that a variable brought along, names and paths count where they are written."""
        if self._fixed is None or kind not in (VARIABLE, PATH):
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
        return self.source[start:end].decode("utf-8", "surrogateescape")

    # --- the walk ------------------------------------------------------------------------------------------

    def _walk(self, root: "Node", around: Around) -> None:
        outer = self._stack, self._ampersands
        stack: list[tuple[Iterable[Node], Around]] = []
        self._stack = stack
        self._ampersands = root.has_error or has_ampersands(self.source)
        self.push((root,), around)
        handler_of = _handlers().get
        while stack:
            top = nodes, around = stack[-1]
            for node in nodes:
                handler = handler_of(node.kind_id)
                if handler is not None:
                    handler(self, node, around)
                    if stack[-1] is not top:
                        break  # what is in this one comes first
            else:
                stack.pop()
        self._stack, self._ampersands = outer

    def _inside(self, node: "Node", around: Around) -> None:
        if self._ampersands:
            self.push(node.children, around)
        else:
            self._stack.append((iter(node.children), around))

    def push(self, nodes: "Sequence[Node]", around: Around) -> None:
        """Visit these nodes next, in their order; a command before ``&`` runs in the background."""
        if not self._ampersands:
            self._stack.append((iter(nodes), around))
            return
        ampersand = False
        for node in reversed(nodes):
            kind = node.type
            if kind == "&":
                ampersand = True
            elif kind in _HANDLERS:
                self._stack.append((iter((node,)), behind(around) if ampersand else around))
                ampersand = False

    def nested(self, text: str, around: Around, *, base: int = 0, fixed: int | None = None) -> None:
        """Read text that a shell will read as program; its offsets begin at ``base``, or all are ``fixed``."""
        if self.depth >= DEPTH or not text.strip():
            return
        before = self._base, self._fixed, self.source, self._ascii
        if self._fixed is None:
            self._base, self._fixed = self._base + base, fixed if fixed is None else self._base + fixed
        self.depth += 1
        self._budget -= 4 * len(text)
        self.source = text.encode("utf-8", "surrogateescape")
        self._ascii = text if text.isascii() else None
        tree = parse(self.source)
        if tree is not None:
            self._walk(tree.root_node, around)
        self.depth -= 1
        self._base, self._fixed, self.source, self._ascii = before

    # --- names and paths -----------------------------------------------------------------------------------

    def use(self, name: str, operator: str, default: str, start: int, around: Around) -> None:
        """A variable is read here."""
        offset = self._base + start if self._fixed is None else self._fixed
        if name.startswith(inventory.SLURM_BEGINNINGS):
            if self._fixed is None:
                self.found.add(VARIABLE, name, "", offset)
        elif self._fixed is None and (self.depth == 0 or not (name.isdigit() or name in "@*")):
            own = around.assigned == name
            self.found.uses.append(_new(Use, (name, operator, default, offset, own, around.function)))

    def expand(self, text: str, start: int, around: Around) -> None:
        """Names are read in a text that holds nothing else to expand (``plain.only_names``)."""
        if self._ascii is not None:
            for match in plain.NAME.finditer(text):
                self.use(match[1], "", "", start + match.start(1), around)
            return
        for match in plain.NAME.finditer(text):
            self.use(match[1], "", "", start + octets(text, match.start(1)), around)

    def paths(self, value: str, text: str, start: int, *, mount: bool = False) -> None:
        """The host's paths in a word: without quotes, as written, and where it begins."""
        if self._fixed is None:  # what a variable brought along counts where it is written
            base = self._base + start
            for path, inside, _ in inventory.host_paths(value, mount=mount):
                self.found.add(PATH, path, inside, base + octets(text, max(text.find(path), 0)))

    def node_paths(self, node: "Node", text: str) -> None:
        """The absolute paths in a node with this text."""
        if plain.may_hold_path(text):
            self.paths(word_value(node, text), text, node.start_byte)

    # --- commands ------------------------------------------------------------------------------------------

    def command(self, node: "Node", around: Around) -> str:
        """Take a command apart; the answer is the name of the innermost program."""
        start = node.start_byte
        text = self.slice(start, node.end_byte)
        words: Words | None
        expands = "$" in text
        if (found := plain.ORDINARY.fullmatch(text)) and not (expands and "HOME" in text):
            value = found[1]
            name = value.rpartition("/")[2] if "/" in value else value
            if name not in SPECIAL and (name[0] not in "pi" or peeler(name) is None):  # ``is_ordinary``
                if expands:
                    self.expand(text, start, around)
                return run_ordinary(self, value, name, around)
            plainly = text.split()
            words = Words(plainly, plainly, None, text, start, paths=False)
        elif '"' in text or "'" in text:
            words = None
        else:
            words = plain.command(text, start)
        if text.startswith("coproc "):
            around = behind(around)
        if words is None:
            return self._quoted_command(node, text, around)
        program = run_words(self, words, around)
        if expands:
            self.expand(text, start, around)
        return program

    def _quoted_command(self, node: "Node", whole: str, around: Around) -> str:
        """A command with quotes, substitutions, assignments: word by word, as the grammar has them."""
        raws: list[str] = []
        parts: list[list[tuple[Node, str]]] = []  # of each word
        starts: list[int] = []
        visit: list[Node] = []
        rest: Sequence[Node] = node.children
        if rest[0].type == "variable_assignment":
            settings, rest, alone = leading(self.source, rest)
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
                reattach(self, raws[-1], kid, around)
                raws[-1] += text
                parts[-1].append((kid, text))
            else:
                raws.append(text)
                parts.append([(kid, text)])
                starts.append(start)
            if "$" in text or "`" in text or kind == "process_substitution":
                if plain.only_names(text):
                    self.expand(text, start, around)
                elif kind == "command_name":
                    visit += kid.children
                else:
                    visit.append(kid)
        program = self._run_parts(raws, parts, starts, whole, around) if raws else ""
        if visit:
            self.push(visit, around)
        return program

    def _run_parts(
        self, raws: list[str], parts: "list[list[tuple[Node, str]]]", starts: list[int], whole: str, around: Around
    ) -> str:
        """Words without their quotes are made only for a command whose words say something."""
        name = raws[0]
        paths = plain.may_hold_path(whole)
        if not paths and name.isidentifier() and is_ordinary(name):
            return run_ordinary(self, name, name, around)
        values = ["".join([word_value(kid, text) for kid, text in part]) for part in parts]
        return run_words(self, Words(raws, values, starts, whole, starts[0], paths=paths), around)


_Handler = Callable[[ShellReader, "Node", Around], object]
_HANDLERS: Final[dict[str, _Handler]] = dict.fromkeys(_VISITED, ShellReader._inside) | {
    "command": ShellReader.command,
    "pipeline": statements.pipeline,
    "redirected_statement": statements.redirected,
    "heredoc_redirect": statements.heredoc,
    "function_definition": statements.function,
    "for_statement": statements.for_loop,
    "test_command": statements.test,
    "file_redirect": statements.redirect,
    "command_substitution": statements.substitution,
    "process_substitution": statements.substitution,
    "variable_name": variables.variable,
    "simple_expansion": variables.simple,
    "expansion": variables.expansion,
    "variable_assignment": variables.assignment,
    "declaration_command": variables.declaration,
    "unset_command": variables.unset,
}


@cache
def _handlers() -> dict[int, _Handler]:
    return {number: _HANDLERS[name] for number, name in kinds(_HANDLERS).items()}
