"""The prelude: POSIX sh that gives a batch script the surroundings it had under Slurm, then runs it.

It is called as ``sh -c PRELUDE FILE-NAME BODY ARGUMENTS...``: writes the body to a file of its own, so that the
script's first line chooses the interpreter, sets what only the pod knows, and replaces itself by the script.
Here is decided which parts a script needs; their texts are the catalogue's. Nothing of it is put into the script.
"""

import zlib
from collections.abc import Collection, Iterator
from typing import Final

from s2r_ci.patterns import lazy
from s2r_ci.runai import output, srun_options, srun_use
from s2r_ci.runai.distribution import JOB, MPI, PYTORCH, Plan
from s2r_ci.runai.environment import VARIABLES, counts_starts, mentioned, needs_id, variable
from s2r_ci.runai.parts import CATALOGUE, COMPUTED, SHIMMED, Chosen, functions, join, quoted
from s2r_ci.runai.variables import MOST_DEVICES

__all__ = ["CATALOGUE", "agent", "prelude", "signal_of"]

_SIGNAL: Final = lazy(r"(?:([BR]+):)?(?:SIG)?([A-Za-z]+[0-9]*|\d+)(?:@(\d+))?")
_SIGNAL_DEFAULT_S: Final = 60
_KILL_AFTER_S: Final = 30


def prelude(made: Plan, delivery: str) -> str:
    """The shell text; ``delivery`` says how the body comes: text, base64 or mounted."""
    return join(_parts(made, delivery))


def agent(made: Plan) -> str:
    """The shell text of the pods behind the first, which wait for what srun asks of their nodes."""
    return join(_agent(made))


def _parts(made: Plan, delivery: str) -> Iterator[Chosen]:
    yield from (Chosen("head"), Chosen(f"body {delivery}"))
    names = _runtime_names(made)
    files = list(output.files(made))
    steps = made.uses("srun", "scontrol")
    pods = made.kind == PYTORCH
    if needs_id(made):
        own = steps or pods or counts_starts(made) or bool(_IDS & set(names)) or output.names(files, "S2R_ID")
        yield from _id(made, own)
    if made.job.array is not None:
        yield Chosen("array")
    if steps or pods or _HOST_NAMES & set(names) or output.names(files, "S2R_HOST"):
        yield from _hosts(made)
    yield from _exports(made, names)
    if made.kind == MPI or made.uses("mpirun", "mpiexec"):
        yield Chosen("mpirun", {"start": "ssh" if made.kind == MPI else "fork"})
    yield from _shims(made, steps)
    yield from files
    yield from _run(made)


def _id(made: Plan, own: bool) -> Iterator[Chosen]:
    yield Chosen("id", {"fallback": str(zlib.crc32(made.name.encode()) % 0xFFFFFF + 1)})
    if own:
        yield Chosen("id of the job" if made.job.array is None else "id of the index")


def _hosts(made: Plan) -> Iterator[Chosen]:
    others = {"workers": str(made.nodes - 1)}
    yield from (Chosen("host"), Chosen(f"hosts {made.kind}", others))
    if made.kind == PYTORCH:
        yield Chosen("share", others)


def _agent(made: Plan) -> Iterator[Chosen]:
    yield Chosen("head of agent")
    yield from (*_id(made, own=True), *_hosts(made))
    if made.uses("srun"):
        yield Chosen("step", {"shell": _shell(made)})
        yield from map(Chosen, _step(made))
        yield from (Chosen("srun end"), Chosen("hand over"))
    yield Chosen("agent")


_IDS: Final = {"SLURM_JOB_ID", "SLURM_JOBID"}

_HOST_NAMES: Final = {
    "SLURMD_NODENAME",
    "SLURM_JOB_NODELIST",
    "SLURM_NODELIST",
    "SLURM_SUBMIT_HOST",
    "SLURM_TOPOLOGY_ADDR",
}


