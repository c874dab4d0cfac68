"""What a task gets, as sbatch holds it: --tres-per-task, into which the CPUs and GPUs of a task go from 24.05 on.

sbatch edits the text and looks for ``cpu``, ``gres/gpu`` and ``gres/gpu:TYPE`` in it as strings: an entry that is
found is written anew where it stands, any other is put in front.
"""

from typing import Final

from s2r_ci.slurm import tres
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.shape import Held, Options, counts
from s2r_ci.slurm.troubles import RefusedError
from s2r_ci.slurm.units import leading, signed

_GPU: Final = "gres/gpu"


class PerTaskError(RefusedError):
    """What is said of a task's resources cannot be read, or is said twice."""


def task_text(held: Options, release: Release) -> str | None:
    """The value of --tres-per-task once the other options had their say, or None. Raises PerTaskError."""
    task = held.get("tres-per-task")
    text = None if task is None else ",".join(map(_as_listed, str(task.data).split(",")))
    if gpus := held.get("gpus-per-task"):
        edited = _with_gpus(text, task, gpus, release)
        text = edited if release >= (24, 5) else text
    if text is not None or release >= (24, 5):
        text = _with_cpus(text, task, held, release)
    if text is None:
        return None
    cpus = _first_cpus(text, release)
    if cpus is not None and cpus <= 0:
        raise PerTaskError("--tres-per-task=cpu needs a number of at least 1")
    if part := tres.unusable(text):
        raise PerTaskError(f"`{part}` is none of cpu=N, gres/NAME[:TYPE]=N, license/NAME=N")
    return text


def _as_listed(part: str) -> str:
    """``gres:gpu:2`` is written with a slash."""
    return f"gres/{part[5:]}" if part.startswith("gres:") else part


def cpu_count(text: str, held: Options, release: Release) -> int:
    """How many CPUs a task gets by such a value, 0 where it does not say.

    Up to 24.11 the number ends where it ends; later what stands there has to be a count, which may have a unit.
    """
    cpus = _first_cpus(text, release)
    if not cpus or counts(held, "cpus-per-gpu"):
        return 0
    if release < (25, 5):
        return cpus
    said = text[text.find("cpu") + 4 :].partition(",")[0].rpartition("=")[2]
    return signed(tres.amount(said, release) or 0)


def _first_cpus(text: str, release: Release) -> int | None:
    """The number behind the first ``cpu``, in capital letters too up to 24.11; None where there is none."""
    place = text.find("cpu") if release >= (25, 5) else text.lower().find("cpu")
    return None if place < 0 else _leading(text[place + 4 :])


def gpu_entries(text: str, release: Release) -> list[tuple[str, int]]:
    """What of a --gpus-per-task value reaches --tres-per-task: the string looked for there, and how many.

    The type ends at the first colon of all that is left, or else at the first equals sign, and may so hold commas;
    without either it is a number. Up to 24.11 one entry is read, later what stands behind each comma, to the first
    number without a type.
    """
    entries: list[tuple[str, int]] = []
    rest = text
    while rest or (not entries and release < (25, 5)):
        place = rest.find(":") if ":" in rest else rest.find("=")
        if place < 0:
            entries.append((_GPU, _leading(rest)))
            break
        entries.append((f"{_GPU}:{rest[:place]}", _leading(rest[place + 1 :])))
        if release < (25, 5):
            break
        rest = rest.partition(",")[2]
    return entries


def _leading(text: str) -> int:
    """The number that a text begins with, 0 where it begins with none; it is kept in 32 bits."""
    return signed(leading(text)[0])


def _find(text: str | None, key: str) -> int:
    return -1 if text is None else text.lower().find(key.lower())


def _edited(text: str | None, key: str, number: int) -> str | None:
    """The text with this entry in the place of the one that is there, or in front; with 0 it goes."""
    entry = f"{key}={number}" if number else ""
    place = _find(text, key)
    if text is None or place < 0:
        return (entry or None) if text is None else f"{entry},{text}" if entry else text
    if number and _leading(text[place + len(key) + 1 :]) == number:
        return text
    rest = text[place:].partition(",")[2]
    parts = [part for part in (entry, rest) if part]
    head = text[:place] if parts else text[:place].rstrip(",")
    return (head + ",".join(parts)) or None


def _with_gpus(text: str | None, task: Held | None, gpus: Held, release: Release) -> str | None:
    """A --tres-per-task of the environment gives way to a --gpus-per-task of the script; the other way round, and
    from 25.05 on between two variables, the --gpus-per-task does. Otherwise only one of them may name an entry.
    """
    outside = task is not None and task.origin == "environment"
    gives_way = outside and gpus.origin != "environment"
    stays = gpus.origin == "environment" and (not outside or release >= (25, 5))
    theirs = text
    for key, number in gpu_entries(gpus.data, release):
        said = _find(theirs, key) >= 0
        if said and not gives_way and not stays:
            raise PerTaskError("--tres-per-task=gres/gpu and --gpus-per-task exclude each other: keep one")
        place = -1 if said and gives_way else _find(text, key)
        if text is None or place < 0:
            text = _edited(text, key, number)
        elif _leading(text[place + len(key) + 1 :]) <= 0:
            raise PerTaskError(f"{key} is said twice, and no number stands behind it: keep one")
    return text


def _with_cpus(text: str | None, task: Held | None, held: Options, release: Release) -> str | None:
    """--cpus-per-task and --cpus-per-gpu take the place of what a variable says, and of nothing else."""
    said, per_gpu = held.get("cpus-per-task"), counts(held, "cpus-per-gpu")
    if said is None and not per_gpu:
        return text
    if text is not None and _first_cpus(text, release) is not None:
        outside = task is not None and task.origin == "environment"
        if not outside or (said is None and held["cpus-per-gpu"].origin == "environment"):
            raise PerTaskError("--tres-per-task=cpu excludes --cpus-per-task and --cpus-per-gpu: keep one")
        if said is None and (_first_cpus(text, release) or 0) <= 0:
            raise PerTaskError("--tres-per-task=cpu needs a number of at least 1")
    elif said is None:
        return text
    if release < (24, 5):
        return text
    return _edited(text, "cpu", said.data if said else 0)
