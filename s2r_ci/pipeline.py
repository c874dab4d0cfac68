"""The walk: parse, convert, validate, verify; and what lies on disk compared with it.

This is the program. ``walk`` takes one script through the four stages. ``examine`` compares the outcome with the
manifest beside the script; where that is current it does not walk at all. ``scan`` does so for every script.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from s2r_ci import __version__, rules
from s2r_ci.called import script_of
from s2r_ci.errors import ConversionError, IncompleteError
from s2r_ci.frozen import replace
from s2r_ci.judging import (
    JUDGED,
    excused,
    ignored_away,
    judge,
    outcome_of,
    rounded_silently,
    stands,
    unaccounted,
    unwritable,
)
from s2r_ci.model import Finding, Level, Location, Report, Script, Verdict
from s2r_ci.parallel import Turns, each_chunk, each_waiting
from s2r_ci.runai.document import Document, read_document
from s2r_ci.settings.inline import answered, inline_answers
from s2r_ci.standing import CALLS, Standing, finding_of, stamp_of, standing, submitted_as_written, workload_of

if TYPE_CHECKING:
    from s2r_ci.convert import Converter
    from s2r_ci.model import Candidate, ConversionRequest, ConversionResult, JobSpec, Reading, Target
    from s2r_ci.walked import Walk


# --- one script --------------------------------------------------------------------------------------------


def walk(script: Script, target: Target, converter: Converter) -> Walk:
    """Take one script through parse, convert, validate and verify. Raises ConversionError when the converter cannot
    be reached; trouble in the script is in the findings.
    """
    from s2r_ci.lint import checked
    from s2r_ci.model import ConversionRequest
    from s2r_ci.slurm.inline import apply_ignores, read_ignores
    from s2r_ci.slurm.job import read_script
    from s2r_ci.walked import Walk

    target = answered(script, target)
    ignores = read_ignores(script.text)
    reading = read_script(script, release=target.slurm_version, arguments=target.options)
    reading = replace(reading, findings=(*reading.findings, *checked(script, reading), *_answers(script)))
    findings = apply_ignores(reading.findings, ignores, script.path) if ignores else list(reading.findings)
    result, text, found = None, "", list[Finding]()
    if job := _convertible(reading, findings, found):
        request = ConversionRequest(script=script, job=job, target=target)
        result, text = _convert(request, converter, found)
        found.extend(_unasked(request))
    found = excused(findings, found)
    findings = apply_ignores([*reading.findings, *found], ignores, script.path)
    if result is None:
        findings.extend(ignored_away(findings, script.path))
    return Walk(script=script, reading=reading, findings=tuple(findings), result=result, yaml_text=text)


def _answers(script: Script) -> Iterator[Finding]:
    """What the script answers itself, and wrongly."""
    for each in inline_answers(script):
        if each.trouble:
            place = Location(path=script.path, line=each.line)
            yield Finding(rule=rules.ANSWER_UNUSABLE, message=each.trouble, location=place, subject=each.key)


def _unasked(request: ConversionRequest) -> Iterator[Finding]:
    """What the script answers itself, and no question of it asks."""
    said = [each for each in inline_answers(request.script) if each.field in _ASKED]
    if not said:
        return
    from s2r_ci.convert.questions import every_question
    from s2r_ci.runai.distribution import plan

    bare = replace(request.target, arguments=(), variables={}, gpus=None, accepted=())
    asked = every_question(plan(replace(request, target=bare)))
    for each in said:
        for key in each.value if each.field == "accepted" else (each.key,):
            if key not in asked and key != CALLS:
                place = Location(path=request.script.path, line=each.line)
                message = f"no question of this script is called {key}"
                yield Finding(rule=rules.ANSWER_UNUSED, message=message, location=place, subject=key)


_ASKED: Final = frozenset({"gpus", "arguments", "variables", "accepted"})
"""Answers that do nothing unless they are asked for; an image counts over what the script names."""


def convertible(script: Script, target: Target) -> ConversionRequest | None:
    """What a walk would hand to its converter; None where the script is no single job, or holds a secret."""
    from s2r_ci.model import ConversionRequest
    from s2r_ci.slurm.inline import apply_ignores, read_ignores
    from s2r_ci.slurm.job import read_script

    target = answered(script, target)
    reading = read_script(script, release=target.slurm_version, arguments=target.options)
    findings = apply_ignores(reading.findings, read_ignores(script.text), script.path)
    job = _convertible(reading, findings, [])
    return ConversionRequest(script=script, job=job, target=target) if job else None


def _convertible(reading: Reading, findings: Iterable[Finding], found: list[Finding]) -> JobSpec | None:
    """The one job to convert, or None with the reason among the findings."""
    if len(reading.jobs) > 1:
        place = reading.jobs[1].origins.get("component", Location(path=_path(reading)))
        message = f"the script is {len(reading.jobs)} jobs in one allocation, which no single workload can be"
        found.append(Finding(rule=rules.HETEROGENEOUS_JOB, message=message, location=place, subject="components"))
    if len(reading.jobs) != 1 or any(stands(f) and f.rule is rules.SECRET_IN_SCRIPT for f in findings):
        return None
    return reading.jobs[0]


def _path(reading: Reading) -> str:
    return next((place.path for job in reading.jobs for place in job.origins.values()), "")


def _convert(
    request: ConversionRequest, converter: Converter, found: list[Finding]
) -> tuple[ConversionResult | None, str]:
    """Convert, write, and judge what was written: the text, read back as Kubernetes will read it."""
    from s2r_ci.runai.backlinks import backlinks
    from s2r_ci.runai.texts import write_text

    path = request.script.path
    try:
        result = converter.convert(request)
    except ConversionError as error:
        if error.retryable or type(error) is not ConversionError:
            raise
        message, place = error.what + (f"; {error.hint}" if error.hint else ""), Location(path=path)
        found.append(Finding(rule=rules.CONVERSION_FAILED, message=message, location=place, subject="conversion"))
        return None, ""
    comments = backlinks(result.ledger, result.manifest.body)
    try:
        text = write_text(result.manifest.body, request.target.name, comments)
        data = text.encode()
    except (ConversionError, UnicodeEncodeError) as error:
        found.append(unwritable(request, error))
        return None, ""
    found.extend(result.notes)
    found.extend(unaccounted(request.job, result))
    found.extend(rounded_silently(request, result))
    found.extend(_on_script(finding, path) for finding in judge(request, data, _UNWRITTEN))
    return result, text


_UNWRITTEN = "\0manifest"  # no file has this name


def _on_script(finding: Finding, path: str) -> Finding:
    """A fault of a manifest that is on no disk yet has no line there: it is the whole script's."""
    return replace(finding, location=Location(path=path)) if finding.location.path == _UNWRITTEN else finding


