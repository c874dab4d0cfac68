"""The targets: the forms in which a manifest can be written, one row each, and what each release of Run:ai takes.

``kubernetes`` and ``kai`` are standard kinds under a scheduler's labels; the other three are Run:ai's own forms
(*native*): the retired custom resources, the bodies of the REST API, and a script for the command line.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from s2r_ci.errors import ConfigurationError

if TYPE_CHECKING:
    from s2r_ci.model import Manifest, Target
    from s2r_ci.runai.distribution import Plan

RELEASES: Final = ("2.24", "2.25", "2.26", "3.0")
KAI: Final = "kai"
V2ALPHA1: Final = "v2alpha1"
REST: Final = "rest"
CLI: Final = "cli"
NATIVE: Final = frozenset({V2ALPHA1, REST, CLI})

Submit = Callable[[str, "Target", str], str]


class Form(NamedTuple):
    """One target. ``kinds`` names the schema of each kind it writes; ``submit`` takes path, target and kind."""

    name: str
    says: str
    writer: str  # module:function, loaded when it is wanted
    kinds: Mapping[str, str]
    submit: Submit
    releases: tuple[str, ...] = RELEASES
    ending: str = ".yaml"

    @property
    def native(self) -> bool:
        """One of Run:ai's own forms: no kind of Kubernetes, no time limit, no index."""
        return self.name in NATIVE

    def write(self, made: Plan) -> Manifest:
        """The manifest of a plan. Raises ConversionError for what no manifest of this target can be."""
        module, _, function = self.writer.partition(":")
        return cast("Callable[[Plan], Manifest]", getattr(import_module(module), function))(made)


def form_of(name: str, release: str = "") -> Form:
    """The row of a target.

    Raises ConfigurationError for a name that is not in the table, and for a target that the release lacks.
    """
    form = TARGETS.get(name)
    if form is None:
        raise ConfigurationError(
            f"there is no target {name!r}", where="target", hint=f"supported: {', '.join(TARGETS)}"
        )
    if release and release not in form.releases:
        raise ConfigurationError(
            f"the target {name} does not exist in Run:ai {release}",
            where="target",
            hint=f"take the target kubernetes, or a runai-release of {', '.join(form.releases)}",
        )
    return form


# --- how each is submitted ---------------------------------------------------------------------------------


def _by_file(path: str, target: Target, kind: str) -> str:
    project = f" -p {shlex.quote(target.project)}" if target.project else " -p PROJECT"
    return f"runai workload submit --file {shlex.quote(path)}{project}"


def _by_kubectl(path: str, target: Target, kind: str) -> str:
    namespace = target.namespace or (f"runai-{target.project}" if target.project else "")
    where = f" -n {shlex.quote(namespace)}" if namespace else ""
    return f"kubectl apply{where} -f {shlex.quote(path)}"


def _by_kai(path: str, target: Target, kind: str) -> str:
    where = f" -n {shlex.quote(target.namespace)}" if target.namespace else ""
    return f"kubectl apply{where} -f {shlex.quote(path)}"


def _by_api(path: str, target: Target, kind: str) -> str:
    place = "distributed" if kind == "Distributed" else "trainings"
    return f"s2r --raw {shlex.quote(path)}, sent by POST to /api/v1/workloads/{place}"


def _by_shell(path: str, target: Target, kind: str) -> str:
    return f"sh {shlex.quote(path)}"


_KUBERNETES: Final[Mapping[str, str]] = MappingProxyType(
    {"Job": "manifest.job.v1", "PyTorchJob": "manifest.pytorchjob.v1", "MPIJob": "manifest.mpijob.v2beta1"}
)
_CUSTOM: Final[Mapping[str, str]] = MappingProxyType(
    {
        "TrainingWorkload": "manifest.trainingworkload.v2alpha1",
        "InteractiveWorkload": "manifest.interactiveworkload.v2alpha1",
        "DistributedWorkload": "manifest.distributedworkload.v2alpha1",
    }
)
_BODIES: Final[Mapping[str, str]] = MappingProxyType(
    {"Training": "manifest.rest-training.v1", "Distributed": "manifest.rest-distributed.v1"}
)
_COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    dict.fromkeys(("standard", "pytorch", "mpi"), "manifest.cli.v1")
)

_ALL: Final = (
    Form(
        name="kubernetes",
        says="Job, PyTorchJob and MPIJob under Run:ai's labels: what `runai workload submit --file` takes",
        writer="s2r_ci.runai.manifest:write",
        kinds=_KUBERNETES,
        submit=_by_file,
    ),
    Form(
        name=KAI,
        says="the same kinds for the open-source KAI scheduler, without Run:ai",
        writer="s2r_ci.runai.kai:write",
        kinds=_KUBERNETES,
        submit=_by_kai,
    ),
    Form(
        name=V2ALPHA1,
        says="run.ai/v2alpha1 custom resources: deprecated since 2.18, gone in 3.0",
        writer="s2r_ci.runai.v2alpha1:write",
        kinds=_CUSTOM,
        submit=_by_kubectl,
        releases=RELEASES[:-1],
    ),
    Form(
        name=REST,
        says="bodies for POST /api/v1/workloads/trainings and /distributed, written as YAML",
        writer="s2r_ci.runai.rest:write",
        kinds=_BODIES,
        submit=_by_api,
    ),
    Form(
        name=CLI,
        says="a shell script that calls `runai training ... submit`",
        writer="s2r_ci.runai.cli:write",
        kinds=_COMMANDS,
        submit=_by_shell,
        ending=".sh",
    ),
)
TARGETS: Final[Mapping[str, Form]] = MappingProxyType({form.name: form for form in _ALL})


# --- releases of Kubernetes --------------------------------------------------------------------------------


class Matrix(NamedTuple):
    """The releases of upstream Kubernetes that a release of Run:ai runs on, and where that is written."""

    kubernetes: tuple[str, ...]
    source: str
    read: bool  # False: the vendor's page for this release was not read, and one end is inferred


KUBERNETES: Final[Mapping[str, Matrix]] = MappingProxyType(
    {
        "2.24": Matrix(
            ("1.32", "1.33", "1.34"),
            "What's new in 2.25 (removes 1.32, adds no release below 1.35); inferred from that",
            read=False,
        ),
        "2.25": Matrix(
            ("1.33", "1.34", "1.35"), "Support Matrix of the self-hosted documentation, 2.25", read=True
        ),
        "2.26": Matrix(
            ("1.33", "1.34", "1.35", "1.36"),
            "release notes of July 2026 (1.36 from cluster 2.26 on); lower end inferred from 2.25",
            read=False,
        ),
        "3.0": Matrix(
            ("1.34", "1.35", "1.36"),
            "release notes of July 2026 (1.36 from cluster 2.26 on); lower end inferred",
            read=False,
        ),
    }
)
