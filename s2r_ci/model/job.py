"""What a script says: its directives as Slurm reads them, its program part, and the jobs it asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from s2r_ci.frozen import field, frozen
from s2r_ci.model.run import Location

if TYPE_CHECKING:
    from s2r_ci.model.run import Finding


class ItemKind(Enum):
    """What kind of thing a script says that the ledger has to account for."""

    DIRECTIVE = "directive"  # name: long option name, value: as written ("" for a flag)
    VARIABLE = "variable"  # name: SLURM_JOB_ID and its like, value: ""
    LAUNCHER = "launcher"  # name: srun, mpirun, torchrun, ..., value: the whole command
    MODULE = "module"  # name: module, spack, conda, venv, source, value: what is loaded
    CONTAINER = "container"  # name: apptainer, docker, pyxis, ..., value: the image
    PATH = "path"  # name: the path, absolute or from the home folder, value: where a container mounts it, or ""
    ARGUMENT = "argument"  # name: $1, $@, or a variable that comes from outside, value: its default or ""
    CALL = "call"  # name: a file that the script runs, value: its path from the root, or ""
    COMMAND = "command"  # name: sbatch, scontrol, squeue, ssh, ... that talk to the cluster, value: the command

    __hash__ = (
        object.__hash__
    )  # there is one object a member; Enum's own hash is a call of Python for every look-up


class Directive(NamedTuple):
    """One option of a ``#SBATCH`` (``#PBS``, ``#BSUB``) line, in the order in which Slurm reads them.

    A tuple and no dataclass: a script has eight of them, and half of the time of reading it went into their making.
    """

    name: str  # long option name: gpus-per-node
    value: str  # as written; "" for a flag
    path: str
    line: int
    column: int
    origin: str = "script"  # script, pbs, bsub, environment, command-line
    overridden_by: Location | None = None  # a later one counts instead

    @property
    def location(self) -> Location:
        """Where the option stands; line 0 where it comes from outside the script."""
        return Location(path=self.path, line=self.line, column=self.column)


@frozen
class Component:
    """One component of a job as Slurm reads it: an ordinary job has one, a heterogeneous one several."""

    tokens: tuple[str, ...] = ()
    directives: tuple[Directive, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)  # long name -> value as Slurm spells it
    request: Mapping[str, Any] = field(default_factory=dict)  # numbers, as sbatch sends them


@frozen
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


class Item(NamedTuple):
    """One thing the script says that must not disappear: the inventory is made of these."""

    kind: ItemKind
    name: str
    value: str
    location: Location

    def __str__(self) -> str:
        if self.kind is ItemKind.DIRECTIVE:
            return f"--{self.name}={self.value}" if self.value else f"--{self.name}"
        if self.kind in (ItemKind.PATH, ItemKind.ARGUMENT, ItemKind.CALL):  # the value says something else
            return self.name
        return self.value or self.name


class Step(NamedTuple):
    """One launched program: ``srun python fit.py``, ``torchrun train.py``."""

    launcher: str  # srun, mpirun, mpiexec, torchrun, torch.distributed, accelerate, deepspeed, ray, horovodrun
    words: tuple[str, ...]  # the whole command, split, quotes kept
    program: tuple[str, ...]  # what is launched, without launcher and its options
    location: Location
    background: bool = False  # ends with &
    within: str = ""  # the launcher around it: "srun" for the torchrun in `srun torchrun train.py`


@frozen
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


class Inner(NamedTuple):
    """A file of the repository that the script runs or sources, read one level deep."""

    name: str  # as the script names it
    location: Location  # of the call
    path: str  # from the root; "" where the repository holds no such file
    needs: tuple[str, ...] = ()  # commands in it to which the manifest gives no meaning: "srun (line 3)"
    deeper: tuple[str, ...] = ()  # what it calls itself: only named


@frozen
class Array:
    """A job array: the ids in ascending order, at most ``throttle`` at once (0: no limit)."""

    ids: Sequence[int]
    throttle: int = 0
    text: str = ""


@frozen
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


@frozen
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
    called: tuple[Inner, ...] = ()


@frozen
class Reading:
    """A script, read: Slurm's view of the header, the jobs it asks for (one a component), and the troubles."""

    header: Header
    jobs: tuple[JobSpec, ...] = ()
    findings: tuple[Finding, ...] = ()  # those of the header too

    @property
    def refused(self) -> bool:
        """sbatch would not take the script."""
        return self.header.stage != "accepted"
