"""cpu-count-changed: as many CPUs in a pod as the script asks on a node."""

from collections.abc import Iterator
from fractions import Fraction

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.facts import Facts
from s2r_ci.verify.totals import less


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Requested and limited alike: Slurm confines a job to its CPUs."""
    asked = request.job.resources.cpus_per_node
    differs = False
    for role in facts.workers:
        for what, amounts in (("requests", role.requests), ("limits", role.limits)):
            granted = amounts.get("cpu")
            if granted != asked:
                message = f"the script asks for {asked} CPUs a node, the manifest's {what} say {_said(granted)}"
                steps = (*role.spec, "containers", 0, "resources", what, "cpu")
                yield Breach(message=message, subject="cpus", steps=steps)
                differs = True
                break
    if not differs:
        yield from less("CPUs", request, facts)


def _said(amount: Fraction | None) -> str:
    return "nothing" if amount is None else f"{float(amount):g}"
