"""Globs over paths relative to a folder, as ``.gitignore`` reads them, without its negation.

``*`` and ``?`` stay inside one name, ``**`` crosses folders. A pattern without ``/`` matches a name in any folder,
one with ``/`` counts from the folder of the settings file. What matches a folder matches all that lies in it.
"""

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def expression(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression over a whole relative path."""
    anchored = "/" in pattern.rstrip("/")
    words = pattern.strip("/").removeprefix("./").split("/")
    last = len(words) - 1
    text = "" if anchored else "(?:.*/)?"
    for number, word in enumerate(words):
        if word == "**":
            text += ".+" if number == last else "(?:[^/]+/)*"
        else:
            text += _name(word) + ("" if number == last else "/")
    return re.compile(text + "(?:/.*)?", re.DOTALL)


def head(pattern: str) -> str:
    """What every path begins with that the pattern matches: ``jobs/`` of ``jobs/**/*.sh``; may be empty.

    Looking at it first spares most of the regular expressions.
    """
    if "/" not in pattern.rstrip("/"):
        return ""
    return re.split(r"[*?\[\\]", pattern.strip("/").removeprefix("./"), maxsplit=1)[0]


def matches(pattern: str, path: str) -> bool:
    """The path, relative to the pattern's folder, or a folder above it, matches.

    >>> matches("*.sh", "a/b.sh"), matches("a/**/c", "a/c"), matches("a", "a/b"), matches("a/*.sh", "a/b/c.sh")
    (True, True, True, False)
    """
    return expression(pattern).fullmatch(path) is not None


def _name(word: str) -> str:
    text = ""
    place = 0
    while place < len(word):
        letter = word[place]
        place += 1
        if letter == "*":
            text += "" if text.endswith("[^/]*") else "[^/]*"
        elif letter == "?":
            text += "[^/]"
        elif letter == "[" and (end := word.find("]", place + 1)) > 0:
            text += _set(word[place:end])
            place = end + 1
        elif letter == "\\" and place < len(word):
            text += re.escape(word[place])
            place += 1
        else:
            text += re.escape(letter)
    return text


def _set(inside: str) -> str:
    """``[a-z]`` or ``[!a-z]``; a range that runs backwards matches nothing."""
    negated = inside[0] in "!^" and len(inside) > 1
    members = inside[1:] if negated else inside
    text = "".join("\\" + each if each in "\\[]^&~|" else each for each in members)
    try:
        re.compile(f"[{text}]")
    except re.error:
        return "(?!)"
    return f"(?!/)[^{text}]" if negated else f"(?!/)[{text}]"
