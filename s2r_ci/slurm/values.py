"""The values of options: how sbatch reads them, and how it spells them afterwards.

A reader takes the text and the release and returns the spelling and what the arithmetic needs (a number, a pair,
a list). It raises RefusedError with the reason where sbatch refuses the value. Kinds are a column of the table
in ``options``.
"""

from collections.abc import Callable
from typing import Any, Final

from s2r_ci.patterns import lazy
from s2r_ci.slurm import units
from s2r_ci.slurm.binding import read_gpu_bind, read_mem_bind
from s2r_ci.slurm.distributions import read_distribution
from s2r_ci.slurm.moments import read_moment
from s2r_ci.slurm.notices import read_mail, read_signal
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.speeds import read_speed
from s2r_ci.slurm.troubles import RefusedError

Reader = Callable[[str, Release], tuple[str, Any]]

SHARED: Final = {"exclusive": 0, "oversubscribe": 1, "user": 2, "mcs": 3, "topo": 4}
_PROFILES: Final = ("Energy", "Lustre", "Network", "Task")
_INVALID: Final = -2  # a time to wait that sbatch cannot read and keeps
_NICE_LIMIT: Final = 2_147_483_645
_OF_THREADS: Final = 0x8000
_FREQUENCY: Final = lazy(r"^\s*\d|(?i:task|energy|network|filesystem)=\d")
_STRICT: Final[Release] = (23, 2)  # numbers that never wrapped around


def _text(text: str, release: Release) -> tuple[str, Any]:
    return text, text


def _flag(text: str, release: Release) -> tuple[str, Any]:
    return "set", True


def _positive(text: str, release: Release) -> tuple[str, Any]:
    number = units.whole(text, release)
    if number is None:
        raise RefusedError("needs a whole number of at least 1, in decimal, without unit")
    return str(number), number


def _natural(text: str, release: Release) -> tuple[str, Any]:
    number = units.whole(text, release, least=0)
    if number is None:
        raise RefusedError("needs a whole number of at least 0")
    return str(number), number


def _thread_spec(text: str, release: Release) -> tuple[str, Any]:
    """Shares its field with --core-spec; bit 15 tells the two apart, and is not part of the number."""
    field = _positive(text, release)[1] | _OF_THREADS
    return spec_words("thread-spec", field), field


def _core_spec(text: str, release: Release) -> tuple[str, Any]:
    field = _natural(text, release)[1]
    return spec_words("core-spec", field), field


def spec_words(name: str, field: int) -> str:
    """The field of --core-spec and --thread-spec, as each of them shows it: the one says nothing where the number is
    the other's. Two numbers are none at all: those of 16 bits for "not said" and "no limit".
    """
    if name == "core-spec":
        return "unset" if field & _OF_THREADS else str(field)
    return "unset" if field in (65534, -1) or not field & _OF_THREADS else str(field & ~_OF_THREADS)


def _duration(text: str, release: Release) -> tuple[str, Any]:
    total = units.minutes(text)
    if total is None:
        raise RefusedError("needs a time: minutes, M:S, H:M:S, D-H, D-H:M or D-H:M:S, in whole numbers")
    return units.clock(total), total


def _size(text: str, release: Release) -> tuple[str, Any]:
    mib = units.mebibytes(text)
    if mib is None:
        raise RefusedError("needs a whole number with K, M, G or T behind it (no decimals, no Ki, Mi, Gi)")
    return units.size(mib), mib


def _nodes(text: str, release: Release) -> tuple[str, Any]:
    count = units.node_count(text, release)
    if count is None:
        raise RefusedError("needs a node count: N, or MIN-MAX")
    least, most = count
    if 0 != most < least:
        raise RefusedError(f"the most nodes ({most}) are fewer than the least ({least})")
    return (f"{least}-{most}" if most != least else str(least)), count


def _gpus(text: str, release: Release) -> tuple[str, Any]:
    return text, text


def _gres(text: str, release: Release) -> tuple[str, Any]:
    if text.lower() in ("help", "list"):
        raise RefusedError(f"{text} makes sbatch print a list and leave, nothing is submitted")
    if text.lower() == "none":
        return text, ""
    prefix = "gres/" if release >= (23, 11) else "gres:"
    parts = text.split(",")
    spelled = ",".join(part if part.startswith(prefix) else prefix + part for part in parts)
    return spelled, spelled


def _stream(text: str, release: Release) -> tuple[str, Any]:
    name = "/dev/null" if text.lower() == "none" else text
    return name, name


