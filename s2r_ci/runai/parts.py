"""The parts of which every prelude is made, in the only order in which they may stand.

``join`` writes a prelude from chosen parts, ``split`` takes one apart again. Both go by the same CATALOGUE: what
the writer can write is what the reader knows, to the octet, and what varies (numbers, the job's name) has a narrow
pattern. The decision which parts a script needs is the writer's, and the judge's own; it is not made here.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final, NamedTuple

from s2r_ci.model import NOTHING
from s2r_ci.runai import prelude_texts as texts
from s2r_ci.runai import shims, srun, srun_options, srun_step

NUMBER: Final = r"(?:0|[1-9][0-9]{0,9})"
QUOTED: Final = r"'(?:[^']|'\\'')*'"
# A file that Slurm writes is written here too where it lies on a volume: its name is text and what only the pod knows.
_NUMBERS: Final = r"\$(?:S2R_ID|s2r_id|SLURM_ARRAY_TASK_ID)"
_WORD: Final = (
    rf"(?:{QUOTED}|\"(?:{_NUMBERS}|\$S2R_HOST|\$\(id -un\)|\$\(printf %0(?:10|[1-9])d \"{_NUMBERS}\"\))\")+"
)
_SIGNAL: Final = r"[A-Z]{1,8}[0-9]{0,2}|[0-9]{1,2}"


class Chosen(NamedTuple):
    """A part as it stands in one prelude: its name, and what its fields say."""

    name: str
    values: Mapping[str, str] = NOTHING


class Part:
    """A block of lines. ``fields`` gives the pattern of each ``%field%`` in the text; it is compiled when asked."""

    def __init__(self, name: str, text: str, fields: Mapping[str, str] = NOTHING) -> None:
        self.name, self.text, self.fields = name, text, fields

    def write(self, values: Mapping[str, str]) -> str:
        """The text with its fields filled in."""
        text = self.text
        for name in self.fields:
            text = text.replace(f"%{name}%", values[name])
        return text

    def read(self, text: str, at: int) -> tuple[int, Mapping[str, str]] | None:
        """Where the part ends that begins at ``at``, and what its fields say there; None where it does not."""
        values: dict[str, str] = {}
        for piece, pattern in self._pieces:
            if pattern is not None and piece not in values:
                found = pattern.match(text, at)
                if found is None:
                    return None
                values[piece], at = found[0], found.end()
            elif text.startswith(said := piece if pattern is None else values[piece], at):
                at += len(said)
            else:
                return None
        return at, values

    @cached_property
    def _pieces(self) -> list[tuple[str, re.Pattern[str] | None]]:
        """The text's own pieces, and between them the names of fields with their patterns; ``re`` keeps those it
        knows, and a pattern of the whole would take ten times as long to make as to use.
        """
        pieces = re.split(r"%(\w+)%", self.text) if self.fields else [self.text]
        named: list[tuple[str, re.Pattern[str] | None]] = []
        for number, piece in enumerate(pieces):
            if number % 2 and piece in self.fields:
                named.append((piece, re.compile(self.fields[piece])))
            elif piece:
                named.append((f"%{piece}%" if number % 2 else piece, None))
        return named


SHIMMED: Final = ("srun", "scontrol", "module", "ml", "apptainer", "singularity")
"""Commands of the old cluster that the prelude can stand in for."""

_SHIMS: Final = {
    "scontrol": (
        ("scontrol", shims.SCONTROL.replace("#REQUEUE\n", "")),
        ("scontrol hostnames", shims.HOSTNAMES),
        ("scontrol requeue", shims.SCONTROL.replace("#REQUEUE\n", shims.REQUEUE)),
    ),
    "module": (("module", shims.MODULE),),
    "ml": (("ml", shims.MODULE),),
    "apptainer": (("apptainer", shims.APPTAINER),),
    "singularity": (("singularity", shims.APPTAINER),),
}
# The pieces of srun behind its options, each slot a choice.
_SRUN: Final[tuple[tuple[tuple[str, str], ...], ...]] = (
    (("srun begin", srun.BEGIN),),
    (("srun places", srun.PLACES), ("srun everywhere", srun.EVERYWHERE)),
    (("srun layout", srun.LAYOUT), ("srun layout of one", srun.LAYOUT_OF_ONE)),
    (("srun amounts", srun.AMOUNTS),),
    (("srun room", srun.ROOM), ("srun room of one", srun.ROOM_OF_ONE)),
    (("srun told", srun.TOLD),),
    (("srun export", srun.EXPORT),),
    (
        ("srun devices", srun.DEVICES),
        ("srun devices of room", srun.DEVICES_OF_ROOM),
        ("srun devices of room of one", srun.DEVICES_OF_ROOM_OF_ONE),
    ),
    (("srun alone", srun.ALONE), ("srun nodes", srun.NODES), ("srun launcher", srun.LAUNCHER)),
)
# What every node does of a step: the end of the stand-in, or a file of its own.
_STEP: Final[tuple[tuple[tuple[str, str], ...], ...]] = (
    (("srun marks", srun_step.MARKS),),
    (("srun mpi", srun_step.MPI),),
    tuple(
        (f"srun rank{''.join(f' {name}' for name in chosen)}", srun_step.rank(*chosen))
        for count in range(len(srun_step.FEATURES) + 1)
        for chosen in itertools.combinations(srun_step.FEATURES, count)
    ),
    (("srun start", srun_step.START),),
)


_SHELLS: Final = {"shell": "/bin/sh|/bin/bash"}
_HERE: Final = "cat >\"$S2R_DIR/bin/NAME\" <<'S2R_END'\n"


def functions(names: Iterable[str]) -> str:
    """The words by which a login shell is told of the shims."""
    return " ".join(texts.FUNCTION.replace("NAME", name) for name in names)


def _slots() -> Iterator[tuple[Part, ...]]:
    """One slot after the other; of the parts in a slot at most one stands in a prelude."""
    yield (Part("head", texts.HEAD), Part("head of agent", texts.HEAD_OF_AGENT))
    yield tuple(Part(f"body {how}", text) for how, text in texts.BODIES.items())
    yield (Part("id", texts.ID, {"fallback": NUMBER}),)
    yield (
        Part("id of the job", "S2R_ID=$s2r_id\n"),
        Part("id of the index", "S2R_ID=$((s2r_id + 1 + JOB_COMPLETION_INDEX))\n"),
    )
    yield (Part("array", texts.ARRAY),)
    yield (Part("host", "S2R_HOST=$(uname -n)\n"),)
    yield (
        Part("hosts Job", "S2R_NODE=0\nS2R_HOSTS=$S2R_HOST\n"),
        Part("hosts PyTorchJob", texts.HOSTS_PYTORCH, {"workers": NUMBER}),
        Part("hosts MPIJob", texts.HOSTS_MPI),
    )
    yield (Part("share", texts.SHARE, {"workers": NUMBER}),)
    for name in texts.CONSTANTS:
        yield (Part(f"constant {name}", f"export {name}=%value%\n", {"value": QUOTED}),)
    for name, value in texts.COMPUTED.items():
        fields = {"limit": NUMBER} if "%limit%" in value else {}
        yield (Part(f"set {name}", f"{name}={value}\n", fields),)
    yield (Part("export", "export %names%\n", {"names": r"(?!OMPI_|HYDRA_|S2R_)[A-Z_]+(?: [A-Z_]+)*(?=\n)"}),)
    yield (Part("mpirun", texts.MPIRUN, {"start": "ssh|fork"}),)
    numbers = dict.fromkeys(("nodes", "cpus", "gpus"), NUMBER)
    several = f"''|{NUMBER}(?:,{NUMBER})*"
    yield (
        Part("steps", texts.STEPS, {"name": QUOTED, **numbers, "list": several, "gpus_per_task": f"''|{NUMBER}"}),
    )
    yield (Part("bin", texts.BIN), Part("bin for all", texts.BIN_FOR_ALL))
    yield from _srun()
    for name, forms in _SHIMS.items():
        here = _HERE.replace("NAME", name)
        yield tuple(Part(f"shim {form}", f"{here}{text}S2R_END\n") for form, text in forms)
    yield (Part("executables", 'chmod 700 "$S2R_DIR/bin/"*\n'),)
    yield (Part("hand over", texts.HAND_OVER),)
    yield (Part("agent", texts.AGENT),)
    yield (Part("restarts", texts.RESTARTS),)
    for name, begin in (
        ("input", "3<"),
        ("output", ">"),
        ("output at the end", ">>"),
        ("error", "2>"),
        ("error at the end", "2>>"),
    ):
        yield (Part(name, f"exec {begin}%file%\n", {"file": _WORD}),)
    yield (Part("error to output", "exec 2>&1\n"),)
    yield from _ends()


def _srun() -> Iterator[tuple[Part, ...]]:
    """The stand-in of srun: its short form, or options and pieces."""
    yield (
        Part("shim srun one", f"{_HERE.replace('NAME', 'srun')}{shims.SRUN_ONE}S2R_END\n"),
        Part(
            "shim srun",
            f"{_HERE.replace('NAME', 'srun')}#!%shell%\n{srun_options.BEGIN}",
            _SHELLS,
        ),
    )
    yield (Part("srun no options", srun_options.NONE), Part("srun options", srun_options.WORDS))
    yield (
        Part("srun any flags", srun_options.FLAGS),
        Part("srun flags", "    %names%) _f=$1 ;;\n", {"names": srun_options.LONG}),
    )
    yield (Part("srun values", srun_options.VALUES),)
    for name in srun_options.GROUPS:
        yield (Part(f"srun option {name}", srun_options.line(name)),)
    yield (Part("srun ignored", "    %names%) ;;\n", {"names": srun_options.IGNORED}),)
    yield (Part("srun options end", srun_options.END), Part("srun any options end", srun_options.END_OF_ANY))
    for choice in _SRUN:
        yield tuple(Part(name, text) for name, text in choice)
    yield (Part("step", f"cat >\"$S2R_DIR/step\" <<'S2R_END'\n#!%shell%\n{srun_step.TAKE}", _SHELLS),)
    for choice in _STEP:
        yield tuple(Part(name, text) for name, text in choice)
    yield (Part("srun end", "S2R_END\n"),)


def _ends() -> Iterator[tuple[Part, ...]]:
    one = "|".join(re.escape(functions([name])) for name in SHIMMED)
    yield (Part("run", texts.RUN, {"login": f"(?:env (?:(?:{one}) )+)?", "stdin": "(?:<&3 3<&- )?"}),)
    yield (Part("script", 'echo "$s2r_p" >"$S2R_DIR/script"\n'),)
    yield (Part("term", texts.TERM), Part("term steps", texts.TERM_STEPS))
    yield (Part("watch", texts.WATCH),)
    timed = {"seconds": NUMBER, "signal": _SIGNAL}
    yield (
        Part("warn the script", texts.AFTER.replace("THEN", texts.TO_SHELL), timed),
        Part("warn the steps", texts.AFTER.replace("THEN", texts.TO_STEPS), timed),
    )
    yield (Part("stop", texts.AFTER.replace("THEN", texts.STOP), {"seconds": NUMBER, "grace": NUMBER}),)
    yield (Part("await", texts.AWAIT),)
    yield (Part("unwatch", texts.UNWATCH),)
    yield (Part("linger", texts.LINGER),)
    yield (Part("dismiss", texts.DISMISS),)
    yield (Part("again", texts.AGAIN),)
    yield (Part("late", texts.LATE),)
    yield (Part("forget", texts.FORGET),)
    yield (Part("leave", 'exit "$s2r_c"\n'),)


CATALOGUE: Final[tuple[tuple[Part, ...], ...]] = tuple(_slots())
COMPUTED: Final = frozenset(texts.COMPUTED)
"""Variables that only the pod knows and a prelude can set."""

_PARTS: Final[Mapping[str, tuple[int, Part]]] = {
    part.name: (slot, part) for slot, parts in enumerate(CATALOGUE) for part in parts
}


def join(chosen: Iterable[Chosen]) -> str:
    """The prelude made of these parts, in the catalogue's order."""
    every = sorted(((*_PARTS[name], values) for name, values in chosen), key=lambda found: found[0])
    return "".join(part.write(values) for _, part, values in every)


def split(text: str) -> tuple[list[Chosen], int]:
    """The parts of a prelude, and how far they reach: less than its length where it says something else."""
    chosen: list[Chosen] = []
    at = 0
    for slot in CATALOGUE:
        for part in slot:
            found = part.read(text, at)
            if found is not None:
                at, values = found
                chosen.append(Chosen(part.name, values))
                break
    return chosen, at


def quoted(text: str) -> str:
    """The text as one word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"
