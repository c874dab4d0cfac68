"""The quick way of reading YAML: line by line, for texts laid out as our own writer lays them out.

It knows block mappings and sequences, keys and scalars of one line, plain or in double quotes, ``{}``, ``[]``, literal
blocks two blanks deeper than their parent, and comments. At the first thing it does not know it hands over to the full
reader, which alone refuses: so this reader never has to explain, and may be as narrow as it likes. What it does
read must be what the full reader reads, values and lines; a test compares them over mutated manifests.
"""

from functools import lru_cache
from typing import Any, Final

from s2r_ci.model import Manifest
from s2r_ci.patterns import lazy
from s2r_ci.runai.yaml_scalars import resolve
from s2r_ci.runai.yaml_text import MOST_DEPTH, MOST_NODES, Path

_QUOTED: Final = r'"[^"\\\t]*(?:\\["\\nrt][^"\\\t]*)*"'
_KEY: Final = lazy(r'([A-Za-z][A-Za-z0-9_./-]{0,252})|"([!#-[\]-~]{1,252})"')
_SET: Final = "[A-Za-z0-9_./@+=%,-]"
_VALUE: Final = lazy(rf"(?:([A-Za-z0-9/]{_SET}*(?:[: ]{_SET}+)*)|({_QUOTED})|(\{{\}}|\[\]))(?: +#.*)?")
_LITERAL: Final = lazy(r"\|(2?)([+-]?)")
_ESCAPE: Final = lazy(r"\\(.)")
_ESCAPES: Final = {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t"}


class _Unknown(Exception):  # noqa: N818 - no error: the full reader goes on
    """Something that this reader does not know."""


def read_lines(text: str) -> Manifest | None:
    """The object in a text with the line of every node, or None: the full reader has to say what this is.

    ``text`` has passed the check for characters: its only line end is LF.
    """
    if text[-1:] != "\n":
        return None
    reader = _Lines(text[:-1].split("\n"))
    try:
        reader.read()
    except (_Unknown, ValueError):  # a number that readers would read differently is a ValueError
        return None
    if not reader.root or 2 * len(reader.lines) > MOST_NODES:  # a path is a key and its value, or one item
        return None
    return Manifest(body=reader.root, lines=reader.lines)


class _Lines:
    """Walks over lines. The open collections are a list of (value, its column, its path), the innermost last."""

    def __init__(self, rows: list[str]) -> None:
        self.root: dict[str, Any] = {}
        self.lines: dict[Path, int] = {}
        self._rows = rows
        self._at = 0
        self._open: list[tuple[Any, int, Path]] = []
        self._pending: str | None = None  # a key whose value starts on a later line

    def read(self) -> None:
        """Every line to the end; raises _Unknown."""
        rows = self._rows
        while self._at < len(rows):
            row = rows[self._at]
            self._at += 1
            rest = row.lstrip(" ")
            if rest[:1] == "#":
                continue
            column = len(row) - len(rest)
            if rest[:2] == "- ":
                self._item(rest[2:], column)
            else:
                self._entry(rest, column)
        if self._pending is not None:
            raise _Unknown

    def _entry(self, rest: str, column: int) -> None:
        """``key: value`` on a line of its own."""
        if not self._open:
            if column or self.lines:
                raise _Unknown
            self._start(self.root, column, ())
            self.lines[()] = self._at
        elif self._pending is not None:
            if column <= self._open[-1][1]:
                raise _Unknown  # the key has no value
            self._start_pending({}, column)
        else:
            self._close_to(column, dict)
        key, value = _split(rest)
        if not key:
            raise _Unknown
        self._pair(key, value, column)

    def _item(self, rest: str, column: int) -> None:
        """``- value`` or ``- key: value``."""
        if not self._open:
            raise _Unknown
        if self._pending is not None:
            if column < self._open[-1][1]:
                raise _Unknown
            self._start_pending([], column)
        else:
            self._close_to(column, list)
        items, _, parent = self._open[-1]
        path = (*parent, len(items))
        self.lines[path] = self._at
        key, value = _split(rest)
        if key:
            entry: dict[str, Any] = {}
            items.append(entry)
            self._start(entry, column + 2, path)
            self._pair(key, value, column + 2)
        else:
            items.append(self._value(rest, column))

    def _pair(self, key: str, value: str | None, column: int) -> None:
        mapping, _, parent = self._open[-1]
        if key in mapping:
            raise _Unknown
        self.lines[(*parent, key)] = self._at
        if value is None:
            mapping[key] = None
            self._pending = key
        else:
            mapping[key] = self._value(value, column)

    def _start(self, value: Any, column: int, path: Path) -> None:
        if len(self._open) >= MOST_DEPTH:
            raise _Unknown
        self._open.append((value, column, path))

    def _start_pending(self, value: Any, column: int) -> None:
        mapping, _, path = self._open[-1]
        mapping[self._pending] = value
        self._start(value, column, (*path, str(self._pending)))
        self._pending = None

    def _close_to(self, column: int, kind: type) -> None:
        """Close what is deeper than this column, or a sequence at its key's column when the next key comes."""
        opened = self._open
        while opened and opened[-1][1] > column:
            opened.pop()
        if opened and kind is dict and type(opened[-1][0]) is list:
            opened.pop()
        if not opened or opened[-1][1] != column or type(opened[-1][0]) is not kind:
            raise _Unknown

    def _value(self, rest: str, column: int) -> Any:
        found = _VALUE.fullmatch(rest)
        if not found:
            return self._literal(rest, column + 2)
        plain, quoted, empty = found.groups()
        if plain:
            return resolve(plain)
        if empty:
            return self._empty(empty)
        inner = quoted[1:-1]
        return _ESCAPE.sub(lambda one: _ESCAPES[one[1]], inner) if "\\" in inner else inner

    def _empty(self, written: str) -> Any:
        if len(self._open) >= MOST_DEPTH:
            raise _Unknown
        return {} if written == "{}" else []

    def _literal(self, header: str, indent: int) -> str:
        """The lines of a literal block, which start with so many blanks or are empty."""
        found = _LITERAL.fullmatch(header)
        if not found:
            raise _Unknown
        blanks, rows, start = " " * indent, self._rows, self._at
        end = start
        while end < len(rows) and (rows[end].startswith(blanks) or not rows[end]):
            end += 1
        if end < len(rows) and not rows[end].strip(" \t"):
            raise _Unknown  # fewer blanks than the block has
        text = "\n".join([row[indent:] for row in rows[start:end]])
        first = text.lstrip("\n")[:1]
        if not first or (first in " \t" and not found[1]):
            raise _Unknown
        self._at = end
        if found[2] == "+":
            return f"{text}\n"
        text = text.rstrip("\n")
        return text if found[2] else f"{text}\n"


def _split(rest: str) -> tuple[str, str | None]:
    """Key and value of a line; the value None where it starts on a later line, the key empty where there is none."""
    written, colon, value = rest.partition(": ")
    if colon:
        return _key(written), value
    return (_key(rest[:-1]), None) if rest[-1:] == ":" else ("", None)


@lru_cache(2048)  # a run reads the same few hundred keys thousands of times
def _key(written: str) -> str:
    """The key that is written so, or empty where this reader does not know it."""
    found = _KEY.fullmatch(written)
    if not found or written == '"<<"':
        return ""
    plain, quoted = found.groups()
    if quoted:
        return str(quoted)
    return str(plain) if resolve(plain) is plain else ""
