"""What a file that speaks of ``#SBATCH`` or of sbatch is: decided by its content.

This is the quick half: an ordinary batch script is known by a few searches that cost microseconds. Everything else
goes to ``kinds``, which is loaded when the first such file is met.
"""

from functools import cache
from typing import Final, NamedTuple

from s2r_ci.model import ScriptClass
from s2r_ci.patterns import lazy

MARKER: Final = b"# s2r-ci manifest"  # the first line of runai.document; a test holds both to the same
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
COMMAND: Final = lazy(rb"\n[ \t\r\v\f]*[^#\s]")
PROGRAMS: Final = (
    b".sh", b".bash", b".zsh", b".ksh", b".csh", b".tcsh", b".sbatch", b".slurm", b".job", b".batch", b".sub",
    b".slm", b".cmd", b".run", b".py", b".pl", b".r", b".R", b".jl", b".rb", b".nf", b".smk",
    b".mk", b"Makefile", b"makefile", b"Snakefile", b"Justfile", b"justfile",
)  # fmt: skip
LOG_ENDS: Final = (b".out", b".err", b".log", b".stdout", b".stderr")

# What is left of a header, or of a whole script, when these octets are taken out shows whether it may hold a mark:
# one pass in C, where patterns take a hundred times as long.
HARMLESS: Final = bytes(set(range(256)) - set(b"{}<>$!@[_%"))
HARMLESS_BODY: Final = bytes(set(range(256)) - set(b"{}<%\0\r"))
CAPITALS: Final = lazy(rb"=(?<!mail-type=)[A-Z_]{3}")
CAPITALS_SHORT: Final = lazy(rb" -[tNnc] ?[A-Z_]{3}")
PERCENT: Final = lazy(rb"%(?:\(|[A-Z_]{3})")

READY: Final = "directives stand before the first command"


class Verdict(NamedTuple):
    """A class, one sentence why, and the line where it shows."""

    script_class: ScriptClass
    reason: str
    line: int
    rule: str = ""  # of the finding that this is as well


def classify(data: bytes, name: bytes) -> Verdict | None:
    """Say what the file is; None where it has nothing to do with sbatch. ``name``: of the file, without folders."""
    first = data.find(b"\n#SBATCH") + 1
    if first and data.startswith(b"#!") and not _log_like(name):
        command = COMMAND.search(data)
        end = command.start() if command else len(data)
        if first < end and plain(data, end):
            return _ready(data.count(b"\n", 0, first) + 1)
    elif data.startswith(MARKER):
        return Verdict(ScriptClass.MANIFEST, "a manifest of ours", 1)
    from s2r_ci.discover.kinds import unusual  # thirty patterns, compiled where they are needed

    return unusual(data, name)


@cache
def _ready(line: int) -> Verdict:
    return Verdict(ScriptClass.BATCH, READY, line)


def _log_like(name: bytes) -> bool:
    """May the name be that of a job's output? A cheap guess; ``kinds`` says."""
    return (b"." in name and name[-1:].isdigit()) or name.endswith(LOG_ENDS) or name.startswith(b"slurm")


def plain(data: bytes, end: int) -> bool:
    """Surely no mark, no NUL and no carriage return; ``end``: of the header. May say no wrongly."""
    header = data[2:end]
    marks = header.translate(None, HARMLESS)
    if marks and (marks.strip(b"%_") or b"__" in header or PERCENT.search(header)):
        return False
    rest = data.translate(None, HARMLESS_BODY)
    if rest and (b"\0" in rest or b"\r" in rest or b"{{" in rest or b"{%" in rest or b"<%" in rest):
        return False
    return not (CAPITALS.search(header) or CAPITALS_SHORT.search(header))
