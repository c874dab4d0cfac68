"""One value of the settings, checked: what a file, the environment or an argument says → what the code uses.

Every reader takes the value and its place, and returns the value or raises a ConfigurationError that says what
would be valid.
"""

import re
from collections.abc import Mapping
from typing import Final

from s2r_ci.settings.keys import KEYS, Key
from s2r_ci.settings.places import Place, shown

LONGEST: Final = 4096  # characters of one text
MOST: Final = 10_000  # entries of one list or table
_TRUE: Final = ("1", "true", "yes", "on")
_FALSE: Final = ("0", "false", "no", "off")
_MIB: Final = {"M": 1, "G": 1024, "T": 1024 * 1024}


def read_value(key: Key, value: object, place: Place) -> object:
    """A value as a file holds it (TOML types). Tables are read by ``site``."""
    match key.kind:
        case "text":
            return read_text(value, place, key.pattern, key.expects)
        case "texts":
            return read_texts(value, place, key.pattern, key.expects)
        case "choice":
            return read_choice(value, place, key.words, key.reserved)
        case "switch":
            return read_switch(value, place)
        case "count":
            return int(value) if isinstance(value, bool) else read_number(value, place, key.low, key.high)
        case _:
            return read_number(value, place, key.low, key.high)


def parse_value(key: Key, text: str, place: Place) -> object:
    """A value as the environment holds it: text. A list has one entry a line."""
    word = text.strip()
    match key.kind:
        case "texts":
            return read_value(key, [line.strip() for line in text.splitlines() if line.strip()], place)
        case "switch":
            return _parse_switch(word, place)
        case "count" if word.lower() in (*_TRUE[1:], *_FALSE[1:]):
            return int(_parse_switch(word, place))
        case "number" | "count":
            if not (word.isascii() and word.isdigit() and len(word) < 20):
                place.wrong(_range(key.low, key.high), word)
            return read_number(int(word), place, key.low, key.high)
        case _:
            return read_value(key, word, place)


def read_text(value: object, place: Place, pattern: str, expects: str) -> str:
    """A text that matches the pattern, is UTF-8 and not endless."""
    if not isinstance(value, str):
        hint = f'write it in quotes: "{shown(value)}"' if isinstance(value, int | float) else ""
        place.wrong(expects, value, hint=hint)
    exact = pattern.removesuffix("$") + r"\Z"  # Python's $ would let a line feed at the end pass
    if len(value) > LONGEST or not encodable(value) or not re.search(exact, value):
        place.wrong(expects, value)
    return value


def read_texts(value: object, place: Place, pattern: str, expects: str) -> tuple[str, ...]:
    """A list of texts. A lone text is no list: it would be ambiguous where a name holds a comma."""
    if not isinstance(value, list | tuple):
        hint = f"write it in brackets: [{value!r}]" if isinstance(value, str) and len(value) < 60 else ""
        place.wrong("a list of texts", value, hint=hint)
    if len(value) > MOST:
        place.wrong(f"a list of at most {MOST:,} texts", value)
    return tuple(read_text(each, place.step(i), pattern, expects) for i, each in enumerate(value))


def read_choice(value: object, place: Place, words: tuple[str, ...], reserved: tuple[str, ...] = ()) -> str:
    """One of the words."""
    if isinstance(value, str) and value in words:
        return value
    if isinstance(value, str) and value in reserved:
        place.wrong(f"{' or '.join(words)} in this release", value, hint=f"{value} is reserved for a later release")
    number = isinstance(value, float | int) and not isinstance(value, bool)
    hint = f'write it in quotes: "{shown(value)}"' if number else ""
    return place.wrong(f"one of {', '.join(words)}", value, hint=hint)


def read_switch(value: object, place: Place) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        place.wrong("true or false", value)
    return value


def read_number(value: object, place: Place, low: int, high: int) -> int:
    """A whole number in the range, both ends included."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        place.wrong(_range(low, high), value)
    return value


def read_table(value: object, place: Place, known: tuple[str, ...] = ()) -> Mapping[str, object]:
    """A table; with ``known``, one whose keys are among them."""
    if not isinstance(value, dict):
        place.wrong("a table", value)
    if len(value) > MOST:
        place.wrong(f"a table of at most {MOST:,} entries", value)
    for name in value:
        if not isinstance(name, str) or not encodable(name):
            place.wrong("a table whose keys are text", value)
        if known and name not in known:
            place.step(name).unknown(known)
    return value


def encodable(text: str) -> bool:
    """The text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def memory_mib(text: str) -> int:
    """Mebibytes of a checked amount, rounded up; units are binary as in Slurm, ``32G`` is ``32Gi``.

    >>> memory_mib("32G"), memory_mib("512 MiB"), memory_mib("1K"), memory_mib("")
    (32768, 512, 1, 0)
    """
    unit = text.lstrip("0123456789 ")[:1].upper()
    if not unit:
        return 0
    count = int(text[: len(text.rstrip("KMGTkmgtiIbB "))])
    return -(-count // 1024) if unit == "K" else count * _MIB[unit]


def key_of(name: str, place: Place) -> Key:
    """The setting of a name, or the error that names the nearest one."""
    key = KEYS.get(name)
    if key is None:
        place.unknown(KEYS)
    return key


def _parse_switch(word: str, place: Place) -> bool:
    if word.lower() not in (*_TRUE, *_FALSE):
        place.wrong("true or false", word)
    return word.lower() in _TRUE


def _range(low: int, high: int) -> str:
    return f"a whole number from {low} to {high:,}"
