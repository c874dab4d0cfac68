"""The words of s2r-ci: every value that one stage hands to the next.

Values are frozen and made of the standard library alone; a number carries its unit in its name. What can be
derived is a property, not a field. Nothing here reads, writes or decides.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Any, Final

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


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


class Disposition(Enum):
    """Where an item of the inventory ended."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    NEEDS_ANSWER = "needs-answer"
    NOT_EXPRESSIBLE = "not-expressible"


class ItemKind(Enum):
    """What kind of thing a script says that the ledger has to account for."""

    DIRECTIVE = "directive"  # name: long option name, value: as written ("" for a flag)
    VARIABLE = "variable"  # name: SLURM_JOB_ID and its like, value: ""
    LAUNCHER = "launcher"  # name: srun, mpirun, torchrun, ..., value: the whole command
    MODULE = "module"  # name: module, spack, conda, venv, source, value: what is loaded
    CONTAINER = "container"  # name: apptainer, docker, pyxis, ..., value: the image
    PATH = "path"  # name: the absolute path, value: ""
    ARGUMENT = "argument"  # name: $1, $@, or a variable that comes from outside, value: its default or ""
    COMMAND = "command"  # name: sbatch, scontrol, squeue, ssh, ... that talk to the cluster, value: the command


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


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Location:
    """A place in a file. ``path`` is relative to the scanned root with ``/``; bytes that are not UTF-8 are
    surrogate-escaped. ``line`` and ``column`` count from 1; 0 means the whole file, the whole line.
    """

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        places = [str(number) for number in (self.line, self.column) if number]
        return ":".join([self.path, *places])


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that mentions ``#SBATCH``, and what it is: discovery's answer."""

    path: str
    script_class: ScriptClass
    reason: str = ""  # one sentence, why this class
    line: int = 0  # where that shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A file as it lies on disk."""

    path: str
    data: bytes

    @property
    def text(self) -> str:
        """The text; bytes that are not UTF-8 become surrogates, so that nothing is lost."""
        return self.data.decode("utf-8", "surrogateescape")

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A trouble that can be found. The id is the file, the test, the help section and the word in an ignore."""

    id: str
    summary: str
    stage: Stage
    level: Level
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
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
        known = "\0".join((self.rule.id, self.location.path, self.subject))
        return hashlib.sha256(known.encode("utf-8", "surrogateescape")).hexdigest()[:16]


# --- what a script says ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """One option of a ``#SBATCH`` (``#PBS``, ``#BSUB``) line, in the order in which Slurm reads them."""

    name: str  # long option name: gpus-per-node
    value: str  # as written; "" for a flag
    location: Location
    origin: str = "script"  # script, pbs, bsub, environment, command-line
    overridden_by: Location | None = None  # a later one counts instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One component of a job as Slurm reads it: an ordinary job has one, a heterogeneous one several."""

    tokens: tuple[str, ...] = ()
    directives: tuple[Directive, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)  # long name -> value as Slurm spells it
    request: Mapping[str, Any] = field(default_factory=dict)  # numbers, as sbatch sends them


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Slurm's reading of a script's directives.

    ``stage`` says how far sbatch would come: ``read`` (refused before any directive), ``parse`` (a directive is
    refused), ``verify`` (all were read, together they are refused), ``controller`` (sbatch sends it, the
    controller refuses), ``accepted``.
    """

    stage: str
    slurm: str  # release: 24.11
    components: tuple[Component, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing the script says that must not disappear: the inventory is made of these."""

    kind: ItemKind
    name: str
    value: str
    location: Location

    def __str__(self) -> str:
        if self.kind is ItemKind.DIRECTIVE:
            return f"--{self.name}={self.value}" if self.value else f"--{self.name}"
        return self.value or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One launched program: ``srun python fit.py``, ``torchrun train.py``."""

    launcher: str  # srun, mpirun, mpiexec, torchrun, torch.distributed, accelerate, deepspeed, ray, horovodrun
    words: tuple[str, ...]  # the whole command, split, quotes kept
    program: tuple[str, ...]  # what is launched, without launcher and its options
    location: Location
    background: bool = False  # ends with &
    within: str = ""  # the launcher around it: "srun" for the torchrun in `srun torchrun train.py`


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What the program part of a script does, as far as reading tells."""

    interpreter: str  # the first line without "#!": /bin/bash -l
    language: str  # shell, csh, python, r, perl, other
    understood: bool = True  # the grammar read all of it
    steps: tuple[Step, ...] = ()
    sets: tuple[str, ...] = ()  # variables the script sets
    exports: Mapping[str, str] = field(default_factory=dict)  # exported literals: name -> value
    commands: tuple[str, ...] = ()  # names of all commands called, in order, without repeats
    runs_outside_steps: bool = True  # something happens that is not inside a launcher
    uses_gpu: bool = False  # nvidia-smi, --nv, CUDA_VISIBLE_DEVICES= and their like


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """A job array: the ids in ascending order, at most ``throttle`` at once (0: no limit)."""

    ids: Sequence[int]
    throttle: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What one job component asks for, after Slurm's own arithmetic; "per node" is per pod."""

    nodes: int = 1
    nodes_max: int = 0  # of a range 2-4; 0: the same as nodes
    tasks: int = 1
    tasks_per_node: int = 1
    cpus_per_task: int = 1
    cpus_per_node: int = 1
    gpus_per_node: int = 0
    gpu_model: str = ""  # lower case, as written in gres or gpus
    memory_per_node_mib: int | None = None  # None: nothing said; 0: all of the node
    tmp_per_node_mib: int = 0
    other_gres: Mapping[str, int] = field(default_factory=dict)  # name -> count per node
    exclusive: bool = False

    @property
    def gpus(self) -> int:
        """GPUs of the whole job."""
        return self.nodes * self.gpus_per_node


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """What one job component asks for and does, read by rule: the converters' input and the judge's measure.

    ``options`` holds every option that is set, as Slurm spells it; the typed fields hold what the mapping
    computes with. ``origins`` says which line an answer came from: ``{"gpus": line 3}``. Its keys are the
    subjects of findings: name, nodes, tasks, cpus, gpus, gpu-model, memory, time, array, partition, account,
    qos, constraint, environment, working-directory, output, error, requeue, hold, signal, tmp, command.
    """

    name: str
    body: Body
    resources: Resources = Resources()
    time_limit_s: int | None = None  # None: no limit said; 0: unlimited
    array: Array | None = None
    requeue: bool | None = None
    hold: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)  # NAME=value of --export
    export: str = "ALL"  # ALL, NONE, NIL or the list as written
    options: Mapping[str, str] = field(default_factory=dict)
    inventory: tuple[Item, ...] = ()
    origins: Mapping[str, Location] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A script, read: Slurm's view of the header, the jobs it asks for (one a component), and the troubles."""

    header: Header
    jobs: tuple[JobSpec, ...] = ()
    findings: tuple[Finding, ...] = ()  # those of the header too

    @property
    def refused(self) -> bool:
        """sbatch would not take the script."""
        return self.header.stage != "accepted"