def _runtime_names(made: Plan) -> list[str]:
    """Variables that the script mentions and the prelude computes, in the order of their names."""
    named = {name for name in mentioned(made) if name in VARIABLES and variable(name, made).runtime}
    if made.job.array is not None and made.uses("srun"):
        named.add("SLURM_ARRAY_JOB_ID")  # for the programs of the steps
    return sorted(named & COMPUTED)


def _exports(made: Plan, names: list[str]) -> Iterator[Chosen]:
    named = dict.fromkeys((*mentioned(made), *(["ENVIRONMENT"] if made.uses("srun") else ())))
    for name in named:
        value = variable(name, made).value
        if value is not None and not name.startswith("SLURM") and name not in made.request.target.variables:
            yield Chosen(f"constant {name}", {"value": quoted(value)})
    for name in names:
        yield Chosen(f"set {name}", {"limit": str(made.job.time_limit_s or 0)})
    if names:
        yield Chosen("export", {"names": " ".join(names)})


def _shims(made: Plan, steps: bool) -> Iterator[Chosen]:
    used = [name for name in SHIMMED if made.uses(name)]
    if steps:
        yield Chosen("steps", _step_values(made))
    if used:
        yield Chosen("bin for all" if made.kind == PYTORCH else "bin")
    if "srun" in used:
        yield from _srun(made)
    for name in used:
        if name == "scontrol":
            yield Chosen(f"shim scontrol{_form_of_scontrol(made)}")
        elif name != "srun":
            yield Chosen(f"shim {name}")
    if used:
        yield Chosen("executables")
    if counts_starts(made):
        yield Chosen("restarts")


_OWN_NODES: Final = lazy(
    rb"scontrol show hostnames?(?: +(?:\$SLURM_(?:JOB_)?NODELIST|\$\{SLURM_(?:JOB_)?NODELIST\}"
    rb"|\"\$SLURM_(?:JOB_)?NODELIST\"|\"\$\{SLURM_(?:JOB_)?NODELIST\}\"))?[ \t]*(?=[|;)`\r\n]|\Z)"
)


def _form_of_scontrol(made: Plan) -> str:
    """The short form where every call asks for the names of the job's own nodes."""
    if requeues(made):
        return " requeue"
    text = made.request.script.data
    body = made.job.body
    plain = body.language == "shell" and body.understood and b"NODELIST=" not in text
    calls = sum(line.count(b"scontrol") for line in text.split(b"\n") if not line.lstrip().startswith(b"#"))
    return " hostnames" if plain and len(_OWN_NODES.findall(text)) >= calls else ""


def _srun(made: Plan) -> Iterator[Chosen]:
    """The shim of srun, put together from what this script needs."""
    if _is_plain(made):
        yield Chosen("shim srun one")
        return
    yield Chosen("shim srun", {"shell": _shell(made)})
    yield from _read_options(made)
    yield from map(Chosen, _pieces(made))


def _shell(made: Plan) -> str:
    return "/bin/bash" if _hands_on_functions(made) else "/bin/sh"


def _groups(made: Plan) -> Collection[str]:
    """The options that have a meaning here and that the script's calls have; all where they may be any."""
    calls = [step for step in made.job.body.steps if step.launcher == "srun"]
    used = None if _hidden(made) else srun_use.use(calls)
    return tuple(srun_options.GROUPS) if used is None else used.groups


def _pieces(made: Plan) -> Iterator[str]:
    groups = frozenset(_groups(made))
    room = _side_by_side(made)
    yield "srun begin"
    one = " of one" if made.kind == JOB else ""
    if {"nodelist", "relative"} & groups:
        yield "srun places"
    elif not one:
        yield "srun everywhere"
    yield from (f"srun layout{one}", "srun amounts")
    if room:
        yield f"srun room{one}"
    yield "srun told"
    if _drops(made):
        yield "srun export"
    if made.kind == MPI:
        yield from ("srun launcher", "srun marks", "srun mpi", "srun end")
        return
    yield f"srun devices of room{one}" if room else "srun devices"
    if made.kind == PYTORCH:
        yield from ("srun nodes", "srun end")
    else:
        yield "srun alone"
        yield from (*_step(made), "srun end")


