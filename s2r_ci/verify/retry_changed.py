"""retry-changed: restarted is what Slurm would restart, and nothing else.

Profile N: never restarted, so not to be preempted either. Profile R (``--requeue``, or a preemptible QOS): restarted
after the loss of its node, never after the program's own failure.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import RETRIES, restarts
from s2r_ci.verify.facts import Facts, Role

_PREEMPTIBILITY: Final = "kai.scheduler/preemptibility"
_LOST_NODE: Final = {"type": "DisruptionTarget", "status": "True"}
_KILLED: Final = [137, 143]


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Back-off limits, restart policies, failure policy and preemptibility all tell the same story."""
    again = restarts(request)
    if facts.form:
        yield from _native(again, facts)
        return
    yield from _preemptibility(again, facts)
    yield from _backoff(again, request, facts)
    for role in facts.roles:
        wanted = _restart_policy(again, facts.kind, role.name)
        if role.restart_policy != wanted and not (wanted == "Never" and _default_is_never(facts.kind, role)):
            said = role.restart_policy or "nothing"
            yield _breach(f"{_why(again)}: restartPolicy is {wanted}, the manifest says {said}", role.spec)
    if facts.kind == "Job" and (again or facts.failure_policy):
        yield from _failure_policy(again, request, facts)


def _native(again: bool, facts: Facts) -> Iterator[Breach]:
    """Run:ai itself starts a workload again after a preemption, unless that ends it; a failure always does."""
    if "preemptibility" not in facts.unsaid:
        yield from _preemptibility(again, facts)
    says = facts.form != "cli"  # which has no flag for it
    if (says and bool(facts.preemption_ends) is again) or facts.preemption_ends not in (None, True, False):
        yield _breach(f"{_why(again)}: terminateAfterPreemption says {facts.preemption_ends}", ("spec",))
    elif facts.form == "rest" and facts.preemption_ends is None:  # the API names no default for it
        yield _breach(f"{_why(again)}: the manifest does not say terminateAfterPreemption", ("spec",))
    if type(facts.native_backoff) is not int or facts.native_backoff:
        yield _breach(f"a script that fails has failed: the back-off limit says {facts.native_backoff}", ("spec",))
    for role in facts.roles if "restartPolicy" not in facts.unsaid else ():
        if role.restart_policy != "Never":
            yield _breach(f"a script that fails has failed: restartPolicy says {role.restart_policy}", role.spec)


def _preemptibility(again: bool, facts: Facts) -> Iterator[Breach]:
    wanted = "preemptible" if again else "non-preemptible"
    said = facts.labels.get(_PREEMPTIBILITY)
    if said != wanted:
        steps = ("metadata", "labels", _PREEMPTIBILITY)
        yield _breach(f"{_why(again)}: it is {wanted}, the manifest says {said or 'nothing'}", steps)


def _backoff(again: bool, request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    wanted = RETRIES if again else 0
    array = request.job.array
    if array is None:
        if facts.backoff_limit != wanted:
            steps = (*facts.policy_steps, "backoffLimit")
            yield _breach(
                f"{_why(again)}: backoffLimit is {wanted}, the manifest says {_said(facts.backoff_limit)}", steps
            )
        return
    if facts.backoff_limit_per_index != wanted:
        said = _said(facts.backoff_limit_per_index)
        message = f"{_why(again)}: backoffLimitPerIndex is {wanted}, the manifest says {said}"
        yield _breach(message, ("spec", "backoffLimitPerIndex"))
    if (facts.max_failed_indexes if facts.max_failed_indexes is not None else len(array.ids)) != len(array.ids):
        message = f"an index that fails leaves the others alone: maxFailedIndexes is {len(array.ids)}"
        yield _breach(message, ("spec", "maxFailedIndexes"))
    if facts.backoff_limit is not None and facts.backoff_limit < len(array.ids):
        message = "an index that fails leaves the others alone: a backoffLimit ends them all"
        yield _breach(message, ("spec", "backoffLimit"))


def _restart_policy(again: bool, kind: str, role: str) -> str:
    if again and kind == "PyTorchJob":
        return "ExitCode"
    return "OnFailure" if again and role == "Launcher" else "Never"


def _default_is_never(kind: str, role: Role) -> bool:
    return kind == "MPIJob" and role.name == "Worker" and not role.restart_policy


def _failure_policy(again: bool, request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    steps = ("spec", "podFailurePolicy", "rules")
    if not again:
        yield _breach("the script is not restarted, so the manifest has nothing to say about failures", steps)
        return
    ends = "FailJob" if request.job.array is None else "FailIndex"
    names = [role.main.name for role in facts.roles if role.main is not None]
    if [_rule(rule) for rule in facts.failure_policy] != [("Ignore", None), (ends, names[0] if names else "")]:
        message = (
            "the script is restarted after the loss of its node and not after its own failure: "
            f"the failure policy ignores DisruptionTarget, then says {ends} for exit codes other than 137 and 143"
        )
        yield _breach(message, steps)


def _rule(rule: Mapping[str, Any]) -> tuple[object, object]:
    """Action and container of a rule of the expected form; nothing for any other."""
    action, conditions, codes = rule.get("action"), rule.get("onPodConditions"), rule.get("onExitCodes")
    if codes is None and conditions in ([_LOST_NODE], [{"type": "DisruptionTarget"}]):
        return action, None
    if conditions is not None or not isinstance(codes, dict):
        return "", ""
    killed = codes.get("operator") == "NotIn" and codes.get("values") == _KILLED
    return (action, codes.get("containerName", "")) if killed else ("", "")


def _why(again: bool) -> str:
    return "the script may be restarted" if again else "the script may not be restarted"


def _said(number: int | None) -> str:
    return "nothing" if number is None else str(number)


def _breach(message: str, steps: tuple[str | int, ...]) -> Breach:
    return Breach(message=message, subject="requeue", steps=steps)
