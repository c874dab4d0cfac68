"""``s2r-answers.toml``: answers that people gave in comments, kept in the repository by the tool.

One table a script, in the order of their paths, written the same way whoever asks: so that it changes only where an
answer changed.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from s2r_ci.errors import ConfigurationError

NAME: Final = "s2r-answers.toml"
_HEAD: Final = (
    "# Answers that were given in comments of pull requests. s2r-ci keeps this file; it may be edited,\n"
    "# and what stands in the settings proper can be taken out of here.\n"
)
_GLOB_SIGNS: Final = "*?[]\\"

Answers = Mapping[str, Mapping[str, Any]]  # script -> answers by their names in the settings


def read_answers(data: bytes | None) -> dict[str, dict[str, Any]]:
    """Script → its answers. Raises ConfigurationError for a file that is no TOML of ours."""
    if not data:
        return {}
    try:
        table = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"this is not TOML: {error}", where=NAME, hint="put it right, or delete it"
        ) from error
    found: dict[str, dict[str, Any]] = {}
    for each in table.get("answers", []):
        said = {key: value for key, value in each.items() if key != "scripts"}
        for glob in _texts(each.get("scripts")):
            found.setdefault(_script(glob), {}).update(said)
    return found


def write_answers(answers: Answers) -> bytes:
    """The file; empty when there is nothing to keep."""
    tables = [_table(script, said) for script, said in sorted(answers.items()) if said]
    return f"{_HEAD}{''.join(tables)}".encode() if tables else b""


def of_scripts(answers: Answers, scripts: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Only those of some scripts."""
    return {script: answers[script] for script in scripts if script in answers}


def _texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value] if isinstance(value, list) else []


def _script(glob: str) -> str:
    """The path that a glob of ours means."""
    path, escaped = "", False
    for letter in glob.removeprefix("/"):
        if letter == "\\" and not escaped:
            escaped = True
            continue
        path, escaped = path + letter, False
    return path


def _glob(script: str) -> str:
    """A glob for this one path: from the root, its signs escaped."""
    return "/" + "".join(f"\\{letter}" if letter in _GLOB_SIGNS else letter for letter in script)


def _table(script: str, said: Mapping[str, Any]) -> str:
    lines = [f"\n[[answers]]\nscripts = {_value(_glob(script))}\n"]
    lines += [f"{name} = {_value(value)}\n" for name, value in sorted(said.items())]
    return "".join(lines)


def _value(value: Any) -> str:
    """A value as TOML spells it."""
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{_value(str(key))} = {_value(each)}" for key, each in sorted(value.items())) + " }"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
