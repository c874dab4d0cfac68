"""Marks that somebody, or some program, has yet to fill in: what makes a script a template.

A mark in an option that shapes the job (nodes, time, memory, ...) makes a template. A mark in account or mail alone
leaves a script that can be read; so does ``$X`` in a name or a path, which the reader reports.
"""

import re
from typing import Final

from s2r_ci.patterns import lazy

STRUCTURAL: Final = frozenset(
    b"nodes ntasks time partition mem mem-per-cpu mem-per-gpu gres gpus gpus-per-node gpus-per-task gpus-per-socket "
    b"cpus-per-task cpus-per-gpu ntasks-per-node tasks-per-node ntasks-per-gpu array N n t p c G a".split()
)
NUMERIC: Final = STRUCTURAL - {b"partition", b"p", b"gres", b"gpus", b"G", b"a", b"array"}

# A directive line that holds none of these letters, and no capital word as a value, has no mark.
SUSPICIOUS: Final = lazy(rb"^#SBATCH[^\n]*?(?:[{}<>$@!\[]|%[^\s%]*[%(]|__|[= ][A-Z_]{3})", re.MULTILINE)
OPTION: Final = lazy(
    rb"""(?:--([a-z][a-z-]*)(?:=|[ \t]+)|(?<![\w-])-([A-Za-z])=?[ \t]*)"""
    rb"""((?:<[^<>\n]*>|"[^"\n]*"|'[^'\n]*'|[^\s"'<]|<(?![^<>\n]*>))*)"""
)

ANYWHERE: Final = (
    (lazy(rb"\{\{.*?\}\}|\{%.*?%\}"), "Jinja marks"),
    (lazy(rb"<%.*?%>"), "ERB marks"),
    (lazy(rb"%\([A-Za-z_]\w*\)[sdifg]"), "Python format marks"),
    (lazy(rb"(?<![\w.])@@?[A-Za-z_]\w*@@?(?![\w.])"), "at marks"),
    (lazy(rb"(?<![$%\w])\{[A-Za-z_][\w.\[\]]*(?::[^{}\s]*)?\}"), "brace marks"),
    (lazy(rb"%%?[A-Z][A-Z_]{2,}%%?"), "percent marks"),
    (lazy(rb"\[% ?\w+ ?%\]"), "bracket marks"),
)
FREE_TEXT: Final = lazy(rb"""--(?:comment|wckey)(?:=|[ \t]+)(?:"[^"\n]*"|'[^'\n]*'|\S+)""")
IN_STRUCTURE: Final = (
    (lazy(rb"\$(?:\{?[A-Za-z_0-9]|\()"), "a variable, which sbatch does not expand"),
    (lazy(rb"<[^<>\n]*>"), "a mark to fill in"),
    (lazy(rb"\{[^{}\n]*\}"), "brace marks"),
    (lazy(rb"\b__?[A-Za-z]\w*?__?\b|\bX{3,}\w*|\bYOUR\b|\bYOUR_|![A-Z]{3,}"), "a mark to fill in"),
)
WORD: Final = lazy(rb"""["']?[A-Z][A-Z_]{2,}["']?(?=[\s#:]|$)""")
KNOWN_WORDS: Final = (b"UNLIMITED", b"INFINITE", b"NONE", b"ALL", b"MAX", b"MIN")
LOGIC: Final = lazy(
    rb"^[ \t]*\{%-?\s*(?:if|for|set|block|include|raw|macro|end\w+|else|elif)\b.*?%\}|^[ \t]*<%[-=]?.*?%>"
    rb"|(?<!\{)\{\{-?[ \t]+[A-Za-z_][\w.]*[ \t]+(?:\|[^{}\n]*)?-?\}\}(?!\})",
    re.MULTILINE,
)


def template_mark(data: bytes, end: int) -> tuple[str, int] | None:
    """Say which mark makes this script a template, and the offset of its line; None where there is none. Directives
    count up to ``end``: those behind may stand in a here-document.
    """
    for suspect in SUSPICIOUS.finditer(data, 0, end):
        line = data[suspect.start() + 7 :].split(b"\n", 1)[0]
        if found := _in_directive(line):
            return found, suspect.start()
    return _in_body(data)


def _in_directive(line: bytes) -> str:
    text = re.split(rb"\s#", line, maxsplit=1)[0]
    shaping = FREE_TEXT.sub(b"", text)
    for pattern, marks in ANYWHERE:
        if pattern.search(shaping):
            return f"{marks} in a directive"
    for option in OPTION.finditer(text):
        name: bytes = option[1] or option[2]
        value: bytes = option[3]
        if name in STRUCTURAL and (mark := _in_value(name, value)):
            return f"{mark} in {'--' if option[1] else '-'}{name.decode()}"
    return ""


def _in_value(name: bytes, value: bytes) -> str:
    for pattern, mark in IN_STRUCTURE:
        if pattern.search(value):
            return mark
    if name in NUMERIC and WORD.match(value) and not value.strip(b"\"'").startswith(KNOWN_WORDS):
        return "a word in capitals that stands for a value"
    return ""


def _in_body(data: bytes) -> tuple[str, int] | None:
    if b"{%" not in data and b"{{" not in data and b"<%" not in data:
        return None
    found = LOGIC.search(data)
    return ("template statements in the program part", found.start()) if found else None
