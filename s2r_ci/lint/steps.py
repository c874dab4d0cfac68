"""Steps: larger than the job, started twice, left alone, without terminal, with the wrong rank."""

import re
from collections.abc import Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.lint.case import Case, found, number, option_of, outermost, own_words
from s2r_ci.model import Finding, JobSpec, Step
from s2r_ci.patterns import lazy
from s2r_ci.slurm.launchers import PYTHON_LAUNCHERS

_MPI: Final = ("mpirun", "mpiexec")
_RANK: Final = lazy(r"(?<!\\)\$\{?(SLURM_PROCID|SLURM_LOCALID|SLURM_NODEID)\b")
_EXPORTED: Final = lazy(
    r"\s*export\s+((?:LOCAL_|NODE_|GLOBAL_|GROUP_|WORLD_)?RANK)=\"?\$\{?(SLURM_PROCID|SLURM_LOCALID|SLURM_NODEID)\}?\"?\s*;?$"
)
_ENDS: Final = lazy(r"\s*(?:done|fi|esac|\}|\)|echo\b[^|;&]*|date|exit(?:\s+\d+)?|;;|else|then)?\s*;?\s*")
_ELSEWHERE: Final = ("--jobid", "--het-group", "--pack-group", "--overcommit", "-O")


def step_larger_than_job(case: Case) -> Iterator[Finding]:
    """``srun -n 8`` in a job of four tasks; ``srun -N 4`` in a job of two nodes."""
    job = case.job
    if job is None or case.says("exclusive", "overcommit"):
        return
    for step in outermost(case.body.steps):
        if step.launcher == "srun":
            message = _too_large(case, job, step)
        elif step.launcher in _MPI and "oversubscribe" not in " ".join(own_words(step)):
            message = _too_many(case, job, step)
        else:
            continue
        if message:
            yield found(rules.STEP_LARGER_THAN_JOB, message, step.location, step.launcher)


def _cpus(job: JobSpec) -> int:
    size = job.resources
    return max(size.tasks * size.cpus_per_task, size.nodes * size.cpus_per_node)


def _too_large(case: Case, job: JobSpec, step: Step) -> str:
    if any(option_of(step, name) is not None for name in _ELSEWHERE):
        return ""
    size = job.resources
    nodes = number((option_of(step, "-N", "--nodes") or "").partition("-")[0])
    if nodes and case.says("nodes") and nodes > max(size.nodes, size.nodes_max):
        return f"srun asks for {nodes} nodes, the job has {max(size.nodes, size.nodes_max)}"
    tasks, each = number(option_of(step, "-n", "--ntasks")), number(option_of(step, "-c", "--cpus-per-task")) or 1
    if tasks and case.says("ntasks", "ntasks-per-node") and not size.nodes_max and tasks * each > _cpus(job):
        return f"srun asks for {tasks} tasks with {tasks * each} CPUs, the job has {_cpus(job)}"
    return ""


def _too_many(case: Case, job: JobSpec, step: Step) -> str:
    tasks = number(option_of(step, "-np", "--np", "-n", "--n"))
    if tasks and case.says("ntasks", "ntasks-per-node") and not job.resources.nodes_max and tasks > _cpus(job):
        return f"{step.launcher} starts {tasks} processes, the job has {_cpus(job)} CPUs"
    return ""


def step_loses_cpus(case: Case) -> Iterator[Finding]:
    """From 22.05 to 23.11 srun did not look at the job's --cpus-per-task."""
    job = case.job
    if job is None or not (22, 5) <= case.release < (24, 5) or job.resources.cpus_per_task < 2:
        return
    if "SRUN_CPUS_PER_TASK" in case.code:
        return
    for step in outermost(case.body.steps):
        given = option_of(step, "-c", "--cpus-per-task", "--exact", "--cpus-per-gpu")
        if step.launcher == "srun" and given is None and not any("$" in word for word in own_words(step)):
            message = f"each task of this step gets one CPU, not {job.resources.cpus_per_task}"
            yield found(rules.STEP_LOSES_CPUS, message, step.location, "cpus")


def interactive_step(case: Case) -> Iterator[Finding]:
    """``srun --pty``; ``salloc``."""
    for step in outermost(case.body.steps):
        if step.launcher == "srun" and "--pty" in own_words(step):
            yield found(rules.INTERACTIVE_STEP, "srun --pty wants a terminal", step.location, "pty")
    if case.shell and "salloc" in case.body.commands:
        line = next((c.line for c in case.commands if re.match(r"\s*salloc\b", c.text)), 0)
        if line:
            message = "salloc waits for another allocation and starts a shell in it"
            yield found(rules.INTERACTIVE_STEP, message, case.place(line), "salloc")


