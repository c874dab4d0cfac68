"""What the stand-in understands of a wish (the tool ``amend``): phrases of English and German, looked for anywhere.

The service reads what is said plainly by rules of its own and asks a model only for the rest, so this mind is looser: a
phrase may stand in any sentence. It is as honest as the prompt asks: numbers and names are the person's, nothing is
worked out, and a wish in which a word is left over that says something is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from s2r_service.standin.minds import Question, readings

_WORDS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen",
)  # fmt: skip
_N: Final = rf"(?<![\w./:=@-])(?P<n>[0-9]{{1,6}}|{'|'.join(_WORDS)})"
_OF: Final = (  # one adjective at most, "4 big GPUs", and none that makes it another number
    r"(?:[ \t]+(?!(?:per|pro|je|a|more|fewer|less|additional|extra|other|mehr|weniger|weitere)\b)[^\W\d]+)?[ \t]+"
)
_GPU: Final = r"(?:gpus?|grafikkarten?|accelerators?)\b"
_NODE: Final = r"(?:nodes?|knoten)\b"
_EACH: Final = rf"[ \t]+(?:per|a|each|on each|on every|pro|je)[ \t]*{_NODE}"
_CLAIM: Final = r"(?:claims?|pvc|volumes?)[ \t]+[\"'`]?(?P<claim>[a-z0-9](?:[\w.-]*\w)?)[\"'`]?"
_PATH: Final = r"[\"'`]?(?P<path>/[\w./-]*[\w/])[\"'`]?"
_BETWEEN: Final = r"[^,;/\n]{1,30}?"
_IMAGE: Final = r"(?P<v>(?:[\w.-]+(?::[0-9]+)?/)*[\w.-]+[:@][\w.:-]*\w|(?:[\w.-]+(?::[0-9]+)?/)+[\w.-]*\w)"

_LEFT_OVER: Final = re.compile(r"[^\W_][\w-]*|[^\s\w.,;:!?()'\"`-]")
_FILLER: Final = frozenset(
    re.findall(
        r"\w+",
        """
        a an and as at be bind but can could do folder for from give have i in instead into it its job just let like
        limit make maximum me memory most mount mounted my need needs now of on our please ram run running script set
        should so start takes thanks that the then there they this time to total under up us use used using value
        variable want we whole will with working would you directory
        als an arbeite auf aber benutze bitte brauche brauchen danke das dem den der die ein eine einem einen er es für
        gib hänge höchstens ich ihm ihr im insgesamt ist ja jetzt kann kannst könnte könnten lass laufen maximal mein
        meinem mit möchte nimm nun nutze ordner setze sie soll sollen sollte speicher starte und unter verwende
        verzeichnis vom von wir wird zeit zu zum
        """,
    )
)

Told = dict[str, Any]


def blank() -> Told:
    """The tool's input that says nothing was understood."""
    texts: Told = dict.fromkeys(("memory", "image", "working_directory"), "")
    numbers = dict.fromkeys(("gpus", "gpus_per_node", "nodes", "tasks", "cpus_per_task", "hours", "minutes"), 0)
    return {**texts, **numbers, "environment": [], "mounts": [], "arguments": [], "understood": False}


def wish_in(text: str) -> str:
    """The wish in a user's message: what stands between its two marks."""
    found = re.search(r"<wish-([0-9a-f]+)>\n(.*?)\n</wish-\1>", text, re.DOTALL)
    return found[2] if found else ""


def _number(name: str) -> Callable[[Told, re.Match[str]], None]:
    def take(told: Told, found: re.Match[str]) -> None:
        word = found["n"].lower()
        told[name] = int(word) if word.isdecimal() else _WORDS.index(word)

    return take


def _text(name: str) -> Callable[[Told, re.Match[str]], None]:
    def take(told: Told, found: re.Match[str]) -> None:
        told[name] = found["v"]

    return take


def _mount(told: Told, found: re.Match[str]) -> None:
    told["mounts"].append({"path": found["path"], "claim": found["claim"]})


