"""Files of the repository that a batch script runs or sources: found by its text, read with it, part of its digest.

Which of them it calls the grammar says later (``slurm.inner``). Here is only the quick look that a manifest which is
current needs as well: a name too many costs a read, and makes a manifest stale that need not be.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Final

from s2r_ci.errors import IncompleteError
from s2r_ci.model import Called, Script
from s2r_ci.patterns import lazy

Read = Callable[[str], bytes | None]

MOST: Final = 16  # files of one script that are read
PROGRAM: Final = "program"
"""How a file is called that no shell reads; its ``data`` are the names of Slurm's variables in it, and no more."""
LONGEST: Final = 262_144  # octets of one of them; what is longer is only named

_FOLDER: Final = rb"(?:\$\{?(?:SLURM_SUBMIT_DIR|PWD)\}?/)?"
_NAME: Final = rb"(?P<name>(?:\.{1,2}/){0,9}[A-Za-z0-9_][\w.+-]{0,99}(?:/[\w.+-]{1,99}){0,19})"
_CALL: Final = lazy(
    rb"""(?<![^\s;&|({`"'])(?:
        (?:/(?:usr/)?bin/)?(?P<shell>(?:ba|z|k|da)?sh)(?:[ \t]+[-+][ABD-Zabd-z]{1,8})*[ \t]+
      | (?P<source>source|\.)[ \t]+
      | (?=\.{1,2}/|["']?\$\{?(?:SLURM_SUBMIT_DIR|PWD)|[\w.+-]{1,99}/[\w./+-]{0,500}\.(?:sh|bash)\b)
    )["']?"""
    + _FOLDER
    + _NAME
    + rb"""["']?(?=[\s;&|)}`"']|$)""",
    re.VERBOSE,
)
_CALL_SIGNS: Final = (b"sh", b"source", b". ", b".\t", b"./", b"SUBMIT_DIR", b"PWD")  # one is in all that it finds
_OTHERS: Final = lazy(rb"(?:^|[\s;&|(])(?:sbatch|cp|mv|rm|ls|cat|chmod|echo|printf|rsync|scp)\b[^;&|\n]*")
_SHELL: Final = lazy(rb"#![^\n]*\b(?:ba|z|k|da)?sh\b")
_PROGRAM: Final = lazy(rb"""(?<![^\s;&|({`"'])""" + _FOLDER + _NAME + rb"""(?<=\.(?:py|jl|pl))(?=[\s;&|)}`"']|$)""")
_PROGRAM_SIGNS: Final = (b".py", b".jl", b".pl")
_HINT: Final = lazy(rb"sh[ \t]|source[ \t]|\.[ \t]|\./|\.(?:sh|bash|py|jl|pl)\b|SUBMIT_DIR|PWD")
_REMARK: Final = lazy(rb"(?:^|\s)#")
_LONGEST_LINE: Final = 4_096  # octets of a line that are looked at: what is longer is no line of a person's
_SLURM: Final = lazy(rb"\bSLURM_[A-Z][A-Z0-9_]*[A-Z0-9]\b")


def script_of(path: str, data: bytes, read: Read) -> Script:
    """The script with the files of the repository that it calls. ``read`` takes paths from the root, and gives None, or
    raises IncompleteError, for what is not there or cannot be read.
    """
    lines = list(_lines(data))
    called = (*_files(path, data, lines, read), *_programs(path, data, lines, read)) if lines else ()
    return Script(path=path, data=data, called=called)


Lines = list[tuple[int, bytes]]


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines in which a file may be called, and where they begin; those that are comments are not among them."""
    end = -1
    for hint in _HINT.finditer(data):
        if hint.start() < end:
            continue
        start = data.rfind(b"\n", max(end, 0), hint.start()) + 1
        end = data.find(b"\n", hint.start())
        end = len(data) if end < 0 else end
        line = data[start : min(end, start + _LONGEST_LINE)]
        if not line.lstrip().startswith(b"#"):
            yield start, line


def _files(path: str, data: bytes, lines: Lines, read: Read) -> Iterator[Called]:
    """What a shell runs or sources."""
    for found, start in _named(_CALL, _CALL_SIGNS, lines):
        name = found["name"].decode("utf-8", "surrogateescape")
        how = "shell" if found["shell"] else "source" if found["source"] else ""
        place, inner = _resolved(path, name, read)
        if place == path or (inner is not None and not _is_shell(place, inner, how)):
            continue
        if inner is not None or how or name.endswith((".sh", ".bash")):
            yield Called(name, how, data.count(b"\n", 0, start) + 1, found.start() + 1, place, inner)


def _programs(path: str, data: bytes, lines: Lines, read: Read) -> Iterator[Called]:
    """Programs in other languages, of which nothing counts but the names of Slurm's variables that stand in them: what
    else changes in them makes no manifest stale.
    """
    for found, start in _named(_PROGRAM, _PROGRAM_SIGNS, lines):
        name = found["name"].decode("utf-8", "surrogateescape")
        place, text = _resolved(path, name, read)
        if text and (names := sorted(set(_SLURM.findall(text)))):
            yield Called(name, PROGRAM, data.count(b"\n", 0, start) + 1, found.start() + 1, place, b" ".join(names))


def _named(
    pattern: re.Pattern[bytes], signs: tuple[bytes, ...], lines: Lines
) -> Iterator[tuple[re.Match[bytes], int]]:
    """Where a name stands first as a command, or as what a shell reads, and where its line begins."""
    seen: set[bytes] = set()
    for start, whole in lines:
        if not any(sign in whole for sign in signs):
            continue
        remark = _REMARK.search(whole) if b"#" in whole else None
        line = whole[: remark.start()] if remark else whole
        words = [span.span() for span in _OTHERS.finditer(line)]  # of other commands: in order, none in another
        for found in pattern.finditer(line):
            at = found.start()
            while words and words[0][1] <= at:
                del words[0]
            if found["name"] in seen or (words and words[0][0] <= at):
                continue
            seen.add(found["name"])
            yield found, start
            if len(seen) >= MOST:
                return


def _resolved(script: str, name: str, read: Read) -> tuple[str, bytes | None]:
    """The file that a relative name means, from the script's own folder or from the root, and its octets."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(script), name))
    for place in dict.fromkeys((beside, posixpath.normpath(name))):
        if place == script:
            return script, None
        if place == ".." or place.startswith("../"):
            continue
        try:
            data = read(place)
        except IncompleteError:
            continue
        if data is not None and len(data) <= LONGEST:
            return place, data
    return "", None


def _is_shell(path: str, data: bytes, how: str) -> bool:
    """Whether a shell reads the file: by its first line, by its name, or because a shell is told to."""
    if b"\0" in data[:1024]:
        return False
    if data.startswith(b"#!"):
        return bool(_SHELL.match(data))
    return bool(how) or path.endswith((".sh", ".bash"))
