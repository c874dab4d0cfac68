"""scratch-lowered: as much local scratch space as ``--tmp`` asks."""

from collections.abc import Iterator
from fractions import Fraction

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.facts import MIB, Facts


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """More is not less: what is asked beyond the script is the policy's (P-37)."""
    asked = request.job.resources.tmp_per_node_mib
    for role in facts.workers if asked and "tmp" not in facts.unsaid else ():
        granted = role.requests.get("ephemeral-storage", Fraction(0)) / MIB
        if granted < asked:
            message = (
                f"the script asks for {asked} MiB of local scratch, the manifest for {float(granted):.15g} MiB"
            )
            steps = (*role.spec, "containers", 0, "resources", "requests", "ephemeral-storage")
            yield Breach(message=message, subject="tmp", steps=steps)
