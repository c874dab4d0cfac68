"""project-lost: the workload belongs to the project of the settings, or of the script's account."""

from collections.abc import Iterator
from typing import Final

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import project
from s2r_ci.verify.facts import Facts

_QUEUES: Final = {
    "kubernetes": ("project", "runai/queue"),
    "kai": ("kai.scheduler/queue",),
    "v2alpha1": ("project",),
    "cli": ("project",),
    "rest": (),
}
_IDS: Final = {"projectId": "PROJECT-ID", "clusterId": "00000000-0000-0000-0000-000000000000"}
"""What a REST body names, and what stands there while the settings do not say it."""


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Without the label the scheduler takes another queue's quota. A project that nobody named is policy's (P-18)."""
    wanted = project(request)
    for label in _QUEUES.get(request.target.name, _QUEUES["kubernetes"]) if wanted else ():
        said = facts.labels.get(label)
        if said != wanted:
            message = f"the project is {wanted}, the label {label} says {said[:80] if said else 'nothing'}"
            yield Breach(message=message, subject="account", steps=("metadata", "labels", label))
    namespace = request.target.namespace or f"runai-{wanted}"
    if wanted and facts.form == "v2alpha1" and facts.namespace != namespace:
        # A custom resource is put in by kubectl, whose namespace of the day would be another project's.
        said = facts.namespace[:80] or "nothing"
        message = f"the project {wanted} is the namespace {namespace}, the manifest says {said}"
        yield Breach(message=message, subject="account", steps=("metadata", "namespace"))
    for role in facts.roles if wanted and request.target.name == "kai" else ():
        if role.labels.get("kai.scheduler/queue") != wanted:  # the open-source scheduler reads it from the pods
            message = (
                f"the project is {wanted}, the pods say {role.labels.get('kai.scheduler/queue', 'nothing')[:80]}"
            )
            yield Breach(message=message, subject="account", steps=(*role.steps, "metadata", "labels"))
    if facts.form == "rest":
        target = request.target
        for label, known in (("projectId", target.project_id), ("clusterId", target.cluster_id)):
            if facts.labels.get(label) != (known or _IDS[label]):
                message = (
                    f"{label} is {known or 'not said'}, the body says {facts.labels.get(label, 'nothing')[:80]!r}"
                )
                yield Breach(message=message, subject="account", steps=("metadata", "labels", label))
