"""Options that do not simply replace an earlier one of their name, but add to it or share a field with another."""

from collections.abc import Callable
from typing import Any, Final

from s2r_ci.slurm import values
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.shape import TOPOLOGY, Held, topology

Together = Callable[[dict[str, Held], str, str, Any, Release], tuple[str, Any]]


def _add_mail(held: dict[str, Held], name: str, spelled: str, data: int, release: Release) -> tuple[str, int]:
    """Up to 24.11 the events of several options add up."""
    if name not in held or release >= (25, 5):
        return spelled, data
    bits = held[name].data | data
    return values.mail_words(bits), bits


def _stick_signal(
    held: dict[str, Held], name: str, spelled: str, data: tuple[bool, bool, int, int], release: Release
) -> tuple[str, tuple[bool, bool, int, int]]:
    """The flags B and R of an earlier --signal stay."""
    if name not in held:
        return spelled, data
    before = held[name].data
    joined = (before[0] or data[0], before[1] or data[1], data[2], data[3])
    return values.signal_words(joined), joined


def _stick_yes(held: dict[str, Held], name: str, spelled: str, data: str, release: Release) -> tuple[str, str]:
    return ("yes", "yes") if name in held and held[name].data == "yes" else (spelled, data)


def _last_of_two(other: str) -> Together:
    def take(held: dict[str, Held], name: str, spelled: str, data: Any, release: Release) -> tuple[str, Any]:
        held.pop(other, None)
        return spelled, data

    return take


def _one_field(other: str) -> Together:
    """Two names for one field: both stay set, and show what was said last."""

    def take(held: dict[str, Held], name: str, spelled: str, data: Any, release: Release) -> tuple[str, Any]:
        if name in ("no-requeue", "oversubscribe"):
            spelled, data = name, int(name == "oversubscribe")
        elif name == "requeue":
            spelled, data = name, 1
        if before := held.get(other):
            held[other] = before._replace(spelled=spelled, data=data)
        return spelled, data

    return take


def _topology(
    held: dict[str, Held], name: str, spelled: str, data: list[int | None], release: Release
) -> tuple[str, list[int | None]]:
    """-B takes the place of the single options before it, also where it leaves a field open."""
    for field, option in zip([*data, None, None], TOPOLOGY, strict=False):
        if option in held:
            held[option] = held[option]._replace(spelled="-2" if field is None else str(field), data=field)
    return spelled, data


TOGETHER: Final[dict[str, Together]] = {
    "extra-node-info": _topology,
    "mail-type": _add_mail,
    "signal": _stick_signal,
    "kill-on-invalid-dep": _stick_yes,
    "requeue": _one_field("no-requeue"),
    "no-requeue": _one_field("requeue"),
    "nodelist": _last_of_two("nodefile"),
    "nodefile": _last_of_two("nodelist"),
    "exclusive": _one_field("oversubscribe"),
    "oversubscribe": _one_field("exclusive"),
}


def spell_topology(held: dict[str, Held]) -> None:
    """-B and the three single options are the same fields."""
    if said := held.get("extra-node-info"):
        fields = topology(held)[: len(said.data)]
        held["extra-node-info"] = said._replace(spelled=values.topology_words(fields))
