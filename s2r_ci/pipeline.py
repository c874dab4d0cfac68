"""This is the program: ``walk`` takes one script through parse, convert, validate and verify.

``examine`` holds what comes of it against the manifest beside the script (``beside``); where that is current it does
not walk at all. ``scan`` examines every script, on all cores or as a service answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from s2r_ci import __version__, rules
from s2r_ci.beside import Beside, Options, compared, remembered
from s2r_ci.called import script_of
from s2r_ci.errors import ConversionError, IncompleteError
from s2r_ci.frozen import replace
from s2r_ci.judging import (
    excused,
    ignored_away,
    judge,
    rounded_silently,
    stands,
    unaccounted,
    unwritable,
)
from s2r_ci.model import Finding, Location, Report, Script, Verdict
from s2r_ci.parallel import Turns, each_chunk, each_waiting
from s2r_ci.runai.document import read_document
from s2r_ci.settings.inline import answered
from s2r_ci.standing import Standing, stamp_of, standing, submitted_as_written

if TYPE_CHECKING:
    from s2r_ci.convert import Converter
    from s2r_ci.model import Candidate, ConversionRequest, ConversionResult, JobSpec, Reading, Target
    from s2r_ci.walked import Walk


# --- one script --------------------------------------------------------------------------------------------


def walk(script: Script, target: Target, converter: Converter) -> Walk:
    """Take one script through parse, convert, validate and verify. Raises ConversionError when the converter cannot
    be reached; trouble in the script is in the findings.
    """
    from s2r_ci.model import ConversionRequest
    from s2r_ci.own_answers import unasked
    from s2r_ci.slurm.inline import apply_ignores, read_ignores
    from s2r_ci.walked import Walk

    target = answered(script, target)
    reading = _parsed(script, target)
    ignores = read_ignores(script.text)
    told = apply_ignores(reading.findings, ignores, script.path) if ignores else list(reading.findings)
    result, text, found = None, "", list[Finding]()
    if job := _convertible(reading, told, found):
        request = ConversionRequest(script=script, job=job, target=target)
        result, text = _convert(request, converter, found)
        found.extend(unasked(request))
    findings = apply_ignores([*reading.findings, *excused(told, found)], ignores, script.path)
    if result is None:
        findings.extend(ignored_away(findings, script.path))
    return Walk(script=script, reading=reading, findings=tuple(findings), result=result, yaml_text=text)


def _parsed(script: Script, target: Target) -> Reading:
    """The script as sbatch reads it, with what the linter is sure of and what the script itself answers wrongly."""
    from s2r_ci.lint import checked
    from s2r_ci.own_answers import unusable
    from s2r_ci.slurm.job import read_script

    reading = read_script(script, release=target.slurm_version, arguments=target.options)
    return replace(reading, findings=(*reading.findings, *checked(script, reading), *unusable(script)))


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
    """Convert, write, then validate and verify what was written: the text, read back as Kubernetes will read it."""
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
    if document is not None and state is Standing.CURRENT:
        if not submitted_as_written(document, beside.path, target):
            state = Standing.STALE  # the rest is as it was written, so it may be replaced
        elif not (options.keep_details or options.reverify or options.ignore_disk):
            return remembered(script, document, beside.path, options), None
    return compared(walk(script, target, converter()), beside, document, state, target, options)


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
