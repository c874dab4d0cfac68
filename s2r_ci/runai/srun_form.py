"""Which form of srun's stand-in a script needs: the short one of a pod that is one task, or options and pieces.

The pieces' texts are ``runai.srun`` and ``runai.srun_options``; a script gets those that its calls of srun ask for, and
all of them where a call may be one that nobody has read.
"""

from collections.abc import Collection, Iterator
from typing import Final

from s2r_ci.model import Step
from s2r_ci.patterns import lazy
from s2r_ci.runai import srun_options
from s2r_ci.runai.distribution import JOB, MPI, PYTORCH, Plan
from s2r_ci.runai.parts import Chosen
from s2r_ci.runai.srun_use import Use, use


def stand_in(made: Plan) -> Iterator[Chosen]:
    """The shim of srun, put together from what this script needs."""
    if _is_plain(made):
        yield Chosen("shim srun one")
        return
    yield Chosen("shim srun", {"shell": shell_of(made)})
    yield from _read_options(made)
    yield from map(Chosen, _pieces(made))


def shell_of(made: Plan) -> str:
    """The shell of the stand-in: bash where functions of the script have to reach the programs."""
    return "/bin/bash" if _hands_on_functions(made) else "/bin/sh"


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
    calls = _calls(made)
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


def _calls(made: Plan) -> list[Step]:
    return [step for step in made.job.body.steps if step.launcher == "srun"]


def _hidden(made: Plan) -> bool:
    """Whether srun is called in more places than were read: from a function, a variable, another program."""
    text = made.request.script.data
    seen = sum(line.count(b"srun") for line in text.split(b"\n") if not line.lstrip().startswith(b"#"))
    return seen > len(_calls(made))


def _used(made: Plan) -> Use | None:
    """The options that the script's calls have; None where they may be any."""
    return None if _hidden(made) else use(_calls(made))


def _groups(made: Plan) -> Collection[str]:
    """The options that have a meaning here and that the script's calls have; all where they may be any."""
    used = _used(made)
    return tuple(srun_options.GROUPS) if used is None else used.groups


def _hands_on_functions(made: Plan) -> bool:
    """Functions in the environment survive only in the shell that wrote them."""
    return made.job.body.interpreter.split()[:1] == ["/bin/bash"] and b"export -f" in made.request.script.data


def _read_options(made: Plan) -> Iterator[Chosen]:
    """How the stand-in of srun reads its options: those that the script's calls have, all where they may be any."""
    used = _used(made)
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
        yield from (*step(made), "srun end")


def _side_by_side(made: Plan) -> bool:
    """Whether steps may run at the same time, so that they have to share out CPUs and GPUs."""
    body = made.job.body
    if made.kind == MPI:
        return False  # mpirun shares nothing out
    known = body.language == "shell" and body.understood
    return (
        not known or made.uses("parallel", "xargs") or any(step.background for step in body.steps) or _hidden(made)
    )


def _drops(made: Plan) -> bool:
    return b"--export" in made.request.script.data  # in the header too, which the steps obey


def step(made: Plan) -> Iterator[str]:
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
