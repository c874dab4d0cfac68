"""The inventory of a repository before a move: how much goes by rule, which answers serve most scripts."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from s2r_ci.frozen import field, frozen
from s2r_ci.model import Candidate
from s2r_ci.render import Style
from s2r_ci.render.safe import printable
from s2r_ci.render.text import other_line, paint
from s2r_ci.render.words import count, others
from s2r_ci.wire import plain, text
from s2r_ci.wire.shapes import of_candidate

_LABELS: Final = {
    "jobs": "jobs (every array task is one)",
    "gpus": "GPUs",
    "cpus": "CPUs",
    "memory_gib": "GiB of memory",
    "gpu_hours": "GPU hours by the time limits",
}
_MOST: Final = 10  # entries of a list that are shown unless all are asked for


@frozen
class AuditSummary:
    """What all scripts of a repository come to."""

    scripts: int = 0
    by_rule: int = 0  # convertible as they are
    need_answer: int = 0
    refused: int = 0
    others: Mapping[str, int] = field(default_factory=dict)  # class -> files
    questions: tuple[tuple[str, str, str, int], ...] = ()  # key, text, answer, scripts; most scripts first
    resources: Mapping[str, float] = field(default_factory=dict)  # gpus, cpus, memory_gib, gpu_hours, ...
    unmapped: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # table -> name -> scripts
    site_map: str = ""  # TOML, ready to be filled in
    classes: tuple[Candidate, ...] = ()  # the files behind ``others``


def render_audit(summary: AuditSummary, style: Style) -> str:
    """The inventory for people; the site map stands last, so that it can be copied."""
    return "".join(f"{line}\n" for line in _lines(summary, style))


def render_audit_json(summary: AuditSummary, style: Style) -> str:
    """The same as one JSON object."""
    shape: dict[str, Any] = {
        "version": 1,
        "scripts": summary.scripts,
        "by_rule": summary.by_rule,
        "need_answer": summary.need_answer,
        "refused": summary.refused,
        "others": plain(summary.others),
        "questions": [
            {"key": text(key), "text": text(said), "answer": text(answer), "scripts": scripts}
            for key, said, answer, scripts in summary.questions
        ],
        "resources": dict(summary.resources),
        "unmapped": plain(summary.unmapped),
        "site_map": text(summary.site_map),
        "files": [of_candidate(candidate) for candidate in summary.classes],
    }
    return json.dumps(shape, indent=1) + "\n"


def _lines(summary: AuditSummary, style: Style) -> Iterator[str]:
    yield from _forecast(summary, style)
    yield from _questions(summary, style)
    yield from _resources(summary, style)
    yield from _unmapped(summary, style)
    if style.verbose >= 1:
        yield from _files(summary, style)
    if summary.site_map:
        yield ""
        yield paint("Site map, to be filled in and put into pyproject.toml:", "1", style)
        yield ""
        yield from ("  " + printable(line) if line else "" for line in summary.site_map.rstrip("\n").split("\n"))


def _forecast(summary: AuditSummary, style: Style) -> Iterator[str]:
    yield paint(f"{count(summary.scripts, 'batch script')}", "1", style)
    for number, what in (
        (summary.by_rule, "go by rule as they are"),
        (summary.need_answer, "need an answer"),
        (summary.refused, "are refused or cannot be converted"),
    ):
        yield f"  {number:>8,}  {_share(number, summary.scripts):>4}  {what}"
    if summary.classes:
        yield others(summary.classes)
    elif summary.others:
        named = ", ".join(f"{number:,} {printable(name)}" for name, number in summary.others.items())
        yield f"other files mention #SBATCH: {named}"


def _share(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)} %" if whole else ""


def _questions(summary: AuditSummary, style: Style) -> Iterator[str]:
    if not summary.questions:
        return
    yield ""
    yield paint("Answers that serve most scripts first:", "1", style)
    for key, said, answer, scripts in _shown(summary.questions, style):
        yield f"  {scripts:>8,}  {printable(key)} — {printable(said)}"
        yield f"  {'':>8}  answer in the settings: {printable(answer)}"
    yield from _rest(len(summary.questions), style)


def _resources(summary: AuditSummary, style: Style) -> Iterator[str]:
    asked = [(name, number) for name, number in summary.resources.items() if number]
    if asked:
        yield ""
        yield paint("Asked for in total:", "1", style)
        yield from (f"  {number:>14,.10g}  {_LABELS.get(name, name)}" for name, number in asked)


def _unmapped(summary: AuditSummary, style: Style) -> Iterator[str]:
    for table, names in summary.unmapped.items():
        if not names:
            continue
        yield ""
        yield paint(f"{table.capitalize()} that the site map does not know:", "1", style)
        yield from (f"  {scripts:>8,}  {printable(name)}" for name, scripts in _shown(tuple(names.items()), style))
        yield from _rest(len(names), style)


def _files(summary: AuditSummary, style: Style) -> Iterator[str]:
    if summary.classes:
        yield ""
        yield paint("Other files that mention #SBATCH:", "1", style)
        yield from (f"  {other_line(candidate)}" for candidate in summary.classes)


def _shown(entries: tuple[Any, ...], style: Style) -> tuple[Any, ...]:
    return entries if style.verbose >= 1 else entries[:_MOST]


def _rest(number: int, style: Style) -> Iterator[str]:
    if style.verbose < 1 and number > _MOST:
        yield f"  {'':>8}  and {number - _MOST:,} more (--verbose shows all)"
