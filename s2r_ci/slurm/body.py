"""The program part of a batch script: what it starts, loads, reads and needs, as inventory and as ``Body``.

Shells are read with a grammar (``shell``), everything else line by line (``scanner``). Directive lines are comments
here. One item stands for every use of a variable of Slurm's on a line, and for every launcher, module, container,
cluster command and absolute path; arguments and variables from outside have one item a name, at their first use.
"""

from typing import Final

from s2r_ci import rules
from s2r_ci.model import Body, Finding, Item, ItemKind, Location, Script
from s2r_ci.patterns import lazy
from s2r_ci.slurm import inventory
from s2r_ci.slurm.launchers import SHELLS, base_name
from s2r_ci.slurm.scanner import LineScanner
from s2r_ci.slurm.shell import ShellReader

GRAMMAR_LIMIT: Final = 256 * 1024  # octets that are given to the grammar
SCAN_LIMIT: Final = 1024 * 1024  # octets that are read at all

_LANGUAGES: Final = (
    (lazy(r"t?csh"), "csh"),
    (lazy(r"(?:i?python|pypy)[\d.]*"), "python"),
    (lazy(r"Rscript|R|littler|r"), "r"),
    (lazy(r"perl[\d.]*"), "perl"),
    (lazy(r"julia[\d.]*"), "julia"),
    (lazy(r"node|ruby|lua|octave|octave-cli|php|[gmn]?awk|fish|tclsh|wish|expect|make"), "other"),
    (lazy(r"matlab|stata|sas|nu|pwsh|scala"), "other"),
)


def language_of(interpreter: str) -> str:
    """The language of a first line (without ``#!``); a name that nobody knows is taken for a shell.

    >>> language_of("/usr/bin/env -S bash -l"), language_of("/usr/bin/env python3"), language_of("/bin/tcsh -f")
    ('shell', 'python', 'csh')
    """
    words = interpreter.split()
    names = [base_name(word) for word in words if not word.startswith("-") and "=" not in word]
    if names and names[0] == "env":
        names = names[1:]
    name = names[0] if names else ""
    if name in SHELLS:
        return "shell"
    return next((language for pattern, language in _LANGUAGES if pattern.fullmatch(name)), "shell")


def _interpreter(data: bytes) -> str:
    first = data[:4096].removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
    return first[2:].decode("utf-8", "surrogateescape").strip() if first.startswith(b"#!") else ""


def read_body(script: Script, first_line: int = 1) -> tuple[Body, tuple[Item, ...], tuple[Finding, ...]]:
    """The program part of a script, its inventory (all but directives), and what could not be read.

    ``first_line`` is where the program part begins: items above it are not reported. Never raises.
    """
    interpreter = _interpreter(script.data)
    language = language_of(interpreter)
    data = script.data[:SCAN_LIMIT]
    findings: tuple[Finding, ...] = ()
    if len(script.data) > (GRAMMAR_LIMIT if language == "shell" else SCAN_LIMIT):
        findings = (_too_long(script, language),)
    if language == "shell" and not findings:
        body, items, findings = _with_grammar(script, interpreter)
    else:
        body, items = _without_grammar(script.path, data, interpreter, language, understood=not findings)
    if first_line > 1:
        items = [item for item in items if item.location.line >= first_line]
    return body, tuple(items), findings


def _too_long(script: Script, language: str) -> Finding:
    limit = GRAMMAR_LIMIT if language == "shell" else SCAN_LIMIT
    return Finding(
        rule=rules.BODY_NOT_UNDERSTOOD,
        message=f"the script has {len(script.data):,} octets, and only {limit:,} are read with care: "
        "launchers, paths and variables were looked for line by line",
        location=Location(path=script.path, line=1),
        subject="body",
    )


def _with_grammar(script: Script, interpreter: str) -> tuple[Body, list[Item], tuple[Finding, ...]]:
    reader = ShellReader(script.path, script.data)
    reader.read()
    found = reader.found
    items = found.items
    findings: tuple[Finding, ...] = ()
    if reader.broken:
        items, findings = _mended(reader, items), (_broken(reader),)
    body = Body(
        interpreter=interpreter,
        language="shell",
        understood=not reader.broken,
        steps=tuple(found.steps),
        sets=found.all_sets,
        exports=found.exports,
        commands=tuple(found.commands),
        runs_outside_steps=found.outside,
        uses_gpu=found.gpu,
    )
    return body, items, findings


def _broken(reader: ShellReader) -> Finding:
    place = reader.found.place(reader.broken[0][0])
    return Finding(
        rule=rules.BODY_NOT_UNDERSTOOD,
        message=f"the shell grammar stumbles here (line {place.line}, column {place.column}): "
        "what stands in this part was looked for line by line",
        location=place,
        subject="body",
    )


def _mended(reader: ShellReader, items: list[Item]) -> list[Item]:
    """Add what a line scanner finds where the grammar gave up, so that no launcher disappears in there."""
    known = {(item.kind, item.name, item.location.line) for item in items}
    for start, end in _merged(reader):
        first = reader.found.place(start).line
        text = reader.found.line_text(start, end)
        scanner = LineScanner(reader.found.path, "shell")
        scanner.read(text, first)
        for item in scanner.items:
            key = (item.kind, item.name, item.location.line)
            if key not in known and item.kind is not ItemKind.PATH:
                known.add(key)
                items.append(item)
        places = {(step.launcher, step.location.line) for step in reader.found.steps}
        reader.found.steps += [step for step in scanner.steps if (step.launcher, step.location.line) not in places]
    return sorted(items, key=lambda item: (item.location.line, item.location.column))


def _merged(reader: ShellReader) -> list[tuple[int, int]]:
    """The broken parts, those that share a line as one: a line is looked through once, however often it breaks."""
    merged: list[tuple[int, int]] = []
    last = 0
    for start, end in sorted(reader.broken):
        if merged and reader.found.place(start).line <= last:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
        last = max(last, reader.found.place(end).line)
    return merged


def _without_grammar(
    path: str, data: bytes, interpreter: str, language: str, *, understood: bool
) -> tuple[Body, list[Item]]:
    scanner = LineScanner(path, language)
    scanner.read(data.decode("utf-8", "surrogateescape"))
    body = Body(
        interpreter=interpreter,
        language=language,
        understood=understood,
        steps=tuple(scanner.steps),
        sets=tuple(scanner.sets),
        exports=scanner.exports,
        commands=tuple(scanner.commands),
        runs_outside_steps=True,
        uses_gpu=inventory.uses_gpu(data),
    )
    return body, scanner.items
