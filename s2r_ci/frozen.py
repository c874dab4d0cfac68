"""``@frozen``: a frozen, keyword-only dataclass with slots, for a tenth of what the class costs to make.

Why not ``@dataclass``: it compiles six functions for every class and loads the modules that read source code for it,
which was a quarter of a run over one script (``python -m benchmarks.run --only start``). ``@frozen`` compiles one, when
the first value is made; the others are shared and go by the names of the fields. To everybody else its classes are
dataclasses: to the type checker (PEP 681), and to ``dataclasses.fields``, ``replace`` and ``asdict``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")

_NONE: Final = object()  # no default; as an argument: none was given


class _Field:
    """A default that is made anew for every value, or a field that ``repr`` leaves out: as ``dataclasses.field``."""

    __slots__ = ("default", "factory", "shown")

    def __init__(
        self, *, default: Any = _NONE, default_factory: Callable[[], Any] | None = None, repr: bool = True
    ) -> None:
        self.default, self.factory, self.shown = default, default_factory, repr


if TYPE_CHECKING:
    from dataclasses import field as field
    from dataclasses import replace as replace
else:
    field = _Field

    def replace(value, **changes):
        """A value like this one, but for what is given."""
        return type(value)(**{name: getattr(value, name) for name in value._fields} | changes)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def frozen(kind: type[T]) -> type[T]:
    """The class with slots for its fields; its values are made by keyword and never change.

    What a ``cached_property`` works out is kept in a dict beside the slots.

    >>> @frozen
    ... class Pair:
    ...     left: int
    ...     right: int = 0
    >>> Pair(left=1), Pair(left=1) == Pair(left=1, right=0), replace(Pair(left=1), right=2).right
    (Pair(left=1, right=0), True, 2)
    """
    body = {name: each for name, each in vars(kind).items() if name not in ("__dict__", "__weakref__")}
    fields = {name: body.pop(name, _NONE) for name in kind.__annotations__}
    beside = ("__dict__",) if any(isinstance(each, cached_property) for each in body.values()) else ()
    made: Any = type(
        kind.__name__,
        kind.__bases__,
        _SHARED | body | {
            "__slots__": (*fields, *beside),
            "__match_args__": (),
            "_fields": tuple(fields),
            "_defaults": {n: d if isinstance(d, _Field) else _Field(default=d) for n, d in fields.items()},
            "_members": attrgetter(*fields),
        },
    )  # fmt: skip
    made.__qualname__ = kind.__qualname__
    found: type[T] = made
    return found


def names_of(kind: Any) -> tuple[str, ...]:
    """The fields of a frozen class, or of a value of it, in order."""
    found: tuple[str, ...] = kind._fields
    return found


def defaults(kind: Any) -> dict[str, Any]:
    """The fields of a frozen class, each with its default: an object that equals nothing else where it has none."""
    fields: dict[str, _Field] = kind._defaults
    return {name: each.factory() if each.factory else each.default for name, each in fields.items()}


# --- what all values do in one way -------------------------------------------------------------------------


def _begin(self: Any, /, **given: Any) -> None:
    """``__init__`` of the first value: it compiles that of all others."""
    kind = type(self)
    kind.__init__ = _maker(kind)
    kind.__init__(self, **given)


def _maker(kind: Any) -> Callable[..., None]:
    """An ``__init__`` with each field as a keyword: the setters of the slots, as the class's own refuses."""
    known: dict[str, Any] = {"_NONE": _NONE}
    arguments, lines = [], []
    for name, each in kind._defaults.items():
        known[f"_put_{name}"] = vars(kind)[name].__set__
        argument, given = name, name
        if each.factory:
            known[f"_make_{name}"] = each.factory
            argument, given = f"{name}=_NONE", f"_make_{name}() if {name} is _NONE else {name}"
        elif each.default is not _NONE:
            known[f"_default_{name}"] = each.default
            argument = f"{name}=_default_{name}"
        arguments.append(argument)
        lines.append(f" _put_{name}(self, {given})")
    exec("\n".join([f"def __init__(self, *, {', '.join(arguments)}):", *lines]), known)  # noqa: S102 - of our own fields' names
    known["__init__"].__qualname__ = f"{kind.__qualname__}.__init__"
    made: Callable[..., None] = known["__init__"]
    return made


def _equal(self: Any, other: Any) -> Any:
    same = other.__class__ is self.__class__
    return self._members(self) == self._members(other) if same else NotImplemented


def _hash(self: Any) -> int:
    return hash(self._members(self))


def _shown(self: Any) -> str:
    shown = (f"{n}={getattr(self, n)!r}" for n, each in self._defaults.items() if each.shown)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refused(self: Any, name: str, value: object = None) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot change {name!r} of a {type(self).__name__}: make another, with replace")


def _state(self: Any) -> list[Any]:
    """What pickle and copy carry."""
    return [getattr(self, name) for name in self._fields]


def _restored(self: Any, state: list[Any]) -> None:
    for name, each in zip(self._fields, state, strict=True):
        object.__setattr__(self, name, each)


class _Described:
    """What the dataclass of these fields would say of itself; asked for by tests, and by who looks at a value."""

    def __set_name__(self, kind: Any, name: str) -> None:
        self._name = name

    def __get__(self, value: object, kind: Any) -> Any:
        import dataclasses

        def described(each: _Field) -> Any:
            default = dataclasses.MISSING if each.default is _NONE else each.default
            factory: Any = each.factory or dataclasses.MISSING
            return dataclasses.field(default=default, default_factory=factory, repr=each.shown)

        members = [(n, kind.__annotations__[n], described(each)) for n, each in kind._defaults.items()]
        return getattr(dataclasses.make_dataclass(kind.__name__, members, frozen=True, kw_only=True), self._name)


_SHARED: Final[dict[str, Any]] = {
    "__init__": _begin,
    "__eq__": _equal,
    "__hash__": _hash,
    "__repr__": _shown,
    "__replace__": replace,  # copy.replace of Python 3.13 asks for it
    "__setattr__": _refused,
    "__delattr__": _refused,
    "__getstate__": _state,
    "__setstate__": _restored,
    "__dataclass_fields__": _Described(),
    "__dataclass_params__": _Described(),
}
