"""Program parts without a grammar of ours: Python, R, Perl, csh, Julia, and shell text the grammar gave up on.

A line scanner that finds what must not disappear and claims no more: names of Slurm's variables, absolute paths in
string literals, calls of launchers and cluster commands, arguments and variables that come from outside.
"""

import re
from collections.abc import Iterator
from typing import Final

from s2r_ci.model import Item, ItemKind, Location, Step
from s2r_ci.patterns import lazy
from s2r_ci.slurm import inventory
from s2r_ci.slurm.launchers import peel, words_of

_LINE_LIMIT: Final = 4096  # characters of a line that are looked at
_VALUE_LIMIT: Final = 200
_LAYERS: Final = 12
_SHELLS: Final = frozenset({"shell", "csh"})
_LITERAL: Final = lazy(r"""["']((?:/|~)[^"'\s:,;<>|&()]*)""")
_CALL: Final = lazy(
    r"""["'`](?:[^"'`\n]{0,200}?[\s;&|/])?"""
    r"""(srun|mpirun|mpiexec|torchrun|horovodrun|sbatch|scontrol|squeue|scancel|sacct|sinfo|ssh|scp)(?=["'`\s])"""
)
_LAUNCHES: Final = frozenset({"srun", "mpirun", "mpiexec", "torchrun", "horovodrun"})
_OUTSIDE: Final[dict[str, re.Pattern[str]]] = {
    "python": lazy(r"""(?:environ(?:\.get\(|\[)|getenv\()\s*["'](\w+)["'](?:\s*,\s*["']([^"']*)["'])?"""),
    "r": lazy(r"""Sys\.getenv\(\s*["'](\w+)["'](?:\s*,\s*(?:unset\s*=\s*)?["']([^"']*)["'])?"""),
    "perl": lazy(r"""\$ENV\{\s*["']?(\w+)["']?\s*\}"""),
    "julia": lazy(r"""ENV\[\s*"(\w+)"\s*\]|get\(ENV,\s*"(\w+)"(?:\s*,\s*"([^"]*)")?"""),
    "csh": lazy(r"\$\{?\??([A-Za-z]\w*)"),
}
_ARGUMENTS: Final[dict[str, re.Pattern[str]]] = {
    "python": lazy(r"\bsys\.argv\b|\bargparse\.|\bArgumentParser\(|@click\.|\btyper\."),
    "r": lazy(r"\bcommandArgs\(|\bparse_args\("),
    "perl": lazy(r"@ARGV|\$ARGV\["),
    "julia": lazy(r"\bARGS\b"),
    "csh": lazy(r"\$\{?(?:argv|[1-9*])\b|\$\*"),
}
_CSH_SET: Final = lazy(r"^\s*(?:set|setenv|foreach|@)\s+([A-Za-z]\w*)")
_CSH_EXPORT: Final = lazy(r"""^\s*setenv\s+([A-Za-z]\w*)\s+(?:"([^"$`]*)"|'([^']*)'|([^\s"'$`~;]+))\s*(?:$|[;#])""")
_SEPARATOR: Final = lazy(r"\|\|?|&&?|;|`|\$\(|[(){}]")


