"""The program part of a shell script, read with a grammar: tree-sitter and tree-sitter-bash.

The tree is walked with a stack of our own, so that no depth of nesting is too deep. Text that a shell will read as
program, ``bash -c "..."``, ``eval``, ``trap`` and here-documents fed to a shell, is parsed once more, three times
deep at most; all other here-documents are data, of which only what the shell expands counts.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from s2r_ci.model import ItemKind
from s2r_ci.slurm import inventory
from s2r_ci.slurm.commands import DEPTH, run_words
from s2r_ci.slurm.found import Around, Found, Use, Word
from s2r_ci.slurm.grammar import broken_parts, first_word, literal, node_text, octets, parse, unquote, word_value
from s2r_ci.slurm.launchers import (
    SHELLS,
    words_of,
)
from s2r_ci.slurm.quoted import BARE_NAME, FOREIGN, left_over

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
        self._base = 0
        self._fixed: int | None = None
        self.depth = 0
        self._slurm = b"SLURM" in data or b"SBATCH_" in data
        self._stack: list[tuple[Node, Around]] = []
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

    def _spend(self, octets_taken: int) -> None:
        self._budget -= octets_taken
        if self._budget < 0:
            raise _TooMuch

    def add(self, kind: ItemKind, name: str, value: str, offset: int) -> None:
        """One more item. In text that a variable brought along, names and paths count where they are written."""
        if self._fixed is None or kind not in (ItemKind.VARIABLE, ItemKind.PATH):
            self.found.add(kind, name, value, offset)

    def at(self, offset: int) -> int:
        """The place in the script of an offset in the text that is being read."""
        return self._base + offset if self._fixed is None else self._fixed

    # --- the walk ------------------------------------------------------------------------------------------

    def _walk(self, root: "Node", around: Around) -> None:
        outer = self._stack
        self._stack = [(root, around)]
        handlers = _HANDLERS
        while self._stack:
            node, around = self._stack.pop()
            handler = handlers.get(node.type)
            if handler is None:
                self._push(node.children, around)
            else:
                self._spend(node.end_byte - node.start_byte)
                handler(self, node, around)
        self._stack = outer

    def _push(self, nodes: "Iterable[Node]", around: Around) -> None:
        behind = False
        push = self._stack.append
        for node in reversed(list(nodes)):
            kind = node.type
            if kind == "&":
                behind = True
            elif kind in _VISITED:
                push((node, around._replace(background=True) if behind else around))
                behind = False

    def nested(self, text: str, around: Around, *, base: int = 0, fixed: int | None = None) -> None:
        """Read text that a shell will read as program; its offsets begin at ``base``, or all are ``fixed``."""
        if self.depth >= DEPTH or not text.strip():
            return
        before = self._base, self._fixed
        if self._fixed is None:
            self._base, self._fixed = self._base + base, fixed if fixed is None else self._base + fixed
        self.depth += 1
        self._spend(4 * len(text))
        tree = parse(text.encode("utf-8", "surrogateescape"))
        if tree is not None:
            self._walk(tree.root_node, around)
        self.depth -= 1
        self._base, self._fixed = before

    # --- statements ----------------------------------------------------------------------------------------

    def _pipeline(self, node: "Node", around: Around) -> None:
        kids = node.children
        for kid in reversed(kids[1:]):
            if kid.type in _VISITED:
                self._stack.append((kid, around._replace(piped=True)))
        self._push(kids[:1], around)

    def _redirected(self, node: "Node", around: Around) -> None:
        kids = node.children
        program, rest = "", kids
        if kids and kids[0].type == "command":
            program, rest = self._command(kids[0], around), kids[1:]
        for kid in rest:
            if kid.type == "heredoc_redirect":
                self._heredoc(kid, around, program)
            else:
                self._push((kid,), around)

    def _heredoc(self, node: "Node", around: Around, program: str = "") -> None:
        kids = node.children
        start = next((node_text(kid) for kid in kids if kid.type == "heredoc_start"), "")
        for kid in kids:
            if kid.type == "pipeline":  # cat <<EOF | bash
                tail = [part for part in kid.children if part.type == "command"]
                program = (first_word(tail[-1]) if tail else "") or program
        for kid in kids:
            if kid.type == "heredoc_body":
                self._heredoc_body(kid, around, program, quoted=start[:1] in "'\"\\" and bool(start))
            elif kid.type in _VISITED:
                self._stack.append((kid, around))

    def _heredoc_body(self, node: "Node", around: Around, program: str, *, quoted: bool) -> None:
        if not quoted:
            self._push((node,), around)
        if program in SHELLS or program == "ssh":
            text = node_text(node)
            if not quoted:
                text = text.replace("\\$", "$")
            self.nested(text, around, base=node.start_byte)
        elif self._slurm and FOREIGN.fullmatch(program):
            self._slurm_names(node)

    def _function(self, node: "Node", around: Around) -> None:
        kids = node.children
        self.functions.update(node_text(kid) for kid in kids if kid.type == "word")
        self._push(kids, around._replace(function=True))

    def _for(self, node: "Node", around: Around) -> None:
        rest = []
        named = values = False
        for kid in node.children:
            kind = kid.type
            if kind == "variable_name" and not named:
                named = True
                self._set(node_text(kid), kid)
            else:
                rest.append(kid)
                values = values or kind == "in"
                if kind in ("word", "string", "raw_string", "concatenation"):
                    self._paths(node_text(kid), kid)
        if not values:  # `for x; do` walks over the arguments
            self.use("@", "", "", node.start_byte, around)
        self._push(rest, around)

    def _test(self, node: "Node", around: Around) -> None:
        text = node_text(node)
        if "/" in text:
            self._paths(text, node)
        self._push(node.children, around)

    def _redirect(self, node: "Node", around: Around) -> None:
        kids = node.children
        if kids and kids[-1].type != "process_substitution":
            text = node_text(kids[-1])
            if "/" in text:
                self._paths(text, kids[-1])
        self._push(kids, around)

    def _substitution(self, node: "Node", around: Around) -> None:
        self._push(node.children, around._replace(computes=True))

    # --- variables -----------------------------------------------------------------------------------------

    def use(self, name: str, operator: str, default: str, start: int, around: Around) -> None:
        """A variable is read here."""
        offset = self.at(start)
        if inventory.is_slurm(name):
            self.add(ItemKind.VARIABLE, name, "", offset)
        elif self._fixed is None and (self.depth == 0 or not (name.isdigit() or name in "@*")):
            own = around.assigned == name
            self.found.uses.append(Use(name, operator, default, offset, own, around.function))

    def _variable(self, node: "Node", around: Around) -> None:
        self.use(node_text(node), "", "", node.start_byte, around)

    def _simple(self, node: "Node", around: Around) -> None:
        for kid in node.children:
            if kid.type in ("variable_name", "special_variable_name"):
                self.use(node_text(kid), "", "", kid.start_byte, around)

    def _expansion(self, node: "Node", around: Around) -> None:
        name, operator, default, rest = "", "", "", []
        kids = node.children
        for at, kid in enumerate(kids):
            kind = kid.type
            if kind in ("variable_name", "special_variable_name") and not name:
                name, start = node_text(kid), kid.start_byte
                if at + 1 < len(kids) and kids[at + 1].type.lstrip(":") in ("-", "=", "?", "+"):
                    operator = kids[at + 1].type
                    whole = node_text(node)
                    cut = kids[at + 1].end_byte - node.start_byte
                    default = (node.text or b"")[cut:-1].decode("utf-8", "surrogateescape") if whole else ""
                    if "/" in default:
                        self._paths(default, kids[at + 1], kids[at + 1].end_byte)
            elif kind in _VISITED:
                rest.append(kid)
        if name:
            self.use(name, operator, default, start, around)
            if operator in (":=", "="):
                self.found.by_default.setdefault(name, self.at(node.end_byte))
        self._push(rest, around)

    def _set(self, name: str, node: "Node") -> None:
        if inventory.is_slurm(name):
            self.add(ItemKind.VARIABLE, name, "", self.at(node.start_byte))
        self.found.sets.setdefault(name, self.at(node.end_byte))

    def _assignment(self, node: "Node", around: Around) -> None:
        self._assign(node, around, prefix=False)

    def _assign(self, node: "Node", around: Around, *, prefix: bool) -> str:
        kids = node.children
        target = kids[0]
        if target.type == "subscript":
            self._push(target.children[1:], around)
            target = target.children[0]
        name = node_text(target)
        value = kids[2] if len(kids) > 2 else None
        plain = kids[0].type != "subscript" and len(kids) > 1 and kids[1].type == "="
        if not prefix:
            self._remember(name, value, plain=plain)
        if value is not None:
            text = node_text(value)
            if "/" in text and value.type != "command_substitution":
                self._paths(text, value)
            self._push((value,), around._replace(assigned=name))
        if not prefix:
            self._set(name, node)
        elif inventory.is_slurm(name):
            self.add(ItemKind.VARIABLE, name, "", self.at(target.start_byte))
        return name

    def _remember(self, name: str, value: "Node | None", *, plain: bool) -> None:
        known = literal(value) if plain else None
        self.found.literals[name] = known if self.found.literals.get(name, known) == known else None
        if value is not None and plain:
            text = node_text(value)
            self.texts[name] = text[1:-1] if value.type == "array" else unquote(text)

    def _declaration(self, node: "Node", around: Around) -> None:
        kids = node.children
        word = kids[0].type
        exports = word == "export" or any(
            node_text(kid).startswith("-") and "x" in node_text(kid) for kid in kids[1:2]
        )
        rest = []
        for kid in kids[1:]:
            kind = kid.type
            if kind == "variable_assignment":
                name = self._assign(kid, around, prefix=False)
                if exports:
                    self.found.exported[name] = None
            elif kind == "variable_name":
                if exports:
                    self.found.exported[node_text(kid)] = None
                elif word in ("local", "declare", "typeset"):
                    self._set(node_text(kid), kid)
                if inventory.is_slurm(node_text(kid)):
                    self.add(ItemKind.VARIABLE, node_text(kid), "", self.at(kid.start_byte))
            else:
                rest.append(kid)
        self.found.commands.setdefault(word)
        self._push(rest, around)

    def _unset(self, node: "Node", around: Around) -> None:
        self.found.commands.setdefault("unset")
        for kid in node.children:
            if kid.type == "variable_name":
                if inventory.is_slurm(node_text(kid)):
                    self.add(ItemKind.VARIABLE, node_text(kid), "", self.at(kid.start_byte))
            else:
                self._push((kid,), around)

    def _slurm_names(self, node: "Node") -> None:
        for match in BARE_NAME.finditer(node.text or b""):
            self.add(ItemKind.VARIABLE, match[1].decode(), "", self.at(node.start_byte + match.start(1)))

    # --- commands ------------------------------------------------------------------------------------------

    def _command(self, node: "Node", around: Around) -> str:
        """Take a command apart; the answer is the name of the innermost program."""
        words: list[Word] = []
        visit: list[Node] = []
        for kid in node.children:
            kind = kid.type
            if kind == "variable_assignment" and not words:
                self._assign(kid, around, prefix=True)
                continue
            if kind == "herestring_redirect" or kind == "file_redirect":
                visit.append(kid)
                continue
            if kind == "$":
                continue
            text = node_text(kid)
            words.append(Word(text, word_value(kid, text), kid.start_byte))
            if "$" in text or "`" in text or kind == "process_substitution":
                visit.append(kid)
                if kind == "command_name":
                    visit[-1:] = kid.children
        program = run_words(self, words, around) if words else ""
        self._push(visit, around)
        return program

    def _paths(self, text: str, node: "Node", start: int | None = None) -> None:
        value = word_value(node, text) if start is None else unquote(text)
        offset = node.start_byte if start is None else start
        for path, _ in inventory.paths_in(value):
            self.add(ItemKind.PATH, path, "", self.at(offset + octets(text, max(text.find(path), 0))))


_Handler = Callable[[ShellReader, "Node", Around], object]
_HANDLERS: Final[dict[str, _Handler]] = {
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
    "variable_name": ShellReader._variable,
    "simple_expansion": ShellReader._simple,
    "expansion": ShellReader._expansion,
    "variable_assignment": ShellReader._assignment,
    "declaration_command": ShellReader._declaration,
    "unset_command": ShellReader._unset,
}
