"""Memory in another unit than was meant."""

from collections.abc import Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.lint.case import Case, found, number
from s2r_ci.model import Finding
from s2r_ci.patterns import lazy

# Below the first number gigabytes were meant; above the second one kilobytes or bytes.
_IN_MIB: Final = lazy(r"\b(?:mi?b|mega ?bytes?|mebibytes?)\b")
_BOUNDS: Final = {"mem": (256, 8_388_608), "mem-per-gpu": (256, 8_388_608), "mem-per-cpu": (65, 4_194_304)}


def memory_without_unit(case: Case) -> Iterator[Finding]:
    """Bare numbers that are too small or too large to be MiB."""
    for name, (least, most) in _BOUNDS.items():
        said = case.directives.get(name)
        mib = number(said.value) if said else None
        if said is None or not mib or least <= mib <= most or _IN_MIB.search(case.remark(said)):
            continue
        if mib < least:
            message = f"--{name}={mib} is {mib} MiB: for {mib} GiB write --{name}={mib}G"
        else:
            message = f"--{name}={mib} is {mib:,} MiB, more than {mib >> 20} TiB: write the unit"
        yield found(rules.MEMORY_WITHOUT_UNIT, message, said.location, name)
