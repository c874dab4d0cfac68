"""The target ``kai``: the kinds of ``kubernetes`` for a cluster that runs the open-source KAI scheduler alone.

KAI reads its queue from a label of pods and workload, ships four priority classes instead of Run:ai's seven, and
knows a node pool as the one value of a label (its own documentation of queues, priorities and scheduling shards).
"""

from typing import Any, Final

from s2r_ci.model import Manifest
from s2r_ci.runai import manifest, placement, scheduling
from s2r_ci.runai.distribution import Plan, workload

SCHEDULER: Final = "kai-scheduler"
QUEUE: Final = "kai.scheduler/queue"
POOL: Final = "kai.scheduler/node-pool"
PRIORITY: Final = "priorityClassName"
CLASSES: Final = {True: "train", False: "build"}
"""KAI's class for what may be preempted (50) and for what may not (100)."""


def write(made: Plan) -> Manifest:
    """The manifest of the target kubernetes, with KAI's scheduler, queue and classes."""
    labels = _labels(made)
    annotations = scheduling.annotations(made) | placement.topology(made)
    return Manifest(body=workload(made, labels, annotations, lambda role: _template(made, role)))


def _labels(made: Plan) -> dict[str, str]:
    found = scheduling.labels(made)
    found.pop("project", None)
    found.pop("runai/queue", None)
    found[PRIORITY] = CLASSES[made.retries]
    if queue := scheduling.project_of(made.request):
        found[QUEUE] = queue
    return found


def _template(made: Plan, role: str) -> dict[str, Any]:
    template = manifest.template(made, role)
    metadata = template.pop("metadata", {})
    pools = metadata.get("annotations", {}).pop(scheduling.POOLS_ANNOTATION, "").split()
    labels = dict(metadata.pop("labels", {}))
    if queue := scheduling.project_of(made.request):
        labels[QUEUE] = queue
    if pools:
        labels[POOL] = pools[0]
    found = {"labels": labels, "annotations": metadata.get("annotations", {})}
    kept = {name: value for name, value in found.items() if value}
    template["spec"]["schedulerName"] = SCHEDULER
    return ({"metadata": kept} if kept else {}) | template
