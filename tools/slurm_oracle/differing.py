"""Our answer to one script beside Slurm's: the stage, the words, the options and the request."""

import calendar
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from s2r_ci.model import Header
from s2r_ci.slurm.header import read_header
from tools.slurm_oracle.explained import Difference, explanation
from tools.slurm_oracle.headers import FILES, Made

FOLDER: Final = "/home/alice/proj"
_SHELL: Final = frozenset({"ORACLE_VAR", "HOME", "SLURM_SUBMIT_DIR", "SLURM_SUBMIT_HOST", "SLURM_PRIO_PROCESS"})
# The name of the file, in which quotes may stand.
_NODES_FILE: Final = re.compile("[\"'\\\\]*".join(["(?:\\./)?", *map(re.escape, "nodes.txt")]))
_CALL: Final = 2  # seconds that a call may take
_RELATIVE: Final = ("begin", "deadline", "begin_time", "end_time")

Answer = dict[str, Any]


def read(made: Made, number: int, release: str, now: float | None) -> Header:
    """Our answer to one script."""
    return read_header(
        made.data, f"h{number:05}.sh", release=release, environ=made.environ, arguments=made.arguments, now=now
    )


def differences(
    number: int, header: Header, answer: Answer, outside: Mapping[str, str] = {}
) -> Iterator[Difference]:
    """Where the two answers part; a stage that differs hides the rest."""

    def differ(group: str, ours: Any, theirs: Any) -> Difference:
        return Difference(group, number, header.slurm, ours, theirs, holds)

    holds = " ".join(f"holds {name}={value}" for part in header.components for name, value in part.options.items())
    holds = f"het {holds}" if len(header.components) > 1 else holds
    stage = "controller" if answer["stage"] == "test-only" else answer["stage"]
    if header.stage != stage:
        apart = differ(
            f"stage {header.stage} for {stage}{_message(answer)}",
            [f.message for f in header.findings if f.level == 3],
            answer["messages"],
        )
        yield apart
        if not explanation(apart):
            return  # where only the site is in the way, words and options are to be the same all the same
    parts, theirs = header.components, answer["components"]
    ours, words = [list(part.tokens) for part in parts], [part.get("tokens", []) for part in theirs]
    if ours != words and not (stage in ("read", "parse", "verify") and _begins(ours, words)):
        yield differ("tokens", ours, words)
        return
    het = len(parts) > 1  # the environment of such a job is one for all components
    for part, other in zip(parts, theirs, strict=stage == "accepted"):
        if "options" not in other or (header.stage != stage and not part.options):
            continue  # each side stops at the component that it refuses
        yield from (
            differ(f"option {name}", a, b) for name, a, b in _unequal(part.options, _told(other.get("options", {})))
        )
        if "request" in other and {stage, header.stage} <= {"accepted", "controller"}:
            yield from (
                differ(f"request {name}", a, b)
                for name, a, b in _fields(part.request, other["request"], het, outside)
            )


def _begins(ours: Sequence[Sequence[str]], theirs: Sequence[Sequence[str]]) -> bool:
    """sbatch stops at the first trouble; this reading goes on, to name all that is wrong."""
    return len(theirs) <= len(ours) and all(
        list(a[: len(b)]) == list(b) for a, b in zip(ours, theirs, strict=False)
    )


def _message(answer: Answer) -> str:
    """What Slurm complained of last, without the value."""
    said = [m for m in answer["messages"] if not m.startswith(("Try", "sbatch: Warning", "Number of tasks"))]
    return (
        ": " + re.sub(r"[`'\"\[(].*|\d+|: .*", "", said[-1].removeprefix("error: ").removeprefix("fatal: "))
        if said
        else ""
    )


def _told(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _inside(value) for name, value in options.items()}


def _inside(value: Any) -> Any:
    return re.sub(f"^{FOLDER}/+", "", value) if isinstance(value, str) else value


def _fields(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], het: bool, outside: Mapping[str, str]
) -> Iterator[tuple[str, Any, Any]]:
    """Of the environment, what sbatch adds: not what stands there already, or comes from the user's shell."""
    if not het:
        known = {*_SHELL, *outside}
        yield from _unequal(*(_variables(each.get("environment", {}), known) for each in (ours, theirs)))
    plain = {name: _inside(value) for name, value in theirs.items() if name != "environment" and value != FOLDER}
    yield from _unequal({k: v for k, v in ours.items() if k != "environment"}, plain)


def _variables(environment: Mapping[str, str], known: set[str]) -> dict[str, str]:
    """The controller's plug-in sees names that are identifiers, and values that are not empty."""
    return {
        name: value for name, value in environment.items() if name not in known and name.isidentifier() and value
    }


