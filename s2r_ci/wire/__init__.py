"""Values to JSON-ready dicts and back: ``plain`` and ``read`` carry any value of the model whole, there and back.

The shapes that people and programs read (``report.v1``, ``explanation.v1``) are ``wire.shapes``.

**Text.** A path may hold octets that are not UTF-8 (Python keeps them as lone surrogates), and JSON cannot. Such an
octet is written ``\\xNN``, any other lone surrogate ``\\uDNNN``, and a backslash that stands before text that would
read like one of these ``\\x5c``. So every text survives both ways, and a text without these looks as it is.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from enum import Enum, IntEnum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from s2r_ci.errors import MalformedReplyError
from s2r_ci.model import Rule
from s2r_ci.patterns import lazy

_T = TypeVar("_T")

_UNSAFE: Final = lazy(r"[\ud800-\udfff]|\\(?=x5c|x[89a-f][0-9a-f]|ud[89a-f][0-9a-f]{2})")
_WRITTEN: Final = lazy(r"\\x(5c|[89a-f][0-9a-f])|\\u(d[89a-f][0-9a-f]{2})")


# --- text --------------------------------------------------------------------------------------------------


def text(value: str) -> str:
    r"""The text as JSON can hold it.

    >>> text("run\udcff.sh"), text("plain \\ text"), text("a\\xff")
    ('run\\xff.sh', 'plain \\ text', 'a\\x5cxff')
    """
    return value if value.isascii() and "\\" not in value else _UNSAFE.sub(_write, value)


def untext(value: str) -> str:
    """The reverse of ``text``."""
    return _WRITTEN.sub(_restore, value) if "\\" in value else value


def _write(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number == ord("\\"):
        return "\\x5c"
    return f"\\x{number - 0xDC00:02x}" if 0xDC80 <= number <= 0xDCFF else f"\\u{number:04x}"


def _restore(match: re.Match[str]) -> str:
    octet, surrogate = match.groups()
    if surrogate:
        return chr(int(surrogate, 16))
    return "\\" if octet == "5c" else chr(0xDC00 + int(octet, 16))


# --- any value of the model, whole -------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """A value of the model as dicts, lists, texts and numbers; a rule is its id, octets are base64."""
    match value:
        case Enum():
            return value.name.lower() if isinstance(value, IntEnum) else value.value
        case str():
            return text(value)
        case bytes():
            return b64encode(value).decode("ascii")
        case Rule():
            return value.id
        case Mapping():
            return _plain_mapping(value)
        case _ if names := _field_names(type(value)):
            return {name: plain(getattr(value, name)) for name in names}
        case Sequence():
            return [plain(each) for each in value]
    return value


def _field_names(kind: Any) -> tuple[str, ...]:
    """The fields of a value of the model, be it frozen or a named tuple; of all else none."""
    names: tuple[str, ...] = getattr(kind, "_fields", ())
    return names


def _plain_mapping(value: Mapping[Any, Any]) -> Any:
    if any(isinstance(key, tuple) for key in value):
        return [[plain(key), plain(each)] for key, each in value.items()]
    return {text(str(key)): plain(each) for key, each in value.items()}


def read(kind: type[_T], data: Any, *, where: str = "") -> _T:
    """A value of the model from what ``plain`` made of it.

    Fields may be missing where the model has a default. Raises MalformedReplyError, naming the field.
    """
    value: _T = _read(kind, data, where or kind.__name__)
    return value


def _read(kind: Any, data: Any, where: str) -> Any:
    if kind is Any:
        return _read_any(data)
    if kind is Rule:
        return _read_rule(data, where)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _read_enum(kind, data, where)
    if isinstance(kind, type) and _field_names(kind):
        return _read_fields(kind, data, where)
    return _read_generic(kind, data, where)


def _read_generic(kind: Any, data: Any, where: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _read_union(inner, data, where)
    if origin is tuple or origin is Sequence:
        return tuple(_read(inner[0], each, f"{where}[{i}]") for i, each in enumerate(_expect(list, data, where)))
    if origin is Mapping:
        return _read_mapping(inner, data, where)
    if kind is bytes:
        return _read_octets(data, where)
    found = _expect(kind, data, where)
    return untext(found) if kind is str else found


def _read_any(data: Any) -> Any:
    match data:
        case str():
            return untext(data)
        case dict():
            return {untext(key): _read_any(each) for key, each in data.items()}
        case list():
            return [_read_any(each) for each in data]
    return data


def _read_rule(data: Any, where: str) -> Rule:
    from s2r_ci.rules import RULES

    if not isinstance(data, str) or data not in RULES:
        raise _malformed(where, "is no rule of s2r-ci")
    return RULES[data]


def _read_enum(kind: type[Enum], data: Any, where: str) -> Enum:
    words = {plain(member): member for member in kind}
    if not isinstance(data, str) or data not in words:
        raise _malformed(where, f"is none of {', '.join(words)}")
    return words[data]


def _read_fields(kind: Any, data: Any, where: str) -> Any:
    known = _hints(kind)
    given = _expect(dict, data, where)
    if strange := sorted(set(given) - set(known)):
        raise _malformed(where, f"has no field {text(str(strange[0]))}")
    values = {name: _read(known[name], each, f"{where}.{name}") for name, each in given.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise _malformed(where, "lacks a field that has to be there") from error


@lru_cache(maxsize=64)
def _hints(kind: Any) -> dict[str, Any]:
    from s2r_ci import model

    every = {name: getattr(model, name) for names in model.PARTS.values() for name in names}
    return get_type_hints(kind, localns=every)


def _read_union(inner: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and NoneType in inner:
        return None
    plain_kinds = tuple(kind for kind in inner if kind is not NoneType)
    if len(plain_kinds) == 1:
        return _read(plain_kinds[0], data, where)
    if isinstance(data, bool) or not isinstance(data, plain_kinds):
        raise _malformed(where, "is of the wrong type")
    return untext(data) if isinstance(data, str) else data


def _read_mapping(inner: tuple[Any, ...], data: Any, where: str) -> dict[Any, Any]:
    if get_origin(inner[0]) is not tuple:
        given = _expect(dict, data, where)
        return {untext(key): _read(inner[1], each, f"{where}.{text(key)}") for key, each in given.items()}
    found = {}
    for pair in [] if data == {} else _expect(list, data, where):
        if len(_expect(list, pair, where)) != 2:
            raise _malformed(where, "is no list of pairs")
        found[_read(inner[0], pair[0], where)] = _read(inner[1], pair[1], where)
    return found


def _read_octets(data: Any, where: str) -> bytes:
    try:
        return b64decode(_expect(str, data, where), validate=True)
    except ValueError as error:
        raise _malformed(where, "is not base64") from error


def _expect(kind: type[_T], data: Any, where: str) -> _T:
    if not isinstance(data, kind) or (isinstance(data, bool) and kind is not bool):
        raise _malformed(where, f"is {type(data).__name__}, expected {kind.__name__}")
    return data


def _malformed(where: str, what: str) -> MalformedReplyError:
    return MalformedReplyError(f"{where} {what}", hint="both sides must be of one release of s2r-ci")
