"""The yes or no for the few documents of a short run: loading the compiled validator takes longer than thirty of these.

Exact for the keywords in ``_WORDS``, and silent about everything else: a schema with another keyword, a pattern that
Python and ECMA 262 read in two ways, a value that JSON cannot hold. Source: JSON Schema 2020-12, core and validation.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

DEEPEST: Final = 60
LONGEST_TEXT: Final = 1024  # that a pattern is held against: Python's take the square of the length, at worst
LONGEST_LIST: Final = 64  # whose items are held against each other
_LARGEST: Final = 2**63


class _UnsureError(Exception):
    """This cannot be told here."""


def keeps(schema: Any, body: Any) -> bool | None:
    """Whether a document keeps a schema; None where that cannot be told here."""
    try:
        _look(body, 0)
        return _keeps(body, schema, schema)
    except _UnsureError:
        return None


def _look(value: Any, depth: int) -> None:
    """Refuse what JSON cannot hold, or libraries cannot agree on."""
    kind = type(value)
    if kind is str:
        known = value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)
    elif kind is int or kind is float:
        known = -_LARGEST < value < _LARGEST
    elif kind is dict:
        known = all(type(name) is str for name in value) and depth < DEEPEST
    else:
        known = value is None or kind is bool or (kind is list and depth < DEEPEST)
    if not known:
        raise _UnsureError
    if kind is dict or kind is list:
        for each in (*value, *value.values()) if kind is dict else value:
            _look(each, depth + 1)


def _keeps(value: Any, schema: Any, root: Any) -> bool:
    if isinstance(schema, bool):
        return schema
    for word, said in schema.items():
        if word in _REMARKS:
            continue
        check = _WORDS.get(word)
        if check is None:
            raise _UnsureError
        if not check(value, said, schema, root):
            return False
    return True


_REMARKS: Final = frozenset({"$schema", "$id", "$comment", "$defs", "title", "description", "then", "else"})


# --- any value ---------------------------------------------------------------------------------------------


def _type(value: Any, said: Any, schema: Any, root: Any) -> bool:
    return any(_is_a(value, each) for each in ([said] if isinstance(said, str) else said))


def _is_a(value: Any, name: str) -> bool:
    kind = type(value)
    if name == "integer":
        return kind is int or (kind is float and value.is_integer())
    return kind in _TYPES[name]


_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON is: 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _ref(value: Any, said: Any, schema: Any, root: Any) -> bool:
    begin, _, name = said.rpartition("/")
    if begin != "#/$defs" or name not in root.get("$defs", {}):
        raise _UnsureError
    return _keeps(value, root["$defs"][name], root)


def _one_of(value: Any, said: Any, schema: Any, root: Any) -> bool:
    return sum(_keeps(value, each, root) for each in said) == 1


def _if(value: Any, said: Any, schema: Any, root: Any) -> bool:
    return _keeps(value, schema.get("then" if _keeps(value, said, root) else "else", True), root)


# --- texts -------------------------------------------------------------------------------------------------


def _pattern(value: str, said: str) -> bool:
    found = _compiled(said)
    alike = value.isascii() or "\\s" not in said.lower()  # ECMA 262 knows more blanks than ASCII has
    if found is None or not alike or len(value) > LONGEST_TEXT:
        raise _UnsureError
    return found.search(value) is not None


@cache
def _compiled(text: str) -> "re.Pattern[str] | None":
    """None where ECMA 262 may mean something else by it: ``$`` is the very end there, and classes differ."""
    anchored = text[:-1] + r"\Z" if text.endswith("$") and not text.endswith("\\$") else text
    if "$" in anchored or not set(re.findall(r"\\([A-Za-z0-9])", text)) <= {"u", "s", "S"}:
        return None
    return re.compile(anchored, re.ASCII)


# --- lists and mappings ------------------------------------------------------------------------------------


def _items(value: list[Any], said: Any, schema: Any, root: Any) -> bool:
    return all(_keeps(each, said, root) for each in value)


def _unique(value: list[Any], said: Any, schema: Any, root: Any) -> bool:
    if said and len(value) > LONGEST_LIST:
        raise _UnsureError
    return not said or not any(_same(one, other) for at, one in enumerate(value) for other in value[:at])


def _contains(value: list[Any], said: Any, schema: Any, root: Any) -> bool:
    return any(_keeps(each, said, root) for each in value)


def _properties(value: dict[str, Any], said: Any, schema: Any, root: Any) -> bool:
    return all(_keeps(each, said[name], root) for name, each in value.items() if name in said)


def _additional(value: dict[str, Any], said: Any, schema: Any, root: Any) -> bool:
    known = schema.get("properties", {})
    return all(_keeps(each, said, root) for name, each in value.items() if name not in known)


def _names(value: dict[str, Any], said: Any, schema: Any, root: Any) -> bool:
    return all(_keeps(name, said, root) for name in value)


# --- the table ---------------------------------------------------------------------------------------------

_Check = Callable[[Any, Any, Any, Any], bool]


def _for(kinds: tuple[type, ...], check: _Check) -> _Check:
    """A keyword that speaks of one type of values, and is kept by all others."""
    return lambda value, said, schema, root: type(value) not in kinds or check(value, said, schema, root)


_LIST, _TABLE, _TEXT, _NUMBER = (list,), (dict,), (str,), (int, float)
_WORDS: Final[Mapping[str, _Check]] = {
    "type": _type,
    "const": lambda value, said, schema, root: _same(value, said),
    "enum": lambda value, said, schema, root: any(_same(value, each) for each in said),
    "$ref": _ref,
    "allOf": lambda value, said, schema, root: all(_keeps(value, each, root) for each in said),
    "anyOf": lambda value, said, schema, root: any(_keeps(value, each, root) for each in said),
    "oneOf": _one_of,
    "not": lambda value, said, schema, root: not _keeps(value, said, root),
    "if": _if,
    "minimum": _for(_NUMBER, lambda value, said, schema, root: bool(value >= said)),
    "maximum": _for(_NUMBER, lambda value, said, schema, root: bool(value <= said)),
    "minLength": _for(_TEXT, lambda value, said, schema, root: len(value) >= said),
    "maxLength": _for(_TEXT, lambda value, said, schema, root: len(value) <= said),
    "pattern": _for(_TEXT, lambda value, said, schema, root: _pattern(value, said)),
    "minItems": _for(_LIST, lambda value, said, schema, root: len(value) >= said),
    "maxItems": _for(_LIST, lambda value, said, schema, root: len(value) <= said),
    "items": _for(_LIST, _items),
    "uniqueItems": _for(_LIST, _unique),
    "contains": _for(_LIST, _contains),
    "minProperties": _for(_TABLE, lambda value, said, schema, root: len(value) >= said),
    "maxProperties": _for(_TABLE, lambda value, said, schema, root: len(value) <= said),
    "required": _for(_TABLE, lambda value, said, schema, root: all(name in value for name in said)),
    "properties": _for(_TABLE, _properties),
    "additionalProperties": _for(_TABLE, _additional),
    "propertyNames": _for(_TABLE, _names),
}
