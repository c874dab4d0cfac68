"""``s2r-scan write --ask``: open questions put to a person on a terminal, the answers kept in the settings file.

Equal questions of several scripts are asked once. An answer goes behind what the file holds, as one more
``[[answers]]``; the file is replaced whole or not at all. What the site map answers is shown, not asked.
"""

import json
import os
import sys
import tomllib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from s2r_ci.errors import ConfigurationError
from s2r_ci.repository import Place
from s2r_ci.settings.places import Place as Where
from s2r_ci.settings.places import Source
from s2r_ci.settings.site import read_answer

if TYPE_CHECKING:
    from s2r_ci.model import Report

OWN: Final = "s2r-ci.toml"
SHARED: Final = "pyproject.toml"
_PLAIN: Final = ("image", "memory", "working-directory")  # settings that an answer may hold too

_WORDS: Final = {"arguments": "arguments", "calls": "options"}  # answered with words as on a command line


class Asked(NamedTuple):
    """One question, and the scripts that ask it."""

    key: str
    text: str
    hint: str
    scripts: tuple[str, ...]


def refuse_without_terminal() -> None:
    """Raises ConfigurationError where nobody can answer."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigurationError(
            "--ask needs a terminal", hint="answer in the settings file; `s2r-scan audit` lists the questions"
        )


def ask(place: Place, report: "Report") -> int:
    """Ask every open question, and keep the answers. Returns how many were given.

    Raises ConfigurationError where the settings file cannot take them.
    """
    given = [block for asked in grouped(report) if (block := _answer(asked))]
    if given:
        _append(place.root, given)
    return len(given)


def grouped(report: "Report") -> list[Asked]:
    """Equal questions once, those of most scripts first."""
    scripts: dict[str, list[str]] = {}
    first: dict[str, tuple[str, str]] = {}
    for verdict in report.verdicts:
        for question in verdict.questions:
            scripts.setdefault(question.key, []).append(verdict.path)
            first.setdefault(question.key, (question.text, question.answer))
    every = [Asked(key, *first[key], tuple(dict.fromkeys(paths))) for key, paths in scripts.items()]
    return sorted(every, key=lambda asked: (-len(asked.scripts), asked.key))


def _answer(asked: Asked) -> str:
    """The lines of one ``[[answers]]``, or nothing. A wrong answer is asked again."""
    count = "1 script" if len(asked.scripts) == 1 else f"{len(asked.scripts)} scripts"
    _say(f"{asked.key} ({count}): {asked.text}")
    if asked.key not in _PLAIN and "answers" not in asked.hint:
        _say(f"  the settings answer it: {asked.hint}")
        return ""
    while True:
        said = _read(asked)
        if not said:
            return ""
        try:
            table = {"scripts": [_literal(path) for path in asked.scripts], **_typed(asked, said)}
            read_answer(table, Where(source=Source(name=asked.key)), "")
        except (ConfigurationError, ValueError) as error:
            _say(f"  {error.what if isinstance(error, ConfigurationError) else error}")
            continue
        return "".join(f"{line}\n" for line in _toml(table))


def _read(asked: Asked) -> str:
    prompt = "  y takes it as it is, nothing skips: " if "accepted" in asked.hint else "  answer, nothing skips: "
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _typed(asked: Asked, said: str) -> dict[str, object]:
    """The answer as the settings hold it. Raises ValueError for one that is no answer."""
    name, _, variable = asked.key.partition(".")
    if "accepted" in asked.hint:
        if said.lower() not in ("y", "yes"):
            raise ValueError("y, or nothing")
        return {"accepted": [asked.key]}
    if name == "variable":
        return {"variables": {variable: said}}
    if asked.key == "gpus":
        return {"gpus": int(said)}
    if asked.key in _WORDS:
        import shlex

        return {_WORDS[asked.key]: shlex.split(said)}
    return {asked.key: said}


def _literal(path: str) -> str:
    """The path as a glob that names it alone."""
    return "".join(f"\\{letter}" if letter in "*?[]\\" else letter for letter in path)


def _toml(table: dict[str, object]) -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, dict):
            pairs = ", ".join(f"{name} = {json.dumps(text)}" for name, text in value.items())
            yield f"{key} = {{ {pairs} }}"
        else:
            yield f"{key} = {json.dumps(value)}"


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _append(root: str, blocks: list[str]) -> None:
    from s2r_ci.publish.files import FileStore

    name, head = _file(root)
    path = os.path.join(root, name)
    old = ""
    if os.path.lexists(path):
        with open(path, encoding="utf-8") as file:
            old = file.read()
    gap = "" if not old else "\n" if old.endswith("\n") else "\n\n"
    new = old + gap + "\n".join(f"{head}\n{block}" for block in blocks)
    try:
        tomllib.loads(new)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            "the answers cannot be added behind what the file holds",
            where=name,
            hint="write answers as [[answers]] tables, not as a list in one line",
        ) from error
    with FileStore(root) as store:
        store.write(name, new.encode(), keep_mode=True)
        store.flush()


def _file(root: str) -> tuple[str, str]:
    """The settings file of the root, which may not be there yet, and the head of a table in it."""
    if not os.path.lexists(os.path.join(root, OWN)) and os.path.exists(os.path.join(root, SHARED)):
        with open(os.path.join(root, SHARED), "rb") as file:
            if "s2r-ci" in tomllib.load(file).get("tool", {}):
                return SHARED, "[[tool.s2r-ci.answers]]"
    return OWN, "[[answers]]"
