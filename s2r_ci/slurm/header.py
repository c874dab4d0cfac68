"""Slurm's reading of a script's directives: how far sbatch would come, with what, and what it misreads.

The stages are sbatch's own: look at the file, cut lines into words, words into options (script, then #PBS or #BSUB,
then environment, then command line), check them together, send them to the controller.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from s2r_ci.model import NOTHING, Component, Header
from s2r_ci.slurm import lookalikes
from s2r_ci.slurm.components import STAGES, Part, Reader
from s2r_ci.slurm.options import DEFAULT_RELEASE, Release, catalogue
from s2r_ci.slurm.troubles import Troubles
from s2r_ci.slurm.words import read_words

_LARGEST_SCRIPT: Final = 512 * 1024 * 1024
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def read_header(
    data: bytes,
    path: str,
    *,
    release: str = DEFAULT_RELEASE,
    environ: Mapping[str, str] = NOTHING,
    arguments: Sequence[str] = (),
    now: float | None = None,
) -> Header:
    """Read the directives as sbatch of one release does, called with this environment and these options.

    Whatever the bytes are, the answer is a Header; what sbatch refuses, drops or misreads is in its findings.
    ``now`` is the moment of submission in seconds since 1970; without it a relative --begin stays as written.
    """
    return read_parts(data, path, release=release, environ=environ, arguments=arguments, now=now)[0]


def read_parts(
    data: bytes,
    path: str,
    *,
    release: str = DEFAULT_RELEASE,
    environ: Mapping[str, str] = NOTHING,
    arguments: Sequence[str] = (),
    now: float | None = None,
) -> tuple[Header, list[Part]]:
    """The header, and each component with its options as typed values."""
    troubles = Troubles(path)
    known = catalogue(release)
    if refusal := _refusal(data, known.release):
        reader = Reader(path, known, troubles, environ, arguments, now, het=False)
        stage = "read" if reader.takes_command_line() else "parse"
        troubles.refuse(*refusal)
        return Header(stage=stage, slurm=release, components=(Component(),), findings=tuple(troubles.found)), []
    lines = read_words(data, known.release, troubles, lookalikes.Comments(troubles, data))
    reader = Reader(path, known, troubles, environ, arguments, now, het=len(lines.components) > 1)
    parts = reader.read(data, lines.components, lines.fatal)
    lookalikes.look_for_late(data, lines.end, lines.end_line, troubles)
    lookalikes.look_for_hidden(data, troubles)
    header = Header(
        stage=STAGES[reader.stage],
        slurm=release,
        components=tuple([part.component for part in parts]),
        findings=tuple(troubles.found),
    )
    return header, parts


def _refusal(data: bytes, release: Release) -> tuple[str, int] | None:
    """Why sbatch does not even look at the directives, and on which line."""
    if not data:
        return "the file is empty; sbatch needs a script that begins with #!", 0
    if data.isspace():
        return "the file holds nothing but blanks; sbatch needs a script that begins with #!", 0
    if not data.startswith(b"#!"):
        return _no_shebang(data), 1
    if b"\0" in data:
        return "the file holds a NUL byte, which sbatch refuses", data.count(b"\n", 0, data.index(b"\0")) + 1
    if b"\r" in data and (at := data.find(b"\r\n")) >= 0:
        return "the file has DOS line ends, which sbatch refuses: save it with \\n (dos2unix)", (
            data.count(b"\n", 0, at) + 1
        )
    if len(data) > _LARGEST_SCRIPT and release >= (23, 2):
        return "the file is larger than 512 MB, which sbatch refuses", 0
    return None


def _no_shebang(data: bytes) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        return "the file begins with a byte order mark, so sbatch does not see the #!: save it without"
    if data.startswith(_UTF16):
        return "the file is UTF-16, which sbatch cannot read: save it as UTF-8 without byte order mark"
    return "the first two bytes are not #!: begin the script with #!/bin/bash (no blank line or blank before it)"
