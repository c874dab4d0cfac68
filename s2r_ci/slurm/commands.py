"""One command of a shell script, taken apart: launchers around launchers, what it loads, whom it talks to.

The reader (``shell``) hands over the words; what is found goes where the reader keeps it.
"""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from s2r_ci.model import Step
from s2r_ci.slurm import inventory
from s2r_ci.slurm.found import COMMAND, CONTAINER, LAUNCHER, MODULE, Around, launched
from s2r_ci.slurm.grammar import unquote
from s2r_ci.slurm.launchers import PEELS, PYTHON_LAUNCHERS, SHELLS, Layer, base_name, peeler, pyxis_image
from s2r_ci.slurm.plain import Words

if TYPE_CHECKING:
    from s2r_ci.slurm.shell import ShellReader

DEPTH: Final = 3  # programs in strings of programs in strings
_LAYERS: Final = 12  # launchers, containers and wrappers around one program
_EXPANDS: Final = frozenset('$"')
_QUOTES: Final = frozenset("$\"'")
_WHOLE_VARIABLE: Final = re.compile(r'"?\$(?:\{(\w+)(?:\[[@*]\])?\}|(\w+))"?')
_new: Final = tuple.__new__  # a named tuple's own constructor takes twice as long


def is_ordinary(name: str) -> bool:
    """Whether a command of this name runs a program, and its words say nothing else."""
    return name not in SPECIAL and (name[0] not in "pi" or peeler(name) is None)


def run_ordinary(reader: "ShellReader", value: str, name: str, around: Around) -> str:
    """Note a command that ``is_ordinary``; the answer is its name."""
    if name not in reader.functions:
        found = reader.found
        found.commands[value] = None
        if not (found.outside or around.within or around.computes or around.piped):
            found.outside = name not in inventory.HARMLESS
    return name


def run_words(reader: "ShellReader", words: Words, around: Around) -> str:
    """Take a command apart, layer by layer; the answer is the name of the innermost program."""
    value = words.values[0]
    if words.paths:
        _word_paths(reader, words)
    name = value.rpartition("/")[2]
    if name in PEELS or words.raws[0][:1] in _EXPANDS:
        return _layers(reader, words, around)
    if is_ordinary(name):
        return run_ordinary(reader, value, name, around)
    if name not in _SPEAKS:
        return _layers(reader, words, around)
    if name not in reader.functions:
        reader.found.commands[value] = None
    _SPEAKS[name](reader, words, 0, name, around)
    _outside(reader, words.values, name, around)
    return name


def _layers(reader: "ShellReader", words: Words, around: Around) -> str:
    values, raws = words.values, words.raws
    found, functions = reader.found, reader.functions
    count = len(values)
    at, inside = 0, bool(around.within)
    name = ""
    for _ in range(_LAYERS):
        if at >= count:
            name = ""
            break
        if raws[at][:1] in _QUOTES and _known_text(reader, words, at, around):
            return ""
        value = values[at]
        name = value.rpartition("/")[2]
        if name and name not in functions:
            found.commands[value] = None
        if name in _SPEAKS:
            _SPEAKS[name](reader, words, at, name, around)
        take = peeler(name)
        layer = take(values[at:] if at else values, name) if take else None
        if layer is None:
            break
        if layer.kind == "launcher":
            if layer.name == "srun" and ":" in values[at:]:
                return _parts(reader, words, at, around)
            inside = True
            _launch(reader, words, at, layer, around)
            around = launched(around, layer.name)
            if layer.name in PYTHON_LAUNCHERS:
                return "python"
        elif layer.kind == "container":
            _contain(reader, words, at, layer, around)
        at += layer.program
    else:
        name = base_name(values[at]) if at < count else ""
    if name and not inside:
        _outside(reader, values[at:], name, around)
    return name


def _quoted_program(words: Words, at: int) -> bool:
    """``parallel "srun -n1 ./a {}" ::: 1 2``: the program is one word, of several words of its own."""
    text = words.values[at].strip()
    return at > 0 and " " in text and "parallel" in map(base_name, words.values[:at])


def _parts(reader: "ShellReader", words: Words, at: int, around: Around) -> str:
    """``srun A : --het-group=1 B`` starts both at once, each a step of its own; the answer is the first's program."""
    ends = [place for place in range(at, len(words.values)) if words.values[place] == ":"] + [len(words.values)]
    programs: list[str] = []
    first = at + 1
    for end in ends:
        if end > first or not programs:
            start = words.start(first if programs else at)
            raws, values = ([each[at], *each[first:end]] for each in (words.raws, words.values))
            starts = [start, *map(words.start, range(first, end))]
            programs.append(_layers(reader, Words(raws, values, starts, "", start, paths=False), around))
        first = end + 1
    return programs[0]


def _outside(reader: "ShellReader", values: list[str], name: str, around: Around) -> None:
    """Note where a program runs outside every launcher."""
    found = reader.found
    if not (found.outside or around.within or name in inventory.HARMLESS or name in reader.functions):
        found.outside = not (around.computes or around.piped or _shell_text(values))


def _known_text(reader: "ShellReader", words: Words, at: int, around: Around) -> bool:
    """``$LAUNCHER fit.py`` where the script says what LAUNCHER is, ``parallel "srun fit {}"``: read it."""
    if words.raws[at][:1] != "$" and _quoted_program(words, at):
        _shell_word(reader, words, at, at + 1, around)
        return True
    found = _WHOLE_VARIABLE.fullmatch(words.raws[at])
    text = reader.texts.get(found[1] or found[2]) if found else None
    if text is None or reader.depth >= DEPTH:
        return False
    text = text[1:-1] if text[:1] == "(" else unquote(text)
    rest = " ".join(words.raws[at + 1 :])
    reader.nested(f"{text} {rest}", around, fixed=words.start(at))
    return True


