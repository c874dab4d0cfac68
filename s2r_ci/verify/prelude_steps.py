"""Which stand-ins of Slurm's commands a prelude has to hold, and in which form: worked out from the script alone."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from s2r_ci.model import NOTHING, ConversionRequest
from s2r_ci.patterns import lazy
from s2r_ci.runai.parts import SHIMMED, quoted
from s2r_ci.verify.expected import MOST_DEVICES, gpus, restarts
from s2r_ci.verify.facts import Facts
from s2r_ci.verify.prelude_options import MEANT, Options, options

_ASKS_FOR_OWN_NODES: Final = lazy(
    rb' show hostnames?(?: +(?P<quote>"?)\$(?:SLURM_(?:JOB_)?NODELIST|\{SLURM_(?:JOB_)?NODELIST\})(?P=quote))?'
    rb"[ \t]*(?:[|;)`\n]|$)"
)

Wanted = dict[str, Mapping[str, str]]

_MEANS_LITTLE: Final = lazy(
    r"srun(?: (?:--(?:exact|exclusive|overlap|unbuffered|quiet|pty|kill-on-bad-exit)|-[uQK]|-c ?\S+|-[nN] ?1"
    r"|--(?:ntasks|nodes)[= ]1|--cpus-per-task[= ]\S+|--(?:cpu[-_]bind|mem-bind|gres|gpus|mem)=\S+))*(?: --)? [^-$].*",
    re.DOTALL,
)


def wanted(
    request: ConversionRequest, facts: Facts, parts: Mapping[str, Mapping[str, str]], called: set[str]
) -> Wanted:
    """The parts for the commands that the script calls."""
    used = [name for name in SHIMMED if name in called]
    folder = "bin for all" if facts.kind == "PyTorchJob" else "bin"
    found: Wanted = dict.fromkeys((folder, "executables") if used else (), NOTHING)
    for name in used:
        if name != "srun":
            form = _scontrol(request, called) if name == "scontrol" else ""
            found[f"shim {name}{form}"] = NOTHING
    if "srun" in used and "shim srun one" in parts and _short_will_do(request, facts):
        found["shim srun one"] = NOTHING
    elif "srun" in used:
        said = _said(request)
        found |= {"shim srun": {"shell": _shell(request)}, **_reading(said)}
        found |= dict.fromkeys(_pieces(request, facts, called, said), NOTHING)
    if not called.isdisjoint(("srun", "scontrol")):
        found["steps"] = _steps(request)
    return found


def of_agent(request: ConversionRequest, facts: Facts) -> Wanted:
    """What a node behind the first does of a step."""
    found: Wanted = {"step": {"shell": _shell(request)}, "srun end": NOTHING, "hand over": NOTHING}
    return found | dict.fromkeys(_step(request, facts, _said(request)), NOTHING)


def _shell(request: ConversionRequest) -> str:
    return "/bin/bash" if _keeps_functions(request) else "/bin/sh"


def goes_back(request: ConversionRequest, called: set[str]) -> bool:
    """Whether the script puts itself back into the queue and may be started again."""
    return "scontrol" in called and restarts(request) and b"requeue" in request.script.data


def _scontrol(request: ConversionRequest, called: set[str]) -> str:
    """Which scontrol: with requeue, for the names of the job's own nodes alone, or whole."""
    if goes_back(request, called):
        return " requeue"
    if not request.job.body.understood or request.job.body.language != "shell":
        return ""
    lines = (line.strip() for line in request.script.data.splitlines())
    code = b"\n".join(line for line in lines if line[:1] != b"#")
    _, *calls = code.split(b"scontrol")
    own = all(_ASKS_FOR_OWN_NODES.match(call) for call in calls)
    return " hostnames" if own and b"NODELIST=" not in request.script.data else ""


def _steps(request: ConversionRequest) -> dict[str, str]:
    job, count = request.job, gpus(request)
    per_task = job.options.get("gpus-per-task", "").rpartition(":")[2]
    return {
        "name": quoted(job.name),
        "nodes": str(max(job.resources.nodes, 1)),
        "cpus": str(job.resources.cpus_per_node),
        "gpus": str(count),
        "list": ",".join(str(number) for number in range(min(count, MOST_DEVICES))) if count else "''",
        "gpus_per_task": str(int(per_task)) if per_task.isdecimal() else "''",
    }


