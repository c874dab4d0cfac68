"""The shipped schemas, and the fast yes."""

import json
import os
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from s2r_ci.errors import ConfigurationError

_SUFFIX: Final = ".schema.json"
_PACKAGE: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@cache
def _folder() -> str:
    """In a wheel the schemas lie inside the package, in a checkout beside it."""
    inside = os.path.join(_PACKAGE, "schemas")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(_PACKAGE), "schemas")


def schema_names() -> tuple[str, ...]:
    """The names that ``load_schema`` takes, sorted: ``explain.v1``, ``manifest.job.v1``, ..."""
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in os.listdir(_folder()) if name.endswith(_SUFFIX)))


def load_schema(name: str) -> dict[str, Any]:
    """One of our JSON Schemas (2020-12).

    :raises ConfigurationError: there is no schema of that name.
    """
    found: dict[str, Any] = json.loads(_text(name))
    return found


@cache
def _text(name: str) -> str:
    if name not in schema_names():
        raise ConfigurationError(
            f"there is no schema {name!r}", hint=f"the schemas are {', '.join(schema_names())}"
        )
    with open(os.path.join(_folder(), f"{name}{_SUFFIX}"), encoding="utf-8") as file:
        return file.read()


def is_valid(name: str, body: Any, own: str = "") -> bool:
    """The fast yes. A no may also mean that it could not be told: ask ``explain.troubles`` then.

    ``own``: the text of a site's own schema, which counts instead of the shipped one.
    """
    check = _fast_check(own or _text(name))
    if check is None:
        return False
    try:
        return check(body)
    except Exception:  # what cannot be handed over (2**70, half a surrogate) is for the one that explains
        return False


@cache
def _fast_check(text: str) -> Callable[[Any], bool] | None:
    """Compiled once a process; None where there is no wheel for this machine."""
    try:
        import jsonschema_rs
    except ImportError:
        return None
    validator = jsonschema_rs.validator_for(text)
    check: Callable[[Any], bool] = validator.is_valid
    return check


@cache
def explainer(name: str, own: str = "") -> Any:
    """The validator that names every error, compiled once a process."""
    import jsonschema

    return jsonschema.Draft202012Validator(json.loads(own) if own else load_schema(name))
