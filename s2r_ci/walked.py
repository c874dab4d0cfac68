"""What came of one script's walk, and what can be made of it: a document, a verdict, an error."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from s2r_ci.errors import ConversionError
from s2r_ci.judging import JUDGED, outcome_of, stands
from s2r_ci.model import Disposition, Level, ScriptClass, Verdict
from s2r_ci.runai.document import Notes, write_document
from s2r_ci.runai.targets import form_of
from s2r_ci.standing import stamp_of, workload_of

if TYPE_CHECKING:
    from s2r_ci.model import ConversionResult, Finding, Reading, Script, Target


class Walk(NamedTuple):
    """One script, taken through all stages."""

    script: Script
    reading: Reading
    findings: tuple[Finding, ...]
    result: ConversionResult | None = None
    yaml_text: str = ""

    @property
    def writable(self) -> bool:
        """There is a manifest, and neither its schema nor the judge nor the policy speaks against it."""
        return bool(self.yaml_text) and not any(stands(f) and f.rule.stage in JUDGED for f in self.findings)


def document_of(walked: Walk, target: Target, manifest_path: str) -> bytes:
    """The file for a walk that is ``writable``: header, notes, and the manifest."""
    assert walked.result is not None  # noqa: S101  writable says so
    result = walked.result
    notes = Notes(result.manifest.kind, walked.findings, result.questions, _counted(result))
    made = result.provenance
    stamp = stamp_of(walked.script, target)._replace(
        converter=made.converter, model=made.model_id, prompt=made.prompt_digest
    )
    return write_document(stamp, notes, submit_command(manifest_path, target, notes.kind), walked.yaml_text)


def _counted(result: ConversionResult) -> str:
    """``9 exact, 2 approximate, 1 needs-answer``: how many entries of the ledger ended how."""
    counts = Counter(entry.disposition for entry in result.ledger)
    return ", ".join(f"{counts[each]} {each.value}" for each in Disposition if counts[each])


def submit_command(manifest_path: str, target: Target, kind: str) -> str:
    """How a manifest is submitted: what stands in a comment beside it."""
    return form_of(target.name).submit(manifest_path, target, kind)


def verdict_of(
    walked: Walk, manifest_path: str, fail_on: Level, *, state: str = "", keep_details: bool = False
) -> Verdict:
    """The verdict on the script alone; ``keep_details``: with its ledger and its jobs."""
    result = walked.result
    questions = result.questions if result else ()
    return Verdict(
        path=walked.script.path,
        script_class=ScriptClass.REFUSED if walked.reading.refused else ScriptClass.BATCH,
        outcome=outcome_of(walked.findings, bool(questions), fail_on),
        findings=walked.findings,
        manifest_path=manifest_path if result else "",
        kind=result.manifest.kind if result else "",
        workload=workload_of(walked.yaml_text.encode("utf-8", "replace")) if result else "",
        state=state,
        questions=questions,
        ledger=result.ledger if result and keep_details else (),
        jobs=walked.reading.jobs if keep_details else (),
    )


def refusal(walked: Walk) -> ConversionError:
    """Why a walk gave no manifest, as an error: its first grave finding."""
    path = walked.script.path
    first = next((f for f in walked.findings if stands(f)), None)
    if first is None:
        return ConversionError("the file is no batch script: sbatch would read no directive", where=path)
    return ConversionError(first.message, where=str(first.location), hint=first.rule.hint)
