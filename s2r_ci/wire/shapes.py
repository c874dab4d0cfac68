"""The shapes of JSON that people and programs read, one way: ``report.v1`` and ``explanation.v1``."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from s2r_ci.model import (
    Candidate,
    Component,
    ConversionResult,
    Finding,
    LedgerEntry,
    Outcome,
    Question,
    Reading,
    Report,
    Script,
    Verdict,
)
from s2r_ci.wire import plain, text

# --- report.v1 ---------------------------------------------------------------------------------------------


def of_report(report: Report) -> dict[str, Any]:
    """The JSON face. ``findings`` are all findings of the run by place: those of the scripts and those elsewhere."""
    return {
        "version": 1,
        "tool": {"name": "s2r-ci", "version": report.tool_version},
        "verb": report.verb,
        "outcome": report.outcome.word,
        "fail_on": report.fail_on.word,
        "examined": report.examined,
        "incomplete": text(report.incomplete),
        "tally": tally(report),
        "verdicts": [of_verdict(verdict) for verdict in report.verdicts],
        "others": [of_candidate(candidate) for candidate in report.others],
        "findings": [of_finding(finding) for finding in report.findings],
        **({"service": {"said": text(report.asked), "left": report.left}} if report.asked else {}),
    }


def tally(report: Report) -> dict[str, int]:
    """How many scripts came to each outcome, worst last; all outcomes are named."""
    counted = Counter(verdict.outcome for verdict in report.verdicts)
    return {outcome.word: counted[outcome] for outcome in Outcome}


def of_verdict(verdict: Verdict) -> dict[str, Any]:
    """What became of one script."""
    return {
        "path": text(verdict.path),
        "class": verdict.script_class.value,
        "outcome": verdict.outcome.word,
        "state": verdict.state,
        "kind": text(verdict.kind),
        "manifest": text(verdict.manifest_path),
        "questions": [of_question(question) for question in verdict.questions],
        "ledger": of_ledger(verdict.ledger),
        "findings": [of_finding(finding) for finding in verdict.findings],
    }


def of_candidate(candidate: Candidate) -> dict[str, Any]:
    """A file that mentions ``#SBATCH`` and is no batch script."""
    return {
        "path": text(candidate.path),
        "class": candidate.script_class.value,
        "line": candidate.line,
        "reason": text(candidate.reason),
    }


def of_question(question: Question) -> dict[str, Any]:
    """An open question; its path is the script's."""
    return {
        "key": text(question.key),
        "text": text(question.text),
        "line": question.location.line,
        "answer": text(question.answer),
    }


def of_ledger(ledger: Iterable[LedgerEntry]) -> list[dict[str, Any]]:
    """The ledger, item by item."""
    return [
        {
            "line": entry.location.line,
            "column": entry.location.column,
            "kind": entry.item.kind.value,
            "item": text(str(entry.item)),
            "disposition": entry.disposition.value,
            "field": text(entry.field),
            "reason": text(entry.reason),
        }
        for entry in ledger
    ]


def of_finding(finding: Finding) -> dict[str, Any]:
    """A finding with its place laid flat."""
    return {
        "rule": finding.rule.id,
        "level": finding.level.word,
        "message": text(finding.message),
        "path": text(finding.location.path),
        "line": finding.location.line,
        "column": finding.location.column,
        "subject": text(finding.subject),
        "fingerprint": finding.fingerprint,
        "suppression": text(finding.suppression),
        "hint": finding.rule.hint,
    }


# --- explanation.v1 ----------------------------------------------------------------------------------------


def explanation(
    *,
    script: Script,
    script_class: str,
    reading: Reading,
    result: ConversionResult | None,
    findings: Sequence[Finding],
    outcome: Outcome,
    manifest_path: str,
    document: str,
) -> str:
    """One line of JSON for one script, line end included; ``manifest`` is null where there is no ``document``."""
    ledger = result.ledger if result else ()
    kind = result.manifest.kind if result else ""
    shape = {
        "path": text(script.path),
        "class": script_class,
        "stage": reading.header.stage,
        "slurm": reading.header.slurm,
        "components": [_of_component(component) for component in reading.header.components],
        "jobs": [plain(job) for job in reading.jobs],
        "ledger": of_ledger(ledger),
        "findings": [of_finding(finding) for finding in findings],
        "outcome": outcome.word,
        "manifest": {"kind": text(kind), "path": text(manifest_path), "document": text(document)}
        if document
        else None,
    }
    return json.dumps(shape) + "\n"


def _of_component(component: Component) -> dict[str, Any]:
    return {
        "tokens": plain(component.tokens),
        "options": plain(component.options),
        "request": plain(component.request),
    }