def _unequal(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted({*ours, *theirs}):
        a, b = ours.get(name), theirs.get(name)
        if a != b and not (name in _RELATIVE and _near(a, b)) and not _same_float(a, b):
            yield name, a, b


def _same_float(ours: Any, theirs: Any) -> bool:
    """The controller's plug-in sees a number as a double, which keeps 53 bits."""
    return isinstance(ours, int) and isinstance(theirs, int) and float(ours) == float(theirs)


def _near(ours: Any, theirs: Any) -> bool:
    """Two moments that differ by the seconds that passed between two calls of the clock."""
    return _seconds(ours) is not None and abs((_seconds(ours) or 0) - (_seconds(theirs) or 0)) <= 3


def _seconds(moment: Any) -> float | None:
    if isinstance(moment, int | float):
        return moment
    try:
        return calendar.timegm(time.strptime(str(moment), "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return None


# --- files that only the oracle has ------------------------------------------------------------------------


def looked_into(new: list[Difference], made: Made, header: Header, answer: Answer) -> list[Difference]:
    """The differences, marked where a file of nodes or of a burst buffer accounts for all of them."""
    number = new[0].number
    if any(map(_NODES_FILE.search, [made.data.decode("utf-8", "replace"), *made.arguments])):
        left = _with_names(made, header, answer, number)
        if all(map(explanation, left)):
            return [each._replace(group=f"named {each.group}") for each in new]
        new = left
    if _at_the_moment(header, answer):
        return [each._replace(group=f"this second {each.group}") for each in new]
    if any("bbf" in part.options for part in header.components) and _agrees_cut_short(made, header, answer, number):
        return [each._replace(group=f"cut short {each.group}") for each in new]
    return new


def _at_the_moment(header: Header, answer: Answer) -> bool:
    """Whether a deadline falls into the seconds in which sbatch and the controller looked at the clock."""
    called = answer.get("submitted_at")
    ends = [_seconds(part.options["deadline"]) for part in header.components if "deadline" in part.options]
    apart = {header.stage, answer["stage"]} == {"accepted", "controller"}
    return apart and called is not None and any(end is not None and abs(end - called) <= _CALL for end in ends)


def _with_names(made: Made, header: Header, answer: Answer, number: int) -> list[Difference]:
    """What differs where the list of names stands in the place of the file that holds it."""
    text = "\n".join([made.data.decode("utf-8", "surrogateescape"), *made.arguments])
    text = re.sub(r"--nodef\w*", "--nodelist", text)
    text = re.sub(r"-(\w*)F(?=[= \n]*" + _NODES_FILE.pattern + ")", r"-\1w", text)
    names = FILES["nodes.txt"].strip().replace("\n", ",")
    text = _NODES_FILE.sub(lambda found: _opened(found[0]) + names, text)
    lines = text.split("\n")
    end = len(lines) - len(made.arguments)
    data = "\n".join(lines[:end]).encode("utf-8", "surrogateescape")
    listed = read(made._replace(data=data, arguments=lines[end:]), number, header.slurm, answer.get("submitted_at"))
    parts = [
        replace(part, tokens=before.tokens)
        for part, before in zip(listed.components, header.components, strict=True)
    ]
    left = differences(number, replace(listed, components=tuple(parts)), answer, made.environ)
    return [each for each in left if each.group not in ("option nodefile", "option nodelist", "option exclude")]


def _opened(text: str) -> str:
    """The quote that a text opens and leaves open."""
    return next((quote for quote in "\"'" if text.count(quote) % 2), "")


def _agrees_cut_short(made: Made, header: Header, answer: Answer, number: int) -> bool:
    """Whether Slurm's answer is that to a script without its last letters: for each component that holds --bbf, sbatch
    puts the file's text into the script and goes on as if it had not become longer.
    """
    cut = [len(FILES["bb.txt"]) * times for times in range(len(header.components) + 1)]
    readings = [
        read(
            made._replace(data=made.data[: len(made.data) - size]), number, header.slurm, answer.get("submitted_at")
        )
        for size in cut
    ]
    apart = [
        [d for d in differences(number, each, answer, made.environ) if d.group.startswith("stage")]
        for each in readings
    ]
    return any(all(map(explanation, each)) for each in apart) and all(
        any(_is_component(each, place, other) for each in readings)
        for place, other in enumerate(answer["components"])
    )


def _is_component(header: Header, place: int, other: Mapping[str, Any]) -> bool:
    if place >= len(header.components) or list(header.components[place].tokens) != other.get("tokens", []):
        return False
    ours = header.components[place].options
    return not ours or "options" not in other or not list(_unequal(ours, _told(other["options"])))
