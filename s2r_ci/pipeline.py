"""The walk: parse, convert, validate, verify; and what lies on disk compared with it.

This is the program. ``walk`` takes one script through the four stages. ``examine`` compares the outcome with the
manifest beside the script; where that is current it does not walk at all. ``scan`` does so for every script.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from s2r_ci import __version__, rules
from s2r_ci.errors import ConversionError, IncompleteError, MalformedReplyError
from s2r_ci.model import (
    Candidate,
    ConversionRequest,
    ConversionResult,
    Finding,
    JobSpec,
    Level,
    Location,
    Outcome,
    Reading,
    Report,
    Script,
    ScriptClass,
    Stage,
    Target,
    Verdict,
)
from s2r_ci.parallel import each_chunk
from s2r_ci.runai.document import Document, Notes, read_document, write_document
from s2r_ci.standing import Standing, finding_of, stamp_of, standing

_JUDGED: Final = frozenset({Stage.VALIDATE, Stage.VERIFY, Stage.POLICY})


class Converter(Protocol):
    """Who turns a request into a manifest. See ``convert.Converter``."""

    def convert(self, request: ConversionRequest) -> ConversionResult:
        """Raise ConversionError where that cannot be done."""


class Keeper(Protocol):
    """Where manifests are written to. See ``publish.files.FileStore``."""

    def write(self, path: str, data: bytes) -> None:
        """Replace one file, whole or not at all."""

    def flush(self) -> None:
        """Make what was written last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One script, taken through all stages."""

    script: Script
    reading: Reading
    findings: tuple[Finding, ...]
    result: ConversionResult | None = None
    yaml_text: str = ""

    @property
    def writable(self) -> bool:
        """There is a manifest, and neither its schema nor the judge nor the policy speaks against it."""
        return bool(self.yaml_text) and not any(_stands(f) and f.rule.stage in _JUDGED for f in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a run treats what lies on disk."""

    write: bool = False
    overwrite: bool = False
    ignore_disk: bool = False  # look at the scripts alone
    allow_missing: bool = False
    fail_on: Level = Level.ERROR
    keep_details: bool = False  # ledger and jobs, for faces that show them
    reverify: bool = False  # convert and judge anew even where the header says that the manifest is current


# --- one script --------------------------------------------------------------------------------------------


def walk(script: Script, target: Target, converter: Converter) -> Walk:
    """Take one script through parse, convert, validate and verify. Raises ConversionError when the converter cannot
    be reached; trouble in the script is in the findings.
    """
    from s2r_ci.slurm.inline import apply_ignores, read_ignores
    from s2r_ci.slurm.job import read_script

    ignores = read_ignores(script.text)
    reading = read_script(script, release=target.slurm_version)
    findings = apply_ignores(reading.findings, ignores, script.path) if ignores else list(reading.findings)
    result, text, found = None, "", list[Finding]()
    if job := _convertible(reading, findings, found):
        request = ConversionRequest(script=script, job=job, target=target)
        result, text = _convert(request, converter, found)
    found = _excused(findings, found)
    findings = apply_ignores([*reading.findings, *found], ignores, script.path)
    return Walk(script=script, reading=reading, findings=tuple(findings), result=result, yaml_text=text)


def _convertible(reading: Reading, findings: Iterable[Finding], found: list[Finding]) -> JobSpec | None:
    """The one job to convert, or None with the reason among the findings."""
    if len(reading.jobs) > 1:
        place = reading.jobs[1].origins.get("component", Location(path=_path(reading)))
        message = f"the script is {len(reading.jobs)} jobs in one allocation, which no single workload can be"
        found.append(Finding(rule=rules.HETEROGENEOUS_JOB, message=message, location=place, subject="components"))
    if len(reading.jobs) != 1 or any(_stands(f) and f.rule is rules.SECRET_IN_SCRIPT for f in findings):
        return None
    return reading.jobs[0]


def _excused(script_findings: Iterable[Finding], found: list[Finding]) -> list[Finding]:
    """A manifest carries its script: what the script's author calls a false alarm, with a reason, is one there too."""
    excuses = [f.suppression for f in script_findings if f.rule is rules.SECRET_IN_SCRIPT]
    if not excuses or not all(excuses):
        return found
    return [replace(f, suppression=excuses[0]) if f.rule is rules.SECRET_IN_MANIFEST else f for f in found]


def _path(reading: Reading) -> str:
    return next((place.path for job in reading.jobs for place in job.origins.values()), "")


def _convert(
    request: ConversionRequest, converter: Converter, found: list[Finding]
) -> tuple[ConversionResult | None, str]:
    """Convert, write, and judge what was written: the text, read back as Kubernetes will read it."""
    from s2r_ci.runai.backlinks import backlinks
    from s2r_ci.runai.yaml import write_yaml

    try:
        result = converter.convert(request)
    except ConversionError as error:
        if error.retryable or type(error) is not ConversionError:
            raise
        found.append(_conversion_failed(error, request.script.path))
        return None, ""
    text = write_yaml(result.manifest.body, comments=backlinks(result.ledger, result.manifest.body))
    found.extend(result.notes)
    found.extend(unaccounted(request.job, result))
    found.extend(judge(request, text.encode(), request.script.path))
    return result, text


