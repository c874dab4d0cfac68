"""Secrets written into a text: where they stand. The text without them is ``redaction``'s.

Detectors are of two sorts. A *shape* is known by how the value itself looks (``AKIA...``, a private key). A *name* is
known by what it is called (``WANDB_API_KEY=...``, ``--password ...``), and then the value must not be a variable,
a placeholder, a path or anything else that is plainly no secret. A detector runs only where its needle occurs, and
every pattern begins with a literal and has bounded repeats, so that the time is linear in the text.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Final, NamedTuple

from s2r_ci.frozen import frozen
from s2r_ci.patterns import lazy
from s2r_ci.secrets.names import (
    KNOWN_NAMES,
    LONG_ENOUGH,
    NAME_ENDS,
    NAMED,
    NEEDLES,
    OPTION,
    PASSWORD_LONG_ENOUGH,
    SETENV,
)
from s2r_ci.secrets.shapes import SHAPES, SHORTEST, Shape


@frozen
class Secret:
    """Where a secret stands. The value itself is nowhere in here, so that nothing can print it."""

    kind: str  # aws-access-key, password, ...
    line: int  # from 1
    column: int  # from 1, in characters
    start: int  # offset in the text, in characters
    end: int


# --- what is plainly no secret -----------------------------------------------------------------------------

_PLACEHOLDER: Final = lazy(
    r"(?:x|\*|\.|-|_|0){3,}|(?:none|null|nil|true|false|yes|no|on|off|auto|default|empty|unset|required|optional)|"
    r"(?:my|your|the|some|a|an|put|insert|enter|add|use|replace|fill|set|paste)[-_ ].{0,80}|your.{0,80}|"
    r".{0,60}(?:change[-_ ]?me|change[-_ ]?this|placeholder|example|dumm"
    r"y|redacted|replace[-_ ]?me|fill[-_ ]?in|[-_ ]here|todo|tbd).{0,60}|"
    r"(?:api[-_ ]?)?(?:key|token|secret|password|passwd|pass|pwd|creden"
    r"tials?)|(?:my|user|admin|root|test)?(?:password|token|secret|key)|"
    r"(?:user|username|pass|password)(?::(?:pass|password))?",
    re.IGNORECASE,
)
_VARIABLE_NAME: Final = lazy(r"[A-Z][A-Z_]*[A-Z]")  # the name of a variable, not its value
_CODE: Final = lazy(r"[A-Za-z_][A-Za-z_]*(?:\.[A-Za-z_][A-Za-z_]*)+|[a-z_]+\.[a-z_.]*\[.*")  # args.password
_FILE: Final = lazy(
    r"(?:\.{0,2}|~|[A-Za-z]:)[/\\].*|[\w./@-]*\.(?:txt|json|ya?ml|to"
    r"ml|pem|key|pub|crt|cfg|ini|env|sh|py|gpg|enc|tok|dat|csv|conf)", re.IGNORECASE)  # fmt: skip
_NUMBER: Final = lazy(r"[+-]?[\d_]{0,10}(?:\.\d*)?(?:[eE][+-]?\d+)?")
_SPECIAL: Final = lazy(r"[\[<{|]{1,2}[^\s]{0,40}[\]>}|]{1,2}|</?\w{1,12}>?")  # <eos>, [MASK], {token}


def _harmless(value: str) -> bool:
    """A variable, a placeholder, a marker: whatever no author would have to hide."""
    if "$" in value or "`" in value or "S2R_REDACTED_" in value or "{{" in value or "%(" in value:
        return True
    if (
        value[:1] in "<{[%@"
        or _SPECIAL.fullmatch(value)
        or "xxxx" in value.lower()
        or "****" in value
        or "..." in value
    ):
        return True
    return len(set(value)) <= 3 or bool(_PLACEHOLDER.fullmatch(value)) or "EXAMPLE" in value


def _names_nothing(value: str, word: str, quoted: bool) -> bool:
    """What may follow ``token=`` or ``password:`` and is no secret all the same."""
    long_enough = PASSWORD_LONG_ENOUGH if "pass" in word or "pwd" in word else LONG_ENOUGH
    if len(value) < long_enough or _harmless(value) or " " in value.strip():
        return True
    if _NUMBER.fullmatch(value) or _FILE.fullmatch(value) or _VARIABLE_NAME.fullmatch(value):
        return True
    if not quoted and _CODE.fullmatch(value):
        return True
    if word in (
        "token",
        "secret",
        "credential",
        "credentials",
    ):  # `--token-type`, `sep_token=newline`: words of prose
        return value.isalpha() and value.islower() and len(value) < 16
    return False


# --- looking -----------------------------------------------------------------------------------------------


class _Hit(NamedTuple):
    start: int
    end: int
    kind: str


@cache
def _compiled(shape: Shape) -> "re.Pattern[str]":
    return re.compile(shape.pattern)


def _shape_hits(text: str, lower: str) -> Iterator[_Hit]:
    """Needles are looked for where they can be: most in long words only, which are a small part of any script."""
    long_words = " ".join([word for word in lower.split() if len(word) >= SHORTEST])
    for shape in SHAPES:
        hay = lower if shape.wide else long_words
        for needle in shape.needles:
            if needle in hay:
                yield from _matches(shape, _compiled(shape), text)
                break


def _matches(shape: Shape, pattern: "re.Pattern[str]", text: str) -> Iterator[_Hit]:
    for match in pattern.finditer(text):
        start, end = match.span(1 if pattern.groups else 0)
        if shape.kind == "private-key":
            yield _Hit(start, _end_of_block(text, end), shape.kind)
            continue
        value = text[start:end].strip("\"'")
        if _harmless(value) or (not shape.strict and _FILE.fullmatch(value)):
            continue
        if shape.kind == "bearer-token" and not any(letter.isdigit() for letter in value):
            continue
        yield _Hit(start + (text[start] in "\"'"), end - (end - start > 1 and text[end - 1] in "\"'"), shape.kind)


def _end_of_block(text: str, at: int) -> int:
    """The end of a private key; without an END line as much as looks like one."""
    end = text.find("-----END", at, at + 20_000)
    if end >= 0:
        close = text.find("-----", end + 8, end + 80)
        return close + 5 if close >= 0 else end + 8
    body = re.compile(r"[A-Za-z0-9+/=\s\\]{0,8000}").match(text, at)
    return at + len((body[0] if body else "").rstrip())


def _named_hits(text: str, lower: str) -> Iterator[_Hit]:
    if not any(needle in lower for needle in NEEDLES):
        return
    for pattern in (NAMED, OPTION, SETENV) if "setenv" in lower else (NAMED, OPTION):
        for match in pattern.finditer(text):
            group = next(number for number in (2, 3, 4) if match[number] is not None)
            word = match[1].lower()
            head = NAME_ENDS.search(text, max(0, match.start(1) - 64), match.start(1))
            name = ((head[0] if head else "") + match[1]).lstrip("-").upper().replace("-", "_")
            if not _is_whole_word(name, match[1]) or _names_nothing(match[group], word, group != 4):
                continue
            yield _Hit(match.start(group), match.end(group), KNOWN_NAMES.get(name) or _kind(word))


def _is_whole_word(name: str, word: str) -> bool:
    """``PGPASSWORD``, ``API_TOKEN``, ``apitoken`` name a secret; ``monkey_key`` and ``detoken`` do not."""
    bare = word.upper().replace("-", "_")
    before = name[: -len(bare)]
    if not before or before.endswith("_") or bare.startswith("_") or "PASS" in bare or "KEY" in bare:
        return True
    return before.endswith(("API", "AUTH", "ACCESS", "BOT", "CLIENT", "APP", "HF", "GITHUB", "BEARER"))


def _kind(word: str) -> str:
    if "pass" in word or "pwd" in word:
        return "password"
    if "key" in word:
        return "api-key"
    return "token" if word.startswith("token") else "secret"


# --- strings written in pieces -----------------------------------------------------------------------------

_INSIDE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_JOINT: Final = lazy(
    r"\\\r?\n(?=\w)|\"\"(?=\w)|''(?=\w)|\"'(?=\w)|'\"(?=\w)"
    r"|\"[ \t]?\+[ \t]?\"(?=\w)|'[ \t]?\+[ \t]?'(?=\w)|\"(?=\w)|'(?=\w)"
)


def _joints(text: str) -> list["re.Match[str]"]:
    """Where two pieces of one word meet: quotes and line breaks that stand right behind a letter or digit."""
    return [match for match in _JOINT.finditer(text) if match.start() and text[match.start() - 1] in _INSIDE]


def _split_hits(text: str) -> Iterator[_Hit]:
    """``"ghp_""abc..."``: the shapes, once more, in the text as a shell or Python would join it."""
    joints = _joints(text)
    if not joints:
        return
    pieces: list[str] = []
    starts: list[int] = []  # of the pieces, in the joined text
    offsets: list[int] = []  # the same in the text
    at = length = 0
    for match in (*joints, None):
        end = match.start() if match else len(text)
        pieces.append(text[at:end])
        starts.append(length)
        offsets.append(at)
        length += end - at
        at = match.end() if match else end
    joined = "".join(pieces)

    def back(place: int) -> int:
        piece = bisect_right(starts, place) - 1
        return offsets[piece] + place - starts[piece]

    for hit in _shape_hits(joined, joined.lower()):
        if bisect_right(starts, hit.start) != bisect_right(starts, hit.end - 1):
            yield _Hit(back(hit.start), back(hit.end - 1) + 1, hit.kind)


def _apart(hits: Iterable[_Hit]) -> list[_Hit]:
    """Hits that do not overlap, in order; of those that do, the one that was found by the surer detector."""
    kept: list[_Hit] = []
    for hit in hits:
        at = bisect_right(kept, hit)
        before, behind = kept[at - 1 : at] if at else [], kept[at : at + 1]
        if not (before and before[0].end > hit.start) and not (behind and behind[0].start < hit.end):
            kept.insert(at, hit)
    return kept


@lru_cache(maxsize=4)  # the reader and the judge ask for the same script, one behind the other
def find_secrets(text: str) -> tuple[Secret, ...]:
    """The secrets that stand in a text, in order. Linear in the length of the text."""
    lower = text.lower()
    if len(lower) != len(text):  # a few letters grow in lower case; needles are ASCII
        lower = text
    hits = _apart((*_shape_hits(text, lower), *_split_hits(text), *_named_hits(text, lower)))
    if not hits:
        return ()
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    found = []
    for start, end, kind in hits:
        row = bisect_right(lines, start) - 1
        found.append(Secret(kind=kind, line=row + 1, column=start - lines[row] + 1, start=start, end=end))
    return tuple(found)
