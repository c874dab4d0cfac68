"""Programs that call sbatch, and programs that write scripts."""

import re
from typing import Final

from s2r_ci.discover.classify import PROGRAMS
from s2r_ci.patterns import lazy

# In a shell: at the start of a command, so that prose in an echo or a comment does not count.
SHELL_CALL: Final = lazy(
    rb"^(?:[^#\n]*?(?:[;&|(`!{]|\b(?:then|do|else|exec|eval|time|nohup|xargs|command|env|ssh|if|while|srun)\b"
    rb"[^\n;|&#]*?))?[ \t@-]*(?:SBATCH_\w{1,40}=[^\s;|&]{0,99}[ \t]+){0,9}"
    rb"(?:[\w./$]*/)?sbatch(?=[ \t]+[\w\"'$./{<~*-]|[ \t]*<|[ \t]*\)?$)",
    re.MULTILINE,
)
QUOTED_CALL: Final = lazy(rb"""^[^#\n]*?["'`](?:[\w./$]*/)?sbatch(?:["'`]|[ \t]+[-\w{%$./])""", re.MULTILINE)
PROSE: Final = lazy(rb"^[ \t]*(?:echo|printf|print|cat|log\w*|warn\w*|die|raise|usage|help)\b[^|;&\n]*$")
PYTHON: Final = lazy(rb"\A#![^\n]*python")

SHELLS: Final = PROGRAMS[:14]
SOURCES: Final = (
    *PROGRAMS[14:], b".js", b".ts", b".go", b".lua", b".tcl", b".pm", b".ipy", b".c", b".cc", b".cpp", b".h", b".hpp",
    b".java", b".rs", b".f90", b".scala", b".groovy", b".m", b".php", b".cmake", b".el", b".vim", b".hs", b".kt",
    b".cs", b".yaml", b".yml", b".json", b".toml", b".ini", b".cfg", b".conf", b".xml", b".tmLanguage", b".wdl",
    b".cwl",
)  # fmt: skip

HERE: Final = lazy(rb"""<<[-~]?[ \t]*(?:"([^"\n]+)"|'([^'\n]+)'|\\?([A-Za-z_]\w*))""")
WRITTEN: Final = lazy(
    rb"""(?:\b(?:echo|printf|print|println|puts|write\w*|append|format|cat|add_line)\b|["'`])[^\n]{0,200}?#SBATCH"""
)
QUOTES: Final = (b'"""', b"'''")


def call_line(data: bytes, name: bytes) -> int:
    """The offset of the first call of sbatch, or -1."""
    quoted_only = name.endswith((b".py", b".smk", b".jl", b".js", b".ts", b".go", b".r", b".R")) or PYTHON.match(
        data
    )
    patterns = (QUOTED_CALL,) if quoted_only else (SHELL_CALL, QUOTED_CALL)
    for pattern in patterns:
        for found in pattern.finditer(data):
            end = data.find(b"\n", found.end())
            if not PROSE.match(data[found.start() : end if end >= 0 else len(data)]):
                return found.start()
    return -1


def within_text(data: bytes, offset: int) -> str:
    """Say in what kind of text the line at ``offset`` stands (a here-document, a string), or ""."""
    before = data[:offset]
    for quote in QUOTES:
        if before.count(quote) % 2:
            return "a string"
    if b"<<" in before and _in_here_document(before):
        return "a here-document"
    # An echo or an assignment that opens a quote right before the first line of a script.
    opened = re.compile(rb"""["'`]\\?\s*#!/""").search(before)
    if opened and not re.search(rb"""(?<!\\)["'`]""", before[opened.start() + 1 :]):
        return "a quoted string"
    return "a quoted string" if _quote_just_opened(before) else ""


OPENS: Final = lazy(rb"""(["'])[ \t]*(?:#SBATCH[^\n]*)?\Z""")


def _quote_just_opened(before: bytes) -> bool:
    """Does the line above the directives end with a quote that it opens: ``make_script $file "``?"""
    lines = before.split(b"\n")[:-1]
    while lines and lines[-1].startswith(b"#SBATCH"):
        lines.pop()
    opened = OPENS.search(lines[-1]) if lines and not lines[-1].lstrip().startswith(b"#") else None
    return opened is not None and lines[-1].count(opened[1]) % 2 == 1


def _in_here_document(before: bytes) -> bool:
    ends: list[bytes] = []
    for line in before.split(b"\n")[:-1]:
        if ends:
            if line.strip() == ends[0]:
                ends.pop(0)
        elif b"<<" in line and not line.lstrip().startswith(b"#"):
            ends = [next(filter(None, groups)) for groups in HERE.findall(line)]
    return bool(ends)


def writes_directives(data: bytes, offset: int) -> str:
    """Say how a line that holds ``#SBATCH`` behind its start writes it into another file, or ""."""
    start = data.rfind(b"\n", 0, offset) + 1
    end = data.find(b"\n", offset)
    line = data[start : end if end >= 0 else len(data)]
    if not line.lstrip().startswith((b"#", b"//", b"*", b"--", b";")) and WRITTEN.search(line):
        return "a command or a string"
    if line.lstrip().startswith(b"#SBATCH"):
        return within_text(data, start)
    return ""
