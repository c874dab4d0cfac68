"""Which stand-ins of Slurm's commands a prelude has to hold, and in which form: worked out from the script alone."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from s2r_ci.model import NOTHING, ConversionRequest, Step
from s2r_ci.runai.parts import SHIMMED, quoted
from s2r_ci.verify.expected import MOST_DEVICES, gpus, restarts
from s2r_ci.verify.facts import Facts

Wanted = dict[str, Mapping[str, str]]

_MEANS_LITTLE: Final = re.compile(
    r"srun(?: (?:--(?:exact|exclusive|overlap|unbuffered|quiet|pty|kill-on-bad-exit)|-[uQK]|-c ?\S+|-[nN] ?1"
    r"|--(?:ntasks|nodes)[= ]1|--cpus-per-task[= ]\S+|--(?:cpu[-_]bind|mem-bind|gres|gpus|mem)=\S+))*(?: --)? [^-$].*",
    re.DOTALL,
)
_FILES: Final = re.compile(r"-[oe]|--output|--error")
_LABELS: Final = re.compile(r"-l|--label")
_MAY_BE_ANYTHING: Final = re.compile(r"[$`]|\"\$")


def wanted(
    request: ConversionRequest, facts: Facts, parts: Mapping[str, Mapping[str, str]], called: set[str]
) -> Wanted:
    """The parts for the commands that the script calls."""
    used = [name for name in SHIMMED if name in called]
    found: Wanted = dict.fromkeys(("bin", "executables") if used else (), NOTHING)
    for name in used:
        if name != "srun":
            back = name == "scontrol" and goes_back(request, called)
            found[f"shim {name}{' requeue' if back else ''}"] = NOTHING
    if "srun" in used and "shim srun one" in parts and _short_will_do(request, facts):
        found["shim srun one"] = NOTHING
    elif "srun" in used:
        shell = "/bin/bash" if _keeps_functions(request) else "/bin/sh"
        found |= {"shim srun": {"shell": shell}, **dict.fromkeys(_pieces(request, facts, called), NOTHING)}
    if not called.isdisjoint(("srun", "scontrol")):
        found["steps"] = _steps(request)
    return found


def goes_back(request: ConversionRequest, called: set[str]) -> bool:
    """Whether the script puts itself back into the queue and may be started again."""
    return "scontrol" in called and restarts(request) and b"requeue" in request.script.data


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


def _pieces(request: ConversionRequest, facts: Facts, called: set[str]) -> Iterator[str]:
    text, sure = request.script.data, _all_read(request)
    calls = [step for step in request.job.body.steps if step.launcher == "srun"]
    through_mpi = facts.kind == "MPIJob"
    at_once = not through_mpi and _at_once(request, called, sure)
    yield from ("srun layout", "srun told", "srun end")
    if at_once:
        yield "srun room"
    if b"--export" in text:
        yield "srun export"
    if through_mpi:
        yield from ("srun launcher", "srun marks", "srun mpi")
        return
    yield "srun devices of room" if at_once else "srun devices"
    yield "srun nodes" if facts.kind == "PyTorchJob" else "srun alone"
    mpi = b"--mpi" in text and facts.kind == "Job"
    files = mpi or not sure or _said(calls, _FILES)
    yield from (name for name, here in (("srun marks", files), ("srun mpi", mpi)) if here)
    features = {
        "multi": b"--multi-prog" in text,
        "drop": b"--export" in text,
        "files": files,
        "labels": not sure or _said(calls, _LABELS),
    }
    yield "".join(["srun rank", *(f" {name}" for name, here in features.items() if here)])
    yield "srun start"


def _said(calls: list[Step], option: re.Pattern[str]) -> bool:
    words = (word for step in calls for word in step.words[1:])
    return any(option.match(word) or _MAY_BE_ANYTHING.match(word) for word in words)


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
