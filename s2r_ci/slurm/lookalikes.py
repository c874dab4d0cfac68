"""Lines that look like directives and are none: wrong case, a blank, a slip, another alphabet; and late ones."""

import unicodedata
from typing import Final

from s2r_ci import rules
from s2r_ci.slurm.troubles import Troubles
from s2r_ci.slurm.words import KEYWORD

_WORD: Final = "SBATCH"
# Cyrillic and Greek letters that look like the ones of the keyword.
_TWINS: Final = str.maketrans(
    "\u0405\u0455\u0412\u0432\u0410\u0430\u0422\u0442\u0421\u0441\u041d\u043d\u0392\u0391\u03a4\u03f9\u0397\u13da",
    "SSBBAATTCCHHBATCHS",
)
_HIDDEN: Final = frozenset(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A), 0x061C, 0xFEFF]
)
_TAGS: Final = range(0xE0000, 0xE0080)


class Comments:
    """Looks at the comment lines among the directives."""

    __slots__ = ("_data", "_troubles")

    def __init__(self, troubles: Troubles, data: bytes) -> None:
        self._troubles = troubles
        self._data = data

    def _switched_off(self) -> bool:
        """Whether ``# SBATCH`` is how this author switches a directive off: most of them stand as they should."""
        return self._data.count(b"\n" + KEYWORD) > self._data.count(b"\n# SBATCH")

    def __call__(self, raw: bytes, line: int) -> None:
        """Note a comment that was meant as a directive. A second hash is the common way to switch one off."""
        text = raw.decode("utf-8", "surrogateescape").strip()
        if text.startswith("#") and text[1:].lstrip().startswith("#"):
            return
        body = text.lstrip("#\uff03\u200b\ufeff \t\u00a0")
        word = body[: len(body) - len(body.lstrip(_letters(body)))] if body else ""
        rest = body[len(word) :].lstrip()
        if not rest.startswith("-") or rest.startswith(("---", "- ")) or not (_near(word) or word == "SLURM"):
            return
        if text.startswith("# SBATCH") and self._switched_off():
            return
        if word == "sbatch" and not text.startswith("#sbatch"):
            return  # `# sbatch --export=X job.sh` tells how to call the script
        self._troubles.add(rules.NOT_A_DIRECTIVE, _why(text, word), line, 1, text[:60])


def _letters(body: str) -> str:
    """The letters a keyword is made of, whatever the alphabet."""
    return "".join({letter for letter in body[:12] if letter.isalpha() or ord(letter) in _HIDDEN})


def _near(word: str) -> bool:
    plain = _plain(word)
    if plain == _WORD:
        return True
    if not 5 <= len(plain) <= 7 or plain[:1] not in "SB":
        return False
    return sorted(plain) == sorted(_WORD) or _one_off(plain)


def _plain(word: str) -> str:
    shown = "".join(letter for letter in word if ord(letter) not in _HIDDEN)
    return unicodedata.normalize("NFKC", shown).translate(_TWINS).upper()


def _one_off(word: str) -> bool:
    """One letter too many, too few, or another."""
    if len(word) == len(_WORD):
        return sum(a != b for a, b in zip(word, _WORD, strict=True)) == 1
    short, long = sorted((word, _WORD), key=len)
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def _why(text: str, word: str) -> str:
    if word == _WORD and text.startswith("#"):
        shown = "blanks before it or after the #"
    elif word.upper() == _WORD and word.isascii():
        shown = "letters that are not all capitals"
    elif _plain(word) == _WORD:
        shown = "characters that only look like those of #SBATCH"
    else:
        shown = f"the word {word} for SBATCH"
    return f"sbatch takes this line for a comment, because it has {shown}: write #SBATCH in column one"


def look_for_late(data: bytes, end: int, line: int, troubles: Troubles) -> None:
    """Note the ``#SBATCH`` lines behind the first command, up to a ``#!`` that begins another script."""
    at = data.find(b"\n" + KEYWORD, end)
    if at < 0:
        return
    other = data.find(b"\n#!", end)
    stop = data[end:].partition(b"\n")[0].decode("utf-8", "backslashreplace").strip()
    while at >= 0 and (other < 0 or at < other):
        number = line + data.count(b"\n", end, at + 1)
        text = data[at + 1 :].partition(b"\n")[0].decode("utf-8", "surrogateescape").strip()
        troubles.add(
            rules.LATE_DIRECTIVE,
            f"sbatch stops reading directives at line {line} (`{stop[:60]}`), so this one does not count: move it up",
            number, 1, text[:60],
        )  # fmt: skip
        at = data.find(b"\n" + KEYWORD, at + 1)


def look_for_hidden(data: bytes, troubles: Troubles) -> None:
    """Note characters that show something else than the script says: bidirectional, zero-width, tags."""
    if data.isascii():
        return
    for number, raw in enumerate(data.split(b"\n"), 1):
        if raw.isascii():
            continue
        found = [
            (column, letter)
            for column, letter in enumerate(raw.decode("utf-8", "surrogateescape"), 1)
            if ord(letter) in _HIDDEN or ord(letter) in _TAGS
        ]
        if number == 1 and found and found[0] == (1, "\ufeff"):
            found = found[1:]  # the byte order mark has its own refusal
        if found:
            column, letter = found[0]
            troubles.add(
                rules.HIDDEN_CHARACTERS,
                f"the line holds U+{ord(letter):04X}, which is not shown: delete it",
                number, column, f"U+{ord(letter):04X}",
            )  # fmt: skip
