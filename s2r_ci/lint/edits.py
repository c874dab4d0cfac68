"""Edits of directive lines: pure functions from the octets of a line to other octets.

Each edit changes what is certainly a slip, and only in words that are written without quotes. Which edit is allowed to
stand is for ``fixes`` to say, which reads the script again.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from s2r_ci.lint.spelling import successor
from s2r_ci.slurm.options import PLUGIN_OPTIONS, Catalogue, Option, UnknownOptionError
from s2r_ci.slurm.troubles import RefusedError
from s2r_ci.slurm.words import KEYWORD, cut

LONGEST: Final = 4096  # octets; nobody repairs a longer line by hand either
_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_DASHED: Final = re.compile(rf"[-{_DASHES}]{{1,3}}(?=[A-Za-z])")
_LONG: Final = re.compile(r"--([A-Za-z][\w-]*)(=.*)?", re.DOTALL)
_SHORT_EQUALS: Final = re.compile(r"-([A-Za-z])=([^-=].*)", re.DOTALL)
_AMBIGUOUS: Final = frozenset({"tasks", "cores", "threads", "sockets", "min"})  # may be meant otherwise
_TEXT: Final = frozenset({"text", "stream", "export"})


class Word(NamedTuple):
    """An unquoted word of a directive line."""

    text: str
    start: int  # offset in the line, in octets
    end: int


Edit = Callable[[bytes, Catalogue], bytes]


def words_in(line: bytes, known: Catalogue) -> list[Word]:
    """The words of a directive line; none where sbatch cannot cut it, or where a word is quoted."""
    if len(line) > LONGEST:
        return []
    raw = line[len(KEYWORD) :]
    found: list[Word] = []
    at = len(KEYWORD)
    try:
        for piece, _, plain in cut(raw, known.release):
            if not plain:
                return []
            at = line.index(piece, at)
            found.append(Word(piece.decode("utf-8", "surrogateescape"), at, at + len(piece)))
            at += len(piece)
    except (RefusedError, ValueError):
        return []
    return found


def _put(line: bytes, changes: list[tuple[int, int, str]]) -> bytes:
    """The line with other text at these ranges of octets."""
    for start, end, text in reversed(changes):
        line = line[:start] + text.encode("utf-8", "surrogateescape") + line[end:]
    return line


def option_named(name: str, known: Catalogue) -> Option | None:
    """The option of a name or of a beginning that fits one option alone."""
    try:
        return known.find(name)
    except UnknownOptionError:
        return None


def plain_dashes(line: bytes, known: Catalogue) -> bytes:
    """``\u2013nodes=2`` becomes ``--nodes=2``."""
    if line.isascii():
        return line
    return _put(line, [*_dashes(line, known)])


def _dashes(line: bytes, known: Catalogue) -> Iterator[tuple[int, int, str]]:
    for word in words_in(line, known):
        dashes = _DASHED.match(word.text)
        if dashes is None or dashes[0].strip("-") == "":
            continue
        name = word.text[dashes.end() :].partition("=")[0]
        end = word.start + len(dashes[0].encode())
        if len(name) > 1 and option_named(name, known):
            yield word.start, end, "--"
        elif len(name) == 1 and name in known.shorts:
            yield word.start, end, "-"


def full_names(line: bytes, known: Catalogue) -> bytes:
    """``--job=x`` becomes ``--job-name=x``, ``--workdir=x`` becomes ``--chdir=x``."""
    return _put(line, [*_names(line, known)]) if b"--" in line else line


def _names(line: bytes, known: Catalogue) -> Iterator[tuple[int, int, str]]:
    for word in words_in(line, known):
        long = _LONG.fullmatch(word.text)
        if long is None or long[1] in known.names or long[1] in PLUGIN_OPTIONS or long[1] in _AMBIGUOUS:
            continue
        option = option_named(long[1], known)
        name = option.name if option else successor(long[1])
        if name in known.names:
            yield word.start + 2, word.start + 2 + len(long[1]), name


def no_equals_behind_letter(line: bytes, known: Catalogue) -> bytes:
    """``-p=gpu`` becomes ``-p gpu``."""
    changes = []
    for word in words_in(line, known):
        short = _SHORT_EQUALS.fullmatch(word.text)
        if short and short[1] in known.shorts and known.shorts[short[1]].argument == "required":
            changes.append((word.start + 2, word.start + 3, " "))
    return _put(line, changes)


def no_blanks_around_equals(line: bytes, known: Catalogue) -> bytes:
    """``--mem = 4G``, ``--mem= 4G`` and ``--mem =4G`` become ``--mem=4G``."""
    if b"= " not in line and b"=\t" not in line and b" =" not in line and b"\t=" not in line:
        return line
    words = words_in(line, known)
    changes = []
    for at, word in enumerate(words[:-1]):
        option = option_named(word.text[2:].rstrip("="), known) if word.text.startswith("--") else None
        if option is None or option.argument != "required" or "=" in word.text[2:-1]:
            continue
        behind = words[at + 1]
        value = (
            words[at + 2] if behind.text == "=" and not word.text.endswith("=") and at + 2 < len(words) else None
        )
        if value is not None and value.text[0] not in "-=":
            changes.append((word.end, value.start, "="))
        elif _halved(word.text, behind.text):
            changes.append((word.end, behind.start, ""))
    return _put(line, changes)


def _halved(word: str, behind: str) -> bool:
    """``--mem=`` and ``4G``, or ``--mem`` and ``=4G``."""
    if word.endswith("="):
        return behind[0] not in "-="
    return behind[0] == "=" and behind[1:2] not in ("", "=", "-")


def blank_before_hash(line: bytes, known: Catalogue) -> bytes:
    """``--nodes=2#two`` becomes ``--nodes=2 #two``: sbatch reads both alike."""
    end = line.find(b"#", len(KEYWORD))
    words = words_in(line, known)
    if end < 0 or not words or words[-1].end != end or line.startswith(KEYWORD, end):
        return line
    long = _LONG.fullmatch(words[-1].text)
    option = known.names.get(long[1]) if long else None
    if option is None or option.kind in _TEXT or line[end + 1 : end + 2] in (b"", b" ", b"\t", b"#"):
        return line
    return line[:end] + b" " + line[end:]


EDITS: Final[tuple[tuple[str, Edit], ...]] = (
    ("a typographic dash is a dash now", plain_dashes),
    ("no blanks around the equals sign", no_blanks_around_equals),
    ("a blank instead of the equals sign", no_equals_behind_letter),
    ("the name in full", full_names),
    ("a blank before the #", blank_before_hash),
)
