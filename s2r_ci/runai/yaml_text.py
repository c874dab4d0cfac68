"""JSON values written as YAML that no reader can misread: the writing half of ``yaml``.

The layout is kubectl's: block style, two blanks, sequences at their key's column, keys in insertion order. A
string stands plain only where YAML 1.1, YAML 1.2 and Kubernetes agree that it is a string; a text of several lines
becomes a literal block where that keeps every octet; everything else is quoted and escaped as in JSON.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Final, TypeAlias

from s2r_ci.errors import MalformedReplyError
from s2r_ci.patterns import lazy

Path: TypeAlias = tuple[str | int, ...]

LARGEST_FILE: Final = 262_144  # octets; `kubectl apply` keeps a copy in an annotation of that size
LARGEST_INTEGER: Final = 2**53  # beyond, readers that use doubles lose digits
MOST_DEPTH: Final = 40
MOST_NODES: Final = 20_000

LONGEST_COMMENT: Final = 200
_LONGEST_PLAIN: Final = 200

# Words that some reader takes for a boolean, nothing, or no number, in any case.
_LOADED: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"})
_WORD: Final = r"(?:[A-Za-z0-9_./@+=%,-]|:(?=[^ ]))+"
_PLAIN: Final = lazy(rf"(?=[A-Za-z/])(?!.*:$){_WORD}(?: {_WORD})*|[1-9][0-9]*[KMGT]i")
_KEY: Final = lazy(r"[!-~](?:[ -~]{0,510}[!-~])?")

# Characters that show something else than they say: controls, odd blanks, bidirectional and zero-width marks,
# fillers, private use, surrogates, tags. A fixed list, so that every Python writes the same octets.
_HIDDEN: Final = (
    "[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    "\u2028-\u202f\u205f-\u206f\u2800\u3164\ud800-\uf8ff\ufe00-\ufe0d\ufeff\uffa0\ufff0-\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U0001fffe\U0001ffff\U000e0000-\U0010ffff]"
)
_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


@cache
def _hidden() -> re.Pattern[str]:
    """Compiled when a text is not ASCII, as most never are: the two patterns take 2 ms."""
    return re.compile(_HIDDEN)


@cache
def _special() -> re.Pattern[str]:
    return re.compile(f'["\\\\\t\n]|{_HIDDEN}')


def write_yaml(body: Any, *, comments: Mapping[Path, str] | None = None) -> str:
    """A mapping as YAML text; equal values give equal octets. ``read_yaml`` gives the value back.

    ``comments`` belong to nodes: behind the node where it is one line, above it where it is several. They are
    escaped to one line of at most 200 characters.

    :raises MalformedReplyError: the body holds what no manifest can hold (a key that is not a string of printable
        ASCII, a number beyond 2^53 or not finite, half a surrogate pair, a date), or becomes too large.
    """
    if not isinstance(body, Mapping):
        raise _unwritable((), "a manifest is a mapping")
    emitter = _Emitter(comments or {})
    emitter.mapping(body, (), 0, "")
    text = "\n".join([*emitter.lines, ""]) if body else "{}\n"
    if len(text) > LARGEST_FILE or len(text.encode()) > LARGEST_FILE:
        raise MalformedReplyError(
            f"the manifest would have more than {LARGEST_FILE:,} octets",
            hint="run the script from a checkout: body-delivery = mounted",
        )
    return text


class _Emitter:
    """Collects lines. ``indent`` is the column of the entries of the collection that a node belongs to."""

    def __init__(self, comments: Mapping[Path, str]) -> None:
        self.lines: list[str] = []
        self._comments = comments

    def mapping(self, value: Mapping[str, Any], path: Path, indent: int, lead: str) -> None:
        """The entries of a mapping; ``lead`` is what already stands on the line of the first one."""
        blanks = " " * indent
        for key, child in value.items():
            self._node(f"{lead or blanks}{_key(key, path)}:", child, (*path, key), indent)
            lead = blanks

    def sequence(self, value: Sequence[Any], path: Path, indent: int, lead: str) -> None:
        """The entries of a sequence."""
        blanks = " " * indent
        for index, child in enumerate(value):
            self._node(f"{lead or blanks}-", child, (*path, index), indent)
            lead = blanks

    def _node(self, prefix: str, value: Any, path: Path, indent: int) -> None:
        if isinstance(value, str):
            self._string(prefix, value, path, indent)
        elif value and isinstance(value, (dict, list, tuple, Mapping)):
            self._collection(prefix, value, path, indent)
        else:
            self._line(f"{prefix} {_atom(value, path)}", path)

    def _collection(self, prefix: str, value: Any, path: Path, indent: int) -> None:
        if len(path) >= MOST_DEPTH:
            raise _unwritable(path[:4], f"the nesting is deeper than {MOST_DEPTH}")
        self._above(path, indent)
        is_entry = prefix[-1] == "-"
        if not is_entry:
            self.lines.append(prefix)
        lead = f"{prefix} " if is_entry else ""
        if isinstance(value, Mapping):
            self.mapping(value, path, indent + 2, lead)
        else:
            self.sequence(value, path, indent + 2 if is_entry else indent, lead)

    def _string(self, prefix: str, value: str, path: Path, indent: int) -> None:
        if "\n" in value and (header := _literal_header(value)):
            self._above(path, indent)
            blanks = " " * (indent + 2)
            self.lines.append(f"{prefix} {header}")
            self.lines.extend(blanks + line if line else "" for line in value.removesuffix("\n").split("\n"))
        elif value.isascii() or _encodable(value):
            self._line(f"{prefix} {scalar(value)}", path)
        else:
            raise _unwritable(path, "the string holds octets that are not UTF-8")

    def _line(self, text: str, path: Path) -> None:
        comment = self._comments.get(path) if self._comments else None
        self.lines.append(f"{text}  # {one_line(comment)}" if comment else text)

    def _above(self, path: Path, indent: int) -> None:
        if self._comments and (comment := self._comments.get(path)):
            self.lines.append(f"{' ' * indent}# {one_line(comment)}")


def scalar(text: str) -> str:
    """A string as one line: plain where that is safe, else in double quotes."""
    if len(text) <= _LONGEST_PLAIN and _PLAIN.fullmatch(text) and text.lower() not in _LOADED:
        return text
    if _is_simple(text) and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return f'"{_special().sub(_escape, text)}"'


def one_line(text: str, longest: int = LONGEST_COMMENT) -> str:
    """A text that can stand behind ``#``: line ends and hidden characters escaped, cut to a length."""
    shown = text.strip()
    if not _is_simple(shown):
        shown = _special().sub(lambda found: found[0] if found[0] in '"\\' else _escape(found), shown)
    return shown if len(shown) <= longest else f"{shown[: longest - 3]}..."


