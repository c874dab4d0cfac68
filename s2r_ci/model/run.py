"""What every run hands around: files, rules, findings, verdicts, the report.

A look at current manifests needs these and nothing else, so they are loaded alone (see the package).
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING, NamedTuple

from s2r_ci.frozen import frozen

if TYPE_CHECKING:
    from s2r_ci.model.job import JobSpec
    from s2r_ci.model.manifest import LedgerEntry


class Level(IntEnum):
    """How grave a finding is, in SARIF's words."""

    NONE = 0
    NOTE = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """The level as people and SARIF write it: ``error``."""
        return self.name.lower()


class Stage(Enum):
    """The stage of the walk that finds a trouble. ``POLICY`` refuses a manifest (exit code 4)."""

    DISCOVER = "discover"
    PARSE = "parse"
    CONVERT = "convert"
    VALIDATE = "validate"
    VERIFY = "verify"
    POLICY = "policy"
    CURRENT = "current"  # is the manifest on disk the one that this script gives?


class Outcome(IntEnum):
    """What became of a script, best to worst, so that the worst of many is their ``max``."""

    SKIPPED = 0
    PASSED = 1
    REVIEW = 2
    FAILED = 3
    ERRORED = 4

    @property
    def word(self) -> str:
        """The outcome as reports write it: ``review``."""
        return self.name.lower()


class ScriptClass(Enum):
    """What a file that mentions ``#SBATCH`` is."""

    BATCH = "batch-script"
    REFUSED = "refused"
    TEMPLATE = "template"
    DOCUMENTATION = "documentation"
    GENERATOR = "generator"
    DRIVER = "driver"
    LOOK_ALIKE = "look-alike"
    MANIFEST = "manifest"
    UNREADABLE = "unreadable"


class Location(NamedTuple):
    """A place in a file. ``path`` is relative to the scanned root with ``/``; bytes that are not UTF-8 are
    surrogate-escaped. ``line`` and ``column`` count from 1; 0 means the whole file, the whole line.

    A tuple and no dataclass, as all that a script has dozens of: making a frozen dataclass takes four times as long.
    """

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        places = [str(number) for number in (self.line, self.column) if number]
        return ":".join([self.path, *places])


@frozen
class Candidate:
    """A file that mentions ``#SBATCH``, and what it is: discovery's answer."""

    path: str
    script_class: ScriptClass
    reason: str = ""  # one sentence, why this class
    line: int = 0  # where that shows


class Called(NamedTuple):
    """A file that a script seems to run or source, as its text names it; ``data`` is None where none was read."""

    name: str
    how: str  # shell, source, program (of another language), or "" where the name stands alone
    line: int  # of the script
    column: int
    path: str  # from the root
    data: bytes | None


@frozen
class Script:
    """A file as it lies on disk, and what it calls, where somebody looked."""

    path: str
    data: bytes
    called: tuple[Called, ...] = ()

    @property
    def text(self) -> str:
        """The text; bytes that are not UTF-8 become surrogates, so that nothing is lost."""
        return self.data.decode("utf-8", "surrogateescape")

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, in hex; behind them those of each file that the script calls."""
        import hashlib  # loads OpenSSL, which a linter has no use for

        whole = hashlib.sha256(self.data)
        for each in self.called:
            if each.data is not None:
                whole.update(b"\0" + each.path.encode("utf-8", "surrogateescape") + b"\0")
                whole.update(hashlib.sha256(each.data).digest())
        return whole.hexdigest()


@frozen
class Rule:
    """A trouble that can be found. The id is the file, the test, the help section and the word in an ignore."""

    id: str
    summary: str
    stage: Stage
    level: Level
    hint: str


@frozen
class Finding:
    """Trouble in a script or a manifest, as data."""

    rule: Rule
    message: str
    location: Location
    subject: str = ""  # what it is about, "gpus"; stable where line and message are not
    suppression: str = ""  # the reason given in `# s2r: ignore[rule] reason`

    @property
    def level(self) -> Level:
        """The rule's level."""
        return self.rule.level

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits of rule, path and subject: the same when lines move and words improve."""
        import hashlib

        known = "\0".join((self.rule.id, self.location.path, self.subject))
        return hashlib.sha256(known.encode("utf-8", "surrogateescape")).hexdigest()[:16]


@frozen
class Question:
    """What rules cannot know. Equal keys are equal questions, so one answer can serve many scripts."""

    key: str  # image, memory, gpus, arguments, variable.NAME, partition.NAME, volume./path, ...
    text: str  # one sentence
    location: Location
    answer: str  # how to answer, as something one can type: image = "..." in [tool.s2r-ci]


@frozen
class Verdict:
    """What became of one script."""

    path: str
    script_class: ScriptClass = ScriptClass.BATCH
    outcome: Outcome = Outcome.PASSED
    findings: tuple[Finding, ...] = ()
    manifest_path: str = ""
    kind: str = ""  # of the manifest
    workload: str = (
        ""  # by what the cluster tells it from others: its project, where the manifest says one, and name
    )
    state: str = ""  # current, written, unwritten, missing, stale, edited, conflict; "" where there is none
    questions: tuple[Question, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    jobs: tuple[JobSpec, ...] = ()


@frozen
class Report:
    """A whole run."""

    tool_version: str
    verb: str = "check"
    verdicts: tuple[Verdict, ...] = ()
    others: tuple[Candidate, ...] = ()  # files that mention #SBATCH and are no batch scripts
    findings_elsewhere: tuple[Finding, ...] = ()  # of no script: an orphaned manifest, an unreadable file
    fail_on: Level = Level.ERROR
    examined: int = 0  # files looked at
    incomplete: str = ""  # why files were left unchecked; the run then ends with exit code 3
    asked: str = ""  # what the service had to do with it, or why nothing; empty: checked offline by rules
    left: int = 0  # scripts that a quota left for the next run, which then ends with exit code 6

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings by place, then rule."""
        every = [*self.findings_elsewhere, *(f for verdict in self.verdicts for f in verdict.findings)]
        return tuple(sorted(every, key=lambda f: (f.location, f.rule.id, f.subject, f.message)))

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of all."""
        return max((verdict.outcome for verdict in self.verdicts), default=Outcome.SKIPPED)
