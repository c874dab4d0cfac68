"""environment-lost: every variable that the script was promised, and no other."""

from collections.abc import Iterator, Mapping
from typing import Final

from s2r_ci.model import ConversionRequest, ItemKind
from s2r_ci.verify.batch_variables import SLURMS, is_right, is_slurms, values
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import settable
from s2r_ci.verify.facts import Container, Facts

_OURS: Final = frozenset({"S2R_WORKLOAD_UID", "S2R_ARRAY_IDS"})
"""What the prelude reads; prelude-changed and array-flattened look at their values."""


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """In both directions: nothing lost, nothing invented, and Slurm's own are the job's, set or unset.

    Promised are the settings' answers and ``--export``; of Slurm's own, those that the script names. Pods that do not
    run the script have no variables: those of a step come from the pod that runs it.
    """
    promised = {**request.target.variables, **request.job.environment}
    promised = {name: value for name, value in promised.items() if settable(name, request)}
    for role in facts.roles:
        if role.main is None:
            continue
        if role in facts.carriers:
            yield from _lost(request, promised, role.main)
            yield from _invented(request, promised, role.main)
        elif role.main.environment.keys() - (_OURS if role in facts.agents else frozenset()):
            yield _breach(f"the {role.name} runs nothing of the script, and has variables", role.main)


def _lost(request: ConversionRequest, promised: Mapping[str, str], container: Container) -> Iterator[Breach]:
    for name, value in sorted(promised.items()):
        if container.environment.get(name) != value:
            wrong = "does not set it" if name not in container.environment else "sets another value"
            yield _breach(f"{name} is promised to the script, the manifest {wrong}", container)
    for name in sorted(_named(request) - promised.keys()):
        if name not in container.environment and not is_right(name, None, request):
            wanted = values(name, request)
            if wanted:
                yield _breach(f"the script reads {name}, which the manifest does not set", container)


def _named(request: ConversionRequest) -> set[str]:
    """Slurm's variables that the script names; all, where srun starts programs whose text nobody reads."""
    kinds = (ItemKind.VARIABLE, ItemKind.ARGUMENT)
    named = {i.name for i in request.job.inventory if i.kind in kinds and i.name.startswith("SLURM")}
    return named | (SLURMS if _calls_srun(request) else set())


def _calls_srun(request: ConversionRequest) -> bool:
    body = request.job.body
    if "srun" in body.commands or any("srun" in (step.launcher, step.within) for step in body.steps):
        return True
    read = body.language in ("shell", "csh") and body.understood
    return not read and b"srun" in request.script.data


def _invented(request: ConversionRequest, promised: Mapping[str, str], container: Container) -> Iterator[Breach]:
    own = request.job.body.exports
    for name, value in container.environment.items():
        if name in promised or name in _OURS:
            continue
        if is_slurms(name):
            if value is None or not is_right(name, value, request):
                yield _breach(f"{name}: {_belongs(name, request)}, {_says(value)}", container)
        elif name not in own or own[name] != value:
            yield _breach(f"{name} comes from neither script nor settings", container)


def _belongs(name: str, request: ConversionRequest) -> str:
    known = sorted(value for value in values(name, request) if value is not None)
    return f"{known[0][:80]} belongs there" if known else "Slurm leaves it unset, or only the pod can know it"


def _says(value: str | None) -> str:
    return "the manifest takes it from the cluster" if value is None else f"the manifest says {value[:80]!r}"


def _breach(message: str, container: Container) -> Breach:
    return Breach(message=message, subject="environment", steps=(*container.steps, "env"))
