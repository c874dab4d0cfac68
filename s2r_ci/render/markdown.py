"""The Markdown face: a job summary, or the comment of a pull request.

Everything that comes from a file stands in a code span, where GitHub makes no links, no mentions, no references and
no HTML of it.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from s2r_ci.model import Finding, Level, Outcome, Report, Verdict
from s2r_ci.patterns import lazy
from s2r_ci.render import Style
from s2r_ci.render.safe import printable, shown_path
from s2r_ci.render.words import CALM, asked, count, gravest_first, notes, summary

LARGEST: Final = 900_000  # octets; GitHub drops a summary of more than 1,048,576 as a whole
_WORD: Final = r"\(?(?:[A-Za-z][A-Za-z0-9]*(?:['-][A-Za-z][A-Za-z0-9]*)*|[0-9]{1,4})\)?"
_PLAIN: Final = lazy(rf"{_WORD}(?:[,;:]? {_WORD})*[.?]?")
_COMMIT: Final = lazy(r"\b[0-9a-fA-F]{7,}\b")  # letters that could be the name of a commit
_RESERVED: Final = 4_000  # octets kept free for the last lines


def render(report: Report, style: Style, *, limit: int = LARGEST) -> str:
    """Tables of scripts, findings and questions in at most ``limit`` octets; a last line says what was cut."""
    end = _end(report)
    room = limit - len(end.encode()) - _RESERVED
    kept, left = _fitting(_lines(report, style), room)
    cut = f"\nCut here: {count(left, 'line')} left out; the log of this step holds them all.\n" if left else ""
    return "".join(kept) + cut + end


def code(text: str) -> str:
    r"""The text as a code span for a table cell: the fence is longer than any row of backticks in it.

    >>> code("a`b"), code("x|y"), code("")
    ('``a`b``', '`x\\|y`', '` `')
    """
    shown = printable(text).replace("\\|", "\\\\x7c").replace("|", "\\|")
    longest = max((len(list(run)) for mark, run in groupby(shown) if mark == "`"), default=0)
    fence = "`" * (longest + 1)
    pad = " " if not shown.strip() or shown[0] in "` " or shown[-1] in "` \\" else ""
    return f"{fence}{pad}{shown or ''}{pad if shown else ''}{fence}"


def prose(text: str) -> str:
    """A sentence as it is, where it is nothing but plain words; as a code span otherwise.

    Words, small numbers and the signs between them make no mention, reference, link, command or markup on GitHub;
    whatever else a name from a file brings along does not pass.

    >>> prose("the log of the pod holds it; no file"), prose("see @team"), prose("fixes GH-1"), prose("www.x")
    ('the log of the pod holds it; no file', '`see @team`', '`fixes GH-1`', '`www.x`')
    """
    return text if _PLAIN.fullmatch(text) and not _COMMIT.search(text) else code(text)


def _fitting(lines: Iterable[str], room: int) -> tuple[list[str], int]:
    kept: list[str] = []
    left = 0
    for line in lines:
        room -= len(line.encode())
        if room < 0 or left:
            left += 1
        else:
            kept.append(line)
    return kept, left


def _lines(report: Report, style: Style) -> Iterator[str]:
    yield f"## s2r-ci {report.verb if report.verb.isalpha() else ''}: {report.outcome.word}\n\n"
    yield from _findings(report, style)
    yield from _questions(report)
    yield from _scripts(report)


def _end(report: Report) -> str:
    lines = [f"Incomplete: {code(report.incomplete[:1000])}"] if report.incomplete else []
    if counted := notes(report.findings):
        lines.append("Notes: " + ", ".join(f"{rule} {times:,}" for rule, times in counted))
    return "\n" + "\n\n".join([*lines, summary(report)]) + "\n"


def _findings(report: Report, style: Style) -> Iterator[str]:
    shown = [f for f in gravest_first(report.findings) if f.level >= Level.WARNING or style.verbose >= 1]
    if shown:
        yield "| Level | Place | Rule | Message |\n| --- | --- | --- | --- |\n"
        yield from (_finding(finding) for finding in shown)
        yield "\n"


def _finding(finding: Finding) -> str:
    place = shown_path(finding.location.path) + (f":{finding.location.line}" if finding.location.line else "")
    message = prose(finding.message)
    return f"| {finding.level.word} | {code(place)} | {finding.rule.id} | {message} |\n"


def _questions(report: Report) -> Iterator[str]:
    every = asked(report.verdicts)
    if every:
        yield "| Open question | Scripts | Asked | Answer with |\n| --- | ---: | --- | --- |\n"
    for each in every:
        question = each.question
        told = prose(question.text)
        yield f"| {code(question.key)} | {each.scripts:,} | {told} | {code(question.answer)} |\n"
    if every:
        yield "\n"


def _scripts(report: Report) -> Iterator[str]:
    if not report.verdicts:
        return
    ordered = sorted(report.verdicts, key=lambda verdict: (-verdict.outcome, verdict.path))
    shown = ordered if len(ordered) <= CALM else [v for v in ordered if v.outcome >= Outcome.REVIEW]
    if shown:
        yield "| Script | Outcome | Kind | Manifest | Open questions |\n| --- | --- | --- | --- | ---: |\n"
        yield from map(_script, shown)
    if left := len(ordered) - len(shown):
        yield f"\n{count(left, 'script')} without trouble not shown.\n"


def _script(verdict: Verdict) -> str:
    kind = code(verdict.kind) if verdict.kind else ""
    manifest = code(shown_path(verdict.manifest_path)) if verdict.manifest_path else ""
    asked_for = len(verdict.questions) or ""
    return f"| {code(shown_path(verdict.path))} | {verdict.outcome.word} | {kind} | {manifest} | {asked_for} |\n"