def _drops(made: Plan) -> bool:
    return b"--export" in made.request.script.data  # in the header too, which the steps obey


def _step(made: Plan) -> Iterator[str]:
    """What a node does of a step: pieces of the stand-in, or with several pods of their file ``step``."""
    groups = _groups(made)
    mpi = b"--mpi" in made.request.script.data and made.kind == JOB
    asked = {
        "multi": "multi-prog" in groups,
        "drop": _drops(made),
        "files": mpi or not {"output", "error"}.isdisjoint(groups),
        "labels": "label" in groups,
        "input": "input" in groups,
        "share": "gpus-per-task" in groups or "gpus-per-task" in made.job.options,
    }
    if asked["files"]:
        yield "srun marks"
    if mpi:
        yield "srun mpi"
    yield " ".join(["srun rank", *(name for name, here in asked.items() if here)])
    yield "srun start"


def _read_options(made: Plan) -> Iterator[Chosen]:
    """How the stand-in of srun reads its options: those that the script's calls have, all where they may be any."""
    calls = [step for step in made.job.body.steps if step.launcher == "srun"]
    used = None if _hidden(made) else srun_use.use(calls)
    if used is not None and not used.groups and not used.ignored:
        yield Chosen("srun no options")
        return
    yield from (Chosen("srun options"), Chosen("srun values"))
    if used is None:
        yield Chosen("srun any flags")
    elif used.flags:
        yield Chosen("srun flags", {"names": " | ".join(used.flags)})
    yield from (Chosen(f"srun option {name}") for name in (srun_options.GROUPS if used is None else used.groups))
    if used is not None and used.ignored:
        yield Chosen("srun ignored", {"names": " | ".join(used.ignored)})
    yield Chosen("srun any options end" if used is None else "srun options end")


def _side_by_side(made: Plan) -> bool:
    """Whether steps may run at the same time, so that they have to share out CPUs and GPUs."""
    body = made.job.body
    if made.kind == MPI:
        return False  # mpirun shares nothing out
    known = body.language == "shell" and body.understood
    return (
        not known or made.uses("parallel", "xargs") or any(step.background for step in body.steps) or _hidden(made)
    )


def _hidden(made: Plan) -> bool:
    """Whether srun is called in more places than were read: from a function, a variable, another program."""
    calls = [step for step in made.job.body.steps if step.launcher == "srun"]
    text = made.request.script.data
    seen = sum(line.count(b"srun") for line in text.split(b"\n") if not line.lstrip().startswith(b"#"))
    return seen > len(calls)


def _hands_on_functions(made: Plan) -> bool:
    """Functions in the environment survive only in the shell that wrote them."""
    return made.job.body.interpreter.split()[:1] == ["/bin/bash"] and b"export -f" in made.request.script.data


_PLAIN: Final = lazy(
    r"--(?:exact|exclusive|overlap|unbuffered|quiet|pty|kill-on-bad-exit)|-[uQK]|--(?:ntasks|nodes)=1|-[nN]1"
    r"|--(?:cpus-per-task|cpu[-_]bind|mem-bind|gres|gpus|mem)=.+|--"
)
_PLAIN_PAIRS: Final = {"-n": ("1",), "-N": ("1",), "--ntasks": ("1",), "--nodes": ("1",)}