def _is_simple(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _encodable(text: str) -> bool:
    """No half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    code = ord(char)
    return _SHORT.get(char) or (f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}")


def _is_hiding(text: str) -> bool:
    """Is there a hidden character? ASCII is most of all bodies, and answered without the pattern."""
    if text.isascii():
        return not text.replace("\n", "").replace("\t", "").isprintable()
    return _hidden().search(text) is not None


def _literal_header(text: str) -> str:
    """``|`` with its indicators, or empty where a literal block would not keep every octet for every reader."""
    last = text.rstrip("\n").rpartition("\n")[2]
    if _is_hiding(text) or (last and not last.strip(" \t")):
        return ""
    first = text.lstrip("\n")[:1]
    if not first:
        return ""
    indicator = "2" if first in " \t" else ""
    chomping = "-" if text[-1] != "\n" else "+" if text.endswith("\n\n") else ""
    return f"|{indicator}{chomping}"


def _key(key: Any, path: Path) -> str:
    written = _key_text(key) if isinstance(key, str) else ""
    if not written:
        raise _unwritable(path, f"{ascii(key)[:80]} cannot be a key")
    return written


@lru_cache(2048)  # a run writes the same few hundred keys thousands of times
def _key_text(key: str) -> str:
    return scalar(key) if key != "<<" and _KEY.fullmatch(key) else ""


def _atom(value: Any, path: Path) -> str:
    """Everything that is neither text nor a filled collection."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) <= LARGEST_INTEGER:
        return str(int(value))
    if isinstance(value, float) and math.isfinite(value):
        return _float(value)
    if isinstance(value, (dict, list, tuple, Mapping)):
        return "{}" if isinstance(value, Mapping) else "[]"
    raise _unwritable(path, f"a {type(value).__name__} out of range or of no JSON type cannot be written")


def _float(value: float) -> str:
    """With a dot and a signed exponent: YAML 1.1 takes 1e3 for a string."""
    mantissa, mark, exponent = repr(value).partition("e")
    if mark and "." not in mantissa:
        mantissa += ".0"
    return f"{mantissa}{mark}{exponent}"


def _unwritable(path: Iterable[str | int], why: str) -> MalformedReplyError:
    place = ".".join(str(step) for step in path)
    return MalformedReplyError(why, where=place, hint="change the script or the settings")
