"""Writes ``schemas/settings.v1.schema.json`` from the table of settings: ``python -m tools.settings_schema``.

The table in ``s2r_ci/settings/keys.py`` is the home of every name, pattern and sentence; a test says when the
schema is no longer what this writes.
"""

import json
from pathlib import Path
from typing import Any, Final

from s2r_ci.model import Level
from s2r_ci.settings import KEYS, Key, Settings, keys
from s2r_ci.settings.values import LONGEST, MOST

PATH: Final = Path(__file__).parents[1] / "schemas" / "settings.v1.schema.json"


def schema() -> dict[str, Any]:
    """The schema of ``[tool.s2r-ci]`` and of ``s2r-ci.toml``."""
    defaults = Settings()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:s2r-ci:settings.v1",
        "title": "Settings of s2r-ci",
        "description": "The table [tool.s2r-ci] of pyproject.toml, or all of s2r-ci.toml.",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _setting(key, defaults) for name, key in KEYS.items()},
    }


def _setting(key: Key, defaults: Settings) -> dict[str, Any]:
    described: dict[str, Any] = {"description": f"{key.says[0].upper()}{key.says[1:]}."}
    if key.kind == "site":
        return described | _site()
    if key.kind == "answers":
        return described | {"type": "array", "maxItems": MOST, "items": _answer()}
    default = getattr(defaults, key.field)
    if isinstance(default, Level):
        default = default.word
    described["default"] = list(default) if isinstance(default, tuple) else default
    return described | _value(key)


def _value(key: Key) -> dict[str, Any]:
    match key.kind:
        case "text":
            return _text(key.pattern)
        case "texts":
            return _texts(key.pattern)
        case "choice":
            return {"enum": list(key.words)}
        case "switch":
            return {"type": "boolean"}
        case "count":
            return {"anyOf": [{"type": "boolean"}, {"type": "integer", "minimum": key.low, "maximum": key.high}]}
        case _:
            return {"type": "integer", "minimum": key.low, "maximum": key.high}


def _text(pattern: str) -> dict[str, Any]:
    return {"type": "string", "maxLength": LONGEST, "pattern": pattern}


def _texts(pattern: str, least: int = 0) -> dict[str, Any]:
    least_items = {"minItems": least} if least else {}
    return {"type": "array", **least_items, "maxItems": MOST, "items": _text(pattern)}


def _named(value: dict[str, Any], says: str = "", pattern: str = keys.FILLED, least: int = 0) -> dict[str, Any]:
    return {
        **({"description": says} if says else {}),
        "type": "object",
        **({"minProperties": least} if least else {}),
        "maxProperties": MOST,
        "propertyNames": {"maxLength": LONGEST, "pattern": pattern},
        "additionalProperties": value,
    }


def _closed(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    asked = {"required": required} if required else {}
    return {"type": "object", "additionalProperties": False, **asked, "properties": properties}


def _site() -> dict[str, Any]:
    labels = _named(_text(keys.LABEL), pattern=keys.LABEL_KEY, least=1)
    service = _closed(
        {"priority": {"enum": list(keys.PRIORITIES)}, "preemptibility": {"enum": list(keys.PREEMPTIBILITIES)}}
    )
    volume = _closed(
        {
            "claim": _text(keys.CLAIM),
            "mount-path": _text(keys.FOLDER),
            "sub-path": _text(keys.SUB_PATH),
            "read-only": {"type": "boolean"},
        },
        required=["claim"],
    )
    either = {"anyOf": [_text(keys.LABEL), _texts(keys.LABEL, least=1)]}
    return _closed(
        {
            "partitions": _named(either, "Partition to node pool, or to several in order of preference."),
            "accounts": _named(_text(keys.FULL_NAME), "Account to Run:ai project."),
            "qos": _named(service, "QOS to priority and preemptibility."),
            "gpus": _named(labels, "GPU model of --gres and --gpus to the labels of the nodes that have it."),
            "features": _named(labels, "Word of --constraint to node labels."),
            "modules": _named(_text(keys.FULL_IMAGE), "Module to the image that holds it."),
            "volumes": _named(
                {"anyOf": [_text(keys.CLAIM), volume]},
                "Path on the old cluster to the claim that holds its data; the longest path wins.",
                keys.ABSOLUTE,
            ),
            "gres": _named(_text(keys.RESOURCE), "Other GRES to extended resource."),
        }
    )


def _answer() -> dict[str, Any]:
    said = {name: _value(KEYS[name]) for name in ("image", "memory", "working-directory")}
    scripts = {"anyOf": [_text(keys.FILLED), _texts(keys.FILLED, least=1)]}
    return _closed(
        {
            "scripts": {"description": "Glob or globs, from the folder of this file.", **scripts},
            "gpus": {
                "description": "GPUs of a node, where the partition decides.",
                "type": "integer",
                "minimum": 0,
                "maximum": keys.MOST_GPUS,
            },
            "arguments": {"description": "The arguments of the script.", **_texts(keys.ANY)},
            "variables": _named(
                _text(keys.ANY), "Variables that came from outside when the script was sent.", keys.VARIABLE
            ),
            "options": {
                "description": "Options given to sbatch as on its command line: they count over the script's own.",
                **_texts(keys.OPTION),
            },
            "mounts": {
                "description": "Paths of the site map whose volumes the script needs without naming them.",
                **_texts(keys.ABSOLUTE),
            },
            "accepted": {
                "description": "Keys of questions that a person has looked at and takes as they are.",
                **_texts(keys.QUESTION),
            },
            **said,
        },
        required=["scripts"],
    )


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