# --- where it goes -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume of the site that stands for a folder of the old cluster."""

    claim: str  # PersistentVolumeClaim
    mount_path: str = ""  # "": the same path as on the old cluster
    sub_path: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a QOS means at the site."""

    priority: str = ""  # one of Run:ai's: very-low, low, medium-low, medium, medium-high, high, very-high
    preemptibility: str = ""  # preemptible or non-preemptible


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The site map: names of the old cluster to names of the new one."""

    partitions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # -> node pools, in order
    accounts: Mapping[str, str] = field(default_factory=dict)  # -> Run:ai project
    qos: Mapping[str, Service] = field(default_factory=dict)
    gpus: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # GPU model -> node labels
    features: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # constraint word -> node labels
    modules: Mapping[str, str] = field(default_factory=dict)  # module name -> image that holds it
    volumes: Mapping[str, Volume] = field(default_factory=dict)  # host path -> volume, longest prefix wins
    gres: Mapping[str, str] = field(default_factory=dict)  # GRES name -> extended resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Everything of the settings that a manifest depends on: its digest decides what is stale."""

    name: str = "kubernetes"
    runai_release: str = "2.25"
    slurm_version: str = "24.11"
    converter: str = "rules"
    project: str = ""
    namespace: str = ""
    image: str = ""  # the default, or the answer for this script
    working_directory: str = ""
    memory_mib: int = 0  # for scripts that say nothing, or --mem=0; 0: ask
    gpus: int | None = None  # the answer where the partition decides
    arguments: tuple[str, ...] = ()  # the script's arguments, answered
    variables: Mapping[str, str] = field(default_factory=dict)  # submit-time variables, answered
    accepted: tuple[str, ...] = ()  # keys of questions that a person has looked at and takes as they are
    body_delivery: str = "embedded"  # or "mounted": run from a checkout in working_directory
    image_allow: tuple[str, ...] = ()  # further images that a manifest may name
    site: Site = Site()


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """Where one item of the inventory went, and why."""

    item: Item
    disposition: Disposition
    field: str  # path in the manifest, spec.template.spec.activeDeadlineSeconds; "" where there is none
    reason: str  # one sentence

    @property
    def location(self) -> Location:
        """The line of the script."""
        return self.item.location


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What rules cannot know. Equal keys are equal questions, so one answer can serve many scripts."""

    key: str  # image, memory, gpus, arguments, variable.NAME, partition.NAME, volume./path, ...
    text: str  # one sentence
    location: Location
    answer: str  # how to answer, as something one can type: image = "..." in [tool.s2r-ci]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionRequest:
    """One job of a script, and where it shall go."""

    script: Script
    job: JobSpec
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One Kubernetes object; ``lines`` says on which line of its text each node stands, where it was read."""

    body: Any
    lines: Mapping[tuple[str | int, ...], int] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Job, PyTorchJob, MPIJob; empty where it is no object."""
        return str(self.body.get("kind", "")) if isinstance(self.body, dict) else ""

    @property
    def name(self) -> str:
        """metadata.name, or empty."""
        metadata = self.body.get("metadata") if isinstance(self.body, dict) else None
        return str(metadata.get("name", "")) if isinstance(metadata, dict) else ""

    def line(self, *steps: str | int) -> int:
        """The line of a node, or of the nearest one above it; 0 where nothing is known."""
        for end in range(len(steps), -1, -1):
            if found := self.lines.get(steps[:end]):
                return found
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Who wrote a manifest."""

    converter: str
    version: str
    model_id: str = ""
    prompt_digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionResult:
    """What a converter gives back."""

    manifest: Manifest
    provenance: Provenance
    ledger: tuple[LedgerEntry, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[Finding, ...] = ()


# --- what came of it ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one script."""

    path: str
    script_class: ScriptClass = ScriptClass.BATCH
    outcome: Outcome = Outcome.PASSED
    findings: tuple[Finding, ...] = ()
    manifest_path: str = ""
    kind: str = ""  # of the manifest
    state: str = ""  # current, written, unwritten, missing, stale, edited, conflict; "" where there is none
    questions: tuple[Question, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    jobs: tuple[JobSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
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

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings by place, then rule."""
        every = [*self.findings_elsewhere, *(f for verdict in self.verdicts for f in verdict.findings)]
        return tuple(sorted(every, key=lambda f: (f.location, f.rule.id, f.subject, f.message)))

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of all."""
        return max((verdict.outcome for verdict in self.verdicts), default=Outcome.SKIPPED)