def _conversion_failed(error: ConversionError, path: str) -> Finding:
    hint = f"; {error.hint}" if error.hint else ""
    return Finding(
        rule=rules.CONVERSION_FAILED,
        message=error.what + hint,
        location=Location(path=path),
        subject="conversion",
    )


def judge(request: ConversionRequest, data: bytes, path: str) -> list[Finding]:
    """Is this YAML a manifest, and is it this script's manifest? ``path`` is where the YAML would be found."""
    from s2r_ci.runai.yaml import read_yaml
    from s2r_ci.validate import validate
    from s2r_ci.verify import verify

    try:
        manifest = read_yaml(data, where=path)
    except MalformedReplyError as error:
        place = Location(path=path)
        message = f"{error.what} ({error.where})" if error.where else error.what
        return [Finding(rule=rules.MANIFEST_UNREADABLE, message=message, location=place, subject="yaml")]
    target = request.target
    return [
        *validate(manifest, path, target=target.name, release=target.runai_release),
        *verify(request, manifest, path),
    ]


def unaccounted(job: JobSpec, result: ConversionResult) -> Iterator[Finding]:
    """The walk fails itself when the ledger does not add up to the inventory."""
    missing = Counter(job.inventory)
    missing.subtract(Counter(entry.item for entry in result.ledger))
    for item, count in missing.items():
        if count:
            what = "has no entry in the ledger" if count > 0 else "is in the ledger, and not in the script"
            yield Finding(
                rule=rules.LEDGER_INCOMPLETE,
                message=f"{item.kind.value} {item} {what}",
                location=item.location,
                subject=item.name,
            )


# --- one script and what lies beside it --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What lies where the manifest of a script belongs; ``data`` is None when nothing does."""

    path: str
    data: bytes | None = None


def examine(
    script: Script, beside: Beside, target: Target, converter: Callable[[], Converter], options: Options
) -> tuple[Verdict, bytes | None]:
    """Judge one script and what lies beside it. Returns the verdict, and the document to write, where one should be
    written.
    """
    if options.ignore_disk:
        return _verdict(walk(script, target, converter()), beside.path, options), None
    stamp = stamp_of(script, target)
    document = read_document(beside.data) if beside.data is not None else None
    state = standing(stamp, beside.data, document)
    if state is Standing.CURRENT and document is not None and not (options.keep_details or options.reverify):
        return _remembered(script, document, beside.path, options), None
    walked = walk(script, target, converter())
    if state is Standing.CURRENT and walked.writable and document_of(walked, target, beside.path) != beside.data:
        state = Standing.EDITED  # the header says it is ours, its octets say it is not
    verdict = _verdict(walked, beside.path, options, state=state.value)
    if state is Standing.CURRENT:
        return verdict, None
    if state is Standing.EDITED and document is not None and not options.overwrite:
        return _with(verdict, _edited(walked, target, beside), options), None
    if not walked.writable:
        complaint = finding_of(state, stamp, document, beside.path) if document else None
        return _with(verdict, [*walked.findings, *([complaint] if complaint else [])], options, state=""), None
    if options.write and (options.overwrite or state in (Standing.MISSING, Standing.STALE)):
        return replace(verdict, state="written"), document_of(walked, target, beside.path)
    if state is Standing.MISSING and options.allow_missing:
        return verdict, None
    complaint = finding_of(state, stamp, document, beside.path)
    return _with(verdict, [*walked.findings, *([complaint] if complaint else [])], options), None


def _remembered(script: Script, document: Document, manifest_path: str, options: Options) -> Verdict:
    """The verdict that the conversion gave, from the notes in the manifest: nothing is converted again."""
    notes = document.notes
    return Verdict(
        path=script.path,
        outcome=outcome_of(notes.findings, bool(notes.questions), options.fail_on),
        findings=notes.findings,
        manifest_path=manifest_path,
        kind=notes.kind,
        state=Standing.CURRENT.value,
        questions=notes.questions,
    )


def _edited(walked: Walk, target: Target, beside: Beside) -> list[Finding]:
    """What the walk and the judge say of a script whose manifest was edited by hand."""
    kept = [f for f in walked.findings if f.rule.stage not in _JUDGED]
    if len(walked.reading.jobs) != 1:
        return kept
    request = ConversionRequest(script=walked.script, job=walked.reading.jobs[0], target=target)
    judged = judge(request, beside.data or b"", beside.path)  # header and all, so that lines are those of the file
    if not any(map(_stands, judged)):
        rule, place = rules.MANIFEST_EDITED, Location(path=beside.path)
        judged.append(Finding(rule=rule, message=rule.summary, location=place, subject="manifest"))
    return kept + judged


