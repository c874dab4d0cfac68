"""Globs for ``--include`` and ``--exclude``, in the manner of gitignore.

``*`` and ``?`` stay within a folder, a part ``**`` stands for any number of folders, ``[a-z]`` and ``[!a-z]`` are
sets, ``\\`` takes the next character as it is. A pattern without a slash before its end matches a name at any depth;
with one, it counts from the root. A pattern that matches a folder matches everything in it; ``jobs/`` matches
folders only. ``{a,b}`` and a leading ``!`` mean nothing special: write two patterns.

A path is compared part by part, and no wildcard is ever tried again once a later one matched: the time is linear in
the path, whatever the pattern.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from s2r_ci.errors import ConfigurationError
from s2r_ci.patterns import lazy

Keep = Callable[[bytes], bool]
Part = re.Pattern[str] | None  # None: any number of folders

LONGEST: Final = 1_000  # characters of one pattern
NOTHING: Final = lazy(r"(?!)")
TOKEN: Final = lazy(r"\\.|\[[!^]?\]?[^]]*\]|.", re.DOTALL)


def keeper(include: Sequence[str], exclude: Sequence[str]) -> Keep:
    """Return a test of paths (bytes, ``/``, relative to the root)."""
    wanted = [compiled(glob) for glob in include]
    unwanted = [compiled(glob) for glob in exclude]

    def keep(path: bytes) -> bool:
        parts = path.decode("utf-8", "surrogateescape").split("/")
        if wanted and not any(matches(pattern, parts) for pattern in wanted):
            return False
        return not any(matches(pattern, parts) for pattern in unwanted)

    return keep


def compiled(glob: str) -> list[Part]:
    """The parts of one pattern. Raises ConfigurationError for an empty one, an open ``[`` and a backward range."""
    given = glob.removeprefix("./")
    body = given.strip("/")
    if not body or body == "." or len(body) > LONGEST:
        raise ConfigurationError(f"{glob[:80]!r} is no usable pattern", hint="write a glob such as 'jobs/**/*.sh'")
    parts: list[Part] = [] if "/" in given.rstrip("/") else [None]
    parts += [None if part == "**" else re.compile(_expression(part, glob), re.DOTALL) for part in body.split("/")]
    if given.endswith("/"):
        parts.append(re.compile(".*", re.DOTALL))
    return [*parts, None]


def matches(pattern: Sequence[Part], parts: Sequence[str]) -> bool:
    """Does the pattern match all parts? The last ``**`` alone is ever widened: that is enough, and linear."""
    at = here = 0
    star = resume = -1
    while here < len(parts):
        expected = pattern[at] if at < len(pattern) else NOTHING
        if expected is None:
            star, resume, at = at, here, at + 1
        elif expected.fullmatch(parts[here]):
            at, here = at + 1, here + 1
        elif star >= 0:
            resume, at, here = resume + 1, star + 1, resume + 1
        else:
            return False
    return all(part is None for part in pattern[at:])


def _expression(part: str, glob: str) -> str:
    """One part as a regular expression: every star but the last takes the first fit, for good (an atomic group)."""
    chunks = [""]
    for piece in TOKEN.findall(part):
        if piece == "*":
            chunks.append("")
        elif piece == "[":
            raise ConfigurationError(f"{glob!r} opens a '[' and does not close it", hint="write \\[ for the letter")
        elif piece == "?":
            chunks[-1] += "."
        else:
            chunks[-1] += _set(piece, glob) if len(piece) > 2 else re.escape(piece[-1])
    first, *rest = chunks
    middle = "".join(f"(?>.*?{chunk})" for chunk in rest[:-1] if chunk)
    return first + middle + (f".*{rest[-1]}" if rest else "")


def _set(token: str, glob: str) -> str:
    """``[a-z]``, ``[!a-z]``."""
    negated = token[1] in "!^" and len(token) > 3
    inside = "".join("-" if letter == "-" else re.escape(letter) for letter in token[1 + negated : -1])
    text = f"[{'^' if negated else ''}{inside}]"
    try:
        re.compile(text)
    except re.error:
        raise ConfigurationError(f"{glob!r} holds a range that runs backwards", hint="write [a-z]") from None
    return text
