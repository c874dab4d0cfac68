"""The directive lines of a script, and the words sbatch cuts out of them.

sbatch is not a shell: quotes may stand anywhere, a backslash works inside both kinds, a ``#`` outside quotes ends
the line even inside a word, and an empty quoted word ends it too. Blanks are those of C: space, tab, CR, VT, FF.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from s2r_ci import rules
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.troubles import RefusedError, Troubles

KEYWORD: Final = b"#SBATCH"
_LENGTH: Final = len(KEYWORD)
_BLANKS: Final = b" \t\r\v\f"
HETJOB: Final = frozenset({b"hetjob", b"packjob"})
_HETJOB: Final = frozenset(word.decode() for word in HETJOB)
_COLON, _HASH, _BACKSLASH, _SPACE = b":#\\ "
_QUOTES: Final = b"\"'"


class Word(NamedTuple):
    """One word, and where it begins; line and column count from 1."""

    text: str
    line: int
    column: int


class Header(NamedTuple):
    """The words of the directive lines, one list a component, and where reading ended."""

    components: list[list[Word]]
    end: int  # offset of the first line that is not read
    end_line: int  # its number
    fatal: bool  # sbatch stopped at a word it cannot read


# What most lines look like: an option, perhaps with a quoted value, perhaps a value behind it, perhaps a remark.
_QUOTED: Final = r"(\"[ !#-\[\]-~]+\"|'[ -&(-\[\]-~]+')"
_PART: Final = "-A-Za-z0-9_=.,/%@+~"  # ranges instead of \\w: one look into a table a character
_PLAIN: Final = re.compile(
    rf"#SBATCH[ \t]*(-[{_PART}:\[\]]*){_QUOTED}?"
    rf"(?:[ \t]+(?:([{_PART}][{_PART}:\[\]]*)|{_QUOTED}))?[ \t]*(?:(?<=[ \t])#(?: [^\n#]*)?)?(?:\n|\Z)"
)
_new = tuple.__new__  # a named tuple's own constructor takes twice as long

Comment = Callable[[bytes, int], None]


def read_words(data: bytes, release: Release, troubles: Troubles, comment: Comment) -> Header:
    """Cut the ``#SBATCH`` lines of a script into words.

    Reading goes line by line and ends at the first line with something that is neither blank nor a comment.
    ``comment`` is called with each comment line that holds a dash, and its number.
    """
    components: list[list[Word]] = [[]]
    words = components[-1]
    at, line, size = 0, 0, len(data)
    plain = _PLAIN.match
    text = data.decode("latin-1")  # a character an octet, so that both count alike
    while at < size:
        if found := plain(text, at):
            first, quoted, second, alone = found.groups()
            if second is None or second.lower() not in _HETJOB:
                line += 1
                if quoted:
                    first += quoted[1:-1]
                words.append(_new(Word, (first, line, found.start(1) - at + 1)))
                if second:
                    words.append(_new(Word, (second, line, found.start(3) - at + 1)))
                elif alone:
                    words.append(_new(Word, (alone[1:-1], line, found.start(4) - at + 1)))
                at = found.end()
                continue
        end = data.find(b"\n", at)
        if end < 0:
            end = size
        line += 1
        if data.startswith(KEYWORD, at):
            try:
                _read_line(data[at + _LENGTH : end], line, release, components, troubles)
            except RefusedError as trouble:
                troubles.refuse(str(trouble), line)
                return Header(components, at, line, True)
            words = components[-1]
        else:
            rest = data[at:end].lstrip()
            if rest and rest[0] != _HASH:
                return Header(components, at, line, False)
            if line > 1 and b"-" in rest:
                comment(data[at:end], line)
        at = end + 1
    return Header(components, size, line + 1, False)


def _read_line(raw: bytes, line: int, release: Release, components: list[list[Word]], troubles: Troubles) -> None:
    """A line of any kind: quotes, a hash, a separator, letters that take several octets, many words."""
    words = components[-1]
    first = True
    for piece, column, plain in cut(raw, release, line, troubles):
        if plain and len(piece) < 8 and piece.lower() in HETJOB and not _hash_behind(raw, column, piece):
            if first:
                components.append([])
            lost = raw[column - 1 - _LENGTH + len(piece) :].partition(b"#")[0].strip()
            if lost or not first:
                _tell_hetjob(piece, lost, first, line, column, troubles)
            return
        words.append(Word(piece.decode("utf-8", "surrogateescape"), line, column))
        first = False


def _hash_behind(raw: bytes, column: int, piece: bytes) -> bool:
    """The separator is one only where a blank or the end of the line follows it."""
    at = column - 1 - _LENGTH + len(piece)
    return raw.isascii() and raw[at : at + 1] == b"#"


def _tell_hetjob(piece: bytes, lost: bytes, first: bool, line: int, column: int, troubles: Troubles) -> None:
    word, rest = piece.decode(), lost.decode("utf-8", "backslashreplace")
    if first:
        message = f"sbatch drops what stands behind {word}: write `{rest}` on a #SBATCH line of its own below"
    else:
        message = f"{word} is a reserved word and ends the line; quote it, or begin a component with it alone"
    troubles.add(rules.DIRECTIVE_CUT_SHORT, message, line, column, word)


def cut(
    raw: bytes, release: Release, line: int = 0, troubles: Troubles | None = None, length: int = _LENGTH
) -> Iterator[tuple[bytes, int, bool]]:
    """The words of a line behind its keyword: text, column, and whether it was written without any quoting.

    ``length`` is the keyword's, for the columns. Raises RefusedError where sbatch gives up.
    """
    if b'"' in raw or b"'" in raw or b"\\" in raw:
        yield from _cut_quoted(raw, release, line, troubles, length)
        return
    end = raw.find(b"#")
    text = raw
    if end >= 0:
        text = raw[:end]
        if troubles and end:
            _tell_hash(raw, end, line, troubles, length)
    at = 0
    for piece in text.split():
        at = text.index(piece, at)
        if piece[0] == _COLON:
            raise RefusedError(_colon(piece))
        yield piece, _column(raw, at, length), True
        at += len(piece)


def _cut_quoted(
    raw: bytes, release: Release, line: int, troubles: Troubles | None, length: int
) -> Iterator[tuple[bytes, int, bool]]:
    at = 0
    while True:
        while at < len(raw) and raw[at] in _BLANKS:
            at += 1
        if at == len(raw):
            return
        if raw[at] == _HASH:
            if troubles:
                _tell_hash(raw, at, line, troubles, length)
            return
        if raw[at] == _COLON:
            raise RefusedError(_colon(raw[at:].split()[0]))
        word, end = _one_word(raw, at, release)
        column = _column(raw, at, length)
        if not word:
            if troubles and raw[end:].partition(b"#")[0].strip():
                _tell_empty(raw[end:], line, column, troubles)
            return
        yield word, column, raw[at:end] == word
        at = end


def _one_word(raw: bytes, at: int, release: Release) -> tuple[bytes, int]:
    """The word that begins at an offset, without its quotes and backslashes, and the offset behind it."""
    word = bytearray()
    quote = 0
    while at < len(raw):
        here = raw[at]
        if here == _BACKSLASH:
            at += 1
            # outside of quotes a blank ends the word all the same; from 24.05 on a space does not
            if at < len(raw) and (quote or raw[at] not in _BLANKS or (raw[at] == _SPACE and release >= (24, 5))):
                word.append(raw[at])
                at += 1
            continue
        if quote:
            if here == quote:
                quote = 0
            else:
                word.append(here)
        elif here in _QUOTES:
            quote = here
        elif here == _HASH or here in _BLANKS:
            break
        else:
            word.append(here)
        at += 1
    if quote:
        raise RefusedError(f"the quote {chr(quote)} is never closed on this line; close it, or take it away")
    return bytes(word), at


def _colon(piece: bytes) -> str:
    word = piece.decode("utf-8", "backslashreplace")
    return f"no word of a directive may begin with a colon: `{word}`; sbatch stops here"


def _column(raw: bytes, at: int, length: int) -> int:
    """Columns count characters, not octets."""
    before = raw[:at]
    return length + 1 + (at if before.isascii() else len(before.decode("utf-8", "surrogateescape")))


def _tell_hash(raw: bytes, at: int, line: int, troubles: Troubles, length: int) -> None:
    """Say what a hash takes away: the rest of a word, a second directive."""
    lost = raw[at:]
    second = lost.find(KEYWORD)
    inside = at > 0 and raw[at - 1] not in _BLANKS
    if second < 0 and (not inside or lost[1:2] in (b"", b" ", b"\t", b"#")):
        return
    text = lost.decode("utf-8", "backslashreplace").strip()
    if second >= 0:
        message = f"`{text}` is a comment to sbatch: write the second directive on a line of its own"
    else:
        message = f"the # ends the line, even inside a word: `{text}` is lost; quote the word or write \\#"
    troubles.add(rules.DIRECTIVE_CUT_SHORT, message, line, _column(raw, at, length), text[:60])


def _tell_empty(rest: bytes, line: int, column: int, troubles: Troubles) -> None:
    text = rest.partition(b"#")[0].decode("utf-8", "backslashreplace").strip()
    message = f'an empty quoted word ends the line: `{text}` is lost; write --option="" for an empty value'
    troubles.add(rules.DIRECTIVE_CUT_SHORT, message, line, column, text[:60])
