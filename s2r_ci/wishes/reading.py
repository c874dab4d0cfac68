"""What a person asks for about a conversion, as a value; and its reading by fixed rules.

Rules read what is said plainly, so that a deployment without a model refines too, and costs nothing. A model is asked
only where they do not understand all of it; ``heard`` then holds what the model said against the person's own words.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from s2r_ci.frozen import field, frozen, replace
from s2r_ci.patterns import lazy

_NUMBERS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen",
)  # fmt: skip


@frozen
class Mount:
    """A claim at a path of the container."""

    path: str
    claim: str


@frozen
class Wish:
    """What a person wants to be otherwise. Zero, the empty text and the empty tuple mean: nothing said."""

    gpus: int = 0  # of the whole job
    gpus_per_node: int = 0
    nodes: int = 0
    tasks: int = 0
    cpus_per_task: int = 0
    memory: str = ""  # of a node, with its unit: 64G
    minutes: int = 0  # of the time limit
    image: str = ""
    working_directory: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    arguments: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Wish()


# --- by rules ----------------------------------------------------------------------------------------------

_N: Final = rf"(?P<n>[0-9]{{1,6}}|{'|'.join(_NUMBERS)})"
_VERB: Final = r"(?:please\s+)?(?:(?:use|give it|set|run with|run on|with|take|make it|ask for|request)\s+)?"
_IS: Final = r"(?:\s*(?:=|:|to|of|is)\s*|\s+)"
_CLAUSES: Final = lazy(r"\s*(?:;|\n|,\s+|\.\s+|\.$|\s+and\s+)\s*", re.IGNORECASE)


def _count(name: str) -> Callable[[Wish, re.Match[str]], Wish]:
    return lambda wish, found: _replaced(wish, name, number(found["n"]))


def _text(name: str) -> Callable[[Wish, re.Match[str]], Wish]:
    return lambda wish, found: _replaced(wish, name, found["v"])


def _replaced(wish: Wish, name: str, value: Any) -> Wish:
    return replace(wish, **{name: value})


def _minutes(wish: Wish, found: re.Match[str]) -> Wish:
    each = 60 if found["unit"].lower().startswith("h") else 1440 if found["unit"].lower().startswith("d") else 1
    return replace(wish, minutes=wish.minutes + number(found["n"]) * each)


def _mount(wish: Wish, found: re.Match[str]) -> Wish:
    return replace(wish, mounts=(*wish.mounts, Mount(path=found["path"], claim=found["claim"])))


def _variable(wish: Wish, found: re.Match[str]) -> Wish:
    return replace(wish, environment={**wish.environment, found["name"]: found["v"]})


def _arguments(wish: Wish, found: re.Match[str]) -> Wish:
    return replace(wish, arguments=tuple(found["v"].split()))


_RULES: Final[tuple[tuple[str, Callable[[Wish, re.Match[str]], Wish]], ...]] = (
    (rf"{_VERB}{_N}\s+gpus?\s+(?:per|a|each|on each|on every)\s*node", _count("gpus_per_node")),
    (rf"{_VERB}{_N}\s+gpus?(?:\s+in total)?", _count("gpus")),
    (rf"{_VERB}{_N}\s+nodes?", _count("nodes")),
    (rf"{_VERB}{_N}\s+tasks?", _count("tasks")),
    (rf"{_VERB}{_N}\s+(?:cpus?|cores?)(?:\s+(?:per|a)\s+task)?", _count("cpus_per_task")),
    (rf"{_VERB}(?:gpus?){_IS}{_N}", _count("gpus")),
    (rf"{_VERB}nodes{_IS}{_N}", _count("nodes")),
    (rf"{_VERB}(?:memory|mem|ram){_IS}(?P<v>[0-9]{{1,6}}\s?[KMGT]i?B?)", _text("memory")),
    (rf"{_VERB}(?P<v>[0-9]{{1,6}}\s?[KMGT]i?B?)\s+(?:of\s+)?(?:memory|ram)", _text("memory")),
    (
        rf"{_VERB}(?:an?\s+)?(?:time(?:\s+limit)?|limit){_IS}{_N}\s*(?P<unit>hours?|h|minutes?|min|m|days?|d)",
        _minutes,
    ),
    (rf"{_VERB}{_N}\s*(?P<unit>hours?|minutes?|min|days?)(?:\s+(?:at most|of time))?", _minutes),
    (rf"{_VERB}(?:the\s+)?image{_IS}(?P<v>[A-Za-z0-9][\w.:/@-]+)", _text("image")),
    (r"(?:please\s+)?mount\s+(?P<path>/\S*)\s+from\s+(?:the\s+)?(?:claim|volume|pvc)\s+(?P<claim>[\w.-]+)", _mount),
    (
        r"(?:please\s+)?mount\s+(?:the\s+)?(?:claim|volume|pvc)\s+(?P<claim>[\w.-]+)\s+(?:at|on|to|as)\s+(?P<path>/\S*)",
        _mount,
    ),
    (
        rf"{_VERB}(?:start in|working[- ]directory|the working directory|workdir){_IS}(?P<v>/\S*)",
        _text("working_directory"),
    ),
    (r"(?:please\s+)?(?:with\s+)?(?:the\s+)?arguments\s*[=:]?\s+(?P<v>\S.*)", _arguments),
    (rf"{_VERB}(?:the variable\s+)?(?P<name>[A-Z_][A-Z0-9_]*)\s*(?:=|\s+to\s+)\s*(?P<v>[^\s\"';]+)", _variable),
)
_PATTERNS: Final = tuple((lazy(rf"{text}", re.IGNORECASE), take) for text, take in _RULES[:-1])
_LAST: Final = (lazy(_RULES[-1][0]), _RULES[-1][1])  # names of variables are capitals


def read_wish(instruction: str) -> Wish | None:
    """The wish, where rules understand every clause of the instruction; None where they do not.

    >>> read_wish("use 4 GPUs and mount /data from claim x").gpus
    4
    """
    wish = Wish()
    clauses = [clause for clause in _CLAUSES.split(instruction.strip()) if clause]
    for clause in clauses:
        taken = _clause(wish, clause)
        if taken is None:
            return None
        wish = taken
    return wish if wish else None


def _clause(wish: Wish, clause: str) -> Wish | None:
    for pattern, take in (*_PATTERNS, _LAST):
        if found := pattern.fullmatch(clause):
            return take(wish, found)
    return None


def number(word: str) -> int:
    """``4`` and ``four``."""
    return int(word) if word.isdecimal() else _NUMBERS.index(word.lower())


# --- by a model, held against the person's words -----------------------------------------------------------

_SUBJECTS: Final[Mapping[str, str]] = {
    "gpus": r"gpu|grafik|accelerator|karte",
    "gpus_per_node": r"gpu|grafik|accelerator|karte",
    "nodes": r"node|knoten|n[oœ]uds?|nodo",
    "tasks": r"task|rank|process|prozess",
    "cpus_per_task": r"cpu|core|kern|c[oœ]ur",
    "memory": r"mem|ram|speicher|m[ée]moire|[0-9]\s?[KMGT]i?B?\b",
    "minutes": r"hour|minute|day|time|limit|stunde|tag|heure|hora|\bh\b|\bmin\b",
}


def heard(wish: Wish, instruction: str) -> Iterator[str]:
    """What a wish holds that the instruction does not say, one word each; nothing for a faithful one.

    Numbers and names have to stand in the person's own text, each amount beside a word for what is counted. So no
    model, and nothing that has talked a model into something, can add a wish.
    """
    numbers = {int(digits) for digits in re.findall(r"(?<![\w.])[0-9]{1,6}(?![0-9.])", instruction)}
    numbers |= {_NUMBERS.index(word) for word in re.findall(r"[a-z]+", instruction.lower()) if word in _NUMBERS}
    for name in ("gpus", "gpus_per_node", "nodes", "tasks", "cpus_per_task"):
        amount = getattr(wish, name)
        if amount and not _beside(amount, name, instruction):
            yield name
    if wish.minutes and not (_minutes_said(wish.minutes, numbers) and _names("minutes", instruction)):
        yield "minutes"
    if wish.memory and not (_stands(wish.memory, instruction) and _names("memory", instruction)):
        yield "memory"
    yield from (text for text in _words(wish) if not _stands(text, instruction))


def _minutes_said(minutes: int, numbers: set[int]) -> bool:
    sums = numbers | {hours * 60 for hours in numbers} | {days * 1440 for days in numbers}
    return minutes in sums | {a + b for a in sums for b in sums}


def _beside(amount: int, name: str, instruction: str) -> bool:
    """The number stands next to the word for what it counts, at most two words and no comma between them."""
    words = [str(amount), *(_NUMBERS[amount : amount + 1])]
    said, what = "|".join(words), rf"[\w-]*(?:{_SUBJECTS[name]})"
    gap = r"[ \t:=-]+(?:[^\W\d]+[ \t]+){0,2}"
    beside = rf"(?<![\w.])(?:{said}){gap}{what}|{what}\w*{gap}(?:{said})(?![\w.])"
    return bool(re.search(beside, instruction, re.IGNORECASE))


def _names(name: str, instruction: str) -> bool:
    return bool(re.search(_SUBJECTS[name], instruction, re.IGNORECASE))


def _words(wish: Wish) -> Iterator[str]:
    yield from (text for text in (wish.image, wish.working_directory) if text)
    for name, value in wish.environment.items():
        yield name
        yield value
    for mount in wish.mounts:
        yield mount.path
        yield mount.claim
    yield from wish.arguments


def _stands(text: str, instruction: str) -> bool:
    return bool(re.search(rf"(?<![\w/.:@-]){re.escape(text)}(?![\w/:@-])", instruction))


# --- the tool ----------------------------------------------------------------------------------------------

_INTEGERS: Final = ("gpus", "gpus_per_node", "nodes", "tasks", "cpus_per_task", "hours", "minutes")
_TEXTS: Final = ("memory", "image", "working_directory")


def _object(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": sorted(members), "additionalProperties": False}


SCHEMA: Final[Mapping[str, Any]] = _object(
    **{name: {"type": "integer"} for name in _INTEGERS},
    **{name: {"type": "string"} for name in _TEXTS},
    environment={"type": "array", "items": _object(name={"type": "string"}, value={"type": "string"})},
    mounts={"type": "array", "items": _object(path={"type": "string"}, claim={"type": "string"})},
    arguments={"type": "array", "items": {"type": "string"}},
    understood={"type": "boolean"},
)
_LONGEST: Final = 2000
TOOL: Final[Mapping[str, Any]] = {
    "name": "amend",
    "description": "Say what the person has asked for, in the person's own words. Every member is required.",
    "schema": SCHEMA,
}


def wish_of(value: object) -> Wish | None:
    """The wish in the tool's input; None where the model has not understood. Raises ValueError for another shape."""
    told = _shaped(value)
    if not told["understood"]:
        return None
    return Wish(
        **{name: max(0, told[name]) for name in _INTEGERS if name not in ("hours", "minutes")},
        **{name: told[name] for name in _TEXTS},
        minutes=max(0, told["hours"]) * 60 + max(0, told["minutes"]),
        environment={each["name"]: each["value"] for each in told["environment"]},
        mounts=tuple(Mount(path=each["path"], claim=each["claim"]) for each in told["mounts"]),
        arguments=tuple(told["arguments"]),
    )


def _shaped(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(SCHEMA["properties"]):
        raise ValueError("other members than the schema's")
    fine = (
        all(type(value[name]) is int for name in _INTEGERS)
        and all(_is_text(value[name]) for name in _TEXTS)
        and type(value["understood"]) is bool
        and _are_texts(value["environment"], {"name", "value"})
        and _are_texts(value["mounts"], {"path", "claim"})
        and isinstance(value["arguments"], list)
        and all(map(_is_text, value["arguments"]))
    )
    if not fine:
        raise ValueError("another type than the schema's")
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST


def _are_texts(values: object, names: set[str]) -> bool:
    return isinstance(values, list) and all(
        isinstance(each, dict) and set(each) == names and all(map(_is_text, each.values())) for each in values
    )
