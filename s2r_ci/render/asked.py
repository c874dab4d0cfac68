"""What sbatch asks the controller for, in words: each with the name it has in Slurm's job record.

``tres_per_node gres/gpu:a100:4`` is "4 GPUs of type a100 on each of 2 nodes (tres_per_node)". What has no words of its
own keeps its name and its value.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from s2r_ci.render.meaning import MEANINGS
from s2r_ci.slurm.notices import mail_words

__all__ = ["count", "mib", "request_words", "span"]

_UNSAID: Final = frozenset({"environment", "cpu_freq_min", "cpu_freq_max", "cpu_freq_gov"})
_LEAST: Final = ", at least"
_COUNTED: Final = {  # field -> what is counted, and where
    "num_tasks": ("task", ""),
    "ntasks_per_node": ("task", "on each node"),
    "ntasks_per_socket": ("task", "on each socket"),
    "ntasks_per_core": ("task", "on each core"),
    "ntasks_per_tres": ("task", "for each GPU"),
    "cpus_per_task": ("CPU", "for each task"),
    "min_cpus": ("CPU", "in all, at least"),
    "pn_min_cpus": ("CPU", "on each node, at least"),
    "sockets_per_node": ("socket", "on each node, at least"),
    "cores_per_socket": ("core", "on each socket, at least"),
    "threads_per_core": ("thread", "on each core, at least"),
    "req_switch": ("switch", "at most between the nodes"),
    "core_spec": ("core", "of each node kept for the system"),
}
_TRES: Final = {
    "tres_per_job": "for the whole job", "tres_per_socket": "on each socket", "tres_per_task": "for each task",
}  # fmt: skip
_FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    "std_in": lambda value: f"input from {value}",
    "std_out": lambda value: f"output to {value}",
    "std_err": lambda value: f"errors to {value}",
    "work_dir": lambda value: f"starts in {value}",
    "mail_user": lambda value: f"mail to {value}",
    "features": lambda value: f"only nodes with {value}",
    "prefer": lambda value: f"rather nodes with {value}",
    "req_nodes": lambda value: f"on {value} in any case",
    "exc_nodes": lambda value: f"never on {value}",
    "dependency": lambda value: f"waits for {value}",
    "array_inx": lambda value: MEANINGS["array"](value) or f"ids {value}",
    "priority": lambda value: "held until it is released" if value == "0" else f"priority {value}",
    "requeue": lambda value: "never queued again" if value == "0" else "queued again after a node failed",
    "shared": lambda value: {"0": "nodes of its own", "1": "nodes shared with others"}.get(
        value, f"shared {value}"
    ),
    "mail_type": lambda value: f"mail at {mail_words(int(value))}" if value.isdigit() else f"mail_type {value}",
    "wait4switch": lambda value: f"waits {value} s for switches",
    "delay_boot": lambda value: f"waits {value} s for nodes that run",
    "begin_time": lambda value: f"not before {value} s after 1970",
    "tres_bind": lambda value: f"bound by {value}",
    "licenses": lambda value: f"licences {value}",
}


def request_words(request: Mapping[str, object]) -> list[str]:
    """Each field of a request as words, its own name in parentheses where they do not say it.

    >>> request_words({"min_nodes": 2, "max_nodes": 2, "num_tasks": 8, "partition": "gpu"})
    ['2 nodes (min_nodes, max_nodes)', '8 tasks (num_tasks)', 'partition gpu']
    >>> request_words({"tres_per_node": "gres/gpu:a100:4", "min_mem_per_node": 2048, "time_limit": 90})
    ['4 GPUs of type a100 on each node (tres_per_node)', '2 GiB on each node (min_mem_per_node)', \
'at most 1 h 30 min (time_limit)']
    """
    return [
        f"{words} ({name})" if name and not words.startswith(f"{name} ") else words
        for words, name in _said(request)
    ]


def _said(request: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    least, most = request.get("min_nodes"), request.get("max_nodes")
    for name, value in request.items():
        if name in _UNSAID or (name == "max_nodes" and least is not None):
            continue
        if name == "tres_per_task" and value == f"cpu={request.get('cpus_per_task')}":
            continue  # the same in Slurm's other words
        if name == "min_nodes":
            yield _nodes(least, most), "min_nodes, max_nodes" if most is not None else name
        else:
            yield _field(name, value, request), name


def _nodes(least: object, most: object) -> str:
    if not isinstance(least, int) or not isinstance(most, int | None):
        return f"{least} to {most} nodes"
    if most is None:
        return f"at least {count(least, 'node')}"
    return count(least, "node") if least == most else f"{least:,} to {count(most, 'node')}"


def _field(name: str, value: object, request: Mapping[str, object]) -> str:
    text = str(value)
    if name in _COUNTED and isinstance(value, int):
        what, where = _COUNTED[name]
        least = "at least " if where.endswith(_LEAST) else ""
        return f"{least}{count(value, what)} {where.removesuffix(_LEAST)}".rstrip()
    if name in _TRES:
        return _amounts(text, _TRES[name])
    if name == "tres_per_node":
        nodes = request.get("min_nodes")
        several = isinstance(nodes, int) and nodes > 1 and nodes == request.get("max_nodes")
        return _amounts(text, f"on each of {nodes} nodes" if several else "on each node")
    if name == "cpus_per_tres":
        return _amounts(text.replace("gres/gpu:", "cpu="), "for each GPU")
    if isinstance(value, int) and name in _MEMORY:
        return _MEMORY[name](value)
    if isinstance(value, int) and name in ("time_limit", "time_min"):
        return f"{'at most' if name == 'time_limit' else 'at least'} {span(value * 60) or '0 min'}"
    return _FORMS[name](text) if name in _FORMS else f"{name} {text}"


_MEMORY: Final[Mapping[str, Callable[[int], str]]] = {
    "min_mem_per_node": lambda value: f"{mib(value)} on each node" if value else "all memory of each node",
    "min_mem_per_cpu": lambda value: f"{mib(value)} for each CPU" if value else "all memory of each node",
    "pn_min_tmp_disk": lambda value: f"{mib(value)} of disk on each node",
}


def _amounts(text: str, where: str) -> str:
    """``gres/gpu:a100:4,license/x:1`` as amounts and names; what is written otherwise stays as it is."""
    return f"{' and '.join(_amount(part) for part in text.split(','))} {where}"


def _amount(text: str) -> str:
    name, _, rest = text.replace("gres:", "gres/", 1).partition("=" if "=" in text else ":")
    kind, _, number = rest.rpartition(":")
    if "=" in text and ":" in name:  # gres/gpu:a100=1
        name, _, kind = name.partition(":")
    if name == "gres/gpu" and not number[:1].isdigit():  # no number is one
        kind, number = number, "1"
    if not number.isascii() or not number.isdigit():
        return text
    if name in ("gres/gpu", "cpu"):
        return count(int(number), "GPU" if name == "gres/gpu" else "CPU") + (f" of type {kind}" if kind else "")
    return f"{int(number):,} {name.removeprefix('gres/')}{f' of type {kind}' if kind else ''}"


def count(number: int, name: str) -> str:
    """A number and what it counts.

    >>> count(1, "task"), count(1200, "task"), count(2, "switch")
    ('1 task', '1,200 tasks', '2 switches')
    """
    several = "" if number == 1 else "es" if name.endswith("ch") else "s"
    return f"{number:,} {name}{several}"


def mib(amount: int) -> str:
    """Mebibytes, in GiB where that is a whole number."""
    return f"{amount // 1024:,} GiB" if amount % 1024 == 0 else f"{amount:,} MiB"


def span(seconds: int) -> str:
    """A span of time in days, hours and minutes; "" for less than a minute.

    >>> span(90_000), span(5400)
    ('1 d 1 h', '1 h 30 min')
    """
    days, rest = divmod(seconds, 86400)
    named = ((days, "d"), (rest // 3600, "h"), (rest % 3600 // 60, "min"))
    return " ".join(f"{number} {unit}" for number, unit in named if number)
