"""gpu-count-changed: as many GPUs in a pod as the script asks on a node."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import gpus
from s2r_ci.verify.facts import Amounts, Facts, Role

_WHOLE: Final = "nvidia.com/gpu"
_SHARED: Final = ("gpu-fraction", "gpu-memory", "gpu-fraction-num-devices", "gpu-fraction-container-name")


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Whole GPUs, requested and limited alike; the launcher of an MPIJob has none."""
    for role in facts.roles:
        asked = gpus(request) if role in facts.workers else 0
        yield from _counts(asked, role)
        for name in _SHARED:
            if name in role.annotations:
                yield _breach(f"the script asks for whole GPUs, the manifest for a share: {name}", role, name)


def _counts(asked: int, role: Role) -> Iterator[Breach]:
    for what, amounts in (("limits", role.limits), ("requests", role.requests)):
        others = [name for name in amounts if _is_gpu(name) and name != _WHOLE]
        if others:
            yield _breach(f"the script asks for whole GPUs, the manifest for {others[0]}", role, what)
        elif (granted := _gpus(amounts)) != asked:
            yield _breach(
                f"the script asks for {asked} GPUs a node, the manifest's {what} say {granted}", role, what
            )
            return


def _gpus(amounts: Amounts) -> Fraction:
    return amounts.get(_WHOLE, Fraction(0))


def _is_gpu(name: str) -> bool:
    return name.startswith("nvidia.com/") or name.endswith("/gpu")


def _breach(message: str, role: Role, what: str) -> Breach:
    if what in _SHARED:
        return Breach(message=message, subject="gpus", steps=(*role.steps, "metadata", "annotations", what))
    return Breach(message=message, subject="gpus", steps=(*role.spec, "containers", 0, "resources", what, _WHOLE))
