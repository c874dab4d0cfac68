"""What only a look over a whole run tells: workloads of one name, and programs that send a script with options.

No manifest remembers it, because it can change while script and manifest stay as they are: it is found anew each run.
"""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from s2r_ci import rules
from s2r_ci.called import script_of
from s2r_ci.errors import IncompleteError
from s2r_ci.frozen import replace
from s2r_ci.judging import outcome_of
from s2r_ci.model import Finding, Location, Question, Report, Script, ScriptClass, Target, Verdict
from s2r_ci.settings.inline import answered
from s2r_ci.standing import CALLS

if TYPE_CHECKING:
    from s2r_ci.discover import Found
    from s2r_ci.model import JobSpec, Reading
    from s2r_ci.pipeline import World
    from s2r_ci.slurm.driver import Call

_NAMED: Final = 4  # scripts, or calls, that one message names
_MOST_PROGRAMS: Final = 1_000  # that are read; in an order that does not change
_LONGEST: Final = 262_144  # octets of a program
_SENDERS: Final = (ScriptClass.DRIVER, ScriptClass.GENERATOR)
_TO_SBATCH_ALONE: Final = frozenset(
    ("parsable", "wait", "quiet", "verbose", "test-only", "mail-type", "mail-user", "comment", "deadline")
)
"""Options that change nothing a manifest says."""


class Sent(NamedTuple):
    """One call of sbatch in a program of the repository."""

    program: str
    call: "Call"

    @property
    def place(self) -> Location:
        """The line of the call."""
        return Location(path=self.program, line=self.call.line)

    @property
    def left_open(self) -> tuple[str, ...]:
        """Options with a variable; what else only the run decides are arguments, or the name of the script."""
        return tuple(word for word in self.call.left_open if word.startswith("-"))


def across(report: Report, found: "Found", world: "World") -> Report:
    """The report with what is found across its scripts, each finding with the verdict of its script."""
    more: dict[str, list[Finding]] = {}
    for finding in collisions(report.verdicts):
        more.setdefault(finding.location.path, []).append(finding)
    asked: dict[str, Question] = {}
    for path, question, place in _overridden(report, found, world):
        asked[path] = question
        message = f"{question.text}; answer: {question.answer}"
        told = Finding(rule=rules.SENT_OTHERWISE, message=message, location=place, subject=path)
        more.setdefault(path, []).append(told)
    if not more:
        return report
    return replace(report, verdicts=tuple(_and(each, more, asked, report) for each in report.verdicts))


def _and(
    verdict: Verdict, more: Mapping[str, list[Finding]], asked: Mapping[str, Question], report: Report
) -> Verdict:
    if verdict.path not in more:
        return verdict
    findings, question = more[verdict.path], asked.get(verdict.path)
    questions = (*verdict.questions, question) if question else verdict.questions
    outcome = max(verdict.outcome, outcome_of(findings, bool(questions), report.fail_on))
    return replace(verdict, findings=(*verdict.findings, *findings), questions=questions, outcome=outcome)


# --- files that were named ---------------------------------------------------------------------------------

_LIKE_SCRIPTS: Final = (ScriptClass.TEMPLATE, ScriptClass.GENERATOR, ScriptClass.LOOK_ALIKE)


def aside(found: "Found", names: Iterable[str]) -> Iterator[Finding]:
    """A finding for each file that was named and looks like a script, and was left alone: why, and what to do."""
    named = frozenset(names)
    for other in found.others:
        if other.path in named and other.line and other.script_class in _LIKE_SCRIPTS:
            message = f"not converted, a {other.script_class.value}: {other.reason}"
            place = Location(path=other.path, line=other.line)
            yield Finding(rule=rules.NAMED_ASIDE, message=message, location=place, subject="file")


# --- workloads of one name ---------------------------------------------------------------------------------


def collisions(verdicts: Iterable[Verdict]) -> Iterator[Finding]:
    """One finding for each workload that several scripts would become: a project holds one of a kind and name.

    It stands at the first of the scripts and names the others.
    """
    known: dict[tuple[str, str], list[str]] = {}
    for verdict in verdicts:
        if verdict.workload:
            known.setdefault((verdict.kind, verdict.workload), []).append(verdict.path)
    for (kind, workload), (first, *others) in known.items():
        if others:
            message = (
                f"the {kind} {workload.rpartition('/')[2]} is what {_listed(others)} becomes too, and a project holds "
                "one of a name: the second is refused, or takes the place of the first"
            )
            place = Location(path=first)
            yield Finding(rule=rules.WORKLOADS_COLLIDE, message=message, location=place, subject=workload)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


# --- options on the command line ---------------------------------------------------------------------------


