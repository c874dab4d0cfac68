"""prelude-changed: what runs before the script is what this script needs, part by part and number by number.

The texts of the parts are the catalogue's (``runai.parts``), where policy looks for anything else (P-24). Which of
them a script needs, and what their fields have to say, is worked out here from the script alone.
"""

import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from s2r_ci.model import NOTHING, ConversionRequest, ItemKind
from s2r_ci.patterns import lazy
from s2r_ci.runai.parts import COMPUTED, SHIMMED, functions, quoted, split
from s2r_ci.verify import prelude_steps as steps_wanted
from s2r_ci.verify import prelude_streams as streams
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
_SIGNAL: Final = lazy(r"(?:([BR]+):)?(?:SIG)?(\w+?)(?:@(\d+))?")
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
    for role in (*facts.carriers, *facts.agents):
        container = role.main
        if container is None or not container.carries:
            continue
        parts, foreign = read(container.prelude)
        if foreign:
            continue
        waits = role in facts.agents
        wanted = _of_agent(request, facts) if waits else _wanted(request, facts, container, parts)
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
            said, right = _in_line(found[field]), _in_line(wanted.get(field, "nothing"))
            return f"the prelude's part {name!r} says {said}, {right} belongs there ({field})"
    return ""


def _wanted(request: ConversionRequest, facts: Facts, container: Container, parts: Parts) -> Wanted:
    """The parts that this script needs. Where two ways do, the one that is there counts."""
    wanted = dict.fromkeys(("head", _delivery(request, container)), NOTHING)
    called, mentioned = _called(request), _mentioned(request)
    steps, pods = not called.isdisjoint(("srun", "scontrol")), facts.kind == "PyTorchJob"
    counted = restarts(request) and "SLURM_RESTART_COUNT" in mentioned
    computed = sorted(name for name in mentioned | _for_steps(request, called) if _computed(name, request))
    files = streams.wanted(request)
    used = " ".join(values.get("file", "") for values in files.values())
    own_id = steps or pods or counted or bool({"SLURM_JOB_ID", "SLURM_JOBID"} & set(computed)) or "$S2R_ID" in used
    if own_id or mentioned & _NUMBERED or "$s2r_id" in used:
        wanted |= _id(request, facts, own_id)
    if request.job.array is not None:
        wanted["array"] = NOTHING
    if steps or pods or _OF_THE_HOST & set(computed) or "$S2R_HOST" in used:
        wanted |= _hosts(request, facts)
    wanted |= _variables(request, mentioned | ({"ENVIRONMENT"} if "srun" in called else set()), computed)
    if facts.kind == "MPIJob" or not called.isdisjoint(_RUNNERS):
        wanted["mpirun"] = {"start": "ssh" if facts.kind == "MPIJob" else "fork"}
    wanted |= files | dict.fromkeys(("restarts", "forget") if counted else (), NOTHING)
    return (
        wanted | steps_wanted.wanted(request, facts, parts, called) | _end(request, facts, called, "input" in files)
    )


def _of_agent(request: ConversionRequest, facts: Facts) -> Wanted:
    """The parts of a pod behind the first: who it is, what it does of a step, and the waiting."""
    wanted = dict.fromkeys(("head of agent", "agent"), NOTHING)
    wanted |= _id(request, facts, own=True) | _hosts(request, facts)
    called = _called(request)
    return wanted | steps_wanted.of_agent(request, facts) if "srun" in called else wanted


def _id(request: ConversionRequest, facts: Facts, own: bool) -> Wanted:
    wanted: Wanted = {"id": {"fallback": str(1 + zlib.crc32(facts.name.encode("utf-8", "replace")) % 0xFFFFFF)}}
    if own:
        wanted["id of the job" if request.job.array is None else "id of the index"] = NOTHING
    return wanted


def _hosts(request: ConversionRequest, facts: Facts) -> Wanted:
    others = {"workers": str(request.job.resources.nodes - 1)}
    wanted: Wanted = {"host": NOTHING, f"hosts {facts.kind}": others}
    return wanted | {"share": others} if facts.kind == "PyTorchJob" else wanted


def _for_steps(request: ConversionRequest, called: set[str]) -> set[str]:
    """Slurm's variables that the programs of the steps find, though the script does not name them."""
    return {"SLURM_ARRAY_JOB_ID"} if request.job.array is not None and "srun" in called else set()


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
    return named | {name for name in (*_DEVICES, "ENVIRONMENT", "TMPDIR") if name.encode() in request.script.data}


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


def _end(request: ConversionRequest, facts: Facts, called: set[str], reads: bool) -> Wanted:
    """How the script is run, ended and waited for."""
    limit = request.job.time_limit_s or 0
    warned = _SIGNAL.fullmatch(request.job.options.get("signal", "")) if limit else None
    ended = bool(limit) and (bool(facts.form) or (restarts(request) and facts.kind != "MPIJob"))
    found: Wanted = dict.fromkeys(("await", "leave"), NOTHING)
    found["run"] = {"login": _login(request, called), "stdin": "<&3 3<&- " if reads else ""}
    found |= dict.fromkeys(("term steps", "linger") if "srun" in called else ("term",), NOTHING)
    if facts.kind == "PyTorchJob":
        found["dismiss"] = NOTHING
    if steps_wanted.goes_back(request, called):
        found |= dict.fromkeys(("script", "again"), NOTHING)
    if warned or ended:
        found |= dict.fromkeys(("watch", "unwatch"), NOTHING)
    if warned:
        letters, signal, before = warned.groups()
        seconds = limit - min(int(before or 60), limit)
        whom = "warn the script" if "B" in (letters or "") else "warn the steps"
        found[whom] = {"seconds": str(seconds), "signal": signal.upper()}
    if ended:
        found |= {"stop": {"seconds": str(limit), "grace": _GRACE_S}, "late": NOTHING}
    return found


def _login(request: ConversionRequest, called: set[str]) -> str:
    """A login shell that resets PATH is told of the stand-ins by functions."""
    first, *options = request.job.body.interpreter.split() or [""]
    used = [name for name in SHIMMED if name in called]
    login = first.endswith("bash") and not {"-l", "--login", "-il", "-li"}.isdisjoint(options)
    return f"env {functions(used)} " if login and used else ""


def _in_line(text: str) -> str:
    """A field's text for a message: one line, whatever stands in it."""
    return " ".join(text[:80].split())
