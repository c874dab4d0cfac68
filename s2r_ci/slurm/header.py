"""Slurm's reading of a script's directives: how far sbatch would come, with what, and what it misreads.

The stages are sbatch's own: look at the file, cut lines into words, words into options (script, then #PBS or #BSUB,
then environment, then command line), check them together, send them to the controller.
"""

from collections.abc import Iterator, Mapping, Sequence
from os.path import basename
from typing import Any, Final, NamedTuple

from s2r_ci import rules
from s2r_ci.model import NOTHING, Component, Directive, Header, Location
from s2r_ci.slurm import clashes, foreign, lookalikes, merging, request, units
from s2r_ci.slurm.arithmetic import shape_of
from s2r_ci.slurm.getopt import Given, read_options
from s2r_ci.slurm.getopt import Options as Spoken
from s2r_ci.slurm.moments import read_moment
from s2r_ci.slurm.options import DEFAULT_RELEASE, Catalogue, Release, catalogue
from s2r_ci.slurm.shape import Held, Shape
from s2r_ci.slurm.troubles import RefusedError, Troubles
from s2r_ci.slurm.values import READERS
from s2r_ci.slurm.words import Word, read_words

_STAGES: Final = ("read", "parse", "verify", "controller", "accepted")
_PARSE, _CONTROLLER, _ACCEPTED = 1, 3, 4  # places in _STAGES
_LARGEST_SCRIPT: Final = 512 * 1024 * 1024
_SAME: Final = {"no-requeue": "requeue", "nodefile": "nodelist"}
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


# Options whose value may look like something else.
_LOOK_CLOSER: Final = frozenset({"time", "gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket"})
_make, _put = object.__new__, object.__setattr__
_new = tuple.__new__  # a named tuple's own constructor takes twice as long


class Part(NamedTuple):
    """One component with what the arithmetic found; ``shape`` is None where sbatch refuses before it."""

    component: Component
    held: Mapping[str, Held]
    shape: Shape | None


def read_header(
    data: bytes,
    path: str,
    *,
    release: str = DEFAULT_RELEASE,
    environ: Mapping[str, str] = NOTHING,
    arguments: Sequence[str] = (),
    now: float | None = None,
) -> Header:
    """Read the directives as sbatch of one release does, called with this environment and these options.

    Whatever the bytes are, the answer is a Header; what sbatch refuses, drops or misreads is in its findings.
    ``now`` is the moment of submission in seconds since 1970; without it a relative --begin stays as written.
    """
    return read_parts(data, path, release=release, environ=environ, arguments=arguments, now=now)[0]


def read_parts(
    data: bytes,
    path: str,
    *,
    release: str = DEFAULT_RELEASE,
    environ: Mapping[str, str] = NOTHING,
    arguments: Sequence[str] = (),
    now: float | None = None,
) -> tuple[Header, list[Part]]:
    """The header, and each component with its options as typed values."""
    troubles = Troubles(path)
    known = catalogue(release)
    if refusal := _refusal(data, known.release):
        reader = _Reader(path, known, troubles, environ, arguments, now, het=False)
        stage = "read" if reader.takes_command_line() else "parse"
        troubles.refuse(*refusal)
        return Header(stage=stage, slurm=release, components=(Component(),), findings=tuple(troubles.found)), []
    lines = read_words(data, known.release, troubles, lookalikes.Comments(troubles))
    reader = _Reader(path, known, troubles, environ, arguments, now, het=len(lines.components) > 1)
    parts = reader.read(data, lines.components, lines.fatal)
    lookalikes.look_for_late(data, lines.end, lines.end_line, troubles)
    lookalikes.look_for_hidden(data, troubles)
    header = Header(
        stage=_STAGES[reader.stage],
        slurm=release,
        components=tuple([part.component for part in parts]),
        findings=tuple(troubles.found),
    )
    return header, parts


def _refusal(data: bytes, release: Release) -> tuple[str, int] | None:
    """Why sbatch does not even look at the directives, and on which line."""
    if not data:
        return "the file is empty; sbatch needs a script that begins with #!", 0
    if data.isspace():
        return "the file holds nothing but blanks; sbatch needs a script that begins with #!", 0
    if not data.startswith(b"#!"):
        return _no_shebang(data), 1
    if b"\0" in data:
        return "the file holds a NUL byte, which sbatch refuses", data.count(b"\n", 0, data.index(b"\0")) + 1
    if (at := data.find(b"\r\n")) >= 0:
        return "the file has DOS line ends, which sbatch refuses: save it with \\n (dos2unix)", (
            data.count(b"\n", 0, at) + 1
        )
    if len(data) > _LARGEST_SCRIPT and release >= (23, 2):
        return "the file is larger than 512 MB, which sbatch refuses", 0
    return None


