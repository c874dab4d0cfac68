"""Files for the streams of the batch script: ``--output``, ``--error``, ``--input``, ``--open-mode``.

A file is written where it lies on a volume of the site, as Slurm writes it; elsewhere the pod's log is all that
outlives the pod, and the streams stay there. Marks: sbatch(1), "filename pattern", and runs of Slurm 24.11.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Final

from s2r_ci.patterns import lazy
from s2r_ci.runai import storage
from s2r_ci.runai.distribution import Plan
from s2r_ci.runai.parts import Chosen, quoted

_MARK: Final = lazy(r"%(\d*)([%AaJjNnstux])")
_VALUES: Final = {"j": "$S2R_ID", "A": "$s2r_id", "a": "$SLURM_ARRAY_TASK_ID", "N": "$S2R_HOST", "u": "$(id -un)"}
_NUMBERS: Final = frozenset("jAa")
_WIDEST: Final = 10


def files(made: Plan) -> Iterator[Chosen]:
    """The parts of the prelude that open the script's files, in their order."""
    options = made.job.options
    if reads(made):
        yield Chosen("input", {"file": word(options["input"], made)})
    end = " at the end" if options.get("open-mode", "").startswith("a") else ""
    out, err = options.get("output", ""), options.get("error", "")
    if out and on_volume(made, out):
        yield Chosen(f"output{end}", {"file": word(out, made)})
    if err and on_volume(made, err):
        yield Chosen(f"error{end}", {"file": word(err, made)})
    elif out and on_volume(made, out) and not err:
        yield Chosen("error to output")


def reads(made: Plan) -> bool:
    """Whether the script's standard input is a file; without one it is empty."""
    named = made.job.options.get("input", "")
    return bool(named) and named != "/dev/null" and on_volume(made, named)


def on_volume(made: Plan, named: str) -> bool:
    """Whether a file of this name outlives the pod. ``/dev/null`` is as good as a volume."""
    target = made.request.target
    if named == "/dev/null":
        return True
    where = storage.joined(_folder(made), named)
    return where.startswith("/") and storage.prefix_of(where, target.site.volumes) is not None


def _folder(made: Plan) -> str:
    folder = made.request.target.working_directory
    return storage.joined(folder, made.job.options.get("chdir", "")) if folder else ""


def word(named: str, made: Plan) -> str:
    """The name as one word of a shell, its marks filled in."""
    text = storage.inside(named, made.request) if named.startswith("/") else named
    pieces: list[str] = []
    at = 0
    for mark in _MARK.finditer(text):
        pieces += [text[at : mark.start()], _value(mark[2], mark[1], made)]
        at = mark.end()
    pieces.append(text[at:])
    # Neighbours without a variable become one word.
    groups = itertools.groupby(filter(None, pieces), key=lambda piece: piece.startswith('"$'))
    return "".join("".join(group) if variable else quoted("".join(group)) for variable, group in groups)


def _value(mark: str, width: str, made: Plan) -> str:
    array = made.job.array is not None
    match mark:
        case "x":
            return made.job.name
        case "%":
            return "%"
        case "n" | "t":
            return "0".zfill(min(int(width or 0), _WIDEST))
        case "s":
            return "batch"
        case "J":
            return '"$S2R_ID"'
        case "a" if not array:
            return "4294967294"  # Slurm's number for none
        case "A" if not array:
            return _number("$S2R_ID", width)
    value = _VALUES[mark]
    return _number(value, width) if mark in _NUMBERS else f'"{value}"'


def _number(value: str, width: str) -> str:
    wide = min(int(width or 0), _WIDEST)
    return f'"$(printf %0{wide}d "{value}")"' if wide else f'"{value}"'


def names(chosen: Iterable[Chosen], *variables: str) -> bool:
    """Whether one of the files has one of the shell's variables in its name."""
    words = " ".join(part.values.get("file", "") for part in chosen)
    return any(f"${variable}" in words for variable in variables)