# --- one script and what lies beside it --------------------------------------------------------------------


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


def examine(
    script: Script, beside: Beside, target: Target, converter: Callable[[], Converter], options: Options
) -> tuple[Verdict, bytes | None]:
    """Judge one script and what lies beside it. Returns the verdict, and the document to write, where one should be
    written.
    """
    target = answered(script, target)
    stamp = stamp_of(script, target)
    document = read_document(beside.data) if beside.data is not None else None
    state = standing(stamp, beside.data, document, options.asks)
    if (
        state is Standing.CURRENT
        and document is not None
        and not submitted_as_written(document, beside.path, target)
    ):
        state = Standing.STALE  # the rest is as it was written, so it may be replaced
    again = options.keep_details or options.reverify or options.ignore_disk
    if state is Standing.CURRENT and document is not None and not again:
        return _remembered(script, document, beside.path, options), None
    return _compared(walk(script, target, converter()), beside, document, state, target, options)


def _remembered(script: Script, document: Document, manifest_path: str, options: Options) -> Verdict:
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


def _compared(
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
    verdict = _remembered(walked.script, document, beside.path, options)
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


# --- many scripts ------------------------------------------------------------------------------------------


class Keeper(Protocol):
    """Where manifests are written to. See ``publish.files.FileStore``."""

    def write(self, path: str, data: bytes) -> None:
        """Replace one file, whole or not at all."""

    def flush(self) -> None:
        """Make what was written last."""


class World(NamedTuple):
    """What ``scan`` needs of the outside; each process opens its own keeper."""

    read: Callable[[str], bytes | None]  # None: there is no such file
    target: Callable[[str], Target]
    manifest_path: Callable[[str], str]
    converter: Callable[[], Converter]
    keeper: Callable[[], Keeper] | None = None
    turns: Turns | None = None  # where the converter waits for a service: its threads; None: on all cores
    at_once: int = 1  # of these threads


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
    verdicts: dict[int, Verdict] = {}
    several = _asking(scripts, world, options) if world.turns else _working(scripts, world, options, jobs)
    for done in several:
        verdicts.update(done)
        progress(len(verdicts), len(scripts))
    in_order = tuple(verdicts[place] for place in range(len(scripts)))
    return Report(tool_version=__version__, verb=verb, verdicts=in_order, fail_on=options.fail_on)


_Verdicts = Iterator[list[tuple[int, Verdict]]]


def _working(scripts: Sequence[Candidate], world: World, options: Options, jobs: int) -> _Verdicts:
    """Verdicts by place, worked out on all cores; each process writes what it made."""

    def work(chunk: Sequence[Candidate]) -> list[Verdict]:
        keeper = world.keeper() if world.keeper else None
        done = [_kept(*_examine_one(candidate, world, options), keeper) for candidate in chunk]
        if keeper is not None:
            keeper.flush()
        return done

    place = 0
    for done in each_chunk(scripts, work, jobs=jobs):
        yield list(enumerate(done, place))
        place += len(done)


def _asking(scripts: Sequence[Candidate], world: World, options: Options) -> _Verdicts:
    """Verdicts by place, as the service answers; what is answered is written at once, by this thread alone."""
    assert world.turns is not None  # noqa: S101  for the type checker
    keeper = world.keeper() if world.keeper else None

    def work(candidate: Candidate) -> tuple[Verdict, bytes | None]:
        return _examine_one(candidate, world, options)

    for place, (verdict, new) in each_waiting(scripts, work, world.turns, at_once=world.at_once):
        yield [(place, _kept(verdict, new, keeper))]
        if keeper is not None:
            keeper.flush()


def _examine_one(candidate: Candidate, world: World, options: Options) -> tuple[Verdict, bytes | None]:
    path = candidate.path
    try:
        data = world.read(path)
        if data is None:
            raise IncompleteError("the script vanished while it was being read", where=path, hint="run again")
        place = world.manifest_path(path)
        beside = Beside(path=place, data=None if options.ignore_disk else world.read(place))
        script = script_of(path, data, world.read)
        verdict, new = examine(script, beside, world.target(path), world.converter, options)
    except (IncompleteError, ConversionError) as error:
        return _errored(path, error), None
    if verdict.script_class is candidate.script_class:
        return verdict, new
    return replace(verdict, script_class=candidate.script_class), new


def _kept(verdict: Verdict, new: bytes | None, keeper: Keeper | None) -> Verdict:
    """The verdict, once its manifest is on disk where it has to be."""
    try:
        if keeper is not None and new is not None:
            keeper.write(verdict.manifest_path, new)
    except IncompleteError as error:
        return _errored(verdict.path, error, writing=True)
    return verdict


def _errored(path: str, error: IncompleteError | ConversionError, *, writing: bool = False) -> Verdict:
    from s2r_ci.model import Outcome

    rule = rules.FILE_UNREADABLE if isinstance(error, IncompleteError) else rules.CONVERSION_FAILED
    rule = rules.MANIFEST_UNWRITTEN if writing else rule
    place = Location(path=error.where or path)
    message = f"the manifest was not written: {error.what}" if writing else error.what
    finding = Finding(rule=rule, message=message, location=place, subject=error.code)
    return Verdict(path=path, outcome=Outcome.ERRORED, findings=(finding,))