def _no_shebang(data: bytes) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        return "the file begins with a byte order mark, so sbatch does not see the #!: save it without"
    if data.startswith(_UTF16):
        return "the file is UTF-16, which sbatch cannot read: save it as UTF-8 without byte order mark"
    return "the first two bytes are not #!: begin the script with #!/bin/bash (no blank line or blank before it)"


class _Reader:
    """Reads the components of one script one after the other; later ones keep some values of earlier ones."""

    def __init__(
        self,
        path: str,
        known: Catalogue,
        troubles: Troubles,
        environ: Mapping[str, str],
        arguments: Sequence[str],
        now: float | None,
        *,
        het: bool,
    ) -> None:
        self._path = path
        self._known = known
        self._troubles = troubles
        self._arguments = arguments
        self._environ = environ
        self._now = now
        self._het = het
        self._requests: list[dict[str, Any]] = []
        self.stage = len(_STAGES) - 1

    def read(self, data: bytes, components: Sequence[Sequence[Word]], fatal: bool) -> list[Part]:
        """The parts of a script, with ``stage`` lowered to where sbatch stops."""
        parts: list[Part] = []
        held: dict[str, Held] = {}
        words: list[Word] = []
        extra: list[Given] = []
        spoken = [read_options(each, self._known, self._troubles) for each in components]
        if (b"\n#PBS" in data or b"\n#BSUB" in data) and not self._ignores_foreign(spoken):
            words, extra, refused = foreign.read_foreign(data, self._known, self._troubles)
            if refused:
                self._lower("parse")
        outside = [*self._variables(), *self._command_line()]
        before = self.stage  # what stands outside the lines spoils every component
        stopped = _ACCEPTED
        for number, (each, (given, refused)) in enumerate(zip(components, spoken, strict=True), 1):
            self.stage = before
            if refused or (fatal and number == len(components)):
                self._lower("parse")
            if extra and any(each.option.name == "ignore-pbs" for each in given):
                words, extra = [], []
            every = [*given, *extra, *outside] if extra or outside else given
            held = merging.carried(held, self._known) if number > 1 else {}
            part = self._component([*each, *words] if words else each, every, held)
            if self.stage == _PARSE or stopped < _CONTROLLER:
                part = part._replace(component=_without_options(part.component), shape=None)
            parts.append(part)
            if stopped >= _CONTROLLER:  # sbatch reads and checks one component after the other
                stopped = min(stopped, self.stage)
        self.stage = stopped
        if self._het:
            request.keep_apart(self._requests)
        return parts if stopped >= _CONTROLLER else [part._replace(shape=None) for part in parts]

    def takes_command_line(self) -> bool:
        """Whether sbatch takes its own options, which it looks at before it opens the script."""
        self.stage = _ACCEPTED
        held: dict[str, Held] = {}
        for each in self._command_line():
            self._take(each, held)
        return self.stage > _PARSE

    def _lower(self, stage: str) -> None:
        self.stage = min(self.stage, _STAGES.index(stage))

    def _ignores_foreign(self, spoken: Sequence[Spoken]) -> bool:
        if "--ignore-pbs" in self._arguments or _is_yes(self._environ.get("SBATCH_IGNORE_PBS", "no")):
            return True
        return any(each.option.name == "ignore-pbs" for each in spoken[0].given)

    def _variables(self) -> Iterator[Given]:
        """Options from the environment. A flag is set by nothing, yes or a number; anything else takes it back."""
        if not self._environ:
            return
        for name, option in self._known.variables.items():
            if (value := self._environ.get(name)) is None:
                continue
            if option.in_script == "ignored":
                self._look_at_ignored(name, value)
                continue
            if option.argument == "none":
                value = "" if _is_yes(value) else "no"
            yield Given(option, f"@{value}" if name == "SBATCH_WAIT4SWITCH" else value, 0, 0, "environment")

    def _look_at_ignored(self, name: str, value: str) -> None:
        """SBATCH_DEBUG is read as a switch and then as a number: a yes is neither."""
        if value and _is_yes(value) and units.digits(value.removeprefix("+")) is None:
            self._lower("parse")
            self._troubles.refuse(f"{name}={value} of the environment: needs a whole number", subject="verbose")

    def _command_line(self) -> list[Given]:
        if not self._arguments:
            return []
        words = [Word(text, 0, 0) for text in self._arguments]
        given, refused = read_options(words, self._known, self._troubles)
        if refused:
            self._lower("parse")
        if any(each.option.name == "external" for each in given):
            self._lower("parse")
            self._troubles.refuse(
                "--external on the command line stands for the script: give none", subject="external"
            )
        return [each._replace(origin="command-line") for each in given]

    def _component(self, words: Sequence[Word], given: Sequence[Given], held: dict[str, Held]) -> Part:
        release = self._known.release
        for each in given:
            self._take(each, held)
        options: dict[str, str] = {}
        shape = None
        numbers: dict[str, Any] = {}
        if self.stage > 1:
            clashes.settle(held, release)
            merging.spell_topology(held)
            options = {
                name: held[name].spelled for name in sorted(held) if held[name].spelled is not merging.UNNAMED
            }
            shape = self._check(held)
            if shape:
                numbers = request.build(held, shape, basename(self._path), release, self._het)
                self._requests.append(numbers)
        component = Component(
            tokens=tuple([word.text for word in words]),
            directives=self._directives(given),
            options=options,
            request=numbers,
        )
        return Part(component, held, shape)

    def _take(self, given: Given, held: dict[str, Held]) -> None:
        """Put one option into the options held so far; the last one wins, but for a few that add up."""
        option, value, line, column, origin = given
        if option.in_script not in ("yes", "refused now") and not self._may_stand(given):
            return
        name = option.means
        data: Any = value
        spelled = value
        kind = option.kind
        if kind != "text":
            try:
                if kind == "moment":
                    spelled, data = read_moment(value, self._known.release, self._now)
                elif kind == "switches" and origin == "environment":
                    spelled, data = merging.switches_of_variable(held, value, self._known.release)
                else:
                    spelled, data = READERS[kind](value, self._known.release)
            except RefusedError as trouble:
                self._lower("parse")
                self._troubles.refuse(_refused_value(given, str(trouble)), line, column, name)
                return
        if origin == "environment" and option.argument == "none" and value == "no":
            merging.take_back(held, name)
            return
        if origin == "script" and ("$" in value or "`" in value or name in _LOOK_CLOSER):
            self._watch(given, name)
        if origin == "pbs" and name == "export" and name in held:
            spelled = data = f"{held[name].spelled},{value}"
        if name == "hint" and name in held and held[name].origin == "carried":
            return  # of a heterogeneous job, the first one stays
        if name in merging.TOGETHER:
            spelled, data = merging.TOGETHER[name](held, name, spelled, data, self._known.release)
        held[name] = _new(Held, (spelled, data, line, column, origin))

    def _may_stand(self, given: Given) -> bool:
        """Options that do nothing in a script (on the command line they are not the script's), or end sbatch."""
        option, _, line, column, origin = given
        if option.in_script == "ignored":
            if origin != "script":
                return False
            self._troubles.add(
                rules.DIRECTIVE_WITHOUT_EFFECT,
                f"--{option.name} does nothing in a script: give it on the command line, or take it away",
                line, column, option.means,
            )  # fmt: skip
            return False
        self._lower("parse")
        why = "is for root only" if option.in_script == "root only" else "ends sbatch; nothing is submitted"
        self._troubles.refuse(f"--{option.name} {why}: take it away", line, column, option.means)
        return False

    def _watch(self, given: Given, name: str) -> None:
        """Values that sbatch takes, and otherwise than they look."""
        value = given.value
        if "$" in value or "`" in value:
            if ("$" in value and not value.rstrip().endswith("$")) or "`" in value:
                self._troubles.add(
                    rules.VARIABLE_IN_DIRECTIVE,
                    f"--{name} keeps `{value}` as it stands, sbatch expands nothing: write the value",
                    given.line, given.column, name,
                )  # fmt: skip
        elif message := _misleading(name, value):
            self._troubles.add(rules.VALUE_MISLEADING, message, given.line, given.column, name)

    def _check(self, held: dict[str, Held]) -> Shape | None:
        release = self._known.release
        troubled = [*clashes.clashes(held, release)]
        shape = None
        try:
            shape = shape_of(held, release)
        except RefusedError as trouble:
            troubled.append((next((name for name in _GPU_FIRST if name in held), "nodes"), str(trouble)))
        if troubled:
            # GPUs of another cluster are that cluster's to count
            elsewhere = shape is None and len(troubled) == 1 and ("clusters" in held or "cluster" in held)
            self._lower("controller" if elsewhere else "verify")
            shape = None
        else:
            troubled = [*clashes.controller(held, release, self._het), *clashes.too_late(held, release, self._now)]
            if troubled:
                self._lower("controller")
        for name, message in troubled:
            place = held.get(name)
            line, column = (place.line, place.column) if place else (0, 0)
            self._troubles.refuse(message, line, column, name)
        if shape and shape.shrunk:
            self._tell_shrunk(held, shape)
        return shape

    def _tell_shrunk(self, held: Mapping[str, Held], shape: Shape) -> None:
        place = held.get("nodes") or held["nodelist"]
        message = f"{shape.tasks} tasks cannot use {place.spelled} nodes, sbatch asks for {shape.least_nodes}"
        self._troubles.add(rules.VALUE_MISLEADING, message, place.line, place.column, "nodes")

    def _directives(self, given: Sequence[Given]) -> tuple[Directive, ...]:
        """What was given, in order; of a repeated option the earlier ones name the one that counts."""
        path = self._path
        names = {each.option.means for each in given}
        if len(names) == len(given) and _SAME.keys().isdisjoint(names):
            return tuple([_directive(path, each, None) for each in given])
        last = {_SAME.get(each.option.means, each.option.means): each for each in given}
        directives = []
        for each in given:
            winner = last[_SAME.get(each.option.means, each.option.means)]
            overridden = None
            if winner is not each:
                overridden = Location(path=path, line=winner.line, column=winner.column)
                if each.origin == winner.origin == "script":
                    self._tell_overridden(each, winner)
            directives.append(_directive(path, each, overridden))
        return tuple(directives)

    def _tell_overridden(self, given: Given, winner: Given) -> None:
        option = given.option
        if option.argument == "none" and option is winner.option:
            return
        if option.means == "mail-type" and self._known.release < (25, 5):
            return
        said = f"--{option.means}={given.value}" if given.value else f"--{option.means}"
        message = f"{said} does not count: line {winner.line} says it again, and the last one wins"
        self._troubles.add(rules.DIRECTIVE_OVERRIDDEN, message, given.line, given.column, option.means)


