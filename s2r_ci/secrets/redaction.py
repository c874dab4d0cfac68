"""A text without its secrets: what may leave the machine.

A placeholder stands for a value and is never turned back: nothing here, or in what is handed out, remembers what it
stood for. Lines keep their numbers, because what is said about the redacted text (a patch that names its lines) has to
be true of the script.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from s2r_ci.frozen import frozen
from s2r_ci.patterns import lazy
from s2r_ci.secrets.detectors import Secret, find_secrets

_PLACEHOLDER: Final = lazy(r"S2R_REDACTED_(\d{1,18})__")
_BREAK: Final = lazy(r"\\?\r?\n")
_PASSES: Final = 8  # a hit may uncover another one; texts that people write need two


@frozen
class Placeholder:
    """One place in the redacted text where a secret stood."""

    text: str  # S2R_REDACTED_1__
    kind: str  # of the secret: wandb-key
    line: int  # from 1; the same in the text and in the redacted text
    column: int  # from 1, in characters of the redacted text


@frozen
class Redacted:
    """The text with ``S2R_REDACTED_1__`` and so on in place of its secrets, and where these stand, in order."""

    text: str
    placeholders: tuple[Placeholder, ...] = ()


def redact(text: str) -> Redacted:
    """The text without its secrets: ``find_secrets(redact(text).text)`` is always empty, and to redact twice is to
    redact once.

    Equal values get equal placeholders. Placeholders that stand in the text already stay what they are, and their
    numbers are not used again. A text that goes on to look like a secret however often it is redacted becomes one
    placeholder as a whole: better nothing is sent than a secret.
    """
    taken = frozenset(_PLACEHOLDER.findall(text))
    known: dict[str, str] = {}  # value -> number
    kinds: dict[str, str] = {}  # number -> kind
    for _ in range(_PASSES):
        secrets = find_secrets(text)
        if not secrets:
            break
        numbers = _numbered(text, secrets, taken, known)
        for secret, number in zip(secrets, numbers, strict=True):
            kinds.setdefault(number, secret.kind)
        text = _without(text, secrets, numbers)
    else:
        number = _free(taken, known)
        kinds[number] = "text"
        text = _shown(number) + "".join(_BREAK.findall(text))
    return Redacted(text=text, placeholders=tuple(_placed(text, kinds)) if kinds else ())


def _numbered(text: str, secrets: tuple[Secret, ...], taken: frozenset[str], known: dict[str, str]) -> list[str]:
    """The number of each secret; ``known`` learns the new ones."""
    numbers = []
    for secret in secrets:
        value = text[secret.start : secret.end]
        if value not in known:
            known[value] = _free(taken, known)
        numbers.append(known[value])
    return numbers


def _free(taken: frozenset[str], known: Mapping[str, str]) -> str:
    """The least number above those given that stands nowhere in the text."""
    number = max(map(int, known.values()), default=0) + 1
    while str(number) in taken:
        number += 1
    return str(number)


def _shown(number: str) -> str:
    return f"S2R_REDACTED_{number}__"


def _without(text: str, secrets: tuple[Secret, ...], numbers: list[str]) -> str:
    pieces: list[str] = []
    at = 0
    for secret, number in zip(secrets, numbers, strict=True):
        breaks = _BREAK.findall(text, secret.start, secret.end)
        pieces += (text[at : secret.start], _shown(number), *breaks)
        at = secret.end
    return "".join([*pieces, text[at:]])


def _placed(text: str, kinds: Mapping[str, str]) -> Iterator[Placeholder]:
    for row, line in enumerate(text.split("\n"), 1):
        for match in _PLACEHOLDER.finditer(line):
            if match[1] in kinds:
                yield Placeholder(text=match[0], kind=kinds[match[1]], line=row, column=match.start() + 1)
