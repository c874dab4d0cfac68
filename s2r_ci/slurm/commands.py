"""One command of a shell script, taken apart: launchers around launchers, what it loads, whom it talks to.

The reader (``shell``) hands over the words; what is found goes where the reader keeps it.
"""

import re
from typing import TYPE_CHECKING, Final

from s2r_ci.model import ItemKind, Step
from s2r_ci.slurm import inventory
from s2r_ci.slurm.found import Around, launched
from s2r_ci.slurm.launchers import (
    PYTHON_LAUNCHERS,
    Layer,
    base_name,
    is_peeled,
    peeled,
    pyxis_image,
    shell_text,
    words_of,
)
from s2r_ci.slurm.plain import Words

if TYPE_CHECKING:
    from s2r_ci.slurm.shell import ShellReader

DEPTH: Final = 3  # programs in strings of programs in strings
_LAYERS: Final = 12  # launchers, containers and wrappers around one program
_EXPANDS: Final = frozenset('$"')
_SPECIAL: Final = inventory.SPOKEN | words_of("pdsh clush") | {""}
_WHOLE_VARIABLE: Final = re.compile(r'"?\$(?:\{(\w+)(?:\[[@*]\])?\}|(\w+))"?')


def run_words(reader: "ShellReader", words: Words, around: Around) -> str:
    """Take a command apart, layer by layer; the answer is the name of the innermost program."""
    values, raws = words.values, words.raws
    if words.paths:
        _word_paths(reader, words)
    name = values[0].rpartition("/")[2]
    if name in _SPECIAL or raws[0][:1] in _EXPANDS or is_peeled(name):
        return _layers(reader, words, around)
    if name not in reader.functions:
        reader.found.commands.setdefault(values[0])
        if not (reader.found.outside or around.within or around.computes or around.piped):
            reader.found.outside = name not in inventory.HARMLESS
    return name


def _layers(reader: "ShellReader", words: Words, around: Around) -> str:
    values, raws = words.values, words.raws
    count = len(values)
    at, inside = 0, bool(around.within)
    name = ""
    for _ in range(_LAYERS):
        if at >= count:
            name = ""
            break
        if raws[at][:1] in _EXPANDS and _known_text(reader, words, at, around):
            return ""
        value = values[at]
        name = value.rpartition("/")[2]
        if name and name not in reader.functions:
            reader.found.commands.setdefault(value)
        if name in inventory.SPOKEN:
            _spoken(reader, words, at, name, around)
        layer = peeled(values[at:] if at else values, name) if is_peeled(name) else None
        if layer is None:
            break
        if layer.kind == "launcher":
            inside = True
            _launch(reader, words, at, layer, around)
            around = launched(around, layer.name)
            if layer.name in PYTHON_LAUNCHERS:
                return "python"
        elif layer.kind == "container":
            reader.add(ItemKind.CONTAINER, layer.name, layer.image, reader.at(words.start(at)))
            if at + layer.program >= count and layer.runs and not (inside or around.computes or around.piped):
                reader.found.outside = True  # what the image itself says
        at += layer.program
    else:
        name = base_name(values[at]) if at < count else ""
    if name and not reader.found.outside and name not in inventory.HARMLESS and name not in reader.functions:
        idle = inside or around.computes or around.piped
        reader.found.outside = not idle and not shell_text(values[at:])
    return name


def _known_text(reader: "ShellReader", words: Words, at: int, around: Around) -> bool:
    """``$LAUNCHER fit.py`` where the script says what LAUNCHER is: read what comes of it."""
    found = _WHOLE_VARIABLE.fullmatch(words.raws[at])
    text = reader.texts.get(found[1] or found[2]) if found else None
    if text is None or reader.depth >= DEPTH:
        return False
    rest = " ".join(words.raws[at + 1 :])
    reader.nested(f"{text} {rest}", around, fixed=words.start(at))
    return True


def _spoken(reader: "ShellReader", words: Words, at: int, name: str, around: Around) -> None:
    """A command whose words say more than what runs."""
    values = words.values[at:]
    if name in inventory.LOADING:
        for kind, what, place in inventory.module_loads(values):
            reader.add(ItemKind.MODULE, kind, what, reader.at(words.start(at + place)))
        return
    if told := inventory.cluster_command(values):
        reader.add(ItemKind.COMMAND, told, " ".join(words.raws[at:]), reader.at(words.start(at)))
    _builtin(reader, name, words, at, around)
    if inner := shell_text(values):
        _shell_word(reader, words, at + inner, len(values) + at if name == "eval" else at + inner + 1, around)


def _shell_word(reader: "ShellReader", words: Words, first: int, last: int, around: Around) -> None:
    raw = words.raws[first]
    quoted = raw[:1] in "'\"" and raw[:1] == raw[-1:]
    text = " ".join(words.values[first:last])
    if "$()" in text:  # what a command substitution gives is not known
        return
    reader.nested(text, around, base=words.start(first) + quoted)


def _launch(reader: "ShellReader", words: Words, at: int, layer: Layer, around: Around) -> None:
    offset = reader.at(words.start(at))
    raws = tuple(words.raws[at:])
    reader.add(ItemKind.LAUNCHER, layer.name, " ".join(raws), offset)
    if layer.name == "srun" and (image := pyxis_image(words.values[at:])):
        reader.add(ItemKind.CONTAINER, "pyxis", image, offset)
    reader.found.steps.append(
        Step(
            launcher=layer.name,
            words=raws,
            program=raws[layer.program :],
            location=reader.found.place(offset),
            background=around.background,
            within=around.within,
        )
    )


def _builtin(reader: "ShellReader", name: str, words: Words, at: int, around: Around) -> None:
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
    elif name == "set" and "--" in values and not around.function:
        reader.found.arguments_set = min(reader.found.arguments_set, reader.at(words.start(at)))
    for found in names:
        if found.isidentifier():
            reader.found.sets.setdefault(found, reader.at(words.start(at)))


def _word_paths(reader: "ShellReader", words: Words) -> None:
    for at, mount in inventory.path_words(words.values):
        reader.paths(words.values[at], words.raws[at], words.start(at), mount=mount)
