"""time-limit-dropped: the time limit holds, and its clock starts when the job starts.

A Job's or PyTorchJob's own deadline counts the wait in the queue, so the limit belongs to the pod; an MPIJob has it in
its run policy, whose clock starts with the launcher and thus, when that waits for the workers, with the job.
"""

import re
from collections.abc import Iterator
from typing import Final

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import restarts, time_limit_s
from s2r_ci.verify.facts import Container, Facts, Role

_GRACE_S: Final = range(30, 121)
"""What the pod's own deadline may add where the pod ends its program itself: time for TERM, then KILL."""


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """The value to the second, at the level where the clock starts with the job, and at no other."""
    limit = time_limit_s(request)
    if facts.form:
        yield from _native(limit, facts)
        return
    if facts.kind == "MPIJob":
        yield from _mpi(limit, facts)
        return
    if facts.deadline_s is not None:
        message = (
            f"activeDeadlineSeconds of the whole {facts.kind} counts the wait in the queue; it belongs to the pod"
        )
        yield Breach(message=message, subject="time", steps=(*facts.policy_steps, "activeDeadlineSeconds"))
    for role in facts.roles:
        if restarts(request) and limit:
            yield from _wrapped(limit, role, runs=role in facts.carriers)
        elif role.deadline_s != (limit or None):
            yield _breach(limit, role.deadline_s, (*role.spec, "activeDeadlineSeconds"))


def _native(limit: int, facts: Facts) -> Iterator[Breach]:
    """Run:ai's own forms have no field for it: the pod that runs the script ends it."""
    for role in facts.carriers:
        if limit and role.main is not None and not _ends_itself(limit, role.main):
            message = f"the script may run {limit} s, a {facts.form} workload has to end it itself, and does not"
            yield Breach(message=message, subject="time", steps=(*role.main.steps, "args", 0))
    if facts.kind == "MPIJob" and not facts.waits_for_workers and "waits" not in facts.unsaid:
        message = "the launcher starts before there are workers to run on"
        yield Breach(message=message, subject="time", steps=("spec",))


def _mpi(limit: int, facts: Facts) -> Iterator[Breach]:
    steps = (*facts.policy_steps, "activeDeadlineSeconds")
    if facts.deadline_s != (limit or None):
        yield _breach(limit, facts.deadline_s, steps)
    if not facts.waits_for_workers:
        message = (
            "without launcherCreationPolicy: WaitForWorkersReady the launcher, and with it the clock, starts before "
            "there are workers to run on"
        )
        yield Breach(message=message, subject="time", steps=("spec", "launcherCreationPolicy"))
    for role in facts.roles:
        if role.deadline_s is not None:
            message = f"the time limit of an MPIJob is in its run policy, the {role.name} has another"
            yield Breach(message=message, subject="time", steps=(*role.spec, "activeDeadlineSeconds"))


def _wrapped(limit: int, role: Role, *, runs: bool) -> Iterator[Breach]:
    """A restartable job ends its program itself, because a pod that its deadline kills would be started again.

    The pods behind the first end when it does.
    """
    steps = (*role.spec, "activeDeadlineSeconds")
    if role.deadline_s is None or role.deadline_s - limit not in _GRACE_S:
        yield _breach(limit, role.deadline_s, steps)
    if runs and role.main is not None and not _ends_itself(limit, role.main):
        message = f"the script may run {limit} s and may be restarted: its pod has to end it itself, and does not"
        yield Breach(message=message, subject="time", steps=(*role.main.steps, "args", 0))


def _ends_itself(limit: int, container: Container) -> bool:
    return re.search(rf"\b(?:sleep|timeout\b[^\n]*) {limit}\b", container.prelude) is not None


def _breach(limit: int, deadline_s: int | None, steps: tuple[str | int, ...]) -> Breach:
    asked = f"the script may run {limit} s" if limit else "the script sets no time limit"
    said = "sets no limit" if deadline_s is None else f"ends it after {deadline_s} s"
    return Breach(message=f"{asked}, the manifest {said}", subject="time", steps=steps)
