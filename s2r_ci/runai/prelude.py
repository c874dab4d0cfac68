"""The prelude: POSIX sh that gives a batch script the surroundings it had under Slurm, then runs it.

It is called as ``sh -c PRELUDE FILE-NAME BODY ARGUMENTS...``: writes the body to a file of its own, so that the
script's first line chooses the interpreter, sets what only the pod knows, and replaces itself by the script.
Here is decided which parts a script needs; their texts are the catalogue's. Nothing of it is put into the script.
"""

import zlib
from collections.abc import Iterator
from typing import Final

from s2r_ci.patterns import lazy
from s2r_ci.runai.distribution import JOB, MPI, Plan
from s2r_ci.runai.environment import VARIABLES, mentioned, needs_id, variable
from s2r_ci.runai.parts import CATALOGUE, COMPUTED, SHIMMED, Chosen, functions, join, quoted

__all__ = ["CATALOGUE", "prelude", "signal_of"]

_SIGNAL: Final = lazy(r"(?:([BR]+):)?(?:SIG)?([A-Za-z]+[0-9]*|\d+)(?:@(\d+))?")
_SIGNAL_DEFAULT_S: Final = 60
_KILL_AFTER_S: Final = 30


def prelude(made: Plan, delivery: str) -> str:
    """The shell text; ``delivery`` says how the body comes: text, base64 or mounted."""
    return join(_parts(made, delivery))


def _parts(made: Plan, delivery: str) -> Iterator[Chosen]:
    yield from (Chosen("head"), Chosen(f"body {delivery}"), Chosen("executable"))
    names = _runtime_names(made)
    steps = made.uses("srun", "scontrol")
    if needs_id(made):
        yield Chosen("id", {"fallback": str(zlib.crc32(made.name.encode()) % 0xFFFFFF + 1)})
        if steps or {"SLURM_JOB_ID", "SLURM_JOBID"} & set(names):
            yield Chosen("id of the job" if made.job.array is None else "id of the index")
    if made.job.array is not None:
        yield Chosen("array")
    if steps or _HOST_NAMES & set(names):
        yield Chosen("host")
        yield Chosen(f"hosts {made.kind}", {"workers": str(made.nodes - 1)})
    yield from _exports(made, names)
    if made.kind == MPI or made.uses("mpirun", "mpiexec"):
        yield Chosen("mpirun", {"start": "ssh" if made.kind == MPI else "fork"})
    yield from _shims(made, steps)
    yield from _run(made)


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
    return sorted(named & COMPUTED)


def _exports(made: Plan, names: list[str]) -> Iterator[Chosen]:
    for name in mentioned(made):
        value = variable(name, made).value
        if value is not None and not name.startswith("SLURM") and name not in made.request.target.variables:
            yield Chosen(f"constant {name}", {"value": quoted(value)})
    for name in names:
        yield Chosen(f"set {name}", {"limit": str(made.job.time_limit_s or 0)})
    if names:
        yield Chosen("export", {"names": " ".join(names)})


def _shims(made: Plan, steps: bool) -> Iterator[Chosen]:
    used = [name for name in SHIMMED if made.uses(name)]
    if not used:
        return
    if steps:
        yield Chosen("steps", _step_values(made))
    yield Chosen("bin")
    for name in used:
        yield Chosen(f"shim {_srun(made) if name == 'srun' else name}")
    yield Chosen("executables")


def _srun(made: Plan) -> str:
    if made.kind == MPI:
        return "srun of MPIJob"  # where mpirun starts all ranks, and nothing behind it is ever reached
    if made.kind == JOB and b"--mpi" in made.request.script.data:
        return "srun mpi"
    return "srun one" if _is_plain(made) else "srun"


_PLAIN: Final = lazy(
    r"--(?:exact|exclusive|overlap|unbuffered|quiet|pty|kill-on-bad-exit)|-[uQK]|--(?:ntasks|nodes)=1|-[nN]1"
    r"|--(?:cpus-per-task|cpu[-_]bind|mem-bind|gres|gpus|mem)=.+|--"
)
_PLAIN_PAIRS: Final = {"-n": ("1",), "-N": ("1",), "--ntasks": ("1",), "--nodes": ("1",)}


def _is_plain(made: Plan) -> bool:
    """Whether the pod is one task, and every call of srun is known and asks for nothing that would need more."""
    job = made.job
    one = made.kind == JOB and job.resources.tasks <= 1 and job.resources.tasks_per_node <= 1
    if not one or job.body.language != "shell" or not job.body.understood or "gpus-per-task" in job.options:
        return False
    calls = [step for step in job.body.steps if step.launcher == "srun"]
    text = made.request.script.data
    seen = sum(line.count(b"srun") for line in text.split(b"\n") if not line.lstrip().startswith(b"#"))
    return len(calls) >= seen and all(_plain_call(step.words, step.program) for step in calls)


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
        "tasks": str(max(made.job.resources.tasks, 1)),
        "per_node": str(max(made.job.resources.tasks_per_node, 1)),
        "gpus_per_task": str(int(per_task)) if per_task.isdecimal() else "''",
        "mpi": "1" if made.kind == MPI else "''",
    }


def _run(made: Plan) -> Iterator[Chosen]:
    signal = signal_of(made)
    wrapped = made.wraps
    if signal or wrapped:
        yield from _watch(made, signal, wrapped)
    elif _login_bash(made) and made.uses(*SHIMMED):
        names = [name for name in SHIMMED if made.uses(name)]
        yield Chosen("run at login", {"functions": functions(names)})
    else:
        yield Chosen("run")


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
    if wrapped:
        yield Chosen("late")
    yield Chosen("leave")
