"""The face for people at a terminal: calm, grouped, with a last line that says it all."""

from collections.abc import Iterable, Iterator
from typing import Final

from s2r_ci.model import Candidate, Finding, Level, Outcome, Report, Verdict
from s2r_ci.render import Style
from s2r_ci.render.safe import printable, shown_path
from s2r_ci.render.words import CALM, asked, by_gravity, count, left_alone, notes, summary

_OUTCOME_COLORS: Final = {
    Outcome.PASSED: "32",
    Outcome.REVIEW: "36",
    Outcome.FAILED: "31",
    Outcome.ERRORED: "31;1",
    Outcome.SKIPPED: "2",
}
_LEVEL_COLORS: Final = {Level.ERROR: "31", Level.WARNING: "33", Level.NOTE: "36", Level.NONE: "2"}
_QUESTIONS: Final = 20  # most questions that are listed unless asked for all


def render(report: Report, style: Style) -> str:
    """One line a script with its findings below, then the questions, then the last line."""
    return "".join(f"{line}\n" for line in _lines(report, style))


def _lines(report: Report, style: Style) -> Iterator[str]:
    yield from _scripts(report, style)
    yield from finding_lines(_chosen(report.findings_elsewhere, style), style)
    if style.verbose >= 1:
        yield from map(other_line, report.others)
    if style.verbose >= 0:
        yield from _questions(report, style)
    if 0 <= style.verbose < 1:
        yield from _notes(report)
        if aside := left_alone(report.others):
            yield f"left alone: {aside} (--verbose says why)"
    if report.incomplete:
        yield paint(f"incomplete: {printable(report.incomplete)}", "31", style)
    yield summary(report)


def paint(text: str, color: str, style: Style) -> str:
    """The text in a colour of ANSI's Select Graphic Rendition, where colours are wanted."""
    return f"\x1b[{color}m{text}\x1b[0m" if style.color and color else text


def _scripts(report: Report, style: Style) -> Iterator[str]:
    listed = [verdict for verdict in report.verdicts if _is_listed(verdict, report, style)]
    width = min(max((len(shown_path(v.path)) for v in listed), default=0), 48)
    for verdict in listed:
        yield _script(verdict, width, style)
        yield from finding_lines(_chosen(verdict.findings, style), style, indent="  ")
    if (left := len(report.verdicts) - len(listed)) and style.verbose >= 0:
        yield f"{count(left, 'script')} without trouble not shown (--verbose shows all)"


def _is_listed(verdict: Verdict, report: Report, style: Style) -> bool:
    if style.verbose >= 1 or verdict.outcome >= Outcome.FAILED:
        return True
    if any(finding.level >= Level.WARNING and not finding.suppression for finding in verdict.findings):
        return True
    return style.verbose == 0 and len(report.verdicts) <= CALM


def _script(verdict: Verdict, width: int, style: Style) -> str:
    parts = [printable(verdict.kind)] if verdict.kind else []
    if verdict.manifest_path:
        parts.append(f"-> {shown_path(_beside(verdict))}")
    if verdict.state:
        parts.append(f"({printable(verdict.state)})")
    told = " ".join(parts)
    if verdict.questions:
        told += f"{', ' if told else ''}{count(len(verdict.questions), 'open question')}"
    outcome = verdict.outcome.word
    gap = " " * (9 - len(outcome)) if told else ""
    return (
        f"{shown_path(verdict.path):<{width}}  {paint(outcome, _OUTCOME_COLORS[verdict.outcome], style)}{gap}{told}"
    )


def _beside(verdict: Verdict) -> str:
    """The manifest's path; its name alone where it lies beside the script."""
    folder, slash, name = verdict.manifest_path.rpartition("/")
    return name if slash and folder == verdict.path.rpartition("/")[0] else verdict.manifest_path


def _chosen(findings: Iterable[Finding], style: Style) -> list[Finding]:
    """What is shown: errors and warnings that stand; everything when all is asked for."""
    if style.verbose >= 1:
        return by_gravity(findings)
    return [f for f in by_gravity(findings) if f.level >= Level.WARNING and not f.suppression]


def finding_lines(findings: Iterable[Finding], style: Style, indent: str = "") -> Iterator[str]:
    """``path:line:column: error[rule]: message`` and its hint, a hint once where one rule follows itself."""
    hinted = ""
    for finding in findings:
        yield indent + _finding(finding, style)
        if finding.suppression:
            yield f"{indent}  ignored: {printable(finding.suppression)}"
        elif finding.rule.id != hinted:
            yield f"{indent}  hint: {finding.rule.hint}"
            hinted = finding.rule.id


def _finding(finding: Finding, style: Style) -> str:
    place = shown_path(finding.location.path)
    for number in (finding.location.line, finding.location.column):
        place += f":{number}" if number else ""
    level = paint(f"{finding.level.word}[{finding.rule.id}]", _LEVEL_COLORS[finding.level], style)
    return f"{place}: {level}: {printable(finding.message)}"


def _questions(report: Report, style: Style) -> Iterator[str]:
    every = asked(report.verdicts)
    if not every:
        return
    yield ""
    yield "Open questions, those of most scripts first:"
    shown = every if style.verbose >= 1 else every[:_QUESTIONS]
    for each in shown:
        wordings = f" (asked in {each.texts} wordings)" if each.texts > 1 else ""
        head = f"{printable(each.question.key)}: {count(each.scripts, 'script')}"
        yield f"  {paint(head, '36', style)} — {printable(each.question.text)}{wordings}"
        yield f"    answer in the settings: {printable(each.question.answer)}"
    if len(every) > len(shown):
        yield f"  {count(len(every) - len(shown), 'further question')} (--verbose shows all)"
    yield ""


def _notes(report: Report) -> Iterator[str]:
    counted = notes(report.findings)
    if counted:
        yield "notes: " + ", ".join(f"{rule} {times:,}" for rule, times in counted) + " (--verbose shows them)"


def other_line(candidate: Candidate) -> str:
    """A file that mentions ``#SBATCH`` and is no batch script: where, what, why."""
    place = shown_path(candidate.path) + (f":{candidate.line}" if candidate.line else "")
    reason = f": {printable(candidate.reason)}" if candidate.reason else ""
    return f"{place}  {candidate.script_class.value}{reason}"
