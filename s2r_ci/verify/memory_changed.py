"""memory-changed: the memory of a pod is the memory of a node in the script."""

from collections.abc import Iterator
from fractions import Fraction

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import memory_mib
from s2r_ci.verify.facts import MIB, Facts
from s2r_ci.verify.totals import less


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Octet for octet, requested and limited alike; Slurm's sizes are binary."""
    asked = memory_mib(request)
    wanted = asked * MIB if asked else None
    differs = False
    for role in facts.workers:
        for what, amounts in (("requests", role.requests), ("limits", role.limits)):
            granted = amounts.get("memory")
            if granted != wanted:
                steps = (*role.spec, "containers", 0, "resources", what, "memory")
                yield Breach(message=_message(request, asked, what, granted), subject="memory", steps=steps)
                differs = True
                break
    if not differs:
        yield from less("MiB", request, facts)


def _message(request: ConversionRequest, asked: int, what: str, granted: Fraction | None) -> str:
    who = "the script asks" if request.job.resources.memory_per_node_mib else "the settings ask"
    wanted = f"{who} for {asked} MiB a node" if asked else "neither script nor settings say how much memory"
    said = "nothing" if granted is None else f"{float(granted / MIB):.15g} MiB"
    return f"{wanted}, the manifest's {what} say {said}"