def _is_plain(made: Plan) -> bool:
    """Whether the pod is one task, and every call of srun is known and asks for nothing that would need more."""
    job = made.job
    one = made.kind == JOB and job.resources.tasks <= 1 and job.resources.tasks_per_node <= 1
    if (
        not one
        or job.body.language != "shell"
        or not job.body.understood
        or {"gpus-per-task", "export"} & job.options.keys()
    ):
        return False
    calls = [step for step in job.body.steps if step.launcher == "srun"]
    if any(step.background for step in calls) or _hidden(made) or _hands_on_functions(made):
        return False
    return all(_plain_call(step.words, step.program) for step in calls)


def _plain_call(words: tuple[str, ...], program: tuple[str, ...]) -> bool:
    if not program or program[0].lstrip("\"'")[:1] in ("$", "`", "-"):
        return False
    options = list(words[1 : len(words) - len(program)])
    while options:
        word = options.pop(0)
        if word in ("-c", "--cpus-per-task") or word in _PLAIN_PAIRS:
            value = options.pop(0) if options else ""
            if not value or value not in _PLAIN_PAIRS.get(word, (value,)):
                return False
        elif not _PLAIN.fullmatch(word):
            return False
    return True


def _step_values(made: Plan) -> dict[str, str]:
    per_task = made.job.options.get("gpus-per-task", "").rpartition(":")[2]
    return {
        "name": quoted(made.job.name),
        "nodes": str(made.nodes),
        "cpus": str(made.job.resources.cpus_per_node),
        "gpus": str(made.gpus),
        "list": ",".join(map(str, range(min(made.gpus, MOST_DEVICES)))) or "''",
        "gpus_per_task": str(int(per_task)) if per_task.isdecimal() else "''",
    }


def _run(made: Plan) -> Iterator[Chosen]:
    names = [name for name in SHIMMED if made.uses(name)]
    login = f"env {functions(names)} " if _login_bash(made) and names else ""
    stdin = "<&3 3<&- " if output.reads(made) else ""
    yield Chosen("run", {"login": login, "stdin": stdin})
    if requeues(made):
        yield Chosen("script")
    steps = made.uses("srun")
    yield Chosen("term steps" if steps else "term")
    signal = signal_of(made)
    wrapped = made.wraps
    if signal or wrapped:
        yield from _watch(made, signal, wrapped)
    else:
        yield Chosen("await")
    if steps:
        yield Chosen("linger")
    if made.kind == PYTORCH:
        yield Chosen("dismiss")
    if requeues(made):
        yield Chosen("again")
    if wrapped:
        yield Chosen("late")
    if counts_starts(made):
        yield Chosen("forget")
    yield Chosen("leave")


def requeues(made: Plan) -> bool:
    """Whether the script puts itself back into the queue, and may."""
    return made.retries and made.uses("scontrol") and b"requeue" in made.request.script.data


def _login_bash(made: Plan) -> bool:
    words = made.job.body.interpreter.split()
    return (
        bool(words) and words[0].endswith("bash") and any(word in ("-l", "--login", "-il", "-li") for word in words)
    )


def signal_of(made: Plan) -> tuple[str, int, bool] | None:
    """``--signal`` as (name, seconds before the limit, to the batch shell); None without it or without a limit."""
    match = _SIGNAL.fullmatch(made.job.options.get("signal", ""))
    limit = made.job.time_limit_s
    if match is None or not limit:
        return None
    before = int(match[3]) if match[3] else _SIGNAL_DEFAULT_S
    return match[2].upper(), min(before, limit), "B" in (match[1] or "")


def _watch(made: Plan, signal: tuple[str, int, bool] | None, wrapped: bool) -> Iterator[Chosen]:
    limit = made.job.time_limit_s or 0
    yield Chosen("watch")
    if signal is not None:
        name, before, shell = signal
        whom = "warn the script" if shell else "warn the steps"
        yield Chosen(whom, {"seconds": str(limit - before), "signal": name})
    if wrapped:
        yield Chosen("stop", {"seconds": str(limit), "grace": str(_KILL_AFTER_S)})
    yield Chosen("await")
    yield Chosen("unwatch")
