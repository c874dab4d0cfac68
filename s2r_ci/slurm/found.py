"""What was found in a shell script: places, items, steps, and what its variables are."""

from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate, count
from operator import add, itemgetter
from typing import Final, NamedTuple

from s2r_ci.model import Item, ItemKind, Location, Step
from s2r_ci.slurm import inventory
from s2r_ci.slurm.grammar import unquote

_new: Final = tuple.__new__  # a named tuple's own constructor takes twice as long
# A member of an enumeration takes ten times as long to reach as a name of a module.
VARIABLE: Final = ItemKind.VARIABLE
PATH: Final = ItemKind.PATH
LAUNCHER: Final = ItemKind.LAUNCHER
CONTAINER: Final = ItemKind.CONTAINER
COMMAND: Final = ItemKind.COMMAND
MODULE: Final = ItemKind.MODULE
_ARGUMENT: Final = ItemKind.ARGUMENT
_BY_NAME: Final = (VARIABLE, PATH, _ARGUMENT)  # their value does not tell them apart


class Around(NamedTuple):
    """What stands around a node."""

    within: str = ""  # the launcher
    background: bool = False
    function: bool = False
    computes: bool = False  # inside $( ): its output is used, not its effect
    piped: bool = False  # not the first of a pipeline
    assigned: str = ""  # inside the value of this variable


# Without _replace, which takes five times as long.


def behind(around: Around) -> Around:
    """The same in the background."""
    within, _, function, computes, piped, assigned = around
    return _new(Around, (within, True, function, computes, piped, assigned))


def computing(around: Around) -> Around:
    """The same inside ``$( )``."""
    within, background, function, _, piped, assigned = around
    return _new(Around, (within, background, function, True, piped, assigned))


def through_pipe(around: Around) -> Around:
    """The same behind a pipe."""
    within, background, function, computes, _, assigned = around
    return _new(Around, (within, background, function, computes, True, assigned))


def assigning(around: Around, name: str) -> Around:
    """The same inside the value of a variable."""
    within, background, function, computes, piped, _ = around
    return _new(Around, (within, background, function, computes, piped, name))


def launched(around: Around, launcher: str) -> Around:
    """The same behind a launcher."""
    _, background, function, computes, piped, assigned = around
    return _new(Around, (launcher, background, function, computes, piped, assigned))


class Use(NamedTuple):
    """A variable read."""

    name: str
    operator: str  # of ${NAME:-word}
    default: str
    start: int
    own: bool  # inside the value that is being assigned to it
    function: bool  # inside a function, where $1 is the function's


_START: Final = itemgetter(Use._fields.index("start"))


class Found:
    """Collects while a script is read; knows lines and columns, and in the end what comes from outside."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self._known: set[tuple[ItemKind, str, str, int]] = set()  # kind, name, what tells them apart, row
        self._items: list[tuple[int, int, Item]] = []  # each with its offset and number
        self.steps: list[Step] = []
        self.commands: dict[str, None] = {}
        self.outside = False  # something runs outside every step
        self.gpu = False
        self.sets: dict[str, int] = {}  # name -> where its first setting ends
        self.by_default: dict[str, int] = {}  # the same for ${NAME:=word}
        self.uses: list[Use] = []
        self.literals: dict[str, str | None] = {}  # name -> its one value; None: there is more to it
        self.exported: dict[str, None] = {}
        self.arguments_set = len(data) + 1  # where `set -- a b` stands
        self._ascii = data.isascii()
        self._lines = [0, *map(add, accumulate(map(len, data.split(b"\n"))), count(1))]

    def place(self, offset: int) -> Location:
        """Line and column of a byte, both from 1, columns in characters."""
        row = bisect_right(self._lines, offset)
        return _new(Location, (self.path, row, self._column(row, offset)))

    def _column(self, row: int, offset: int) -> int:
        start: int = self._lines[row - 1]
        if self._ascii:
            return offset - start + 1
        return len(self.data[start:offset].decode("utf-8", "surrogateescape")) + 1

    def line_text(self, start: int, end: int) -> str:
        """The whole lines that this range of bytes touches."""
        first = self._lines[self.row(start) - 1]
        last = self.data.find(b"\n", end)
        return self.data[first : last if last >= 0 else None].decode("utf-8", "surrogateescape")

    def row(self, offset: int) -> int:
        """The number of the line, from 1, that holds this byte."""
        return bisect_right(self._lines, offset)

    def add(self, kind: ItemKind, name: str, value: str, offset: int) -> None:
        """One more item, unless the same stands on this line already."""
        row = bisect_right(self._lines, offset)
        key = (kind, name, "" if kind in _BY_NAME else value, row)
        if key not in self._known:
            self._known.add(key)
            column = offset - self._lines[row - 1] + 1 if self._ascii else self._column(row, offset)
            item = _new(Item, (kind, name, value, _new(Location, (self.path, row, column))))
            self._items.append((offset, len(self._items), item))

    def holds_variable(self, name: str, offset: int) -> bool:
        """Whether the line of this byte is known to speak of this variable of Slurm's."""
        return (VARIABLE, name, "", bisect_right(self._lines, offset)) in self._known

    @property
    def items(self) -> list[Item]:
        """What was found, in the order of the script."""
        return [item for _, _, item in sorted(self._items)]

    @property
    def exports(self) -> Mapping[str, str]:
        """Exported variables whose one value is a literal."""
        known = ((name, self.literals.get(name)) for name in self.exported)
        return {name: value for name, value in known if value is not None}

    @property
    def all_sets(self) -> tuple[str, ...]:
        """The variables the script sets, in order; ``${X:=word}`` sets X as well."""
        return tuple(dict.fromkeys([*self.sets, *self.by_default]))

    def from_outside(self) -> None:
        """Arguments, and variables that neither the script nor every job sets: one item a name, its first use."""
        first: dict[str, Use] = {}
        for use in sorted(self.uses, key=_START):
            if not self._is_outside(use):
                continue
            known = first.setdefault(use.name, use)
            if not known.default and use.default and use.operator not in (":?", "?", ":+", "+"):
                first[use.name] = known._replace(operator=use.operator, default=use.default)
        for name, use in first.items():
            default = use.default if use.operator in (":-", "-", ":=", "=") else ""
            shown = f"${name}" if name.isdigit() or name in "@*" else name
            self.add(_ARGUMENT, shown, unquote(default), use.start)

    def _is_outside(self, use: Use) -> bool:
        name = use.name
        if name.isdigit() or name in ("@", "*"):
            return name != "0" and not use.function and use.start < self.arguments_set
        if not (name[:1].isalpha() or name[:1] == "_") or inventory.is_well_known(name) or name == "_":
            return False
        end = self.sets.get(name)
        if end is None:
            return True
        return use.start < end and (use.own or (use.operator != "" and not use.function))
