"""What needs no second look: words without quotes, and texts whose only expansions are names.

The grammar says where a command, an assignment or a string begins and ends. Inside many of them nothing is left to
decide: a command without quotes and substitutions falls apart at its blanks, and ``$NAME`` or ``${NAME}`` can be
seen. Asking the tree for each of these words costs ten times as much as reading the text that it spans.
"""

import re
from typing import Final

# Ranges instead of \w: one look into a table a character.
_COMMAND: Final = re.compile(r"(?:[A-Za-z0-9_./:=,@%+~*? \t-]++|\$(?:[A-Za-z_]|\{[A-Za-z_][A-Za-z0-9_]*+\}))+")
# The same without assignments before it, and without absolute paths (but for $HOME); the group is the first word.
ORDINARY: Final = re.compile(
    r"([A-Za-z0-9_.+-][A-Za-z0-9_.+/-]*+)(?![^ \t])"
    r"(?:[A-Za-z0-9_.:=,@%+*? \t-]++|/(?<![ \t,:=]/)(?<![ \t]-[A-Za-z]/)|\$(?:[A-Za-z_]|\{[A-Za-z_][A-Za-z0-9_]*+\}))*"
)
_ASSIGNMENT: Final = re.compile(
    r"([A-Za-z_]\w*)=(?:(?:[\w./:,@%+-]++|\$(?:[A-Za-z_]|\{[A-Za-z_]\w*+\}))+"
    r'|"(?:[\w ./:=,@%+-]++|\$(?:[A-Za-z_]|\{[A-Za-z_]\w*+\}))*")',
    re.ASCII,
)
_NAMES_ONLY: Final = re.compile(r"[^$\\`'(]*+(?:\$(?:[A-Za-z_]|\{[A-Za-z_]\w*+\})[^$\\`'(]*+)*")
NAME: Final = re.compile(r"\$\{?([A-Za-z_]\w*)", re.ASCII)  # in a text that holds nothing else to expand
# In a plain command (``inventory.paths_in``). Each way to begin is a letter, which is found fast.
_MAY_BE_PATH: Final = re.compile(r"/(?:(?<=[ \t,:=]/)|(?<=[ \t]-[A-Za-z]/)|(?<![\s\S]/))|~|HOME")
# The same in any text, with quotes or without.
_MAY_HOLD_PATH: Final = re.compile(r"/(?:(?<![A-Za-z0-9_.}/]/)|(?<=-[A-Za-z]/))|~|HOME|\\")


_NEAR: Final = 6  # words that are counted off anew each time; for more, all places are found at once


class Words:
    """The words of one command: as written, without quotes, and where each begins."""

    __slots__ = ("_begin", "_starts", "_text", "paths", "raws", "values")

    def __init__(
        self, raws: list[str], values: list[str], starts: list[int] | None, text: str, begin: int, *, paths: bool
    ) -> None:
        self.raws = raws
        self.values = values  # what a command substitution gives is "$()"
        self.paths = paths  # whether there may be absolute paths in it
        self._starts = starts
        self._text = text
        self._begin = begin

    def start(self, at: int) -> int:
        """The offset of the first byte of a word in the text that is being read."""
        if at == 0:
            return self._begin
        if self._starts is None:
            if at <= _NEAR:  # whatever stands behind the words before it
                return self._begin + len(self._text) - len(self._text.split(None, at)[at])
            self._starts = self._found()
        return self._starts[at]

    def _found(self) -> list[int]:
        text, begin, place = self._text, self._begin, 0
        starts = []
        for word in self.raws:
            place = text.index(word, place)
            starts.append(begin + place)
            place += len(word)
        return starts


def command(text: str, begin: int) -> Words | None:
    """The words of a command that begins at this offset, where its text is nothing but plain words.

    >>> command("srun -n $N ./a --out=${DIR}/b", 0).values
    ['srun', '-n', '$N', './a', '--out=${DIR}/b']
    >>> command("echo 'a b'", 0), command("A=1 ./a", 0)
    (None, None)
    """
    if _COMMAND.fullmatch(text) is None:
        return None
    words = text.split()
    if "=" in words[0]:  # `A=1 ./a` begins with an assignment
        return None
    return Words(words, words, None, text, begin, paths="/" in text and _MAY_BE_PATH.search(text) is not None)


def may_hold_path(text: str) -> bool:
    """Whether a word, or a text of many, may hold an absolute path; False is sure.

    >>> may_hold_path("a/b $A/c"), may_hold_path('x="/a"'), may_hold_path("-I/a"), may_hold_path("~/a")
    (False, True, True, True)
    """
    return "/" in text and _MAY_HOLD_PATH.search(text) is not None


def assigned(text: str) -> str:
    """The name that a plain assignment sets, or "".

    >>> assigned("A=b/$C"), assigned('A="b c"'), assigned("A=$(b)"), assigned("A+=b")
    ('A', 'A', '', '')
    """
    found = _ASSIGNMENT.fullmatch(text)
    return found[1] if found else ""


def only_names(text: str) -> bool:
    """Whether all that a shell would expand in this text are names.

    >>> only_names('"a $B ${C}"'), only_names("$1"), only_names("${A:-b}"), only_names("$(a)")
    (True, False, False, False)
    """
    return _NAMES_ONLY.fullmatch(text) is not None
