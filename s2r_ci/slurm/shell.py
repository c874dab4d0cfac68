"""The program part of a shell script, read with a grammar: tree-sitter and tree-sitter-bash.

The tree is walked with a stack of our own, so that no depth of nesting is too deep. Text that a shell will read as
program, ``bash -c "..."``, ``eval``, ``trap`` and here-documents fed to a shell, is parsed once more, three times
deep at most; all other here-documents are data, of which only what the shell expands counts.
"""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from s2r_ci.model import ItemKind, Step
from s2r_ci.slurm import inventory
from s2r_ci.slurm.found import Found, Use
from s2r_ci.slurm.grammar import broken_parts, literal, node_text, octets, parse, unquote, word_value
from s2r_ci.slurm.launchers import (
    PYTHON_LAUNCHERS,
    SHELLS,
    Layer,
    base_name,
    peel,
    pyxis_image,
    shell_text,
    words_of,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_DEPTH: Final = 3
_LAYERS: Final = 12  # launchers, containers and wrappers around one program
_BARE_SLURM: Final = re.compile(rb"\b((?:SLURM|SLURMD|SBATCH)_[A-Z][A-Z0-9_]*)")
_WHOLE_VARIABLE: Final = re.compile(r'"?\$(?:\{(\w+)(?:\[[@*]\])?\}|(\w+))"?')
_FOREIGN: Final = re.compile(r"(?:python|pypy|perl|Rscript|R|julia|ruby|node|printenv|matlab)[\d.]*")
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


class Word(NamedTuple):
    """One word of a command."""

    raw: str  # as written
    value: str  # without quotes; what a command substitution gives is "$()"
    start: int  # offset of its first byte in the script


class Around(NamedTuple):
    """What stands around a node."""

    within: str = ""  # the launcher
    background: bool = False
    function: bool = False
    computes: bool = False  # inside $( ): its output is used, not its effect
    piped: bool = False  # not the first of a pipeline
    assigned: str = ""  # inside the value of this variable


class ShellReader:
    """Reads one script; afterwards ``found`` holds what is in it."""

    def __init__(self, path: str, data: bytes) -> None:
        self.data = data
        self.found = Found(path, data)
        self.broken: list[tuple[int, int]] = []  # byte ranges the grammar could not read
        self._texts: dict[str, str] = {}  # what a variable holds, as far as the script says
        self._functions: set[str] = set()
        self._base = 0
        self._fixed: int | None = None
        self._depth = 0
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
        self.found.gpu = any(not _is_comment(root, start) for start in inventory.gpu_hints(self.data))
        if self._slurm:
            self._left_over(root)
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

    def _at(self, offset: int) -> int:
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

    def _nested(self, text: str, around: Around, *, base: int = 0, fixed: int | None = None) -> None:
        """Read text that a shell will read as program; its offsets begin at ``base``, or all are ``fixed``."""
        if self._depth >= _DEPTH or not text.strip():
            return
        before = self._base, self._fixed
        if self._fixed is None:
            self._base, self._fixed = self._base + base, fixed if fixed is None else self._base + fixed
        self._depth += 1
        self._spend(4 * len(text))
        tree = parse(text.encode("utf-8", "surrogateescape"))
        if tree is not None:
            self._walk(tree.root_node, around)
        self._depth -= 1
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
                program = (_first_word(tail[-1]) if tail else "") or program
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
            self._nested(text, around, base=node.start_byte)
        elif self._slurm and _FOREIGN.fullmatch(program):
            self._slurm_names(node)

    def _function(self, node: "Node", around: Around) -> None:
        kids = node.children
        self._functions.update(node_text(kid) for kid in kids if kid.type == "word")
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
            self._use("@", "", "", node.start_byte, around)
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

    def _use(self, name: str, operator: str, default: str, start: int, around: Around) -> None:
        offset = self._at(start)
        if inventory.is_slurm(name):
            self.add(ItemKind.VARIABLE, name, "", offset)
        elif self._fixed is None and (self._depth == 0 or not (name.isdigit() or name in "@*")):
            own = around.assigned == name
            self.found.uses.append(Use(name, operator, default, offset, own, around.function))

    def _variable(self, node: "Node", around: Around) -> None:
        self._use(node_text(node), "", "", node.start_byte, around)

    def _simple(self, node: "Node", around: Around) -> None:
        for kid in node.children:
            if kid.type in ("variable_name", "special_variable_name"):
                self._use(node_text(kid), "", "", kid.start_byte, around)

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
            self._use(name, operator, default, start, around)
            if operator in (":=", "="):
                self.found.by_default.setdefault(name, self._at(node.end_byte))
        self._push(rest, around)

    def _set(self, name: str, node: "Node") -> None:
        if inventory.is_slurm(name):
            self.add(ItemKind.VARIABLE, name, "", self._at(node.start_byte))
        self.found.sets.setdefault(name, self._at(node.end_byte))

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
            self.add(ItemKind.VARIABLE, name, "", self._at(target.start_byte))
        return name

    def _remember(self, name: str, value: "Node | None", *, plain: bool) -> None:
        known = literal(value) if plain else None
        self.found.literals[name] = known if self.found.literals.get(name, known) == known else None
        if value is not None and plain:
            text = node_text(value)
            self._texts[name] = text[1:-1] if value.type == "array" else unquote(text)

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
                    self.add(ItemKind.VARIABLE, node_text(kid), "", self._at(kid.start_byte))
            else:
                rest.append(kid)
        self.found.commands.setdefault(word)
        self._push(rest, around)

    def _unset(self, node: "Node", around: Around) -> None:
        self.found.commands.setdefault("unset")
        for kid in node.children:
            if kid.type == "variable_name":
                if inventory.is_slurm(node_text(kid)):
                    self.add(ItemKind.VARIABLE, node_text(kid), "", self._at(kid.start_byte))
            else:
                self._push((kid,), around)

    def _slurm_names(self, node: "Node") -> None:
        for match in _BARE_SLURM.finditer(node.text or b""):
            self.add(ItemKind.VARIABLE, match[1].decode(), "", self._at(node.start_byte + match.start(1)))

    def _left_over(self, root: "Node") -> None:
        """Names the walk did not meet: hidden in arithmetic, or quoted for someone else to expand."""
        for match in _BARE_SLURM.finditer(self.data):
            start, name = match.start(), match[1].decode()
            line = self.found.row(start)
            if (ItemKind.VARIABLE, name, line) in self.found.by_place or inventory.is_commented(self.data, start):
                continue
            node = root.descendant_for_byte_range(start, match.end())
            if node is not None and self._is_used(node, match):
                self.add(ItemKind.VARIABLE, name, "", start)

    def _is_used(self, node: "Node", match: "re.Match[bytes]") -> bool:
        if node.type == "variable_name" or node.text == match[1]:
            return True
        if node.type not in ("raw_string", "string_content", "word", "string"):
            return False
        command = _command_of(node)
        if _FOREIGN.fullmatch(command):
            return True
        before = self.data[max(0, match.start() - 2) : match.start()]
        return before.endswith((b"$", b"${")) and command not in ("echo", "printf", "cat")

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
        program = self._run(words, around) if words else ""
        self._push(visit, around)
        return program

    def _run(self, words: list[Word], around: Around) -> str:
        values = [word.value for word in words]
        at, launched = 0, bool(around.within)
        self._word_paths(words, values)
        for _ in range(_LAYERS):
            if at >= len(words):
                break
            if self._known_text(words[at:], around):
                return ""
            self._single(words[at:], values[at:], around)
            layer = peel(values[at:])
            if layer is None:
                break
            if layer.kind == "launcher":
                launched = True
                self._launch(words[at:], values[at:], layer, around)
                around = around._replace(within=layer.name)
                if layer.name in PYTHON_LAUNCHERS:
                    return "python"
            elif layer.kind == "container":
                self.add(ItemKind.CONTAINER, layer.name, layer.image, self._at(words[at].start))
            at += layer.program
        name = base_name(values[at]) if at < len(words) else ""
        idle = launched or around.computes or around.piped
        if name and not idle and name not in inventory.HARMLESS and name not in self._functions:
            self.found.outside = self.found.outside or not shell_text(values[at:])
        return name

    def _known_text(self, words: list[Word], around: Around) -> bool:
        """``$LAUNCHER fit.py`` where the script says what LAUNCHER is: read what comes of it."""
        found = _WHOLE_VARIABLE.fullmatch(words[0].raw)
        text = self._texts.get(found[1] or found[2]) if found else None
        if text is None or self._depth >= _DEPTH:
            return False
        rest = " ".join(word.raw for word in words[1:])
        self._nested(f"{text} {rest}", around, fixed=words[0].start)
        return True

    def _single(self, words: list[Word], values: list[str], around: Around) -> None:
        name = base_name(values[0])
        if name and name not in self._functions:
            self.found.commands.setdefault(values[0])
        if name not in inventory.SPOKEN:
            return
        for kind, what, at in inventory.module_loads(values):
            self.add(ItemKind.MODULE, kind, what, self._at(words[at].start))
        if told := inventory.cluster_command(values):
            self.add(ItemKind.COMMAND, told, " ".join(word.raw for word in words), self._at(words[0].start))
        self._builtin(name, words, values, around)
        if inner := shell_text(values):
            self._shell_word(words[inner:] if name == "eval" else words[inner : inner + 1], around)

    def _shell_word(self, words: list[Word], around: Around) -> None:
        first = words[0]
        quoted = first.raw[:1] in "'\"" and first.raw[:1] == first.raw[-1:]
        text = " ".join(word.value for word in words)
        if "$()" in text:  # what a command substitution gives is not known
            return
        self._nested(text, around, base=first.start + quoted)

    def _launch(self, words: list[Word], values: list[str], layer: Layer, around: Around) -> None:
        offset = self._at(words[0].start)
        raws = tuple(word.raw for word in words)
        self.add(ItemKind.LAUNCHER, layer.name, " ".join(raws), offset)
        if layer.name == "srun" and (image := pyxis_image(values)):
            self.add(ItemKind.CONTAINER, "pyxis", image, offset)
        self.found.steps.append(
            Step(
                launcher=layer.name,
                words=raws,
                program=raws[layer.program :],
                location=self.found.place(offset),
                background=around.background,
                within=around.within,
            )
        )

    def _builtin(self, name: str, words: list[Word], values: list[str], around: Around) -> None:
        """The builtins that set variables or read the arguments."""
        names: list[str] = []
        if name in ("read", "mapfile", "readarray"):
            names = values[1:]
        elif name == "getopts":
            names = values[2:3]
            self._use("@", "", "", words[0].start, around)
        elif name == "printf" and values[1:2] == ["-v"]:
            names = values[2:3]
        elif name == "let":
            names = [value.partition("=")[0].rstrip("+-*/ ") for value in values[1:] if "=" in value]
        elif name == "set" and "--" in values and not around.function:
            self.found.arguments_set = min(self.found.arguments_set, self._at(words[0].start))
        for found in names:
            if found.isidentifier():
                self.found.sets.setdefault(found, self._at(words[0].start))

    # --- paths ---------------------------------------------------------------------------------------------

    def _word_paths(self, words: list[Word], values: list[str]) -> None:
        if not any("/" in value for value in values):
            return
        for at, mount in inventory.path_words(values):
            raw = words[at].raw
            for path, start in inventory.paths_in(values[at], mount=mount):
                found = raw.find(path)
                self.add(ItemKind.PATH, path, "", self._at(words[at].start + octets(raw, max(found, 0))))
                del start

    def _paths(self, text: str, node: "Node", start: int | None = None) -> None:
        value = word_value(node, text) if start is None else unquote(text)
        offset = node.start_byte if start is None else start
        for path, _ in inventory.paths_in(value):
            self.add(ItemKind.PATH, path, "", self._at(offset + octets(text, max(text.find(path), 0))))


def _first_word(node: "Node") -> str:
    return next((base_name(node_text(kid)) for kid in node.children if kid.type == "command_name"), "")


def _is_comment(root: "Node", at: int) -> bool:
    node = root.descendant_for_byte_range(at, at + 1)
    return node is not None and node.type == "comment"


def _command_of(node: "Node") -> str:
    """The name of the command that a word belongs to."""
    here: Node | None = node
    for _ in range(_DEPTH * 2):
        if here is None or here.type == "command":
            break
        here = here.parent
    return _first_word(here) if here is not None and here.type == "command" else ""


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