def _export(text: str, release: Release) -> tuple[str, Any]:
    return text, text


def _exclusive(text: str, release: Release) -> tuple[str, Any]:
    word = text.lower() or "exclusive"
    if word == "allocation" and release >= (26, 5):
        return "exclusive", 0
    if word not in SHARED or (word == "topo" and release < (24, 5)):
        raise RefusedError("takes nothing, or one of user, mcs, topo, oversubscribe, exclusive")
    return word, SHARED[word]


def _nice(text: str, release: Release) -> tuple[str, Any]:
    if not text:
        return "100", 100
    number = units.leading(text)[0]
    if abs(number) > _NICE_LIMIT:
        raise RefusedError(f"is out of range (+/- {_NICE_LIMIT})")
    return str(number), number


def _no_kill(text: str, release: Release) -> tuple[str, Any]:
    if text.lower() in ("", "set"):
        return "set", True
    if text.lower() in ("off", "no"):
        return "unset", False
    raise RefusedError("takes nothing, set, off or no")


def _requeue(text: str, release: Release) -> tuple[str, Any]:
    if text.lower() not in ("", "expedite"):
        raise RefusedError("takes nothing, or expedite")
    return text.lower() or "requeue", True


def _power(text: str, release: Release) -> tuple[str, Any]:
    """Gone since 24.05; what it does not know it only complains about."""
    return ("LEVEL" if text.lower() == "level" else "unset"), text


def _one_of(*words: str) -> Reader:
    def read(text: str, release: Release) -> tuple[str, Any]:
        if text.lower() not in words:
            raise RefusedError(f"takes one of {', '.join(words)}")
        return text.lower(), text.lower()

    return read


def _open(text: str, release: Release) -> tuple[str, Any]:
    if text[:1].lower() not in ("a", "t"):
        raise RefusedError("takes append or truncate")
    return text[0].lower(), text[0].lower()


def _bit(text: str, release: Release) -> tuple[str, Any]:
    number = units.whole(text or "0", release, least=0)
    if number not in (0, 1):
        raise RefusedError("takes 0 or 1")
    return str(number), number


def _oom(text: str, release: Release) -> tuple[str, Any]:
    return _bit(text or "1", release)


def _ports(text: str, release: Release) -> tuple[str, Any]:
    return _natural(text or "0", release)


def _segment(text: str, release: Release) -> tuple[str, Any]:
    number = units.whole(text or "0", release, least=0)
    if number is None or number > 65533:
        raise RefusedError("needs a whole number from 0 to 65533")
    return str(number) if number else "unset", number


def _switches(text: str, release: Release) -> tuple[str, Any]:
    count, at_sign, wait = text.partition("@")
    number = units.whole(count, release)
    if number is None:
        raise RefusedError("needs a number of switches of at least 1")
    held = (number, waiting(wait) if at_sign else None)
    return switch_words(*held), held


def waiting(text: str) -> int:
    """Seconds to wait for switches; sbatch keeps what it cannot read, and then does not wait."""
    seconds = units.seconds(text)
    return _INVALID if seconds is None else seconds


def switch_words(count: int | None, wait: int | None) -> str:
    """A number of switches and the seconds to wait for them; no limit is not shown."""
    if wait is None or wait == units.UNLIMITED:
        return "unset" if count == -1 else str(count)
    return f"{count}@{units.clock_of_seconds(wait) if wait >= 0 else 'INVALID'}"


def _delay(text: str, release: Release) -> tuple[str, Any]:
    total = units.seconds(text)
    if total is None:
        raise RefusedError("needs a time: minutes, M:S, H:M:S, D-H, D-H:M or D-H:M:S, in whole numbers")
    return units.clock_of_seconds(total), total


def _topology(text: str, release: Release) -> tuple[str, Any]:
    """--extra-node-info: sockets, cores, threads; a range counts with its least, a star is nothing said."""
    fields: list[int | None] = []
    for part in text.split(":"):
        number = None if part in ("*", "") else units.whole(part.partition("-")[0], _STRICT, least=0)
        if part not in ("*", "") and number is None:
            raise RefusedError("needs SOCKETS[:CORES[:THREADS]]")
        fields.append(number)
    return topology_words(fields[:3]), fields[:3]


def topology_words(fields: list[int | None]) -> str:
    """The fields of --extra-node-info as Slurm spells them: ``:2`` where the first is left open."""
    first, *others = ["" if field is None else str(field) for field in fields]
    return ":".join([first, *filter(None, others)]) or "unset"