_GPU_FIRST: Final = (
    "gres", "gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket", "cpus-per-gpu", "mem-per-gpu",
    "ntasks-per-gpu", "nodelist",
)  # fmt: skip


def _directive(path: str, given: Given, overridden_by: Location | None) -> Directive:
    """The same as ``Directive(...)``: a frozen value's own constructor takes three times as long, and half of the
    time of a header would go into it.
    """
    place, directive = _make(Location), _make(Directive)
    _put(place, "path", path)
    _put(place, "line", given.line)
    _put(place, "column", given.column)
    _put(directive, "name", given.option.means)
    _put(directive, "value", given.value)
    _put(directive, "location", place)
    _put(directive, "origin", given.origin)
    _put(directive, "overridden_by", overridden_by)
    return directive


def _without_options(component: Component) -> Component:
    return Component(tokens=component.tokens, directives=component.directives)


def _is_yes(value: str) -> bool:
    return not value or value.lower() == "yes" or (value.lstrip("+-0").isdigit() and value.isascii())


def _refused_value(given: Given, why: str) -> str:
    source = {"environment": "the environment", "command-line": "the command line"}.get(given.origin, "")
    return f"--{given.option.name}={given.value}{f' of {source}' if source else ''}: --{given.option.name} {why}"


def _misleading(name: str, value: str) -> str:
    if name == "time" and value.count(":") == 1 and "-" not in value:
        first, _, second = value.partition(":")
        if int(first) < 24 and len(second) == 2:
            return f"--time={value} is {first} minutes and {second} seconds: for hours write {value}:00"
    if name.startswith("gpus") and value.startswith("gpu:"):
        return f"--{name}={value} asks for GPUs of a type called gpu: write --{name}={value[4:]}"
    return ""
