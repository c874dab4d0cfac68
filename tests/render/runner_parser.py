"""GitHub's runner, as far as it reads text: workflow commands in a log, and the files of outputs.

Written after the behaviour of the runner (security page, section 9.1): both forms of commands, the lines split at CR
and LF, names without regard to case, unescaping in the runner's order. It is the oracle of the tests beside it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

REGISTERED: Final = frozenset(
    {
        *("add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice"),
        *("remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning"),
    }
)
# What .NET calls white space: not Python's set, which has U+001C to U+001F too.
WHITE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_DATA: Final = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
_PROPERTY: Final = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
_OLD: Final = (("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%3B", ";"), ("%25", "%"))


@dataclass(frozen=True)
class Command:
    name: str
    data: str
    properties: dict[str, str] = field(default_factory=dict)


def commands(log: str) -> list[Command]:
    """Every command the runner would carry out, in order."""
    return list(_commands(log))


def _commands(log: str) -> Iterator[Command]:
    stopped = ""
    for line in re.split(r"\r\n|\r|\n", log):
        command = _read_new(line, stopped) or _read_old(line, stopped)
        if command is None:
            continue
        if stopped:
            stopped = ""
        elif command.name == "stop-commands":
            stopped = command.data
        yield command


def _is_known(name: str, stopped: str) -> bool:
    return name.lower() == stopped.lower() if stopped else name.lower() in REGISTERED


def _read_new(line: str, stopped: str) -> Command | None:
    line = line.lstrip(WHITE)
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    name, _, given = line[2:end].partition(" ")
    if not _is_known(name, stopped):
        return None
    properties = _pairs(given.strip(WHITE), ",", _PROPERTY)
    return Command(name.lower(), _unescape(line[end + 2 :], _DATA), properties)


def _read_old(line: str, stopped: str) -> Command | None:
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name, _, given = line[start + 3 : end].partition(" ")
    if not _is_known(name, stopped):
        return None
    return Command(name.lower(), _unescape(line[end + 1 :], _OLD), _pairs(given, ";", _OLD))


def _pairs(given: str, between: str, escapes: tuple[tuple[str, str], ...]) -> dict[str, str]:
    pairs = (part.split("=", 1) for part in given.split(between) if part)
    return {pair[0]: _unescape(pair[1], escapes) for pair in pairs if len(pair) == 2}


def _unescape(text: str, escapes: tuple[tuple[str, str], ...]) -> str:
    for written, meant in escapes:
        text = text.replace(written, meant)
    return text


def file_commands(text: str) -> dict[str, str]:
    """What the runner reads from a GITHUB_OUTPUT file; ValueError where it would fail the step."""
    read: dict[str, str] = {}
    lines = text.split("\n")
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        equals, heredoc = line.find("="), line.find("<<")
        if not line:
            continue
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, value = line.split("=", 1)
        elif heredoc >= 0:
            name, delimiter = line.split("<<", 1)
            value, position = _block(lines, position, delimiter if name else "")
        else:
            raise ValueError(f"invalid format {line!r}")
        if not name:
            raise ValueError("name must not be empty")
        read[name] = value
    return read


def _block(lines: list[str], position: int, delimiter: str) -> tuple[str, int]:
    if not delimiter:
        raise ValueError("name and delimiter must not be empty")
    if delimiter not in lines[position:]:
        raise ValueError("matching delimiter not found")
    end = lines.index(delimiter, position)
    return "\n".join(lines[position:end]), end + 1
