"""What was found in a shell script: places, items, steps, and what its variables are."""

from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter
from typing import Final, NamedTuple

from s2r_ci.model import Item, ItemKind, Location, Step
from s2r_ci.slurm import inventory
from s2r_ci.slurm.grammar import unquote

_BY_NAME: Final = (ItemKind.VARIABLE, ItemKind.PATH, ItemKind.ARGUMENT)  # their value does not tell them apart


class Around(NamedTuple):
    """What stands around a node."""

    within: str = ""  # the launcher
    background: bool = False
    function: bool = False
    computes: bool = False  # inside $( ): its output is used, not its effect
    piped: bool = False  # not the first of a pipeline
    assigned: str = ""  # inside the value of this variable


@lru_cache(maxsize=256)  # there are few, and making one costs six times as much as a look
def behind(around: Around) -> Around:
    """The same in the background."""
    return around._replace(background=True)


@lru_cache(maxsize=256)
def computing(around: Around) -> Around:
    """The same inside ``$( )``."""
    return around._replace(computes=True)


@lru_cache(maxsize=256)
def launched(around: Around, launcher: str) -> Around:
    """The same behind a launcher."""
    return around._replace(within=launcher)


class Use(NamedTuple):
    """A variable read."""

    name: str
    operator: str  # of ${NAME:-word}
    default: str
    start: int
    own: bool  # inside the value that is being assigned to it
    function: bool  # inside a function, where $1 is the function's


_START: Final = itemgetter(Use._fields.index("start"))
_new: Final = tuple.__new__  # a named tuple's own constructor takes twice as long


class Found:
    """Collects while a script is read; knows lines and columns, and in the end what comes from outside."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self._places: dict[tuple[ItemKind, str, str, int], tuple[int, str]] = {}  # -> offset and value
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
        self._lines = [0, *accumulate([len(line) + 1 for line in data.split(b"\n")])]

    def place(self, offset: int) -> Location:
        """Line and column of a byte, both from 1, columns in characters."""
        row = bisect_right(self._lines, offset)
        return Location(path=self.path, line=row, column=self._column(row, offset))

    def _column(self, row: int, offset: int) -> int:
        start = self._lines[row - 1]
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
        self._places.setdefault((kind, name, "" if kind in _BY_NAME else value, row), (offset, value))

    def holds_variable(self, name: str, row: int) -> bool:
        """Whether this line is known to speak of this variable of Slurm's."""
        return (ItemKind.VARIABLE, name, "", row) in self._places

    @property
    def items(self) -> list[Item]:
        """What was found, in the order of the script."""
        path, column = self.path, self._column
        return [
            _new(Item, (kind, name, value, _new(Location, (path, row, column(row, offset)))))
            for (kind, name, _, row), (offset, value) in sorted(self._places.items(), key=lambda found: found[1][0])
        ]

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
            self.add(ItemKind.ARGUMENT, shown, unquote(default), use.start)

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