def _said(request: ConversionRequest) -> Options | None:
    """What the calls of srun ask for; None where they may ask for anything."""
    calls = [step for step in request.job.body.steps if step.launcher == "srun"]
    return options(calls) if _all_read(request) else None


def _reading(said: Options | None) -> Wanted:
    """How the options are read."""
    if said == Options(frozenset(), "", ""):
        return {"srun no options": NOTHING}
    meant = MEANT if said is None else said.meant
    found: Wanted = dict.fromkeys(
        ("srun options", "srun values", *(f"srun option {name}" for name in meant)), NOTHING
    )
    if said is None:
        return found | dict.fromkeys(("srun any flags", "srun any options end"), NOTHING)
    listed = {"srun flags": said.flags, "srun ignored": said.ignored}
    return found | {"srun options end": NOTHING} | {name: {"names": text} for name, text in listed.items() if text}


def _pieces(request: ConversionRequest, facts: Facts, called: set[str], said: Options | None) -> Iterator[str]:
    text, meant = request.script.data, MEANT if said is None else said.meant
    through_mpi, alone = facts.kind == "MPIJob", " of one" if facts.kind == "Job" else ""
    at_once = not through_mpi and _at_once(request, called, _all_read(request))
    yield from ("srun begin", f"srun layout{alone}", "srun amounts", "srun told", "srun end")
    if not meant.isdisjoint(("nodelist", "relative")):
        yield "srun places"
    elif not alone:
        yield "srun everywhere"
    if at_once:
        yield f"srun room{alone}"
    if b"--export" in text:
        yield "srun export"
    if through_mpi:
        yield from ("srun launcher", "srun marks", "srun mpi")
        return
    yield f"srun devices of room{alone}" if at_once else "srun devices"
    yield "srun alone" if alone else "srun nodes"
    if alone:
        yield from _step(request, facts, said)


def _step(request: ConversionRequest, facts: Facts, said: Options | None) -> Iterator[str]:
    text, meant, alone = request.script.data, MEANT if said is None else said.meant, facts.kind == "Job"
    mpi = b"--mpi" in text and alone
    files = mpi or not meant.isdisjoint(("output", "error"))
    yield from (name for name, here in (("srun marks", files), ("srun mpi", mpi)) if here)
    features = {
        "multi": "multi-prog" in meant,
        "drop": b"--export" in text,
        "files": files,
        "labels": "label" in meant,
        "input": "input" in meant,
        "share": "gpus-per-task" in meant | request.job.options.keys(),
    }
    yield "".join(["srun rank", *(f" {name}" for name, here in features.items() if here)])
    yield "srun start"


def _all_read(request: ConversionRequest) -> bool:
    """Whether every place that says srun, but for comments, is a call that was read."""
    lines = (line.strip() for line in request.script.data.splitlines())
    seen = sum(line.count(b"srun") for line in lines if line[:1] != b"#")
    return seen <= sum(step.launcher == "srun" for step in request.job.body.steps)


def _at_once(request: ConversionRequest, called: set[str], sure: bool) -> bool:
    """Whether two steps may run at the same time."""
    body = request.job.body
    plain = sure and body.language == "shell" and body.understood and called.isdisjoint(("parallel", "xargs"))
    return not plain or any(step.background for step in body.steps)


def _keeps_functions(request: ConversionRequest) -> bool:
    first = (request.job.body.interpreter.split() or [""])[0]
    return first == "/bin/bash" and b"export -f" in request.script.data


def _short_will_do(request: ConversionRequest, facts: Facts) -> bool:
    job = request.job
    if facts.kind != "Job" or max(job.resources.nodes, job.resources.tasks, job.resources.tasks_per_node) > 1:
        return False
    calls = [step for step in job.body.steps if step.launcher == "srun"]
    if any(step.background for step in calls) or _keeps_functions(request) or not _all_read(request):
        return False
    little = all(_MEANS_LITTLE.fullmatch(" ".join(step.words)) for step in calls)
    return little and job.options.keys().isdisjoint(("gpus-per-task", "export"))
