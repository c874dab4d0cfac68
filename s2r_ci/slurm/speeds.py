"""CPU frequencies: --cpu-freq, as sbatch reads it and as it sends it to the controller.

A speed is a number in kHz or one of four names; a governor may follow a range. Which governors a site allows is
the site's (``CpuFreqGovernors``) and not asked here.
"""

from typing import Final, NamedTuple

from s2r_ci.slurm.options import Release
from s2r_ci.slurm.troubles import RefusedError
from s2r_ci.slurm.units import leading

_MARK: Final = 0x80000000
# A word counts by its first letters: `lo`, `lows` and `low` are the same.
_SPEEDS: Final = (("highm1", "Highm1", 4), ("hi", "High", 3), ("lo", "Low", 1), ("med", "Medium", 2))
_NAMES: Final = {_MARK | place: name for _, name, place in _SPEEDS}
_GOVERNORS: Final = {
    "cons": ("Conservative", 0x08000000), "onde": ("OnDemand", 0x04000000), "perf": ("Performance", 0x02000000),
    "powe": ("PowerSave", 0x01000000), "user": ("UserSpace", 0x00800000), "sche": ("SchedUtil", 0x00400000),
}  # fmt: skip


class Speed(NamedTuple):
    """Least and most, and the governor, as numbers of the request; None where nothing is said."""

    least: int | None = None
    most: int | None = None
    governor: int | None = None


def read_speed(text: str, release: Release) -> tuple[str, Speed]:
    """A frequency, a range with its governor, or a governor alone. Raises RefusedError."""
    body, colon, governor = text.lower().partition(":")
    if not colon and body[:4] in _GOVERNORS:
        name, number = _GOVERNORS[body[:4]]
        return name, Speed(governor=_MARK | number)
    governor = governor[:4]
    if colon and governor not in _GOVERNORS:
        raise RefusedError("knows no such governor")
    low, dash, high = body.partition("-")
    if dash:
        return _range(low, high, governor, release)
    spelled, most = _speed(low, release)
    userspace = _MARK | _GOVERNORS["user"][1]
    if colon and (governor != "user" or release < (23, 11)):
        raise RefusedError("takes a governor only behind a range, P-P:GOVERNOR, or alone")
    return spelled, Speed(most=most, governor=None if release < (23, 11) else userspace)


def _range(low: str, high: str, governor: str, release: Release) -> tuple[str, Speed]:
    (first, least), (second, most) = _speed(low, release), _speed(high, release)
    if most < least:
        raise RefusedError("needs the lower frequency first")
    if not governor:
        if release >= (23, 11):
            raise RefusedError("needs a governor with a range: P-P:GOVERNOR")
        return f"{first}-{second}", Speed(least, most)
    if governor == "user" and release >= (23, 11):
        raise RefusedError("takes one frequency, not a range, with the governor userspace")
    name, number = _GOVERNORS[governor]
    return f"{first}-{second}:{name}", Speed(least, most, _MARK | number)


def _speed(text: str, release: Release) -> tuple[str, int]:
    """How Slurm spells a speed, and its number: 32 bits, of which the highest marks a name. Up to 22.05 what stands
    behind a number did not count.
    """
    for beginning, name, place in _SPEEDS:
        if text.startswith(beginning):
            return name, _MARK | place
    number, rest = leading(text)
    number %= 2**32
    if not number or (rest and release >= (23, 11)):
        raise RefusedError("takes P, P-P:GOVERNOR or GOVERNOR, P a number in kHz, low, medium, highm1 or high")
    return (_NAMES.get(number, "Unknown") if number & _MARK else str(number)), number