def launcher_twice(case: Case) -> Iterator[Finding]:
    """``srun mpirun``, or ``srun torchrun`` with several tasks on a node.

    Of a heterogeneous job only steps count that say themselves how many tasks they have.
    """
    job = next(iter(case.reading.jobs), None)
    if job is None:
        return
    outer: Step | None = None
    for step in case.body.steps:
        if not step.within:
            outer = step
        elif outer is not None and step.within == "srun" == outer.launcher:
            if case.job is None and option_of(outer, "-n", "--ntasks") is None:
                continue
            tasks = _tasks_of(job, outer)
            nested = step.launcher in _MPI
            if nested or (step.launcher in PYTHON_LAUNCHERS and step.launcher != "ray"):
                limit = 1 if nested else max(1, _nodes_of(job, outer))
                if tasks > limit:
                    message = f"srun starts {tasks} times {step.launcher}, and each starts all its processes"
                    yield found(rules.LAUNCHER_TWICE, message, step.location, step.launcher)


def _nodes_of(job: JobSpec, step: Step) -> int:
    return number(option_of(step, "-N", "--nodes")) or job.resources.nodes


def _tasks_of(job: JobSpec, step: Step) -> int:
    """How many tasks srun starts; 0 where that is not written down."""
    said = option_of(step, "-n", "--ntasks")
    if said is not None:
        return number(said) or 0
    each = option_of(step, "--ntasks-per-node", "--tasks-per-node")
    if each is not None:
        return (number(each) or 0) * _nodes_of(job, step)
    if any("$" in word for word in own_words(step)):
        return 0
    nodes = option_of(step, "-N", "--nodes")
    return job.resources.tasks if nodes is None else 0


def rank_expanded_early(case: Case) -> Iterator[Finding]:
    """``srun torchrun --node_rank=$SLURM_NODEID``: the batch shell puts a 0 there."""
    job = case.job
    if job is None or not case.shell or job.resources.tasks < 2:
        return
    if _RANK.search(case.code) is None:
        return
    for step in outermost(case.body.steps):
        if _tasks_of(job, step) == 1:
            continue
        for word in step.words[1:]:
            name = _RANK.search(word)
            if (
                name
                and not word.startswith("'")
                and "'" not in word[: name.start()]
                and name[1] not in case.body.sets
            ):
                message = (
                    f"the batch shell expands ${name[1]} before {step.launcher} starts: it is 0 for every task"
                )
                yield found(rules.RANK_EXPANDED_EARLY, message, step.location, name[1])
                break
    yield from _rank_exported(case, job)


def _rank_exported(case: Case, job: JobSpec) -> Iterator[Finding]:
    """``export RANK=$SLURM_PROCID`` before srun: all tasks inherit the 0 of the batch shell."""
    if "<<" in case.code:
        return
    last = max((s.location.line for s in outermost(case.body.steps) if _tasks_of(job, s) != 1), default=0)
    quotes = 0
    for command in case.commands:
        exported = _EXPORTED.match(command.text) if not quotes % 2 else None
        if exported and command.line < last and exported[2] not in case.body.sets:
            message = f"the batch shell exports {exported[1]} before the step starts: it is 0 for every task"
            yield found(rules.RANK_EXPANDED_EARLY, message, case.place(command.line), exported[2])
        quotes += command.text.count("'") + command.text.count('"') - command.text.count('\\"')


def background_without_wait(case: Case) -> Iterator[Finding]:
    """The last thing the script does goes to the background."""
    if not case.shell or "wait" in case.body.commands or not case.commands:
        return
    for command in reversed(case.commands):
        text = command.text.rstrip()
        if text.endswith("&") and not text.endswith("&&"):
            if _starts_work(case, command.line):
                message = "the script ends here and does not wait for what it started: Slurm kills it"
                yield found(rules.BACKGROUND_WITHOUT_WAIT, message, case.place(command.line), "wait")
            return
        if not _ENDS.fullmatch(text):
            return


def _starts_work(case: Case, line: int) -> bool:
    """A command of the script itself, not a line of a here-document or of an unread part."""
    if "<<" in case.code:
        return any(step.background and step.location.line >= line for step in case.body.steps)
    return True
