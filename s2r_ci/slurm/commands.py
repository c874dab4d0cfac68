"""One command of a shell script, taken apart: launchers around launchers, what it loads, whom it talks to.

The reader (``shell``) hands over the words; what is found goes where the reader keeps it.
"""

import re
from typing import TYPE_CHECKING, Final

from s2r_ci.model import ItemKind, Step
from s2r_ci.slurm import inventory
from s2r_ci.slurm.found import Around, Word
from s2r_ci.slurm.grammar import octets
from s2r_ci.slurm.launchers import PYTHON_LAUNCHERS, Layer, base_name, peel, pyxis_image, shell_text

if TYPE_CHECKING:
    from s2r_ci.slurm.shell import ShellReader

DEPTH: Final = 3  # programs in strings of programs in strings
_LAYERS: Final = 12  # launchers, containers and wrappers around one program
_WHOLE_VARIABLE: Final = re.compile(r'"?\$(?:\{(\w+)(?:\[[@*]\])?\}|(\w+))"?')


def run_words(reader: "ShellReader", words: list[Word], around: Around) -> str:
    """Take a command apart, layer by layer; the answer is the name of the innermost program."""
    values = [word.value for word in words]
    at, launched = 0, bool(around.within)
    _word_paths(reader, words, values)
    for _ in range(_LAYERS):
        if at >= len(words):
            break
        if _known_text(reader, words[at:], around):
            return ""
        _single(reader, words[at:], values[at:], around)
        layer = peel(values[at:])
        if layer is None:
            break
        if layer.kind == "launcher":
            launched = True
            _launch(reader, words[at:], values[at:], layer, around)
            around = around._replace(within=layer.name)
            if layer.name in PYTHON_LAUNCHERS:
                return "python"
        elif layer.kind == "container":
            reader.add(ItemKind.CONTAINER, layer.name, layer.image, reader.at(words[at].start))
        at += layer.program
    name = base_name(values[at]) if at < len(words) else ""
    idle = launched or around.computes or around.piped
    if name and not idle and name not in inventory.HARMLESS and name not in reader.functions:
        reader.found.outside = reader.found.outside or not shell_text(values[at:])
    return name


def _known_text(reader: "ShellReader", words: list[Word], around: Around) -> bool:
    """``$LAUNCHER fit.py`` where the script says what LAUNCHER is: read what comes of it."""
    found = _WHOLE_VARIABLE.fullmatch(words[0].raw)
    text = reader.texts.get(found[1] or found[2]) if found else None
    if text is None or reader.depth >= DEPTH:
        return False
    rest = " ".join(word.raw for word in words[1:])
    reader.nested(f"{text} {rest}", around, fixed=words[0].start)
    return True


def _single(reader: "ShellReader", words: list[Word], values: list[str], around: Around) -> None:
    name = base_name(values[0])
    if name and name not in reader.functions:
        reader.found.commands.setdefault(values[0])
    if name not in inventory.SPOKEN:
        return
    for kind, what, at in inventory.module_loads(values):
        reader.add(ItemKind.MODULE, kind, what, reader.at(words[at].start))
    if told := inventory.cluster_command(values):
        reader.add(ItemKind.COMMAND, told, " ".join(word.raw for word in words), reader.at(words[0].start))
    _builtin(reader, name, words, values, around)
    if inner := shell_text(values):
        _shell_word(reader, words[inner:] if name == "eval" else words[inner : inner + 1], around)


def _shell_word(reader: "ShellReader", words: list[Word], around: Around) -> None:
    first = words[0]
    quoted = first.raw[:1] in "'\"" and first.raw[:1] == first.raw[-1:]
    text = " ".join(word.value for word in words)
    if "$()" in text:  # what a command substitution gives is not known
        return
    reader.nested(text, around, base=first.start + quoted)


def _launch(reader: "ShellReader", words: list[Word], values: list[str], layer: Layer, around: Around) -> None:
    offset = reader.at(words[0].start)
    raws = tuple(word.raw for word in words)
    reader.add(ItemKind.LAUNCHER, layer.name, " ".join(raws), offset)
    if layer.name == "srun" and (image := pyxis_image(values)):
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


def _builtin(reader: "ShellReader", name: str, words: list[Word], values: list[str], around: Around) -> None:
    """The builtins that set variables or read the arguments."""
    names: list[str] = []
    if name in ("read", "mapfile", "readarray"):
        names = values[1:]
    elif name == "getopts":
        names = values[2:3]
        reader.use("@", "", "", words[0].start, around)
    elif name == "printf" and values[1:2] == ["-v"]:
        names = values[2:3]
    elif name == "let":
        names = [value.partition("=")[0].rstrip("+-*/ ") for value in values[1:] if "=" in value]
    elif name == "set" and "--" in values and not around.function:
        reader.found.arguments_set = min(reader.found.arguments_set, reader.at(words[0].start))
    for found in names:
        if found.isidentifier():
            reader.found.sets.setdefault(found, reader.at(words[0].start))


def _word_paths(reader: "ShellReader", words: list[Word], values: list[str]) -> None:
    if not any("/" in value for value in values):
        return
    for at, mount in inventory.path_words(values):
        raw = words[at].raw
        for path, start in inventory.paths_in(values[at], mount=mount):
            found = raw.find(path)
            reader.add(ItemKind.PATH, path, "", reader.at(words[at].start + octets(raw, max(found, 0))))
            del start
