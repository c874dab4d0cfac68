"""Options that do not simply replace an earlier one of their name, but add to it or share a field with another."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from s2r_ci.slurm import notices, units, values
from s2r_ci.slurm.binding import Binding
from s2r_ci.slurm.options import Catalogue, Release
from s2r_ci.slurm.shape import TOPOLOGY, UNNAMED, Held, gave_way, topology
from s2r_ci.slurm.troubles import RefusedError

Together = Callable[[dict[str, Held], str, str, Any, Release], tuple[str, Any]]


def _add_mail(held: dict[str, Held], name: str, spelled: str, data: int, release: Release) -> tuple[str, int]:
    """Up to 24.11 the events of several options add up."""
    if name not in held or release >= (25, 5):
        return spelled, data
    bits = held[name].data | data
    return notices.mail_words(bits), bits


def _stick_signal(
    held: dict[str, Held], name: str, spelled: str, data: tuple[bool, bool, int, int], release: Release
) -> tuple[str, tuple[bool, bool, int, int]]:
    """The flags B and R of an earlier --signal stay."""
    if name not in held:
        return spelled, data
    before = held[name].data
    joined = (before[0] or data[0], before[1] or data[1], data[2], data[3])
    return notices.signal_words(joined, release), joined


def _stick_sharing(held: dict[str, Held], name: str, spelled: str, data: str, release: Release) -> tuple[str, str]:
    """Of an earlier --gres-flags the word about sharing stays, that about binding does not."""
    before = (
        [word for word in held[name].data.lower().split(",") if word.endswith("-sharing")] if name in held else []
    )
    words = [word for word in spelled.split(",") if word not in ("", "unset", *before)]
    if before and any(word.endswith("-sharing") for word in words):
        raise RefusedError(f"takes {before[0]} or another word about sharing, not both")
    joined = ",".join([*words, *before])
    return joined or "unset", joined


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
            earlier = held.get("requeue")
            once = earlier is not None and earlier.spelled == "expedite"  # it stays, whatever is said later
            spelled, data = "expedite" if once else "requeue" if spelled == "set" else spelled, 1
        if before := held.get(other):
            held[other] = before._replace(spelled=spelled, data=data)
        return spelled, data

    return take


def _bind_memory(
    held: dict[str, Held], name: str, spelled: str, data: Binding, release: Release
) -> tuple[str, Binding]:
    """The words of several --mem-bind add up; the last way to bind counts."""
    if name not in held:
        return spelled, data
    before = held[name]
    joined = data.over(before.data._replace(outside=before.data.outside or before.origin == "environment"))
    return str(joined), joined


def _bind_gpus(held: dict[str, Held], name: str, spelled: str, data: str, release: Release) -> tuple[str, str]:
    """--gpu-bind is a part of --tres-bind, and takes the place of what that said before."""
    if before := held.get("tres-bind"):
        held["tres-bind"] = before._replace(spelled=f"gres/gpu:{data}", data=f"gres/gpu:{data}")
    return spelled, data


def _topology(
    held: dict[str, Held], name: str, spelled: str, data: list[int | None], release: Release
) -> tuple[str, list[int | None]]:
    """-B takes the place of the single options before it, also where it leaves a field open."""
    for field, option in zip([*data, None, None], TOPOLOGY, strict=False):
        if option in held:
            held[option] = held[option]._replace(spelled="-2" if field is None else str(field), data=field)
    return spelled, data


def _instead_of(other: str) -> Together:
    """Two names for one field, of which the bits say whose number it is."""

    def take(held: dict[str, Held], name: str, spelled: str, data: int, release: Release) -> tuple[str, int]:
        if before := held.get(other):
            held[other] = before._replace(spelled=values.spec_words(other, data), data=None)
        return spelled, data

    return take


def _keep_wait(
    held: dict[str, Held], name: str, spelled: str, data: tuple[int, int | None], release: Release
) -> tuple[str, tuple[int, int | None]]:
    """The time to wait of an earlier --switches stays."""
    before = held.get(name)
    if before is None or data[1] is not None or before.data[1] is None:
        return spelled, data
    kept = (data[0], before.data[1])
    return values.switch_words(*kept), kept


def _stick_mode(held: dict[str, Held], name: str, spelled: str, data: str, release: Release) -> tuple[str, str]:
    """Up to 24.11 the letter of an earlier --get-user-env stays where the later one has none."""
    letter = held[name].spelled[-1:] if name in held else ""
    return (spelled + letter if letter in ("S", "L") and spelled[-1:].isdigit() else spelled), data


def take_back(held: dict[str, Held], name: str) -> None:
    """A flag that the environment sets to no. The two names for requeueing share a field, which is then empty."""
    if name == "ignore-pbs":
        return
    held.pop(name, None)
    other = {"requeue": "no-requeue", "no-requeue": "requeue"}.get(name, "")
    if before := held.get(other):
        held[other] = before._replace(spelled="unset", data=None)


TOGETHER: Final[dict[str, Together]] = {
    "extra-node-info": _topology,
    "core-spec": _instead_of("thread-spec"),
    "thread-spec": _instead_of("core-spec"),
    "switches": _keep_wait,
    "get-user-env": _stick_mode,
    "gpu-bind": _bind_gpus,
    "mem-bind": _bind_memory,
    "cluster": _one_field("clusters"),
    "clusters": _one_field("cluster"),
    "mail-type": _add_mail,
    "gres-flags": _stick_sharing,
    "signal": _stick_signal,
    "kill-on-invalid-dep": _stick_yes,
    "requeue": _one_field("no-requeue"),
    "no-requeue": _one_field("requeue"),
    "nodelist": _last_of_two("nodefile"),
    "nodefile": _last_of_two("nodelist"),
    "exclusive": _one_field("oversubscribe"),
    "oversubscribe": _one_field("exclusive"),
}


def carried(held: Mapping[str, Held], known: Catalogue) -> dict[str, Held]:
    """What a component keeps of the one before. A file's name was joined to the folder that held then."""
    kept = {name: said for name, said in held.items() if known.names[name].het == "carried"}
    if hint := kept.get("hint"):
        kept["hint"] = hint._replace(origin="carried")
        if hint.origin == "carried":  # one component may say more; the next one has it again
            kept["hint"] = hint._replace(data=hint.spelled)
        elif hint.data is None or gave_way(held):
            del kept["hint"]
    folder = kept["chdir"].data if "chdir" in kept else ""
    for name in ("output", "error", "input"):
        if (said := kept.get(name)) and not said.data.startswith("/") and said.origin != "carried":
            joined = f"{folder}/{said.data}" if folder else said.data
            kept[name] = said._replace(spelled=joined, data=joined, origin="carried")
    return kept


def switches_of_variable(
    held: Mapping[str, Held], text: str, release: Release
) -> tuple[str, tuple[int | None, int | None]]:
    """SBATCH_REQ_SWITCH and, behind an @, SBATCH_WAIT4SWITCH: they set the numbers and not the option."""
    before = held.get("switches")
    count, wait = before.data if before else (None, None)
    if text.startswith("@"):
        wait = values.waiting(text[1:])
    else:
        count = units.whole(text, release)
        if count is None:
            raise RefusedError("needs a whole number of at least 1")
    if before is None or before.spelled is UNNAMED:
        return UNNAMED, (count, wait)
    return values.switch_words(count, wait), (count, wait)


def spell_topology(held: dict[str, Held]) -> None:
    """-B and the three single options are the same fields."""
    spelled = values.topology_words(topology(held, hinted=False))
    held["extra-node-info"] = held["extra-node-info"]._replace(spelled=spelled)