def _overridden(report: Report, found: "Found", world: "World") -> Iterator[tuple[str, Question, Location]]:
    """For each script that a program sends otherwise than it stands: its path, the question, the line of a call."""
    made = {verdict.path for verdict in report.verdicts if verdict.manifest_path}
    programs = [other.path for other in found.others if other.script_class in _SENDERS][:_MOST_PROGRAMS]
    if not made or not programs:
        return
    calls: dict[str, list[Sent]] = {}
    for path in programs:
        for script, sent in _calls(path, made, world.read):
            calls.setdefault(script, []).append(sent)
    for script in sorted(calls):
        if ways := _ways(script, calls[script], world):
            yield script, _question(script, ways), ways[0].place


def _calls(path: str, scripts: set[str], read: Callable[[str], bytes | None]) -> Iterator[tuple[str, Sent]]:
    """The calls of one program that send a script of the run, which it names from its own folder or the root."""
    from s2r_ci.slurm.driver import sbatch_calls

    try:
        data = read(path) or b""
    except IncompleteError:
        return  # said where it was found
    if not _is_shell(path, data):
        return
    text = Script(path=path, data=data[:_LONGEST]).text
    for call in sbatch_calls(_recipes(text) if _is_makefile(path) else text):
        sent = Sent(path, call)
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), call.script))
        script = next((name for name in (beside, posixpath.normpath(call.script)) if name in scripts), "")
        if call.script and script:
            yield script, sent


def _is_shell(path: str, data: bytes) -> bool:
    """A makefile, or what a shell runs: calls in other languages are strings, of which nobody knows the words."""
    from s2r_ci.slurm.body import language_of

    if data.startswith(b"#!"):
        return language_of(data[2 : data.find(b"\n")].decode("utf-8", "replace")) == "shell"
    return _is_makefile(path) or path.endswith((".sh", ".bash", ".zsh", ".ksh"))


def _is_makefile(path: str) -> bool:
    name = posixpath.basename(path)
    return name.lower() in ("makefile", "gnumakefile") or name.endswith(".mk")


def _recipes(text: str) -> str:
    """The recipes of a makefile as a shell gets them, every line in its place."""
    lines = (line.lstrip("\t@+-").replace("$$", "$") if line.startswith("\t") else "" for line in text.split("\n"))
    return "\n".join(lines)


class _Way(NamedTuple):
    """One way in which the script is sent: the words that make another job of it."""

    place: Location
    options: tuple[str, ...]  # by their long names
    left_open: tuple[str, ...]


def _ways(path: str, sent: list[Sent], world: "World") -> list[_Way]:
    """The calls that make another job of the script than its manifest is, equal ones once; none where an answer took
    one of them.
    """
    try:
        script = script_of(path, world.read(path) or b"", world.read)
    except IncompleteError:
        return []
    target = answered(script, world.target(path))
    if CALLS in target.accepted:
        return []
    now = _job(_reading(script, target, target.options, {}))
    found: dict[tuple[str, ...], _Way] = {}
    for each in sent:
        call = each.call
        other = _job(_reading(script, target, (*target.options, *call.options), call.environ)) != now
        if not (other or each.left_open):
            if target.options:
                return []
            continue
        said = _said(_reading(script, target, call.options, call.environ)) or call.options if other else ()
        found.setdefault((*said, *each.left_open), _Way(each.place, tuple(said), each.left_open))
    return list(found.values())


def _reading(script: Script, target: Target, options: tuple[str, ...], environ: Mapping[str, str]) -> "Reading":
    from s2r_ci.slurm.job import read_script

    return read_script(script, release=target.slurm_version, environ=environ, arguments=options)


def _job(reading: "Reading") -> "JobSpec | None":
    """The job without the places where it is said; None where sbatch would send none, or several."""
    if len(reading.jobs) != 1:
        return None
    job = reading.jobs[0]
    said = {name: value for name, value in job.options.items() if name not in _TO_SBATCH_ALONE}
    return replace(job, inventory=(), origins={}, options=said)


def _said(reading: "Reading") -> tuple[str, ...]:
    """What stands on the command line and in its environment, by the long names."""
    every = reading.header.components[0].directives if reading.header.components else ()
    named = (each for each in every if each.origin != "script" and each.name not in _TO_SBATCH_ALONE)
    return tuple(f"--{each.name}={each.value}" if each.value else f"--{each.name}" for each in named)


def _question(path: str, ways: list[_Way]) -> Question:
    """What to ask of the calls that matter: whether to convert the script as they send it."""
    import json

    told = [f"{way.place} sends it with {' '.join((*way.options, *way.left_open))}" for way in ways]
    what = "which counts over its own directives: is the manifest to be as that sends it?"
    if len(told) > 1:
        what = "which count over its own directives: as which of them is the manifest to be?"
    first = next((way.options for way in ways if way.options), ())
    answer = f"options = {json.dumps(first)}" if first else f'accepted = ["{CALLS}"]'
    name = json.dumps(path.encode("utf-8", "replace").decode())
    return Question(
        key=CALLS,
        text=f"{_listed(told)}, {what}",
        location=Location(path=path),
        answer=f"answers = [{{ scripts = {name}, {answer} }}]",
    )
