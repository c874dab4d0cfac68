"""prelude-changed: what runs before the script is what this script needs, part by part and number by number.

The texts of the parts are the catalogue's (``runai.parts``), where policy looks for anything else (P-24). Which of
them a script needs, and what their fields have to say, is worked out here from the script alone.
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from s2r_ci.model import NOTHING, ConversionRequest, ItemKind
from s2r_ci.runai.parts import COMPUTED, SHIMMED, functions, quoted, split
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import MOST_DEVICES, gpus, restarts
from s2r_ci.verify.facts import Container, Facts

Parts = Mapping[str, Mapping[str, str]]
Wanted = dict[str, Mapping[str, str]]

_NUMBERED: Final = {"SLURM_JOB_ID", "SLURM_JOBID", "SLURM_ARRAY_JOB_ID"}
_OF_THE_HOST: Final = {
    "SLURMD_NODENAME",
    "SLURM_JOB_NODELIST",
    "SLURM_NODELIST",
    "SLURM_SUBMIT_HOST",
    "SLURM_TOPOLOGY_ADDR",
}
_DEVICES: Final = ("CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "ROCR_VISIBLE_DEVICES")
_SIGNAL: Final = re.compile(r"(?:([BR]+):)?(?:SIG)?(\w+?)(?:@(\d+))?")
_MEANS_LITTLE: Final = re.compile(
    r"srun(?: (?:--(?:exact|exclusive|overlap|unbuffered|quiet|pty|kill-on-bad-exit)|-[uQK]|-c ?\S+|-[nN] ?1"
    r"|--(?:ntasks|nodes)[= ]1|--cpus-per-task[= ]\S+|--(?:cpu[-_]bind|mem-bind|gres|gpus|mem)=\S+))*(?: --)? [^-$].*",
    re.DOTALL,
)
_RUNNERS: Final = ("mpirun", "mpiexec")
_GRACE_S: Final = "30"  # from TERM to KILL
_UID: Final = "S2R_WORKLOAD_UID"
_UID_FIELDS: Final = {
    "Job": "metadata.labels['batch.kubernetes.io/controller-uid']",
    "PyTorchJob": "metadata.annotations['pod-group-name']",
    "MPIJob": "metadata.labels['batch.kubernetes.io/controller-uid']",
}
"""The field of a pod that holds the uid of its workload, or a name with that uid in it."""


@lru_cache(maxsize=64)
def read(prelude: str) -> tuple[Parts, int]:
    """The parts of a prelude, and the line (from 1) on which it says something else; 0 where it does not."""
    chosen, end = split(prelude)
    return {part.name: part.values for part in chosen}, 0 if end == len(prelude) else prelude.count(
        "\n", 0, end
    ) + 1


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Every part that is needed, none that is not, and each field as the script says. Foreign text is policy's."""
    for role in facts.carriers:
        container = role.main
        if container is None or not container.carries:
            continue
        parts, foreign = read(container.prelude)
        if foreign:
            continue
        wanted = _wanted(request, facts, container, parts)
        for name in parts.keys() | wanted.keys():
            if message := _difference(name, wanted.get(name), parts.get(name)):
                yield Breach(message=message, subject="command", steps=(*container.steps, "args", 0))
        unsaid = facts.unsaid & {"uid", f"uid of {facts.kind}"}
        named = container.fields.get(_UID, "") if not unsaid else _uid_field(facts)
        if "id" in wanted and named != _uid_field(facts):
            message = (
                f"the prelude makes the job's number of {_UID}, which the manifest does not take from the workload"
            )
            yield Breach(message=message, subject="environment", steps=(*container.steps, "env"))


def _uid_field(facts: Facts) -> str:
    return _UID_FIELDS["PyTorchJob"] if facts.form else _UID_FIELDS.get(facts.kind, "")


def _difference(name: str, wanted: Mapping[str, str] | None, found: Mapping[str, str] | None) -> str:
    if wanted is None:
        return f"the prelude has the part {name!r}, which this script does not need"
    if found is None:
        return f"the prelude lacks the part {name!r}, which this script needs"
    for field in found:
        if found[field] != wanted.get(field):
            return (
                f"the prelude's part {name!r} says {found[field][:80]}, {wanted.get(field)} belongs there ({field})"
            )
    return ""


def _wanted(request: ConversionRequest, facts: Facts, container: Container, parts: Parts) -> Wanted:
    """The parts that this script needs. Where two ways do, the one that is there counts."""
    wanted = dict.fromkeys(("head", "executable", _delivery(request, container)), NOTHING)
    called = _called(request)
    steps = not called.isdisjoint(("srun", "scontrol"))
    mentioned = _mentioned(request)
    computed = sorted(name for name in mentioned if _computed(name, request))
    if steps or mentioned & _NUMBERED:
        wanted["id"] = {"fallback": str(1 + zlib.crc32(facts.name.encode("utf-8", "replace")) % 0xFFFFFF)}
        if steps or {"SLURM_JOB_ID", "SLURM_JOBID"} & set(computed):
            wanted["id of the job" if request.job.array is None else "id of the index"] = NOTHING
    if request.job.array is not None:
        wanted["array"] = NOTHING
    if steps or _OF_THE_HOST & set(computed):
        wanted["host"] = NOTHING
        wanted[f"hosts {facts.kind}"] = {"workers": str(request.job.resources.nodes - 1)}
    wanted |= _variables(request, mentioned, computed)
    if facts.kind == "MPIJob" or not called.isdisjoint(_RUNNERS):
        wanted["mpirun"] = {"start": "ssh" if facts.kind == "MPIJob" else "fork"}
    used: list[str] = [name for name in SHIMMED if name in called]
    wanted |= _stand_ins(request, facts, parts, used, steps)
    return wanted | _end(request, facts, used)


