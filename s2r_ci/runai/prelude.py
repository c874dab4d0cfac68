"""The prelude: POSIX sh that gives a batch script the surroundings it had under Slurm, then runs it.

It is called as ``sh -c PRELUDE FILE-NAME BODY ARGUMENTS...``: writes the body to a file of its own, so that the
script's first line chooses the interpreter, sets what only the pod knows, and replaces itself by the script.
Here is decided which parts a script needs; their texts are the catalogue's. Nothing of it is put into the script.
"""

import zlib
from collections.abc import Iterator
from typing import Final

from s2r_ci.patterns import lazy
from s2r_ci.runai import output, srun_form
from s2r_ci.runai.distribution import MPI, PYTORCH, Plan
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
        yield Chosen("step", {"shell": srun_form.shell_of(made)})
        yield from map(Chosen, srun_form.step(made))
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
        yield from srun_form.stand_in(made)
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