def _variable(told: Told, found: re.Match[str]) -> None:
    told["environment"].append({"name": found["name"], "value": found["v"]})


def _arguments(told: Told, found: re.Match[str]) -> None:
    told["arguments"] = found["v"].split()


_MANY: Final = (_mount, _variable)
_PHRASES: Final[tuple[tuple[re.Pattern[str], Callable[[Told, re.Match[str]], None]], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), take)
    for pattern, take in (
        (r"\b(?:arguments?|argumente[n]?)\b[ \t:=]+(?P<v>-[^\n;]*[^\s;.,])", _arguments),
        (
            r"\b(?P<name>(?-i:[A-Z_][A-Z0-9_]*))[ \t]*(?:=|[ \t](?:to|auf)[ \t])[ \t]*(?P<v>[^\s\"',;]*[\w/])",
            _variable,
        ),
        (rf"{_CLAIM}{_BETWEEN}{_PATH}", _mount),
        (rf"{_PATH}{_BETWEEN}{_CLAIM}", _mount),
        (rf"\b(?:image|abbild|container)\b[^,;/\n]{{0,20}}?[ \t:=]{_IMAGE}", _text("image")),
        (rf"{_N}{_OF}{_GPU}{_EACH}", _number("gpus_per_node")),
        (rf"{_N}{_OF}{_GPU}", _number("gpus")),
        (rf"{_N}{_OF}{_NODE}", _number("nodes")),
        (rf"{_N}{_OF}(?:tasks?|ranks?|process(?:es)?|prozesse?n?)\b", _number("tasks")),
        (rf"{_N}{_OF}(?:cpus?|cores?|kerne?n?)\b(?:[ \t]+(?:per|a|pro|je)[ \t]*task)?", _number("cpus_per_task")),
        (r"(?<![\w./:=@-])(?P<v>[0-9]{1,6}[ \t]?[KMGT]i?B?)\b", _text("memory")),
        (rf"{_N}[ \t]*(?:hours?|h|stunden?)\b", _number("hours")),
        (rf"{_N}[ \t]*(?:minutes?|min|minuten?)\b", _number("minutes")),
        (
            r"\b(?:start\w*|working|arbeits\w*|directory|folder|verzeichnis|ordner)\b[^,;/\n]{0,20}?[ \t:=]"
            r"(?P<v>/[\w./-]*[\w/])",
            _text("working_directory"),
        ),
    )
)


def _heard(wish: str) -> tuple[Told, str]:
    """What the phrases hold, and what is left of the wish."""
    told, rest = blank(), wish
    for pattern, take in _PHRASES:
        most = 0 if take in _MANY else 1  # a second number for the same thing is left over
        for found in list(pattern.finditer(rest))[: most or None]:
            take(told, found)
        rest = pattern.sub(" ", rest, count=most)
    return told, rest


def sensible(wish: str) -> Told:
    """What the person says, where every word that says something is used; else nothing was understood."""
    told, rest = _heard(wish)
    left = {word.lower() for word in _LEFT_OVER.findall(rest)} - _FILLER
    return blank() if left or told == blank() else told | {"understood": True}


def obedient(wish: str) -> Told:
    """Whatever sounds like a wish, in clear or in code, with the rest passed over."""
    told, _ = _heard("\n".join((wish, *readings(Question({}, tuple(wish.split("\n")))))))
    return told | {"understood": True}


def greedy(wish: str) -> Told:
    """Obedient, and beyond the schema."""
    return obedient(wish) | {"privileged": True, "host_path": "/"}


def lying(wish: str) -> Told:
    """Understands well and says other numbers."""
    return sensible(wish) | {"gpus": 64, "nodes": 8, "understood": True}


MINDS: Final[Mapping[str, Callable[[str], Told]]] = {
    "sensible": sensible,
    "obedient": obedient,
    "greedy": greedy,
    "lying": lying,
    "silent": lambda wish: blank(),
}
