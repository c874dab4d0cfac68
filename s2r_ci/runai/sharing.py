"""Parts of GPUs: shares (``--gres=mps:50``, ``shard:2``) and slices (MIG: ``--gres=gpu:1g.5gb:2``).

A share becomes the annotations by which Run:ai and KAI divide a GPU, never beside ``nvidia.com/gpu``; a slice is a
device of its own name, as NVIDIA's plug-in offers it with the mixed strategy.
"""

from typing import Final, NamedTuple

from s2r_ci.model import ConversionRequest
from s2r_ci.patterns import lazy

FRACTION: Final = "gpu-fraction"
DEVICES: Final = "gpu-fraction-num-devices"
SLICE: Final = "nvidia.com/mig-"
MPS_PER_GPU: Final = 100
"""Slurm counts MPS in hundredths of a GPU unless a site says otherwise."""

_PROFILE: Final = lazy(r"(?:.*_)?([1-9][0-9]?g\.[1-9][0-9]*gb)(?:[+.]me)?")


class Share(NamedTuple):
    """So many devices, of each so many hundredths; 100 is all of it."""

    devices: int
    hundredths: int

    @property
    def whole(self) -> bool:
        """Whole GPUs, asked for in shares."""
        return self.hundredths == 100

    @property
    def fraction(self) -> str:
        """``0.5``, for the annotation."""
        return f"0.{self.hundredths:02}".rstrip("0")


def mig_profile(model: str) -> str:
    """The MIG profile in a GPU type's name; empty for a whole GPU.

    >>> mig_profile("a100_1g.5gb"), mig_profile("a100")
    ('1g.5gb', '')
    """
    found = _PROFILE.fullmatch(model)
    return found[1] if found else ""


def share_of(request: ConversionRequest) -> Share | None:
    """The part of GPUs that one pod gets; None where the script asks for none, or nobody knows of how many."""
    asked = request.job.resources.other_gres
    for name, per_gpu in (("mps", MPS_PER_GPU), ("shard", request.target.shards_per_gpu)):
        count = asked.get(name, 0)
        if count and per_gpu and name not in request.target.site.gres:
            devices = -(-count // per_gpu)
            return Share(devices=devices, hundredths=max(1, 100 * count // (per_gpu * devices)))
    return None


def annotations(request: ConversionRequest) -> dict[str, str]:
    """What the pod template says of a share."""
    share = share_of(request)
    if share is None or share.whole:
        return {}
    more = {DEVICES: str(share.devices)} if share.devices > 1 else {}
    return {FRACTION: share.fraction} | more
