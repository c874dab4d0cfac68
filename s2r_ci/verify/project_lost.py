"""project-lost: the workload belongs to the project of the settings, or of the script's account."""

from collections.abc import Iterator
from typing import Final

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import project
from s2r_ci.verify.facts import Facts

_QUEUES: Final = {"kubernetes": ("project", "runai/queue"), "kai": ("kai.scheduler/queue",)}


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Without the label the scheduler takes another queue's quota. A project that nobody named is policy's (P-18)."""
    wanted = project(request)
    for label in _QUEUES.get(request.target.name, _QUEUES["kubernetes"]) if wanted else ():
        said = facts.labels.get(label)
        if said != wanted:
            message = f"the project is {wanted}, the label {label} says {said[:80] if said else 'nothing'}"
            yield Breach(message=message, subject="account", steps=("metadata", "labels", label))
