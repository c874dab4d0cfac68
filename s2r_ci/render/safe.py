"""Text from files, made safe to show: one line, no control of terminals, nothing hidden, nothing that cannot be
encoded. All faces show foreign text through this page.
"""

import re
from typing import Final

from s2r_ci.patterns import lazy

_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Characters that count as printable and yet show nothing: fillers, joiners, variation selectors, the empty braille.
_BLANK: Final = (
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def printable(text: str) -> str:
    r"""The text on one line, with all that hides or commands written as escapes.

    An octet that was not UTF-8 is ``\xNN``, other characters are ``\n``, ``\x1b``, ``\u202e``, ``\U000e0041``.

    >>> printable("caf\u00e9\n\x1b[31m\u202e\udcff")
    'café\\n\\x1b[31m\\u202e\\xff'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(letter: str) -> str:
    if letter.isprintable() and not re.match(_BLANK, letter):
        return letter
    number = ord(letter)
    if letter in _SHORT:
        return _SHORT[letter]
    if 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number - 0xDC00:02x}"
    if number < 0x80:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def shown_path(path: str) -> str:
    r"""A path; one that holds anything strange stands in double quotes, with backslash and quote escaped, as git does.

    >>> shown_path("jobs/train.sh"), shown_path('a"b.sh'), shown_path("a\\b\n")
    ('jobs/train.sh', '"a\\"b.sh"', '"a\\\\b\\n"')
    """
    if path.isascii() and path.isprintable() and not _QUOTED.search(path):
        return path
    shown = printable(path.replace("\\", "\\\\").replace('"', '\\"'))
    return shown if shown == path and path.strip(" ") == path else f'"{shown}"'


_QUOTED: Final = lazy(r'["\\]|^ | $|^$')


def octets(text: str) -> bytes:
    """The octets of a path, those that are not UTF-8 as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