def _delivery(request: ConversionRequest, container: Container) -> str:
    if request.target.body_delivery == "mounted":
        return "body mounted"
    return "body base64" if container.encoded else "body text"  # either arrives: command-changed compares


def _called(request: ConversionRequest) -> set[str]:
    """The commands that the script calls; of one that is not read, the words that stand in its text."""
    body = request.job.body
    called = {*body.commands, *(word for step in body.steps for word in (step.launcher, step.within))}
    if body.language not in ("shell", "csh") or not body.understood:
        called |= {name for name in (*SHIMMED, *_RUNNERS) if name.encode() in request.script.data}
    return called


def _mentioned(request: ConversionRequest) -> set[str]:
    """Variables of Slurm's that the script names."""
    named = {item.name for item in request.job.inventory if item.kind in (ItemKind.VARIABLE, ItemKind.ARGUMENT)}
    return named | {name for name in (*_DEVICES, "TMPDIR") if name.encode() in request.script.data}


def _computed(name: str, request: ConversionRequest) -> bool:
    """Whether the pod has to compute the variable."""
    if name not in COMPUTED or name in request.target.variables:
        return False
    match name:
        case "SLURM_ARRAY_JOB_ID":
            return request.job.array is not None
        case "SLURM_JOB_END_TIME":
            return bool(request.job.time_limit_s)
        case "SLURM_SUBMIT_DIR":
            return not request.target.working_directory
    return True


def _variables(request: ConversionRequest, mentioned: set[str], computed: list[str]) -> Wanted:
    found: Wanted = {}
    constants = {"ENVIRONMENT": "BATCH"}
    if count := gpus(request):
        constants |= dict.fromkeys(_DEVICES, ",".join(str(number) for number in range(min(count, MOST_DEVICES))))
    for name, value in constants.items():
        if name in mentioned and name not in request.target.variables:
            found[f"constant {name}"] = {"value": quoted(value)}
    for name in computed:
        found[f"set {name}"] = {"limit": str(request.job.time_limit_s or 0)}
    if computed:
        found["export"] = {"names": " ".join(computed)}
    return found


def _stand_ins(request: ConversionRequest, facts: Facts, parts: Parts, used: list[str], steps: bool) -> Wanted:
    """The shims of the commands that the script calls."""
    found: Wanted = dict.fromkeys(("bin", "executables") if used else (), NOTHING)
    for name in used:
        found[f"shim {_form(request, facts, parts) if name == 'srun' else name}"] = NOTHING
    if steps:
        job = request.job
        per_task = job.options.get("gpus-per-task", "").rpartition(":")[2]
        found["steps"] = {
            "name": quoted(job.name),
            "nodes": str(max(job.resources.nodes, 1)),
            "tasks": str(max(job.resources.tasks, 1)),
            "per_node": str(max(job.resources.tasks_per_node, 1)),
            "gpus_per_task": str(int(per_task)) if per_task.isdecimal() else "''",
            "mpi": "1" if facts.kind == "MPIJob" else "''",
        }
    return found


def _form(request: ConversionRequest, facts: Facts, parts: Parts) -> str:
    """Which srun: with mpirun behind it, the whole, or the short one where that is there and will do."""
    if facts.kind == "MPIJob":
        return "srun of MPIJob"
    if facts.kind == "Job" and b"--mpi" in request.script.data:
        return "srun mpi"
    return "srun one" if "shim srun one" in parts and _short_will_do(request, facts) else "srun"


def _short_will_do(request: ConversionRequest, facts: Facts) -> bool:
    job = request.job
    if facts.kind != "Job" or max(job.resources.nodes, job.resources.tasks, job.resources.tasks_per_node) > 1:
        return False
    calls = [" ".join(step.words) for step in job.body.steps if step.launcher == "srun"]
    return "gpus-per-task" not in job.options and all(_MEANS_LITTLE.fullmatch(call) for call in calls)


def _end(request: ConversionRequest, facts: Facts, used: list[str]) -> Wanted:
    """How the script is run: straight, through a login shell, or watched because of a signal or its limit."""
    limit = request.job.time_limit_s or 0
    warned = _SIGNAL.fullmatch(request.job.options.get("signal", "")) if limit else None
    ended = bool(limit) and (bool(facts.form) or (restarts(request) and facts.kind != "MPIJob"))
    if not (warned or ended):
        return _straight(request, used)
    found: Wanted = dict.fromkeys(("watch", "await", "leave"), NOTHING)
    if warned:
        letters, signal, before = warned.groups()
        seconds = limit - min(int(before or 60), limit)
        whom = "warn the script" if "B" in (letters or "") else "warn the steps"
        found[whom] = {"seconds": str(seconds), "signal": signal.upper()}
    if ended:
        found |= {"stop": {"seconds": str(limit), "grace": _GRACE_S}, "late": NOTHING}
    return found


def _straight(request: ConversionRequest, used: list[str]) -> Wanted:
    first, *options = request.job.body.interpreter.split() or [""]
    login = first.endswith("bash") and not {"-l", "--login", "-il", "-li"}.isdisjoint(options)
    if login and used:
        return {"run at login": {"functions": functions(used)}}
    return {"run": NOTHING}
