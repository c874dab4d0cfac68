"""``#PBS`` and ``#BSUB`` lines, which sbatch reads by default, and which win over ``#SBATCH``.

They count in column one and in capitals, behind the first command too, until the 101st line that is no comment.
Where a script has any ``#BSUB`` line, ``#PBS`` is not read. Each option becomes the option of sbatch it stands for.
"""

from collections.abc import Callable, Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.patterns import lazy
from s2r_ci.slurm.getopt import Given
from s2r_ci.slurm.hosts import HostListError, folded, in_order
from s2r_ci.slurm.options import Catalogue, Release
from s2r_ci.slurm.troubles import RefusedError, Troubles
from s2r_ci.slurm.units import digits, signed, whole
from s2r_ci.slurm.words import HETJOB, Word, cut

_OTHER_LINES: Final = 100
# letter -> (takes a value, option of sbatch; "" for nothing)
_PBS: Final = {
    "a": (True, "begin"), "A": (True, "account"), "c": (True, ""), "C": (True, ""), "e": (True, "error"),
    "h": (False, "hold"), "I": (False, ""), "j": (True, ""), "J": (True, "array"), "k": (True, ""),
    "l": (True, "resources"), "m": (True, "mail"), "M": (True, "mail-user"), "N": (True, "job-name"),
    "o": (True, "output"), "p": (True, "nice"), "q": (True, "partition"), "r": (True, ""), "S": (True, ""),
    "t": (True, "array"), "u": (True, ""), "v": (True, "export"), "V": (False, ""), "W": (True, "attributes"),
    "z": (False, ""), "d": (True, "chdir"), "w": (True, "chdir"),
}  # fmt: skip
_BSUB: Final = {
    "c": (True, "chdir"), "e": (True, "error"), "J": (True, "job-name"), "m": (True, "hosts"), "M": (True, "memory"),
    "n": (True, "tasks"), "o": (True, "output"), "q": (True, "partition"), "W": (True, "time"),
    "x": (False, "exclusive"),
}  # fmt: skip
_PBS_NAMES: Final = {
    "start_time": "a", "account": "A", "error": "e", "hold": "h", "join": "j", "job_array": "J", "keep": "k",
    "resource_list": "l", "mail_options": "m", "mail_user_list": "M", "job_name": "N", "out": "o", "priority": "p",
    "destination": "q", "rerunable": "r", "script_path": "S", "array": "t", "variable_list": "v", "all_env": "V",
    "attributes": "W",
}  # fmt: skip
_RESOURCE: Final = lazy(
    r"(?P<key>select|ncpus|mpiprocs)=(?P<short>[^:]*)|"
    r"(?P<name>nodes|walltime|cput|pcput|mem|file|nice|naccelerators|accelerator|proc)=(?P<long>[^,]*)|"
    r"(?:arch|host|opsys|other|pmem|pvmem|software|vmem)=[^,]*"
)
_NODES: Final = lazy(
    r"gpus=(?P<gpus>[^:+]*)|(?P<key>ppn=|(?=[0-9]))(?=\s*(?P<sign>[+-]?)(?P<number>[0-9]*))[^:+]*|(?P<name>[A-Za-z][^:+]*)"
)
_PLAIN: Final = {"walltime": "time", "cput": "time", "pcput": "time", "nice": "nice", "proc": "constraint"}
_NUMBERS: Final = {"select": "nodes", "ncpus": "mincpus", "mpiprocs": "ntasks-per-node"}

Pairs = Iterator[tuple[str, str]]


def read_foreign(data: bytes, known: Catalogue, troubles: Troubles) -> tuple[list[Word], list[Given], bool]:
    """The words of the lines, the options of sbatch they stand for, and whether sbatch refuses one of them."""
    for keyword, table, origin in ((b"#BSUB", _BSUB, "bsub"), (b"#PBS", _PBS, "pbs")):
        if b"\n" + keyword not in data:
            continue
        words: list[Word] = []
        try:
            words += _words(data, keyword, known)
        except RefusedError as trouble:
            troubles.refuse(str(trouble))
            return words, [], True
        if words:
            given, refused = _options(words, table, origin, known, troubles)
            names = ", ".join(dict.fromkeys(f"--{each.option.name}" for each in given)) or "nothing"
            troubles.add(
                rules.FOREIGN_DIRECTIVE,
                f"sbatch reads the {keyword.decode()} lines as {names}, over what #SBATCH says",
                words[0].line, 1, origin,
            )  # fmt: skip
            return words, given, refused
    return [], [], False


def _words(data: bytes, keyword: bytes, known: Catalogue) -> Iterator[Word]:
    others = 0
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.startswith(keyword):
            for piece, column, plain in cut(line[len(keyword) :], known.release, number, None, len(keyword)):
                if plain and piece.lower() in HETJOB:
                    break
                yield Word(piece.decode("utf-8", "surrogateescape"), number, column)
        elif not line.startswith(b"#"):
            others += 1
            if others > _OTHER_LINES:
                break


