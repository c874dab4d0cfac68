"""What was given, in order, and which of it another one makes void."""

from collections.abc import Sequence
from typing import Final

from s2r_ci import rules
from s2r_ci.model import Directive, Location
from s2r_ci.slurm.getopt import Given
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.troubles import Troubles

_SAME: Final = {"no-requeue": "requeue", "nodefile": "nodelist", "cluster": "clusters"}
_ADDED: Final = frozenset({"mem-bind"})  # what several say adds up
_new = tuple.__new__  # a named tuple's own constructor takes twice as long


def directives(given: Sequence[Given], path: str, release: Release, troubles: Troubles) -> tuple[Directive, ...]:
    """One for each; of a repeated option the earlier ones name the one that counts, with a finding."""
    names = {each.option.means for each in given}
    if len(names) == len(given) and _SAME.keys().isdisjoint(names):
        return tuple(
            [
                _new(Directive, (option.means, value, path, line, column, origin, None))
                for option, value, line, column, origin in given
            ]
        )
    last = {_SAME.get(each.option.means, each.option.means): each for each in given}
    found = []
    for each in given:
        option, value, line, column, origin = each
        winner = last[_SAME.get(option.means, option.means)]
        overridden = None
        if winner is not each and option.means not in _ADDED:
            overridden = _new(Location, (path, winner.line, winner.column))
            if origin == winner.origin == "script":
                _tell(each, winner, release, troubles)
        found.append(_new(Directive, (option.means, value, path, line, column, origin, overridden)))
    return tuple(found)


def _tell(given: Given, winner: Given, release: Release, troubles: Troubles) -> None:
    option = given.option
    if option.argument == "none" and option is winner.option:
        return
    if option.means == "mail-type" and release < (25, 5):
        return
    said = f"--{option.means}={given.value}" if given.value else f"--{option.means}"
    message = f"{said} does not count: line {winner.line} says it again, and the last one wins"
    troubles.add(rules.DIRECTIVE_OVERRIDDEN, message, given.line, given.column, option.means)