class LineScanner:
    """Reads text line by line; afterwards its attributes hold what was found."""

    def __init__(self, path: str, language: str) -> None:
        self.path = path
        self.language = language
        self.steps: list[Step] = []
        self.sets: dict[str, None] = {}
        self.exports: dict[str, str] = {}
        self.commands: dict[str, None] = {}
        self._items: dict[tuple[ItemKind, str, int], Item] = {}
        self._outside: dict[str, tuple[str, int, int]] = {}

    def read(self, text: str, first_line: int = 1) -> None:
        """Read more text, whose first line has this number."""
        self._lines(text, first_line)
        for name, (value, line, column) in self._outside.items():
            if name not in self.sets:
                self._add(ItemKind.ARGUMENT, name, value, line, column)

    @property
    def items(self) -> list[Item]:
        """What was found, in the order of the script."""
        return sorted(self._items.values(), key=lambda item: (item.location.line, item.location.column))

    def _lines(self, text: str, first_line: int) -> None:
        for number, line in enumerate(text.split("\n"), first_line):
            bare = line.strip()
            if bare and not bare.startswith("#"):
                self._line(line[:_LINE_LIMIT].rstrip("\r"), number)

    def _add(self, kind: ItemKind, name: str, value: str, line: int, column: int) -> None:
        place = Location(path=self.path, line=line, column=column + 1)
        self._items.setdefault((kind, name, line), Item(kind=kind, name=name, value=value, location=place))

    def _line(self, line: str, number: int) -> None:
        if "SLURM" in line or "SBATCH_" in line:
            for match in inventory.SLURM_NAME.finditer(line):
                self._add(ItemKind.VARIABLE, match[0], "", number, match.start())
        self._from_outside(line, number)
        if self.language in _SHELLS:
            self._shell_line(line, number)
            return
        for path, start in _literal_paths(line):
            self._add(ItemKind.PATH, path, "", number, start)
        for match in _CALL.finditer(line):
            kind = ItemKind.LAUNCHER if match[1] in _LAUNCHES else ItemKind.COMMAND
            self.commands.setdefault(match[1])
            self._add(kind, match[1], line.strip()[:_VALUE_LIMIT], number, match.start(1))

    def _from_outside(self, line: str, number: int) -> None:
        arguments = _ARGUMENTS.get(self.language)
        if arguments is not None and (found := arguments.search(line)):
            self._outside.setdefault("$@", ("", number, found.start()))
        variables = _OUTSIDE.get(self.language)
        for match in variables.finditer(line) if variables is not None else ():
            name, *rest = (group for group in match.groups() if group is not None)
            if not inventory.is_well_known(name):
                self._outside.setdefault(name, (rest[0] if rest else "", number, match.start()))

    def _shell_line(self, line: str, number: int) -> None:
        if self.language == "csh":
            if found := _CSH_SET.match(line):
                self.sets.setdefault(found[1])
            if exported := _CSH_EXPORT.match(line):
                self.exports[exported[1]] = next(group for group in exported.groups()[1:] if group is not None)
        for start, part in _commands(line):
            words = [word.strip("\"'") for word in part.split()]
            words = words[next((at for at, word in enumerate(words) if word not in _KEYWORDS), len(words)) :]
            if words:
                self._command(words, part.strip(), number, start + len(part) - len(part.lstrip()))
        for path, start in inventory.paths_in(line.replace('"', " ").replace("'", " ")):
            self._add(ItemKind.PATH, path, "", number, start)

    def _command(self, words: list[str], text: str, line: int, column: int) -> None:
        within = ""
        for _ in range(_LAYERS):
            if not words:
                return
            self.commands.setdefault(words[0])
            for kind, what, _ in inventory.module_loads(words):
                self._add(ItemKind.MODULE, kind, what, line, column)
            if told := inventory.cluster_command(words):
                self._add(ItemKind.COMMAND, told, text[:_VALUE_LIMIT], line, column)
            layer = peel(words)
            if layer is None:
                return
            if layer.kind == "launcher":
                self._add(ItemKind.LAUNCHER, layer.name, " ".join(words), line, column)
                self.steps.append(
                    Step(
                        launcher=layer.name,
                        words=tuple(words),
                        program=tuple(words[layer.program :]),
                        location=Location(path=self.path, line=line, column=column + 1),
                        within=within,
                    )
                )
                within = layer.name
            elif layer.kind == "container":
                self._add(ItemKind.CONTAINER, layer.name, layer.image, line, column)
            words = words[layer.program :]


_KEYWORDS: Final = words_of("if then else elif while until do time ! { ( foreach end endif")


def _commands(line: str) -> Iterator[tuple[int, str]]:
    """The parts of a line between separators, each with its place."""
    at = 0
    for match in _SEPARATOR.finditer(line):
        yield at, line[at : match.start()]
        at = match.end()
    yield at, line[at:]


def _literal_paths(line: str) -> Iterator[tuple[str, int]]:
    for match in _LITERAL.finditer(line):
        for path, _ in inventory.paths_in(match[1]):
            yield path, match.start(1)
