"""Answers of the settings that answer nothing: a glob without scripts, a key that no script of its globs asks for.

Asked only by a run that sees all scripts. What is asked for is read from the scripts anew, because a run does not
convert what is current; that ends with the last key that was found, which mostly is in the first script.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from s2r_ci import rules
from s2r_ci.called import script_of
from s2r_ci.discover import Found
from s2r_ci.errors import IncompleteError
from s2r_ci.frozen import replace
from s2r_ci.model import Finding, Location
from s2r_ci.pipeline import World, convertible
from s2r_ci.settings import Answer
from s2r_ci.settings.settings import matches
from s2r_ci.standing import CALLS

MOST_READ: Final = 200
"""Of the keys of an answer for more scripts nothing is said: reading them would take longer than the run."""


def unused(answers: Sequence[Answer], found: Found, world: Callable[[], World]) -> Iterator[Finding]:
    """A finding for each glob that no script matches, and for each key that no script asks for."""
    scripts = [candidate.path for candidate in found.scripts]
    every = [*scripts, *(candidate.path for candidate in found.others)]
    for answer in answers:
        for glob in answer.scripts:
            if not any(matches(answer, glob, path) for path in every):
                yield _finding(answer, f"the glob {glob!r} of [[answers]] matches no script", glob)
        named = [path for path in scripts if any(matches(answer, glob, path) for glob in answer.scripts)]
        if (keys := keys_of(answer.values)) and 0 < len(named) <= MOST_READ:
            for key in _unasked(keys, named, world()):
                globs = ", ".join(answer.scripts)
                yield _finding(answer, f"no script of {globs} asks for {key}, which [[answers]] answers", key)


def _finding(answer: Answer, message: str, subject: str) -> Finding:
    name = answer.place.source.name
    inside = not (name.startswith("/") or ".." in name.split("/"))  # --config may name a file anywhere
    place = Location(path=name, line=answer.place.line) if inside else Location(path=".")
    return Finding(rule=rules.ANSWER_UNUSED, message=message, location=place, subject=subject)


def keys_of(values: Mapping[str, object]) -> list[str]:
    """The keys of questions that an answer does nothing without; an image counts over what a script names."""
    keys = [name for name in ("gpus", "arguments") if name in values]
    variables, accepted = values.get("variables"), values.get("accepted")
    keys += [f"variable.{name}" for name in variables] if isinstance(variables, Mapping) else []
    return keys + [str(key) for key in accepted] if isinstance(accepted, tuple) else keys


def _unasked(keys: Iterable[str], paths: Iterable[str], world: World) -> list[str]:
    left = list(keys)
    for path in paths:
        asked = _asked(path, world)
        left = [key for key in left if key not in asked] if asked is not None else []
        if not left:
            break
    return left


def _asked(path: str, world: World) -> frozenset[str] | None:
    """The keys of all questions of a script; None where it cannot be read or converted, so that nothing is known."""
    from s2r_ci.convert.questions import every_question
    from s2r_ci.runai.distribution import plan

    try:
        data = world.read(path)
    except IncompleteError:
        return None
    bare = replace(world.target(path), arguments=(), variables={}, gpus=None, accepted=())
    request = convertible(script_of(path, data, world.read), bare) if data is not None else None
    return frozenset({*every_question(plan(request)), CALLS}) if request else None