# --- commands whose words say more than what runs --------------------------------------------------------------


def _loads(reader: "ShellReader", words: Words, at: int, name: str, around: Around) -> None:
    for kind, what, place in inventory.module_loads(words.values[at:] if at else words.values):
        reader.add(MODULE, kind, what, reader.at(words.start(at + place)))


def _asks(reader: "ShellReader", words: Words, at: int, name: str, around: Around) -> None:
    """A command that talks to the cluster, perhaps to run a program elsewhere."""
    if told := inventory.cluster_command(words.values[at:]):
        reader.add(COMMAND, told, " ".join(words.raws[at:]), reader.at(words.start(at)))
    _reads_text(reader, words, at, name, around)


def _shell_text(words: Sequence[str]) -> int:
    """Where the program text of ``bash -lc TEXT``, ``eval TEXT``, ``trap TEXT SIGNAL`` stands; 0: nowhere."""
    name = base_name(words[0]) if words else ""
    if name in SHELLS:
        for at in range(1, len(words) - 1):
            if not words[at].startswith(("-", "+")):
                return 0
            if re.fullmatch(r"-[a-zA-Z]*c", words[at]):
                return at + 1
        return 0
    if name == "trap" and len(words) > 2 and words[1] not in ("-", "", "-p", "-l"):
        return 1
    if name == "eval" and len(words) > 1:
        return 1
    if name in ("ssh", "pdsh", "clush") and len(words) > 2:
        return len(words) - 1 if any(mark in words[-1] for mark in " ;|&") else 0
    return 0


def _reads_text(reader: "ShellReader", words: Words, at: int, name: str, around: Around) -> None:
    """``bash -c TEXT``, ``eval TEXT``, ``trap TEXT SIGNAL``."""
    if inner := _shell_text(words.values[at:]):
        _shell_word(reader, words, at + inner, len(words.values) if name == "eval" else at + inner + 1, around)


def _shell_word(reader: "ShellReader", words: Words, first: int, last: int, around: Around) -> None:
    raw = words.raws[first]
    quoted = raw[:1] in "'\"" and raw[:1] == raw[-1:]
    text = " ".join(words.values[first:last])
    if "$()" in text:  # what a command substitution gives is not known
        return
    reader.nested(text, around, base=words.start(first) + quoted)


def _launch(reader: "ShellReader", words: Words, at: int, layer: Layer, around: Around) -> None:
    offset = reader.at(words.start(at))
    raws = tuple(words.raws[at:] if at else words.raws)
    reader.add(LAUNCHER, layer.name, " ".join(raws), offset)
    if layer.name == "srun" and (image := pyxis_image(words.values[at:])):
        reader.add(CONTAINER, "pyxis", _written(reader, image), offset)
    reader.found.steps.append(
        _new(
            Step,
            (layer.name, raws, raws[layer.program :], reader.found.place(offset), around.background, around.within),
        )
    )


def _contain(reader: "ShellReader", words: Words, at: int, layer: Layer, around: Around) -> None:
    reader.add(CONTAINER, layer.name, _written(reader, layer.image), reader.at(words.start(at)))
    if at + layer.program >= len(words.values) and layer.runs:  # what the image itself says
        reader.found.outside |= not (around.within or around.computes or around.piped)


def _written(reader: "ShellReader", image: str) -> str:
    """The image as it is written: that of a variable which the script sets to a literal, and only once."""
    found = _WHOLE_VARIABLE.fullmatch(image)
    name = (found[1] or found[2]) if found else ""
    text = reader.found.literals.get(name) or ""
    return text if text and not _EXPANDS & set(text) else image


def _sets(reader: "ShellReader", words: Words, at: int, name: str, around: Around) -> None:
    """The builtins that set variables or read the arguments."""
    values = words.values[at:]
    names: list[str] = []
    if name in ("read", "mapfile", "readarray"):
        names = values[1:]
    elif name == "getopts":
        names = values[2:3]
        reader.use("@", "", "", words.start(at), around)
    elif name == "printf" and values[1:2] == ["-v"]:
        names = values[2:3]
    elif name == "let":
        names = [value.partition("=")[0].rstrip("+-*/ ") for value in values[1:] if "=" in value]
    for found in names:
        if found.isidentifier():
            reader.found.sets.setdefault(found, reader.at(words.start(at)))


def _set(reader: "ShellReader", words: Words, at: int, name: str, around: Around) -> None:
    """``set -- a b`` gives the arguments anew."""
    if "--" in words.values[at:] and not around.function:
        reader.found.arguments_set = min(reader.found.arguments_set, reader.at(words.start(at)))


_Speak = Callable[["ShellReader", Words, int, str, Around], None]
_SPEAKS: Final[dict[str, _Speak]] = {
    **dict.fromkeys(inventory.LOADING, _loads),
    **dict.fromkeys(inventory.ASKING, _asks),
    **dict.fromkeys((*SHELLS, "eval", "trap"), _reads_text),
    **dict.fromkeys(("read", "mapfile", "readarray", "getopts", "printf", "let"), _sets),
    "set": _set,
}
SPECIAL: Final = frozenset({*_SPEAKS, *PEELS, ""})


_INNER: Final = ("<(", ">(", "$(", "`")


def _word_paths(reader: "ShellReader", words: Words) -> None:
    for at, mount in inventory.path_words(words.values):
        if words.raws[at].startswith(_INNER) and words.raws[at].endswith((")", "`")):
            continue  # a command of its own, which is looked at when its turn comes
        reader.paths(words.values[at], words.raws[at], words.start(at), mount=mount)
