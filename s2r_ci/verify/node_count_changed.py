"""node-count-changed: as many pods as the script asks nodes."""

from collections.abc import Iterator
from typing import Final

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.facts import ROLES, Facts

_GANG: Final = "kai.scheduler/batch-min-member"
_ROLES: Final = {"PyTorchJob": {"Master", "Worker"}, "MPIJob": {"Launcher", "Worker"}}


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Every pod of the workers' roles is a node; Master and Launcher are one pod each."""
    if facts.kind == "Job":
        yield from _job(request, facts)
        return
    nodes = request.job.resources.nodes
    if _GANG in facts.annotations:
        message = f"the pods of a {facts.kind} start together by themselves, the manifest names another number"
        yield Breach(message=message, subject="nodes", steps=("metadata", "annotations", _GANG))
    if facts.pods is not None and facts.pods != nodes:
        yield _breach(f"the script asks for {nodes} nodes, the manifest for {facts.pods} pods", facts)
    for role in facts.roles:
        if role.name not in _ROLES[facts.kind]:
            yield _breach(f"a {facts.kind} of a batch script has no role {role.name!r}", facts)
        elif role.replicas is None:
            yield _breach(f"the role {role.name} has no count; its pods would stay pending", facts)
        elif role.name != "Worker" and role.replicas != 1:
            yield _breach(f"the role {role.name} is one pod, the manifest asks for {role.replicas}", facts)
    if missing := _missing(facts, nodes):
        yield _breach(f"the {facts.kind} has no role {missing[0]}", facts)


def _job(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    nodes = request.job.resources.nodes
    array = request.job.array is not None  # whose counts are array-flattened's
    at_once = 1 if facts.parallelism is None else facts.parallelism
    if not array and (facts.pods, at_once) != (nodes, nodes):
        message = f"the script asks for {nodes} nodes, the manifest runs {facts.pods} pods, {at_once} at once"
        yield Breach(message=message, subject="nodes", steps=("spec", "completions"))
    gang = facts.annotations.get(_GANG)
    if nodes <= 1 and gang is not None:
        message = f"the script runs on one node, the manifest waits for {gang[:20]} pods"
        yield Breach(message=message, subject="nodes", steps=("metadata", "annotations"))
    if nodes > 1 and gang != str(nodes):
        message = f"the pods of {nodes} nodes have to start together, the manifest does not say so"
        yield Breach(message=message, subject="nodes", steps=("metadata", "annotations"))


def _missing(facts: Facts, nodes: int) -> list[str]:
    present = {role.name for role in facts.roles}
    needed = _ROLES[facts.kind] - ({"Worker"} if nodes == 1 else set())
    return sorted(needed - present)


def _breach(message: str, facts: Facts) -> Breach:
    return Breach(message=message, subject="nodes", steps=ROLES[facts.kind])
