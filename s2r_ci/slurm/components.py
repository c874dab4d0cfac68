"""The components of one script, read one after the other as sbatch does: words to options, options to a request."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from s2r_ci import rules
from s2r_ci.model import Component
from s2r_ci.slurm import clashes, foreign, merging, request, units
from s2r_ci.slurm.arithmetic import NodelistError, shape_of
from s2r_ci.slurm.getopt import Given, read_options
from s2r_ci.slurm.getopt import Options as Spoken
from s2r_ci.slurm.holding import Holding
from s2r_ci.slurm.options import Catalogue
from s2r_ci.slurm.overriding import directives
from s2r_ci.slurm.per_task import PerTaskError
from s2r_ci.slurm.shape import UNNAMED, Held, Shape
from s2r_ci.slurm.troubles import RefusedError, Troubles
from s2r_ci.slurm.words import Word

STAGES: Final = ("read", "parse", "verify", "controller", "accepted")
_GONE_VARIABLE: Final = "SBATCH_POWER"  # its option is gone, and the variable is looked at all the same
_PARSE, _CONTROLLER, _ACCEPTED = 1, 3, 4  # places in STAGES
_GPU_FIRST: Final = (
    "gres", "gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket", "cpus-per-gpu", "mem-per-gpu",
    "ntasks-per-gpu", "tres-per-task", "nodelist",
)  # fmt: skip


class Part(NamedTuple):
    """One component with what the arithmetic found; ``shape`` is None where sbatch refuses before it."""

    component: Component
    held: Mapping[str, Held]
    shape: Shape | None


class Reader:
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
        self._holding = Holding(known, troubles, now)
        self._requests: list[dict[str, Any]] = []
        self.stage = _ACCEPTED

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
        outside = [*self._variables(), *self._command_line()] if self._environ or self._arguments else []
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
            request.keep_apart(self._requests, tested=any("test-only" in part.held for part in parts))
        return parts if stopped >= _CONTROLLER else [part._replace(shape=None) for part in parts]

    def takes_command_line(self) -> bool:
        """Whether sbatch takes its own options, which it looks at before it opens the script."""
        self.stage = _ACCEPTED
        held: dict[str, Held] = {}
        return self._holding.take(self._command_line(), held) and self.stage > _PARSE

    def _lower(self, stage: str) -> None:
        self.stage = min(self.stage, STAGES.index(stage))

    def _ignores_foreign(self, spoken: Sequence[Spoken]) -> bool:
        if "--ignore-pbs" in self._arguments or _is_yes(self._environ.get("SBATCH_IGNORE_PBS", "no")):
            return True
        return any(each.option.name == "ignore-pbs" for each in spoken[0].given)

    def _variables(self) -> Iterator[Given]:
        """Options from the environment. A flag is set by nothing, yes or a number; anything else takes it back."""
        if not self._environ:
            return
        if _GONE_VARIABLE in self._environ and self._known.release >= (24, 5):
            self._lower("parse")
            message = (
                f"{_GONE_VARIABLE} of the environment: from 24.05 on sbatch ends without a word where it is set"
            )
            self._troubles.refuse(message, subject="power")
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
        if not self._holding.take(given, held):
            self._lower("parse")
        options: dict[str, str] = {}
        shape = None
        numbers: dict[str, Any] = {}
        if self.stage > 1:
            if self._environ or "hint" in held or "cpus-per-gpu" in held:
                clashes.settle(held, release)
            if "extra-node-info" in held:
                merging.spell_topology(held)
            options = {name: held[name].spelled for name in sorted(held) if held[name].spelled is not UNNAMED}
            shape = self._check(held)
            if shape:
                numbers = request.build(held, shape, self._name(held), release, self._het)
                self._requests.append(numbers)
        component = Component(
            tokens=tuple([word.text for word in words]),
            directives=directives(given, self._path, release, self._troubles),
            options=options,
            request=numbers,
        )
        return Part(component, held, shape)

    def _name(self, held: Mapping[str, Held]) -> str:
        """What a job without a name is called. The first component settles it for all."""
        if self._requests:
            return str(self._requests[0].get("name", ""))
        return "external" if "external" in held else self._path.rpartition("/")[2]

    def _check(self, held: dict[str, Held]) -> Shape | None:
        release = self._known.release
        troubled = [*clashes.clashes(held, release)]
        shape, listed = None, False
        try:
            shape = shape_of(held, release)
        except NodelistError as trouble:
            troubled.append(("nodelist", str(trouble)))
            listed = True
        except PerTaskError as trouble:
            troubled.append(("tres-per-task" if "tres-per-task" in held else "gpus-per-task", str(trouble)))
            listed = True
        except RefusedError as trouble:
            troubled.append((_first(_GPU_FIRST, held), str(trouble)))
        if troubled:
            # GPUs of another cluster are that cluster's to count
            alone = shape is None and len(troubled) == 1 and not listed
            elsewhere = alone and ("clusters" in held or "cluster" in held)
            self._lower("controller" if elsewhere else "verify")
            shape = None
        else:
            troubled = [*clashes.controller(held, release, self._het), *clashes.too_late(held, release, self._now)]
            if shape and shape.unsent:
                troubled.append((_first(_GPU_FIRST, held), shape.unsent))
            if shape and release >= (26, 5) and shape.tasks_said and 0 < shape.tasks < shape.least_nodes:
                troubled.append(("ntasks", f"{shape.tasks} tasks are fewer than the {shape.least_nodes} nodes"))
            if shape and not shape.least_nodes and (self._het or "array" in held):
                about = "nodes" if "nodes" in held else "extra-node-info"
                troubled.append((about, "an array, or a component of a heterogeneous job, cannot have zero nodes"))
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


def _first(names: Sequence[str], held: Mapping[str, Held]) -> str:
    return next((name for name in names if name in held), "nodes")


def _without_options(component: Component) -> Component:
    return Component(tokens=component.tokens, directives=component.directives)


def _is_yes(value: str) -> bool:
    return not value or value.lower() == "yes" or (value.lstrip("+-0").isdigit() and value.isascii())
