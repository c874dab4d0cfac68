"""What lies where a script's manifest belongs, and what a run makes of it.

A manifest that is current speaks for itself: its notes are the verdict. Any other is held against what the walk gives
now, and a hand's edit is judged as the stranger's work that it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from s2r_ci import rules
from s2r_ci.frozen import replace
from s2r_ci.judging import JUDGED, judge, outcome_of, stands
from s2r_ci.model import Finding, Level, Location, Script, Verdict
from s2r_ci.runai.document import Document
from s2r_ci.standing import Standing, finding_of, stamp_of, workload_of

if TYPE_CHECKING:
    from s2r_ci.model import Target
    from s2r_ci.walked import Walk


class Options(NamedTuple):
    """How a run treats what lies on disk."""

    write: bool = False
    overwrite: bool = False
    ignore_disk: bool = False  # look at the scripts alone
    allow_missing: bool = False
    fail_on: Level = Level.ERROR
    keep_details: bool = False  # ledger and jobs, for faces that show them
    reverify: bool = False  # convert and judge anew even where the header says that the manifest is current
    asks: str = ""  # which scripts a service is asked about: all, residue; empty: none is asked


class Beside(NamedTuple):
    """What lies where the manifest of a script belongs; ``data`` is None when nothing does."""

    path: str
    data: bytes | None = None


def remembered(script: Script, document: Document, manifest_path: str, options: Options) -> Verdict:
    """The verdict that the conversion gave, from the notes in the manifest: nothing is converted again."""
    notes = document.notes
    return Verdict(
        path=script.path,
        outcome=outcome_of(notes.findings, bool(notes.questions), options.fail_on),
        findings=notes.findings,
        manifest_path=manifest_path,
        kind=notes.kind,
        workload=workload_of(document.content),
        state=Standing.CURRENT.value,
        questions=notes.questions,
    )


def compared(
    walked: Walk, beside: Beside, document: Document | None, state: Standing, target: Target, options: Options
) -> tuple[Verdict, bytes | None]:
    """What to say of the walk in the light of what lies on disk, and what to write there."""
    from s2r_ci.walked import document_of, verdict_of

    if options.ignore_disk:
        return verdict_of(walked, beside.path, options.fail_on, keep_details=options.keep_details), None
    if state is Standing.CURRENT and document is not None and document.stamp.converter != "rules":
        return _judged_anew(walked, beside, document, target, options), None
    if state is Standing.CURRENT and walked.writable and document_of(walked, target, beside.path) != beside.data:
        state = Standing.EDITED  # the header says it is ours, its octets say it is not
    verdict = verdict_of(walked, beside.path, options.fail_on, state=state.value, keep_details=options.keep_details)
    if state is Standing.CURRENT:
        return verdict, None
    if state is Standing.EDITED and not options.overwrite:
        return _with(verdict, _edited(walked, target, beside), options), None
    complaint = finding_of(state, stamp_of(walked.script, target), document, beside.path, options.asks)
    complaints = [complaint] if complaint else []
    if not walked.writable:
        verdict = replace(verdict, state="")
        return _with(verdict, [*walked.findings, *(complaints if document else [])], options), None
    if options.write and (options.overwrite or state in (Standing.MISSING, Standing.STALE)):
        return replace(verdict, state="written"), document_of(walked, target, beside.path)
    if state is Standing.MISSING and options.allow_missing:
        return verdict, None
    return _with(verdict, [*walked.findings, *complaints], options), None


def _judged_anew(walked: Walk, beside: Beside, document: Document, target: Target, options: Options) -> Verdict:
    """A manifest that a service wrote: rules would write another, so what counts is what the judge says of it."""
    verdict = remembered(walked.script, document, beside.path, options)
    if options.keep_details and walked.result is not None:
        verdict = replace(verdict, ledger=walked.result.ledger, jobs=walked.reading.jobs)
    kept = [f for f in document.notes.findings if f.rule.stage not in JUDGED]
    return _with(verdict, [*kept, *_judged_on_disk(walked, target, beside)], options)


def _judged_on_disk(walked: Walk, target: Target, beside: Beside) -> list[Finding]:
    """What the judge says of the manifest on disk, header and all, so that lines are those of the file."""
    from s2r_ci.model import ConversionRequest

    request = ConversionRequest(script=walked.script, job=walked.reading.jobs[0], target=target)
    return judge(request, beside.data or b"", beside.path)


def _edited(walked: Walk, target: Target, beside: Beside) -> list[Finding]:
    """What the walk and the judge say of a script whose manifest was edited by hand."""
    kept = [f for f in walked.findings if f.rule.stage not in JUDGED]
    if len(walked.reading.jobs) != 1:
        return kept
    judged = _judged_on_disk(walked, target, beside)
    if not any(map(stands, judged)):
        rule, place = rules.MANIFEST_EDITED, Location(path=beside.path)
        judged.append(Finding(rule=rule, message=rule.summary, location=place, subject="manifest"))
    return kept + judged


def _with(verdict: Verdict, findings: Sequence[Finding], options: Options) -> Verdict:
    outcome = outcome_of(findings, bool(verdict.questions), options.fail_on)
    return replace(verdict, findings=tuple(findings), outcome=outcome)
