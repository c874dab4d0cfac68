"""gpu-count-changed: as many GPUs in a pod as the script asks on a node."""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from s2r_ci.model import ConversionRequest
from s2r_ci.verify import expected
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.facts import Facts, Role
from s2r_ci.verify.totals import less

_WHOLE: Final = "nvidia.com/gpu"
_SHARED: Final = ("gpu-fraction", "gpu-memory", "gpu-fraction-num-devices", "gpu-fraction-container-name")
_NEVER: Final = ("gpu-memory", "gpu-fraction-container-name")


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Whole GPUs and slices requested and limited alike, shares as annotations; an MPIJob's launcher has none."""
    differs = False
    for role in facts.roles:
        works = role in facts.workers
        share = expected.share(request) if works else Fraction(0)
        whole = share if share.denominator == 1 else Fraction(0)
        asked = expected.gpus(request) + whole if works else whole
        found = [*_counts(asked, expected.gpu_resource(request), role), *_shares(share - whole, role)]
        yield from found
        differs = differs or bool(found)
    if not differs:
        yield from less("GPUs", request, facts)


def _counts(asked: Fraction, name: str, role: Role) -> Iterator[Breach]:
    for what, amounts in (("limits", role.limits), ("requests", role.requests)):
        others = [other for other in amounts if _is_gpu(other) and other != name]
        if others:
            yield _breach(f"the script asks for {name}, the manifest for {others[0]}", role, what)
        elif (granted := amounts.get(name, Fraction(0))) != asked:
            yield _breach(
                f"the script asks for {asked} GPUs a node, the manifest's {what} say {granted}", role, what
            )
            return


def _shares(asked: Fraction, role: Role) -> Iterator[Breach]:
    """Shares are written in hundredths of a device, rounded down."""
    for name in _SHARED:
        if name in role.annotations and (not asked or name in _NEVER):
            yield _breach(f"the script asks for whole GPUs, the manifest for a share: {name}", role, name)
    if asked:
        devices = -(-asked.numerator // asked.denominator)
        said = role.annotations.get("gpu-fraction", ""), role.annotations.get("gpu-fraction-num-devices", "1")
        wanted = Fraction(max(1, int(asked / devices * 100)), 100)
        if _number(said[0]) != wanted or _number(said[1]) != devices:
            message = (
                f"the script asks for {float(wanted):g} of {devices} GPUs, the manifest for {said[0] or 'none'}"
            )
            yield _breach(f"{message[:200]} of {said[1]}", role, "gpu-fraction")


def _number(text: str) -> Fraction | None:
    return Fraction(text) if re.fullmatch(r"[0-9]{1,4}(?:\.[0-9]{1,4})?", text) else None


def _is_gpu(name: str) -> bool:
    return name.startswith("nvidia.com/") or name.endswith("/gpu")


def _breach(message: str, role: Role, what: str) -> Breach:
    if what in _SHARED:
        return Breach(message=message, subject="gpus", steps=(*role.steps, "metadata", "annotations", what))
    return Breach(message=message, subject="gpus", steps=(*role.spec, "containers", 0, "resources", what, _WHOLE))
