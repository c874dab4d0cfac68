"""What Kubernetes makes of a value, as the judge reads it: quantities, the kubelet's substitutions, and shapes.

Nothing here is the writer's: a fault in its arithmetic must not be ours as well.
"""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, TypeVar

from s2r_ci.frozen import frozen
from s2r_ci.patterns import lazy

Steps = tuple[str | int, ...]

_T = TypeVar("_T")
_POWERS: Final = {
    "n": (10, -9), "u": (10, -6), "m": (10, -3), "": (10, 0), "k": (10, 3), "M": (10, 6), "G": (10, 9),
    "T": (10, 12), "P": (10, 15), "E": (10, 18), "Ki": (1024, 1), "Mi": (1024, 2), "Gi": (1024, 3),
    "Ti": (1024, 4), "Pi": (1024, 5), "Ei": (1024, 6),
}  # fmt: skip
_QUANTITY: Final = lazy(r"([+-]?)(\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE]([+-]?\d{1,2})|([A-Za-z]{0,2}))")
# Where the kubelet changes something, or would if it knew the name; a $ before any other character it copies.
_REFERENCE: Final = lazy(r"\$(?:(\$)|\(([^)]*)\)|([^\x00-\x7f]))")


@frozen
class Oddity:
    """A node that is not what its place asks for."""

    steps: Steps
    message: str


@lru_cache(maxsize=4096)
def _amount(text: str) -> Fraction | None:
    found = _QUANTITY.fullmatch(text)
    if not found:
        return None
    sign, number, exponent, suffix = found.groups()
    base, power = (10, int(exponent)) if exponent else _POWERS.get(suffix or "", (0, 0))
    return Fraction(number) * Fraction(base) ** power * (-1 if sign == "-" else 1) if base else None


def quantity(value: object) -> Fraction | None:
    """A Kubernetes quantity, exactly; None where it is none.

    >>> quantity("1500m"), quantity("2Gi"), quantity(8), quantity("1e3"), quantity("2GB")
    (Fraction(3, 2), Fraction(2147483648, 1), Fraction(8, 1), Fraction(1000, 1), None)
    """
    if isinstance(value, bool) or not isinstance(value, int | str | float):
        return None
    if isinstance(value, int):
        return Fraction(value)
    return _amount(str(value))


def arrives(text: str, environment: Mapping[str, str | None]) -> str:
    """What the kubelet makes of a word of command, args or env before the container sees it.

    ``$(NAME)`` of a known variable becomes its value and ``$$`` becomes ``$``; all else stays. A ``$`` before a
    character that is not ASCII does not survive, because the kubelet cuts that character in two.

    >>> arrives("echo $$ $(date) $(A) $$(A)", {"A": "1"})
    'echo $ $(date) 1 $(A)'
    """
    if "$" not in text:
        return text

    def replace(match: re.Match[str]) -> str:
        dollar, name, cut = match.groups()
        if dollar or cut:
            return "$" if dollar else "$\N{REPLACEMENT CHARACTER}"
        if name not in environment:
            return match[0]
        value = environment[name]
        return "\N{REPLACEMENT CHARACTER}" if value is None else value

    return _REFERENCE.sub(replace, text)


def gather(body: object, *, most_nodes: int, deepest: int) -> list[str] | None:
    """All keys and texts, in no special order; None where there are too many nodes or they lie too deep.

    Level by level and without recursion, so that no depth can hurt.
    """
    texts: list[str] = []
    level: list[Any] = [body]
    nodes = depth = 0
    while level:
        nodes += len(level)
        if nodes > most_nodes or depth > deepest:
            return None
        below: list[Any] = []
        for node in level:
            if isinstance(node, str):
                texts.append(node)
            elif isinstance(node, dict):
                texts.extend(map(str, node))
                below.extend(node.values())
            elif isinstance(node, list):
                below.extend(node)
        level = below
        depth += 1
    return texts


class Shapes:
    """Reads values of a known shape: gives an empty one for what is missing, and remembers what is odd."""

    def __init__(self) -> None:
        self.oddities: list[Oddity] = []

    def odd(self, steps: Steps, message: str) -> None:
        """Remember a node that is not what its place asks for."""
        self.oddities.append(Oddity(steps=steps, message=message))

    def mapping(self, value: object, steps: Steps) -> Mapping[str, Any]:
        """The mapping, or an empty one."""
        if isinstance(value, dict):
            return value
        if value is not None:
            self.odd(steps, "a mapping belongs here")
        return {}

    def items(self, value: object, steps: Steps) -> list[Any]:
        """The list, or an empty one."""
        if isinstance(value, list):
            return value
        if value is not None:
            self.odd(steps, "a list belongs here")
        return []

    def each(self, read: Callable[[object, Steps], _T], value: object, steps: Steps) -> tuple[_T, ...]:
        """What ``read`` makes of each item of a list, given its steps."""
        return tuple(read(item, (*steps, index)) for index, item in enumerate(self.items(value, steps)))

    def text(self, value: object, steps: Steps) -> str:
        """The text, or an empty one; a number is odd."""
        if isinstance(value, str):
            return value
        if value is not None:
            self.odd(steps, "a text belongs here")
        return ""

    def strings(self, value: object, steps: Steps) -> list[str]:
        """A list of texts."""
        return [self.text(item, (*steps, index)) for index, item in enumerate(self.items(value, steps))]

    def texts(self, value: object, steps: Steps) -> dict[str, str]:
        """A mapping of texts to texts."""
        return {str(key): self.text(item, (*steps, key)) for key, item in self.mapping(value, steps).items()}

    def integer(self, value: object, steps: Steps) -> int | None:
        """The whole number, or None; a text that looks like one is odd."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if value is not None:
            self.odd(steps, "a whole number belongs here")
        return None

    def truth(self, value: object, steps: Steps) -> bool:
        """Whether it is true; ``"yes"`` counts, and is odd."""
        if value is not None and not isinstance(value, bool):
            self.odd(steps, "true or false belongs here")
        return bool(value)

    def amounts(self, value: object, steps: Steps) -> dict[str, Fraction]:
        """A mapping of names to exact quantities."""
        amounts: dict[str, Fraction] = {}
        for name, text in self.mapping(value, steps).items():
            amount = quantity(text)
            if amount is None:
                self.odd((*steps, name), "an amount such as 500m, 2 or 64Gi belongs here")
            else:
                amounts[str(name)] = amount
        return amounts
