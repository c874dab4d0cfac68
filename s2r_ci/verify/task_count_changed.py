"""task-count-changed: as many processes on a node as the script has tasks there."""

from collections.abc import Iterator
from typing import Final

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.facts import Facts
from s2r_ci.verify.totals import less

_FIELDS: Final = {"PyTorchJob": "nprocPerNode", "MPIJob": "slotsPerWorker"}


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """A Job has no field for it: there the variables say it, which environment-lost looks at."""
    field = _FIELDS.get(facts.kind)
    if field is None or facts.unsaid & {"tasks", f"tasks of {facts.kind.removesuffix('Job')}"}:
        return
    tasks = request.job.resources.tasks_per_node
    if facts.processes_per_pod != str(tasks):
        said = facts.processes_per_pod or "nothing"
        message = f"the script starts {tasks} tasks on a node, {field} says {said}"
        yield Breach(message=message, subject="tasks", steps=("spec", field))
    else:
        yield from less("tasks", request, facts)
