"""Answers in the script itself: ``# s2r: image=team/train:1`` on a line of its own.

Keys are those of ``[[answers]]``, and ``variable.NAME``; a value is checked as in a settings file and counts over it.
Only the standard library: a script with a current manifest is looked at too.
"""

import re
import shlex
from typing import Any, Final, NamedTuple

from s2r_ci.errors import ConfigurationError
from s2r_ci.frozen import replace
from s2r_ci.model import Script, Target
from s2r_ci.patterns import lazy
from s2r_ci.settings import keys
from s2r_ci.settings.places import Place, Source
from s2r_ci.settings.site import read_answer
from s2r_ci.settings.values import memory_mib

_LINE: Final = lazy(rb"^[ \t]*#[ \t]*s2r:[ \t]*([a-z][a-z-]*(?:\.[A-Za-z_]\w*)?)[ \t]*=[ \t]*([^\r\n]*)", re.M)
KEYS: Final = (*(key for key in keys.ANSWER_KEYS if key not in ("scripts", "variables")), "variable.NAME")


class Inline(NamedTuple):
    """One answer: its key, the line, the field of the target with its value; or why it is none."""

    key: str
    line: int
    field: str = ""
    value: Any = None
    trouble: str = ""


def inline_answers(script: Script) -> tuple[Inline, ...]:
    """Every answer of a script in order of lines; a later one counts instead of an earlier one. Never raises."""
    if b"s2r:" not in script.data:
        return ()
    return tuple(_answer(found, script) for found in _LINE.finditer(script.data))


def answered(script: Script, target: Target) -> Target:
    """The target with what the script answers itself; the same object where it answers nothing."""
    values: dict[str, Any] = {}
    for each in inline_answers(script):
        if each.field == "variables":
            values["variables"] = {**values.get("variables", target.variables), **each.value}
        elif each.field == "accepted":
            said = {*values.get("accepted", target.accepted), *each.value}
            values["accepted"] = tuple(sorted(said))
        elif each.field:
            values[each.field] = each.value
    return replace(target, **values) if values else target


def _answer(found: re.Match[bytes], script: Script) -> Inline:
    key = found[1].decode()
    text = found[2].decode("utf-8", "replace").strip()
    line = script.data.count(b"\n", 0, found.start(1)) + 1
    name, _, variable = key.partition(".")
    table = "variables" if name == "variable" and variable else key
    try:
        value = {variable: text} if table == "variables" else _typed(key, text)
        place = Place(source=Source(name=f"{script.path}:{line}"))
        if table not in keys.ANSWER_KEYS or table == "scripts" or key == "variables":
            return Inline(key, line, trouble=f"there is no answer {key!r}; one of: {', '.join(KEYS)}")
        read = read_answer({"scripts": "**", table: value}, place, "")
    except (ConfigurationError, ValueError) as error:
        return Inline(key, line, trouble=error.what if isinstance(error, ConfigurationError) else str(error))
    ((field, answer),) = read.values.items()
    return Inline(key, line, *(("memory_mib", memory_mib(text)) if field == "memory" else (field, answer)))


def _typed(key: str, text: str) -> object:
    """A text as a settings file would hold it. Raises ValueError for a quote that is not closed."""
    if key == "gpus" and text.isdecimal() and len(text) < 9:
        return int(text)
    if key == "arguments":
        return shlex.split(text)
    return [word for word in re.split(r"[,\s]+", text) if word] if key == "accepted" else text