def document_of(walked: Walk, target: Target, manifest_path: str) -> bytes:
    """The file for a walk that is ``writable``: header, notes, and the manifest."""
    assert walked.result is not None  # noqa: S101  writable says so
    notes = Notes(kind=walked.result.manifest.kind, findings=walked.findings, questions=walked.result.questions)
    stamp = stamp_of(walked.script, target)
    return write_document(stamp, notes, submit_command(manifest_path, target), walked.yaml_text)


def refusal(walked: Walk) -> ConversionError:
    """Why a walk gave no manifest, as an error: its first grave finding."""
    path = walked.script.path
    first = next((f for f in walked.findings if _stands(f)), None)
    if first is None:
        return ConversionError("the file is no batch script: sbatch would read no directive", where=path)
    return ConversionError(first.message, where=str(first.location), hint=first.rule.hint)


def submit_command(manifest_path: str, target: Target) -> str:
    """The command that submits a manifest: what stands in a comment beside it."""
    import shlex

    project = f" -p {shlex.quote(target.project)}" if target.project else " -p PROJECT"
    return f"runai workload submit --file {shlex.quote(manifest_path)}{project}"


def _verdict(walked: Walk, manifest_path: str, options: Options, *, state: str = "") -> Verdict:
    result = walked.result
    questions = result.questions if result else ()
    return Verdict(
        path=walked.script.path,
        script_class=ScriptClass.REFUSED if walked.reading.refused else ScriptClass.BATCH,
        outcome=outcome_of(walked.findings, bool(questions), options.fail_on),
        findings=walked.findings,
        manifest_path=manifest_path if result else "",
        kind=result.manifest.kind if result else "",
        state=state,
        questions=questions,
        ledger=result.ledger if result and options.keep_details else (),
        jobs=walked.reading.jobs if options.keep_details else (),
    )


def _with(verdict: Verdict, findings: Sequence[Finding], options: Options, **more: str) -> Verdict:
    outcome = outcome_of(findings, bool(verdict.questions), options.fail_on)
    return replace(verdict, findings=tuple(findings), outcome=outcome, **more)


def outcome_of(findings: Iterable[Finding], open_questions: bool, fail_on: Level) -> Outcome:
    """Failed by a finding at or above ``fail_on`` that nothing covers; review while questions are open."""
    if any(f.level >= fail_on and not f.suppression for f in findings):
        return Outcome.FAILED
    return Outcome.REVIEW if open_questions else Outcome.PASSED


def _stands(finding: Finding) -> bool:
    return finding.level is Level.ERROR and not finding.suppression


# --- many scripts ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What ``scan`` needs of the outside; each process opens its own keeper."""

    read: Callable[[str], bytes | None]  # None: there is no such file
    target: Callable[[str], Target]
    manifest_path: Callable[[str], str]
    converter: Callable[[], Converter]
    keeper: Callable[[], Keeper] | None = None


def scan(
    scripts: Sequence[Candidate],
    world: World,
    options: Options,
    *,
    verb: str = "check",
    jobs: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Examine every script. One that cannot be read or converted does not keep the others from being checked."""
    verdicts: list[Verdict] = []

    def work(chunk: Sequence[Candidate]) -> list[Verdict]:
        keeper = world.keeper() if world.keeper else None
        done = [_examine_one(candidate, world, options, keeper) for candidate in chunk]
        if keeper is not None:
            keeper.flush()
        return done

    for done in each_chunk(scripts, work, jobs=jobs):
        verdicts.extend(done)
        progress(len(verdicts), len(scripts))
    return Report(tool_version=__version__, verb=verb, verdicts=tuple(verdicts), fail_on=options.fail_on)


def _examine_one(candidate: Candidate, world: World, options: Options, keeper: Keeper | None) -> Verdict:
    path = candidate.path
    try:
        data = world.read(path)
        if data is None:
            raise IncompleteError("the script vanished while it was being read", where=path, hint="run again")
        place = world.manifest_path(path)
        beside = Beside(path=place, data=None if options.ignore_disk else world.read(place))
        script = Script(path=path, data=data)
        verdict, new = examine(script, beside, world.target(path), world.converter, options)
        if keeper is not None and new is not None:
            keeper.write(verdict.manifest_path, new)
    except (IncompleteError, ConversionError) as error:
        return _errored(path, error)
    return replace(verdict, script_class=candidate.script_class)


def _errored(path: str, error: IncompleteError | ConversionError) -> Verdict:
    rule = rules.FILE_UNREADABLE if isinstance(error, IncompleteError) else rules.CONVERSION_FAILED
    place = Location(path=error.where or path)
    finding = Finding(rule=rule, message=error.what, location=place, subject=error.code)
    return Verdict(path=path, outcome=Outcome.ERRORED, findings=(finding,))
