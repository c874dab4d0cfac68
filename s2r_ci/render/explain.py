"""A script and its manifest, line by line, with the ledger between them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Final

from s2r_ci.errors import S2rError
from s2r_ci.model import (
    Component,
    ConversionResult,
    Disposition,
    Finding,
    LedgerEntry,
    Question,
    Reading,
    Script,
)
from s2r_ci.patterns import lazy
from s2r_ci.render import Style
from s2r_ci.render.asked import request_words
from s2r_ci.render.program import program
from s2r_ci.render.reading import STAGES, options_table, releases, sent, summary, unread
from s2r_ci.render.safe import printable, shown_path
from s2r_ci.render.text import finding_lines, paint
from s2r_ci.render.words import by_gravity, without_root
from s2r_ci.rules import QUESTION_OPEN
from s2r_ci.slurm.driver import Call

_COLORS: Final = {
    Disposition.EXACT: "32",
    Disposition.APPROXIMATE: "33",
    Disposition.NEEDS_ANSWER: "36",
    Disposition.NOT_EXPRESSIBLE: "31",
}
_LONG_TEXT: Final = 12  # lines of a block of text that are shown
_BLOCK: Final = lazy(r"(?:^|[-:] )[|>][-+1-9]*(?: +#.*)?$")  # a YAML line that a block of text follows


def render_explanation(
    script: Script,
    reading: Reading,
    results: Sequence[ConversionResult],
    document_text: str,
    findings: Iterable[Finding],
    style: Style,
    calls: Sequence[tuple[Call, Reading | None]] = (),
) -> str:
    """What Slurm reads, the script with its ledger, findings, questions, and the manifest with the way back.

    ``document_text`` is the manifest as it lies on disk, "" where there is none. ``calls`` are the sbatch calls of
    a program that sends jobs, each with the reading of what it sends where that could be read.
    """
    ledger = [entry for result in results for entry in result.ledger]
    parts = (
        _reading(script, reading, style),
        _titled("Not read by Slurm", unread(script, reading.header), style),
        _titled("Other releases", _releases(script, reading), style),
        _titled("Program", program(script, reading), style),
        _titled("Jobs it sends", sent(calls), style),
        _script(script, ledger, style),
        _titled("Findings", finding_lines(_told(findings, results, style), style, indent="  "), style),
        _titled("Open questions", _questions(results, style), style),
        _titled("Manifest", _manifest(document_text, ledger, style), style),
    )
    return "".join(f"{line}\n" for part in parts for line in part)


def _told(findings: Iterable[Finding], results: Sequence[ConversionResult], style: Style) -> list[Finding]:
    """The findings; where questions are listed, those that only say that one is open are left out."""
    asked = any(result.questions for result in results)
    told = (finding for finding in findings if not (asked and finding.rule is QUESTION_OPEN))
    return by_gravity(without_root(told, style.root))


def side_by_side(left: str, right: str, width: int) -> str:
    """Two texts in two columns, together ``width`` cells wide; what does not fit ends with an ellipsis."""
    room = max((width - 3) // 2, 8)
    rows = zip_longest(_split(left), _split(right), fillvalue="")
    return "".join(f"{_fit(a, room)} | {_fit(b, room).rstrip()}".rstrip() + "\n" for a, b in rows)


def _split(text: str) -> list[str]:
    """The lines as sbatch and editors count them: only a line feed ends one."""
    return text.removesuffix("\n").split("\n") if text else []


def _fit(line: str, room: int) -> str:
    """The line in exactly ``room`` cells of a terminal."""
    shown = printable(line.expandtabs(4))
    cells = [_cells(letter) for letter in shown]
    if sum(cells) <= room:
        return shown + " " * (room - sum(cells))
    kept, used = 0, 1  # one cell for the ellipsis
    while used + cells[kept] <= room:
        used += cells[kept]
        kept += 1
    return shown[:kept] + "…" + " " * (room - used)


def _cells(letter: str) -> int:
    if letter.isascii():
        return 1
    import unicodedata

    return 0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _titled(title: str, lines: Iterable[str], style: Style) -> Iterator[str]:
    for number, line in enumerate(lines):
        if not number:
            yield ""
            yield paint(title, "1", style)
        yield line


# --- what Slurm reads --------------------------------------------------------------------------------------


def _reading(script: Script, reading: Reading, style: Style) -> Iterator[str]:
    header = reading.header
    verdict = f"{STAGES.get(header.stage, '')} (Slurm {header.slurm}, stage {header.stage})"
    yield f"{paint(shown_path(script.path), '1', style)}: {verdict}"
    for number, component in enumerate(header.components):
        mark = f"component {number + 1} " if len(header.components) > 1 else ""
        if component.directives:
            yield ""
            yield paint(f"What Slurm reads{f', component {number + 1}' if mark else ''}", "1", style)
            yield from options_table(component, script, header, style)
        if number < len(reading.jobs):
            meant = "" if header.stage == "accepted" else ", as it is meant"
            yield f"  {'in all':>12}  {summary(reading.jobs[number])}{meant}"
        yield from _component(component, mark, style)


def _releases(script: Script, reading: Reading) -> Iterator[str]:
    """Only where there is something to compare: a header that is worth a second look."""
    if any(component.directives for component in reading.header.components):
        yield from releases(script, reading.header)


def _component(component: Component, mark: str, style: Style) -> Iterator[str]:
    options = [f"--{name}" if value == "set" else f"--{name}={value}" for name, value in component.options.items()]
    yield from _wrapped(f"{mark}options", options, " ", style)
    yield from _wrapped(f"{mark}request", request_words(component.request), ", ", style)


def _wrapped(title: str, words: Sequence[str], between: str, style: Style) -> Iterator[str]:
    """The words after a title, broken between words where the line would become wider than wished."""
    line = ""
    head = f"  {title:<8}"
    for word in map(printable, words):
        if line and len(head) + len(line) + len(between) + len(word) > style.width:
            yield f"{head} {line}{between}".rstrip()
            head, line = " " * len(head), ""
        line += (between if line else "") + word
    if line:
        yield f"{head} {line}"


# --- the script with its ledger ----------------------------------------------------------------------------


def _script(script: Script, ledger: Iterable[LedgerEntry], style: Style) -> Iterator[str]:
    lines = _split(script.text)
    entries: defaultdict[int, list[LedgerEntry]] = defaultdict(list)
    for entry in ledger:
        entries[entry.location.line if 0 < entry.location.line <= len(lines) else 0].append(entry)
    yield ""
    yield paint("Script", "1", style)
    for number, line in enumerate(lines, 1):
        yield f"  {number:>4} | {printable(line.expandtabs(8))}".rstrip()
        yield from (_entry(entry, style) for entry in entries[number])
    if entries[0]:
        yield "  from elsewhere (environment, command line, settings)"
        yield from (_entry(entry, style) for entry in entries[0])


def _entry(entry: LedgerEntry, style: Style) -> str:
    where = f" -> {printable(entry.field)}" if entry.field else ""
    disposition = paint(f"{entry.disposition.value:<15}", _COLORS[entry.disposition], style)
    return f"       > {disposition} {_short(str(entry.item))}{where}: {printable(entry.reason)}"


def _short(text: str, limit: int = 60) -> str:
    shown = printable(text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _questions(results: Iterable[ConversionResult], style: Style) -> Iterator[str]:
    told: dict[str, Question] = {}
    for result in results:
        for question in result.questions:
            told.setdefault(question.key, question)
    for question in told.values():
        place = f"line {question.location.line}: " if question.location.line else ""
        yield f"  {place}{printable(question.key)} — {printable(question.text)}"
        yield f"    answer in the settings: {printable(question.answer)}"


# --- the manifest with the way back ------------------------------------------------------------------------


def _manifest(document: str, ledger: Sequence[LedgerEntry], style: Style) -> Iterator[str]:
    back = _back(document, ledger) if document else {}
    every = _split(document)
    folded = {} if style.verbose >= 1 else _long_texts(every)
    hidden = 0  # the last line of the text that is being left out
    for number, line in enumerate(every, 1):
        if number in folded:
            hidden = folded[number]
            yield f"       : {hidden - number + 1} lines of text (--verbose shows them)"
        if number <= hidden:
            continue
        shown = printable(line.expandtabs(8))
        lines = ", ".join(str(line) for line in back.get(number, ()))
        said = " # line " in shown or (number > 1 and every[number - 2].lstrip().startswith("# line "))
        mark = paint(f"  <- line {lines}", "2", style) if lines and not said else ""
        yield f"  {number:>4} | {shown}{mark}".rstrip()


def _long_texts(lines: Sequence[str]) -> dict[int, int]:
    """First line -> last line of every long block of text in a manifest, counted from 1: the carried script and
    what starts it. Read by indentation alone, which is how our manifests are laid out.
    """
    found = {}
    start = indent = 0
    for number, line in enumerate([*lines, "end"], 1):
        if start and line.strip() and len(line) - len(line.lstrip(" ")) <= indent:
            if number - start > _LONG_TEXT:
                found[start] = number - 1
            start = 0
        if not start and _BLOCK.search(line):
            start, indent = number + 1, len(line) - len(line.lstrip(" "))
    return found


def _back(document: str, ledger: Sequence[LedgerEntry]) -> Mapping[int, Sequence[int]]:
    """Line of the manifest -> lines of the script that it comes from; nothing where it cannot be read."""
    from s2r_ci.runai.backlinks import resolve
    from s2r_ci.runai.yaml import read_yaml

    try:
        manifest = read_yaml(document.encode("utf-8", "surrogatepass"))
    except S2rError:
        return {}
    found: defaultdict[int, set[int]] = defaultdict(set)
    for entry in ledger:
        steps = resolve(entry.field, manifest.body)
        if steps and entry.location.line:
            found[manifest.line(*steps)].add(entry.location.line)
    return {place: sorted(lines) for place, lines in found.items()}