def _profile(text: str, release: Release) -> tuple[str, Any]:
    """sbatch looks for the words anywhere in the text."""
    words = text.lower()
    if "none" in words:
        return "None", text
    if "all" in words:
        return ",".join(_PROFILES), text
    known = [name for name in _PROFILES if name.lower() in words]
    if not known:
        raise RefusedError("takes all, none, or a list of energy, task, lustre, network")
    return ",".join(known), text


def _priority(text: str, release: Release) -> tuple[str, Any]:
    if text.upper() == "TOP":
        return "-3", text
    number = units.leading(text)[0]
    if not 0 <= number <= 4294967293:
        raise RefusedError("must be at least 0 and below 4294967294")
    return str(number if number <= units.MOST_INT else number - 2**32), number  # printed as a signed number


def _acctg(text: str, release: Release) -> tuple[str, Any]:
    """Numbers and NAME=NUMBER, separated by commas; sbatch looks for the name anywhere in a part."""
    if any(part and not _FREQUENCY.search(part) for part in text.split(",")):
        raise RefusedError("takes a number of seconds, or a list of task=N, energy=N, network=N, filesystem=N")
    return text, text


def _gres_flags(text: str, release: Release) -> tuple[str, Any]:
    """From 23.02 on a list, which may be empty."""
    known = ["disable-binding", "enforce-binding"]
    if release >= (23, 2):
        known += ["one-task-per-sharing", "multiple-tasks-per-sharing"]
    words = [word for word in text.lower().split(",") if word or release < (23, 2)]
    if (unknown := [word for word in words if word not in known]) or (release < (23, 2) and len(words) != 1):
        raise RefusedError(f"takes {', '.join(known)}" + (", allow-task-sharing only in srun" if unknown else ""))
    for pair in (known[:2], known[2:]):
        if len(set(pair) & set(words)) > 1:
            raise RefusedError(f"takes {' or '.join(pair)}, not both")
    return ",".join(words) or "unset", text


def _gpu_freq(text: str, release: Release) -> tuple[str, Any]:
    for part in text.split(","):
        name, equals, value = part.rpartition("=")
        words = ("low", "medium", "high", "highm1") + (() if equals else ("verbose",))
        if (equals and name != "memory") or (value not in words and units.digits(value) is None):
            raise RefusedError("takes low, medium, high, highm1 or a number in MHz, memory=..., verbose")
    return text, text


def _mem_update(text: str, release: Release) -> tuple[str, Any]:
    margin, _, delay = text.partition("@")
    if not units.digits(margin) or not units.digits(delay):
        raise RefusedError("needs MARGIN@DELAY, two whole numbers of at least 1")
    return text, text


def _user_env(text: str, release: Release) -> tuple[str, Any]:
    body = text.upper()
    mode = body[-1:] if body[-1:] in ("S", "L") else ""
    number = units.digits(body.removesuffix(mode) or "0")
    if number is None:
        raise RefusedError("takes nothing, or a time in seconds with S or L behind it")
    return f"{number}{mode}", text


def _tres(text: str, release: Release) -> tuple[str, Any]:
    return text, text


READERS: Final[dict[str, Reader]] = {
    "text": _text, "flag": _flag, "positive": _positive, "natural": _natural, "duration": _duration, "size": _size,
    "nodes": _nodes, "gpus": _gpus, "gres": _gres, "tres": _tres, "stream": _stream, "export": _export,
    "mail": read_mail, "signal": read_signal, "exclusive": _exclusive, "nice": _nice, "no-kill": _no_kill,
    "requeue": _requeue, "open": _open, "wait-all-nodes": _bit, "oom-kill-step": _oom, "resv-ports": _ports,
    "segment": _segment, "switches": _switches, "extra-node-info": _topology, "distribution": read_distribution,
    "profile": _profile, "thread-spec": _thread_spec, "core-spec": _core_spec, "delay": _delay, "priority": _priority,
    "acctg-freq": _acctg, "cpu-freq": read_speed,
    "mem-bind": read_mem_bind,
    "gpu-bind": read_gpu_bind, "get-user-env": _user_env, "moment": read_moment, "array": _text,
    "licenses": _text, "hint": _text, "mem-update": _mem_update, "power": _power,
    "propagate": lambda text, release: (text or "ALL", text or "ALL"),
    "kill-on-invalid-dep": _one_of("yes", "no"),
    "gres-flags": _gres_flags, "gpu-freq": _gpu_freq,
}  # fmt: skip
