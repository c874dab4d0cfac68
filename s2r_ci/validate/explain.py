"""Why a document breaks its schema: which field, what is there, what would be right."""

import json
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from typing import Any, Final, TypeAlias

from s2r_ci.validate.consistency import Breach
from s2r_ci.validate.schemas import explainer

Steps: TypeAlias = tuple[str | int, ...]

MOST_DEPTH: Final = 60
_LONGEST_VALUE: Final = 60
_PRIVATE: Final = frozenset({"env", "args", "command", "environment", "environmentVariables", "arguments"})
_TYPES: Final = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def troubles(name: str, body: Any, own: str = "") -> list[Breach]:
    """Every field that breaks the schema of that name, or a site's ``own``, in the order of the document. Empty: it is
    kept.
    """
    if _is_too_deep(body):
        return [Breach(f"the nesting is deeper than {MOST_DEPTH}", "", ())]
    try:
        errors = list(explainer(name, own).iter_errors(body))
    except (ValueError, RecursionError) as error:
        return [Breach(f"a value cannot be checked: {str(error)[:100]}", "", ())]
    found = {breach: None for error in errors for breach in _breaches(_most_specific(error))}
    return sorted(found, key=lambda breach: [str(step) for step in breach.steps])


def _is_too_deep(body: Any) -> bool:
    """Level by level, because recursion is what depth breaks."""
    level = [body]
    for _ in range(MOST_DEPTH):
        level = [child for value in level for child in _children(value)]
        if not level:
            return False
    return True


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, (list, tuple)) else ()


def _most_specific(error: Any) -> Any:
    """Of alternatives that all fail, the one that got furthest says most."""
    while error.context:
        error = max(error.context, key=lambda each: (len(each.absolute_path), each.validator != "type"))
    return error


def _breaches(error: Any) -> Iterator[Breach]:
    steps: Steps = tuple(error.absolute_path)
    if "propertyNames" in error.absolute_schema_path:
        steps = (*steps, error.instance)
        yield _breach(steps, "cannot be a key here", _expected(error))
    elif error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                yield _breach((*steps, name), "is missing", error.schema.get("description", ""))
    elif error.validator == "additionalProperties" and error.validator_value is False:
        known = list(error.schema.get("properties", ()))
        for name in error.instance:
            if name not in known:
                yield _breach((*steps, name), "is not a field of this kind", _nearest(name, known))
    else:
        yield _breach(steps, f"is {_found(steps, error.instance)}", _expected(error))


def _breach(steps: Steps, what: str, right: str) -> Breach:
    field = field_path(steps)
    return Breach(f"{field or 'the manifest'} {what}{'; ' if right else ''}{right}", field, steps)


def _nearest(name: str, known: list[str]) -> str:
    lowered = {each.lower(): each for each in known}
    close = get_close_matches(str(name).lower()[:100], lowered, n=1, cutoff=0.7)
    return f"did you mean {lowered[close[0]]}?" if close else ""


def _expected(error: Any) -> str:
    """What would be right: the schema's own words where it has some."""
    if words := error.schema.get("description"):
        return f"it must be {words}" if words.split()[0] in _ARTICLES else str(words)
    build = _RIGHT.get(error.validator)
    return build(error.validator_value) if build else f"the schema's rule `{error.validator}` is broken"


_ARTICLES: Final = frozenset({"a", "an", "exactly"})  # a description that names a thing, not a whole clause


def _names(value: Any) -> str:
    return " or ".join(_TYPES.get(each, each) for each in ([value] if isinstance(value, str) else value))


def _words(values: Any) -> str:
    return ", ".join(str(value) if isinstance(value, str) else json.dumps(value) for value in values)


_RIGHT: Final[dict[str, Callable[[Any], str]]] = {
    "type": lambda value: f"it must be {_names(value)}",
    "enum": lambda value: f"it must be one of {_words(value)}",
    "const": lambda value: f"it must be {_words([value])}",
    "minimum": lambda value: f"it must be {value} or more",
    "maximum": lambda value: f"it must be {value} or less",
    "minLength": lambda value: f"it must have {value} or more characters",
    "maxLength": lambda value: f"it must have {value} or fewer characters",
    "pattern": lambda value: f"it must look like {value}",
    "minItems": lambda value: f"it must have {value} or more entries",
    "maxItems": lambda value: f"it must have {value} or fewer entries",
    "minProperties": lambda value: f"it must have {value} or more fields",
    "maxProperties": lambda value: f"it must have {value} or fewer fields",
    "uniqueItems": lambda _value: "no entry may stand there twice",
    "not": lambda value: _exclude(value),
    "oneOf": lambda value: f"it must have exactly one of {', '.join(_required(value))}",
    "anyOf": lambda value: f"it must have one of {', '.join(_required(value))}",
}


def _exclude(schema: Any) -> str:
    names = _required([schema])
    return (
        f"{' and '.join(names)} exclude each other"
        if len(names) > 1
        else f"{''.join(names) or 'this'} may not stand here"
    )


def _required(schemas: Iterable[Any]) -> list[str]:
    """The fields that alternatives are told apart by."""
    return [name for schema in schemas if isinstance(schema, dict) for name in schema.get("required", ())]


def _found(steps: Steps, value: Any) -> str:
    """What stands there; never a value that could be somebody's secret."""
    if isinstance(value, (dict, list)):
        return f"{_TYPES['object' if isinstance(value, dict) else 'array']} of {len(value)}"
    if isinstance(value, str) and _PRIVATE.intersection(step for step in steps if isinstance(step, str)):
        return "a string"
    return shown(value)


def shown(value: Any) -> str:
    """A scalar in JSON's spelling, cut to a length."""
    text = json.dumps(value[:_LONGEST_VALUE] if isinstance(value, str) else value, default=str)
    return text if len(text) <= _LONGEST_VALUE + 2 else f"{text[:_LONGEST_VALUE]}..."


def field_path(steps: Steps) -> str:
    """``spec.template.spec.containers[0].image``; a key with dots or slashes in brackets and quotes."""
    parts = []
    for step in steps:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif step.isalnum():
            parts.append(f".{step}")
        else:
            parts.append(f"[{shown(step)}]")
    return "".join(parts).removeprefix(".")
