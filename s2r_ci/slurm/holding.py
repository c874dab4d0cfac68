"""Options into what sbatch holds: each value read and spelled, the last one winning but for a few that add up."""

import re
from collections.abc import Sequence
from typing import Any, Final

from s2r_ci import rules
from s2r_ci.patterns import lazy
from s2r_ci.slurm import merging
from s2r_ci.slurm.getopt import Given
from s2r_ci.slurm.moments import read_moment
from s2r_ci.slurm.options import OPTIONS, Catalogue
from s2r_ci.slurm.shape import Held
from s2r_ci.slurm.troubles import RefusedError, Troubles
from s2r_ci.slurm.values import READERS

# Options whose value may look like something else.
_LOOK_CLOSER: Final = frozenset({"time", "gpus", "gpus-per-node", "gpus-per-task", "gpus-per-socket"})
_SOURCES: Final = {"environment": " of the environment", "command-line": " of the command line"}
# Most options, said in a script, are read and replace an earlier one: name -> reader, the name that is held.
_SIMPLE: Final = {
    option.name: (READERS[option.kind], option.means)
    for option in OPTIONS
    if option.in_script == "yes"
    and option.kind not in ("moment", "requeue")
    and option.name not in ("get-user-env", "hint")
    and option.means not in merging.TOGETHER
}
# Where jobs of minutes run, or what they are called.
_SHORT: Final = lazy(
    r"short|debug|test|devel?\b|dev(?![a-z])|express|quick|interactive|demo|hello|minute", re.IGNORECASE
)
_new = tuple.__new__  # a named tuple's own constructor takes twice as long


class Holding:
    """Takes options one after the other; ``now`` is the moment of submission."""

    def __init__(self, known: Catalogue, troubles: Troubles, now: float | None) -> None:
        self._release = known.release
        self._troubles = troubles
        self._now = now

    def take(self, given: Sequence[Given], held: dict[str, Held]) -> bool:
        """Put options into those held so far. False where sbatch refuses one."""
        taken = True
        release = self._release
        for each in given:
            option, value, line, column, origin = each
            simple = _SIMPLE.get(option.name) if origin == "script" else None
            if simple is None:
                taken = self._take_rare(each, held) and taken
                continue
            read, name = simple
            try:
                spelled, data = read(value, release)
            except RefusedError as trouble:
                self._refuse(each, str(trouble))
                taken = False
                continue
            if "$" in value or "`" in value or name in _LOOK_CLOSER:
                self._watch(each, name, given)
            held[name] = _new(Held, (spelled, data, line, column, origin))
        return taken

    def _take_rare(self, given: Given, held: dict[str, Held]) -> bool:
        """An option from elsewhere, one with a value of its own kind, or one that does not simply replace another."""
        option, value, line, column, origin = given
        if option.in_script not in ("yes", "refused now"):
            return self._may_stand(given)
        name = option.means
        taken_back = origin == "environment" and option.argument == "none" and value == "no"
        try:
            spelled, data = self._read(given, held)
            if name in merging.TOGETHER and not taken_back:
                spelled, data = merging.TOGETHER[name](held, name, spelled, data, self._release)
        except RefusedError as trouble:
            self._refuse(given, str(trouble))
            return False
        if taken_back:
            merging.take_back(held, name)
            return True
        if origin == "script":
            self._watch(given, name, (given,))
        if origin == "pbs" and name == "export" and name in held:
            spelled = data = f"{held[name].spelled},{value}"
        if name == "hint" and name in held and held[name].origin == "carried":
            return True  # of a heterogeneous job, the first one stays
        held[name] = Held(spelled, data, line, column, origin)
        return True

    def _read(self, given: Given, held: dict[str, Held]) -> tuple[str, Any]:
        kind = given.option.kind
        if kind == "moment":
            return read_moment(given.value, self._release, self._now)
        if kind == "switches" and given.origin == "environment":
            return merging.switches_of_variable(held, given.value, self._release)
        return READERS[kind](given.value, self._release)

    def _refuse(self, given: Given, why: str) -> None:
        option, value, line, column, origin = given
        message = f"--{option.name}={value}{_SOURCES.get(origin, '')}: --{option.name} {why}"
        self._troubles.refuse(message, line, column, option.means)

    def _may_stand(self, given: Given) -> bool:
        """Options that do nothing in a script (on the command line they are not the script's), or end sbatch."""
        option, _, line, column, origin = given
        if option.in_script == "ignored":
            if origin == "script":
                self._troubles.add(
                    rules.DIRECTIVE_WITHOUT_EFFECT,
                    f"--{option.name} does nothing in a script: give it on the command line, or take it away",
                    line, column, option.means,
                )  # fmt: skip
            return True
        why = "is for root only" if option.in_script == "root only" else "ends sbatch; nothing is submitted"
        self._troubles.refuse(f"--{option.name} {why}: take it away", line, column, option.means)
        return False

    def _watch(self, given: Given, name: str, beside: Sequence[Given]) -> None:
        """Values that sbatch takes, and otherwise than they look."""
        value = given.value
        if "$" in value or "`" in value:
            if ("$" in value and not value.rstrip().endswith("$")) or "`" in value:
                self._troubles.add(
                    rules.VARIABLE_IN_DIRECTIVE,
                    f"--{name} keeps `{value}` as it stands, sbatch expands nothing: write the value",
                    given.line, given.column, name,
                )  # fmt: skip
        elif (message := _misleading(name, value)) and not (name == "time" and any(map(_is_short, beside))):
            self._troubles.add(rules.VALUE_MISLEADING, message, given.line, given.column, name)


def _is_short(given: Given) -> bool:
    """Whether a partition, a quality of service or a name speaks of minutes rather than hours."""
    return given.option.name in ("partition", "qos", "job-name") and _SHORT.search(given.value) is not None


def _misleading(name: str, value: str) -> str:
    if name == "time" and value.count(":") == 1 and "-" not in value:
        first, _, second = value.partition(":")
        if int(first) < 24 and len(second) == 2:
            return f"--time={value} is {first} minutes and {second} seconds: for hours write {value}:00"
    if name.startswith("gpus") and value.startswith("gpu:"):
        return f"--{name}={value} asks for GPUs of a type called gpu: write --{name}={value[4:]}"
    return ""
