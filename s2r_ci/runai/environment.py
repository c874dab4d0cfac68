"""The environment a script finds: ``SLURM_*`` variables set, or unset, exactly as Slurm does.

``variable`` answers for one name. Its rules were seen in real runs of Slurm 24.11: SLURM_NTASKS is unset without
``-n`` and ``--ntasks-per-node``, GPU variables depend on the option that asked, ranks are 0 in the batch script.
"""

import re
from typing import Any, Final

from s2r_ci.model import ItemKind
from s2r_ci.patterns import lazy
from s2r_ci.runai import output
from s2r_ci.runai.distribution import PYTORCH, Plan
from s2r_ci.runai.variables import VARIABLES, Variable, unknown

__all__ = ["VARIABLES", "Variable"]

UID: Final = "S2R_WORKLOAD_UID"
ARRAY_IDS: Final = "S2R_ARRAY_IDS"
"""The array's ids as ranges, ``1-7:3,9``: the prelude picks the one that belongs to JOB_COMPLETION_INDEX."""

_BLOCKED: Final = lazy(
    r"LD_.*|PYTHONSTARTUP|BASH_ENV|ENV|PROMPT_COMMAND|NODE_OPTIONS|GIT_SSH.*|(?:https?|ftp|all|no)_proxy", re.I
)
_NAME: Final = lazy(r"[A-Za-z_][A-Za-z0-9_]*")
_BY_TEXT: Final = ("ENVIRONMENT", "CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ROCR_VISIBLE_DEVICES", "TMPDIR")
"""Slurm sets these too; they are no SLURM_* and so in no inventory."""


def environment(made: Plan) -> list[dict[str, Any]]:
    """``env`` of the container that runs the script, by name."""
    values = constants(made)
    entries: dict[str, dict[str, Any]] = {name: {"name": name, "value": value} for name, value in values.items()}
    if needs_id(made):
        entries[UID] = {"name": UID, "valueFrom": {"fieldRef": {"fieldPath": _UID_FIELDS[made.kind]}}}
    return [entries[name] for name in sorted(entries)]


_UID_FIELDS: Final = {
    # The label stands on the pods of a Job, and so on the launcher of an MPIJob, which is a Job. The pods of a
    # PyTorchJob carry no uid of their owner except in the annotation that Run:ai's pod grouper writes.
    "Job": "metadata.labels['batch.kubernetes.io/controller-uid']",
    "MPIJob": "metadata.labels['batch.kubernetes.io/controller-uid']",
    "PyTorchJob": "metadata.annotations['pod-group-name']",
}


def constants(made: Plan) -> dict[str, str]:
    """What ``env`` can say now: answers, ``--export``, and the SLURM_* that the script mentions.

    Names that are not Slurm's own (CUDA_VISIBLE_DEVICES) are left to the prelude: in ``env`` stands only what comes
    from script or settings.
    """
    job = made.job
    found = {
        name: value
        for name, value in {**made.request.target.variables, **job.environment}.items()
        if allowed(name, made)
    }
    # A program started by srun looks at more of them than the script's own text shows.
    for name in VARIABLES if made.uses("srun") else mentioned(made):
        value = variable(name, made).value
        if value is not None and name.startswith("SLURM"):
            found.setdefault(name, value)
    if job.array is not None:
        found[ARRAY_IDS] = ranges(job.array.ids)
    return found


def mentioned(made: Plan) -> tuple[str, ...]:
    """The SLURM_* and their like that the script names, in order, each once."""
    kinds = (ItemKind.VARIABLE, ItemKind.ARGUMENT)
    every = [item.name for item in made.job.inventory if item.kind in kinds]
    every += [name for name in _BY_TEXT if name.encode() in made.request.script.data]
    return tuple(dict.fromkeys(name for name in every if name in VARIABLES or name.startswith("SLURM")))


def allowed(name: str, made: Plan) -> bool:
    """Whether a manifest may set this name: a proper one, and none that changes how programs are loaded."""
    if _NAME.fullmatch(name) is None:
        return False
    return _BLOCKED.fullmatch(name) is None or name in made.job.body.exports or name in made.job.environment


def needs_id(made: Plan) -> bool:
    """Whether the script, or the shim of its steps, uses the job's number."""
    if made.uses("srun", "scontrol") or made.kind == PYTORCH or any(name in _IDS for name in mentioned(made)):
        return True
    return counts_starts(made) or output.names(output.files(made), "S2R_ID", "s2r_id")


def counts_starts(made: Plan) -> bool:
    """Whether the script asks how often it was started again, and it can be."""
    return made.retries and "SLURM_RESTART_COUNT" in mentioned(made)


_IDS: Final = frozenset({"SLURM_JOB_ID", "SLURM_JOBID", "SLURM_ARRAY_JOB_ID"})


def variable(name: str, made: Plan) -> Variable:
    """What the batch script of this job sees under a name."""
    if name in made.request.target.variables:
        return Variable(value=made.request.target.variables[name], reason="the settings give the value")
    rule = VARIABLES.get(name)
    if rule is None:
        return unknown(name)
    return rule(made)


def ranges(ids: Any) -> str:
    """Ascending ids as the shortest list of ranges: ``0-6:3``, ``1-96``, ``1,3,5-7``."""
    parts: list[str] = []
    start = 0
    while start < len(ids):
        end = start + 1
        step = ids[end] - ids[start] if end < len(ids) else 1
        while end < len(ids) and ids[end] - ids[end - 1] == step:
            end += 1
        if end - start == 2 and step > 1:
            end -= 1
        parts.append(_range(ids[start], ids[end - 1], step if end - start > 1 else 1))
        start = end
    return ",".join(parts)


def _range(first: int, last: int, step: int) -> str:
    if first == last:
        return str(first)
    return f"{first}-{last}" + (f":{step}" if step != 1 else "")