def _options(
    words: list[Word], table: dict[str, tuple[bool, str]], origin: str, known: Catalogue, troubles: Troubles
) -> tuple[list[Given], bool]:
    given: list[Given] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word.text == "--":  # the end of the options, and sbatch takes nothing else
            if at < len(words):
                _refuse(words[at], origin, troubles)
            return given, at < len(words)
        letter, value = _letter(word.text, at, origin)
        takes, meaning = table.get(letter, (False, "?"))
        if letter in ("d", "w") and known.release < (23, 2):
            takes, meaning = False, "?"
        if takes and not value and at < len(words):
            value = words[at].text
            at += 1
        elif meaning == "?" or (takes and not value):
            _refuse(word, origin, troubles)
            return given, True
        try:
            pairs = list(_READERS[meaning](value, known.release)) if meaning in _READERS else [(meaning, value)]
        except RefusedError as trouble:
            troubles.refuse(f"{word.text}: {trouble}", word.line, word.column, word.text[:40])
            return given, True
        given += [
            Given(known.names[name], text, word.line, word.column, origin)
            for name, text in pairs
            if name in known.names
        ]
    return given, False


def _refuse(word: Word, origin: str, troubles: Troubles) -> None:
    message = f"sbatch does not know `{word.text}` on a #{origin.upper()} line and refuses the script"
    troubles.refuse(message, word.line, word.column, word.text[:40])


def _letter(text: str, place: int, origin: str) -> tuple[str, str]:
    """The letter of a word and what is glued to it. LSF's -cwd counts only as the 1st, 3rd, 5th... word."""
    if text.startswith("--"):
        name, _, value = text[2:].partition("=")
        return (_PBS_NAMES.get(name, "") if origin == "pbs" else ""), value
    if text == "-cwd" and origin == "bsub" and place % 2:
        return "c", ""
    return (text[1:2], text[2:]) if text[:1] == "-" else ("", "")


def _mail(value: str, release: Release) -> Pairs:
    words = [name for letter, name in (("b", "BEGIN"), ("e", "END"), ("a", "FAIL")) if letter in value.lower()]
    if "n" in value.lower():
        words = ["NONE"]
    if not words:
        raise RefusedError("needs some of the letters b, e, a, n")
    yield "mail-type", ",".join(words)


def _attributes(value: str, release: Release) -> Pairs:
    if value.lower().startswith("depend="):
        yield "dependency", value[7:]


def _hosts(value: str, release: Release) -> Pairs:
    yield "nodelist", value.replace(" ", ",")


def _memory(value: str, release: Release) -> Pairs:
    """LSF counts in KiB here, and per CPU; a unit counts all the same."""
    yield "mem-per-cpu", f"{value}K" if value[-1:].isdigit() else value


def _tasks(value: str, release: Release) -> Pairs:
    yield "ntasks", value.rpartition(",")[2]


def _resources(value: str, release: Release) -> Pairs:
    """The list behind -l, of Torque and of PBS Pro; what is not known is dropped without a word."""
    cpus = ranks = 0
    selected = False
    for found in _RESOURCE.finditer(value):
        if key := found["key"]:
            number = whole(found["short"], release) or 0
            selected = selected or key == "select"
            cpus = number if key == "ncpus" else cpus
            ranks = number if key == "mpiprocs" else ranks
            yield _NUMBERS[key], found["short"]
        elif name := found["name"]:
            yield from _resource(name, found["long"], release)
    if selected and ranks and cpus > ranks:
        yield "cpus-per-task", str(cpus // ranks)


def _resource(name: str, value: str, release: Release) -> Pairs:
    if name == "nodes":
        yield from _nodes(value)
    elif name in ("mem", "file"):
        yield ("mem" if name == "mem" else "tmp"), value[:-1] if value[-1:] in ("b", "B") else value
    elif name == "accelerator" and value.lower().startswith("true"):
        yield "gres", "gpu:1"
    elif name == "naccelerators":
        if (number := whole(value, release)) is None:
            raise RefusedError(f"naccelerators={value} is no whole number of at least 1")
        yield "gres", f"gpu:{number}"
    elif name in _PLAIN:
        yield _PLAIN[name], value


def _nodes(value: str) -> Pairs:
    """Numbers and names between ``:`` and ``+``. Of a part counts what it begins with, behind letters of no meaning."""
    nodes = per_node = 0
    gpus: str | None = None
    names = []
    for found in _NODES.finditer(value):
        if found["name"]:
            names.append(found["name"])
        elif found["gpus"] is not None:
            gpus = found["gpus"]
        else:
            number = signed((digits(found["number"]) or 0) * (-1 if found["sign"] == "-" else 1))
            if found["key"]:
                per_node += number
            else:
                nodes = signed(nodes + number)
    if nodes:
        yield "nodes", str(nodes)
    if per_node:
        yield "ntasks", str(signed(per_node * (nodes or 1)))
    if gpus is not None:
        yield "gpus-per-node", gpus
    if names:
        try:
            yield "nodelist", folded(in_order(names))
        except HostListError as trouble:
            raise RefusedError(f"--nodelist {trouble}") from None


_READERS: Final[dict[str, Callable[[str, Release], Pairs]]] = {
    "resources": _resources, "mail": _mail, "attributes": _attributes, "hosts": _hosts, "memory": _memory,
    "tasks": _tasks, "": lambda value, release: iter(()),
}  # fmt: skip
