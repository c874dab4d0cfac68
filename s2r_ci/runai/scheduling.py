"""With what right pods run: labels, annotations, node pools, the time limit; and lists of hosts."""

import re
from collections.abc import Iterator
from typing import Final

from s2r_ci.model import ConversionRequest, Service
from s2r_ci.patterns import lazy
from s2r_ci.runai import decisions, sharing
from s2r_ci.runai.distribution import MPI, Plan

SCHEDULER: Final = "runai-scheduler"
GRACE_S: Final = 60
"""What the pod's own deadline adds where a wrapper ends the program at its limit: 30 s for TERM, 30 s to spare."""

NAME_ANNOTATION: Final = "s2r-ci/job-name"
POOLS_ANNOTATION: Final = "runai-nodepools"
_BRACKETS: Final = lazy(r"\[[0-9,\-]+\]")
_PIECES: Final = lazy(r"([^\[\]]+)|\[([0-9,\-]+)\]")
_MOST_HOSTS: Final = 4096


def labels(made: Plan) -> dict[str, str]:
    """The workload's labels. Priority and preemptibility are always said: an administrator can change defaults."""
    service = service_of(made.request)
    found = {
        "priorityClassName": service.priority or ("low" if made.retries else "high"),
        "kai.scheduler/preemptibility": "preemptible" if made.retries else "non-preemptible",
    }
    if project := project_of(made.request):
        found |= {"project": project, "runai/queue": project}
    return found


def annotations(made: Plan) -> dict[str, str]:
    """The job's own name, where Kubernetes cannot hold it as a name; what the script says to people, and what a model
    decided.
    """
    found = {} if made.job.name == made.name else {NAME_ANNOTATION: made.job.name}
    said = {f"s2r-ci/{option}": made.job.options.get(option, "") for option in ("comment", "wckey")}
    found |= {name: text for name, text in said.items() if text}
    if decided := made.request.target.decisions:
        found[decisions.ANNOTATION] = decisions.written(decided)
    return found


def pod_annotations(made: Plan, role: str) -> dict[str, str]:
    """What stands on the pod template: its node pools, and its part of a GPU, of which a launcher needs none."""
    pools = node_pools(made.request)
    found = {POOLS_ANNOTATION: " ".join(pools)} if pools else {}
    return found if role == "Launcher" else found | sharing.annotations(made.request)


def service_of(request: ConversionRequest) -> Service:
    """What the script's QOS means at the site; an empty one where it names none or an unknown one."""
    return request.target.site.qos.get(request.job.options.get("qos", ""), Service())


def project_of(request: ConversionRequest) -> str:
    """The Run:ai project: the settings' one, else the one that the site map has for the account."""
    return request.target.project or request.target.site.accounts.get(request.job.options.get("account", ""), "")


def partitions(request: ConversionRequest) -> tuple[str, ...]:
    """The partitions that the script names, in order."""
    return tuple(name for name in request.job.options.get("partition", "").split(",") if name)


def node_pools(request: ConversionRequest) -> tuple[str, ...]:
    """The node pools of the script's partitions, in order, each once; empty where one is not in the site map."""
    known = request.target.site.partitions
    named = partitions(request)
    if any(name not in known for name in named):
        return ()
    return tuple(dict.fromkeys(pool for name in named for pool in known[name]))


def deadline_s(made: Plan) -> int:
    """``activeDeadlineSeconds`` of a pod; 0 for none. MPI has its limit in the run policy."""
    limit = made.job.time_limit_s or 0
    if not limit or made.kind == MPI:
        return 0
    return limit + GRACE_S if made.retries else limit


def expand_hosts(text: str) -> list[str]:
    """``node[07-08],gpu1`` as a list of names, each group of brackets times the others; empty where the text cannot be
    read or names too many.
    """
    found: dict[str, None] = {}
    for part in _split(text):
        if any(mark in _BRACKETS.sub("", part) for mark in "[]/"):
            return []
        names = [""]
        for plain, ranges in _PIECES.findall(part):
            numbers = list(_numbers(ranges)) if ranges else [""]
            names = [name + plain + number for name in names for number in numbers]
            if len(names) > _MOST_HOSTS:
                return []
        found |= dict.fromkeys(names)
    return list(found) if len(found) <= _MOST_HOSTS else []


def _split(text: str) -> Iterator[str]:
    return (part for part in re.split(r",(?![^\[]*\])", text.strip()) if part)


def _numbers(text: str) -> Iterator[str]:
    for piece in text.split(","):
        first, dash, last = piece.partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            continue
        end = min(int(last) if dash else int(first), int(first) + _MOST_HOSTS)
        yield from (str(number).zfill(len(first)) for number in range(int(first), end + 1))
