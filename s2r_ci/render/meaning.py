"""What the value of an option means, in words, where its spelling does not say."""

import signal
from collections.abc import Callable, Mapping
from typing import Final

from s2r_ci.slurm.notices import read_signal
from s2r_ci.slurm.troubles import RefusedError
from s2r_ci.slurm.units import ArrayError, array_ids, mebibytes

_LATEST: Final = (26, 5)


def _signal(value: str) -> str:
    """Whom --signal tells what, and when."""
    try:
        reserved, to_shell, number, before = read_signal(value, _LATEST)[1]
    except RefusedError:
        return ""
    name = signal.Signals(number).name if number in {each.value for each in signal.Signals} else f"signal {number}"
    whom = "the batch shell alone" if to_shell else "the steps, not the batch shell"
    return f"{name} to {whom}, {before} s before the end{', and the job may overlap a reservation' if reserved else ''}"


def _array(value: str) -> str:
    try:
        ids, throttle = array_ids(value)
    except ArrayError:
        return ""
    span = f"{len(ids):,} ids from {min(ids)} to {max(ids)}" if len(ids) > 1 else f"the id {ids[0]}"
    return span + (f", {throttle} at once" if throttle else "")


def _all_memory(value: str) -> str:
    return "all memory of the node" if mebibytes(value) == 0 else ""


MEANINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "mem": _all_memory,
    "mem-per-cpu": _all_memory,
    "signal": _signal,
    "array": _array,
    "open-mode": lambda value: {"a": "adds to the log", "t": "writes the log anew"}.get(value[:1].lower(), ""),
}
"""Option -> the meaning of its value, or nothing."""
