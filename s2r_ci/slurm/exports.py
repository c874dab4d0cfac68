"""The environment of a job: the variables that sbatch puts into it, and those that --export names."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from s2r_ci.slurm.options import Release
from s2r_ci.slurm.shape import UNNAMED, Options, Shape, counts, hint_dropped

_COPIED: Final = (
    ("ntasks_per_core", "SLURM_NTASKS_PER_CORE"),
    ("threads_per_core", "SLURM_THREADS_PER_CORE"),
    ("dependency", "SLURM_JOB_DEPENDENCY"),
    ("tres_per_task", "SLURM_TRES_PER_TASK"),
)
_WRAP: Final = 2**32  # a number that came out negative is printed as the unsigned one of the same bits
_UNSAID: Final = -2  # stands for "not said", as 2**32 - 2
# Not what the request holds of them, which may be cut off.
_AS_HELD: Final = (
    ("ntasks-per-core", "SLURM_NTASKS_PER_CORE"), ("ntasks-per-socket", "SLURM_NTASKS_PER_SOCKET"),
    ("ntasks-per-gpu", "SLURM_NTASKS_PER_GPU"), ("ntasks-per-tres", "SLURM_NTASKS_PER_TRES"),
)  # fmt: skip
_SAME: Final = (
    ("gpus", "SLURM_GPUS"), ("gpus-per-node", "SLURM_GPUS_PER_NODE"), ("cpus-per-gpu", "SLURM_CPUS_PER_GPU"),
    ("mem-per-gpu", "SLURM_MEM_PER_GPU"), ("hint", "SLURM_HINT"), ("container", "SLURM_CONTAINER"),
)  # fmt: skip
_NAMED: Final = frozenset({
    *dict(_SAME), "ntasks-per-tres", "mem-bind", "distribution", "get-user-env",
})  # fmt: skip
# Up to 22.05 sbatch passed these on to the steps of the job.
_ONCE: Final = (
    ("acctg-freq", "SLURM_ACCTG_FREQ"), ("cpu-freq", "SLURM_CPU_FREQ_REQ"), ("profile", "SLURM_PROFILE"),
    ("open-mode", "SLURM_OPEN_MODE"), ("gpu-bind", "SLURM_GPU_BIND"), ("gpus-per-task", "SLURM_GPUS_PER_TASK"),
)  # fmt: skip


# What sbatch says in any case; the values are those of the place and the moment.
_SET_LATER: Final = frozenset({
    "SLURM_JOB_NAME", "SLURM_UMASK", "SLURM_SUBMIT_DIR", "SLURM_SUBMIT_HOST", "SLURM_PRIO_PROCESS",
})  # fmt: skip
# What sbatch puts into its own environment first, and not only into the job's.
_OWN: Final = (
    "SLURM_ACCTG_FREQ", "SLURM_CONTAINER", "SLURM_CPU_FREQ_REQ", "SLURM_EXPORT_ENV", "SLURM_HINT",
    "SLURM_JOB_DEPENDENCY", "SLURM_OPEN_MODE", "SLURM_PROFILE",
)  # fmt: skip


def variables(held: Options, shape: Shape, request: Mapping[str, Any], release: Release) -> dict[str, str]:
    """The variables that sbatch itself puts into the job's environment, and those of --export."""
    found = {variable: str(request[field]) for field, variable in _COPIED if field in request}
    for option, variable in _AS_HELD:
        if option in held and held[option].data != _UNSAID:
            found[variable] = str(held[option].data % _WRAP)
    if shape.cpus_per_task:
        found["SLURM_CPUS_PER_TASK"] = str(shape.cpus_per_task)
    if "ntasks-per-tres" in held:
        found.pop("SLURM_NTASKS_PER_GPU", None)
    if "ntasks-per-node" in held and shape.tasks_per_node != _UNSAID:
        found["SLURM_NTASKS_PER_NODE"] = str(held["ntasks-per-node"].data % _WRAP)
    if shape.tasks_exported > 0:
        found["SLURM_NTASKS"] = found["SLURM_NPROCS"] = str(shape.tasks_exported)
    if not _NAMED.isdisjoint(held):
        _corrected(found, held)
        _said(found, held)
    if release < (24, 5):
        _up_to_24_05(found, held, release)
    if "export" in held:
        _exports(found, held["export"].data, release)
    if "export-file" in held or "external" in held:
        _without_own(found, held)
    return found


def _without_own(found: dict[str, str], held: Options) -> None:
    """A file, or with --external nothing, stands in the place of sbatch's own environment."""
    for name in (*_OWN, *exported(held["export"].data if "export" in held else "")):
        found.pop(name, None)
    if "external" in held:
        found.pop("SLURM_GET_USER_ENV", None)


def _corrected(found: dict[str, str], held: Options) -> None:
    """One that takes another's place."""
    if counts(held, "cpus-per-gpu") and "cpus-per-task" not in held:
        found.pop("SLURM_CPUS_PER_TASK", None)


def _said(found: dict[str, str], held: Options) -> None:
    for option, variable in _SAME:
        if option in held and held[option].data not in ("", None):
            found[variable] = str(held[option].data)
    if "hint" in held and hint_dropped(held):
        found.pop("SLURM_HINT", None)
    bound = held.get("mem-bind")
    if bound and bound.spelled != "unset" and bound.origin != "environment" and not bound.data.outside:
        found["SLURM_MEM_BIND"] = bound.spelled
    if "distribution" in held and held["distribution"].spelled is not UNNAMED:
        kind, _, planes = held["distribution"].spelled.partition("=")
        found["SLURM_DISTRIBUTION"] = kind
        found |= {"SLURM_DIST_PLANESIZE": planes} if planes else {}
    if "get-user-env" in held:
        found["SLURM_GET_USER_ENV"] = "1"


def _up_to_24_05(found: dict[str, str], held: Options, release: Release) -> None:
    """SLURM_TRES_PER_TASK was what --tres-per-task says, and up to 22.05 more options were passed on."""
    found.pop("SLURM_TRES_PER_TASK", None)
    if "tres-per-task" in held:
        found["SLURM_TRES_PER_TASK"] = held["tres-per-task"].data
    if release < (23, 2):
        found |= {name: held[option].spelled for option, name in _ONCE if option in held and held[option].spelled}


def _exports(found: dict[str, str], text: str, release: Release) -> None:
    for name, value in exported(text).items():
        if name not in _SET_LATER:
            found.setdefault(name, value)  # what sbatch says itself counts
    if text.upper() != "ALL":
        found |= {"SLURM_EXPORT_ENV": text} if text else {}
        found |= {} if text.upper() == "NIL" and release >= (23, 2) else {"SLURM_GET_USER_ENV": "1"}


def exported(text: str) -> dict[str, str]:
    """NAME=VALUE pairs of --export. Quotes inside protect commas and stay part of the value; nothing is expanded."""
    return {name: value for part in _commas(text) for name, equals, value in [part.partition("=")] if equals}


def _commas(text: str) -> Iterator[str]:
    current, quote = "", ""
    for letter in text:
        if letter == "," and not quote:
            yield current
            current = ""
            continue
        if letter in "\"'" and quote in ("", letter):
            quote = "" if quote else letter
        current += letter
    yield current
