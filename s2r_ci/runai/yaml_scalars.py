"""What Kubernetes makes of a scalar without quotes; one answer for both ways of reading."""

import re
from collections.abc import Mapping
from typing import Final

from s2r_ci.patterns import lazy
from s2r_ci.runai.yaml_text import LARGEST_INTEGER

LONGEST_NUMBER: Final = 400  # characters; more is no amount of anything

# What go-yaml (sigs.k8s.io/yaml) makes of plain scalars, asked of a real API server. Everything else is a string.
_WORDS: Final[Mapping[str, bool | None]] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_ODD: Final = lazy(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|<<")
_INTEGER: Final = lazy(
    r"[-+]?(?:0[xX](?P<x>[0-9a-fA-F]+)|0[bB](?P<b>[01]+)|0[oO]?(?P<o>[0-7]+)|(?P<d>0|[1-9][0-9]*))"
)
_FLOAT: Final = lazy(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASES: Final = {"x": 16, "b": 2, "o": 8, "d": 10}


def resolve(text: str) -> bool | int | float | str | None:
    """What Kubernetes makes of a scalar without quotes. ValueError where readers would differ about a number."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-.<":
        return text
    if _ODD.fullmatch(text):
        raise ValueError(f"{text} is neither a finite number nor a string to every reader")
    plain = text if text[0] == "." else text.replace("_", "")
    if found := _INTEGER.fullmatch(plain):
        return _integer(plain, found)
    return _finite(plain) if _FLOAT.fullmatch(plain) else text


def _integer(plain: str, found: re.Match[str]) -> int:
    group = str(found.lastgroup)
    number = int(found[group], _BASES[group]) if len(plain) <= LONGEST_NUMBER else LARGEST_INTEGER + 1
    if number > LARGEST_INTEGER:
        raise ValueError(f"the number {plain[:40]} is beyond 2^53, where readers lose digits")
    return -number if plain[0] == "-" else number


def _finite(plain: str) -> int | float:
    number = float(plain) if len(plain) <= LONGEST_NUMBER else float("inf")
    if abs(number) == float("inf"):
        raise ValueError(f"the number {plain[:40]} is not finite to every reader")
    whole = number.is_integer() and abs(number) <= LARGEST_INTEGER
    return int(number) if whole else number  # as its JSON would be read: 1e3 is 1000
