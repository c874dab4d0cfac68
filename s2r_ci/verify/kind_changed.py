"""kind-changed: the kind of the workload can do what the script's shape needs."""

from collections.abc import Iterator

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import MPI, TORCH, launchers
from s2r_ci.verify.facts import Facts


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """One node is a Job, several nodes are what starts the program on them."""
    kinds, why = _allowed(request)
    if facts.kind not in kinds:
        wanted = " or ".join(kinds)
        message = f"{why}, which needs a {wanted}; the manifest is a {facts.kind or 'document without a kind'}"
        yield Breach(message=message, subject="nodes", steps=("kind",))
    elif not facts.roles:
        yield Breach(message=f"the {facts.kind} has no pod template", subject="command", steps=("spec",))


def _allowed(request: ConversionRequest) -> tuple[tuple[str, ...], str]:
    nodes = request.job.resources.nodes
    if request.job.array is not None:
        return ("Job",), "the script is an array"
    if nodes <= 1:
        return ("Job",), "the script runs on one node"
    started_by = launchers(request)
    if started_by & TORCH:
        return ("PyTorchJob",), f"the script runs {', '.join(sorted(started_by & TORCH))} on {nodes} nodes"
    if started_by & (MPI - {"srun"}):
        return ("MPIJob",), f"the script runs {', '.join(sorted(started_by & MPI))} on {nodes} nodes"
    if "srun" in started_by:
        return ("PyTorchJob", "MPIJob"), f"the script runs srun on {nodes} nodes"
    return ("PyTorchJob", "MPIJob", "Job"), f"the script runs on {nodes} nodes"
