"""Where pods may run and with what right: node pools, labels, node selectors, affinity, and the time limit."""

import re
from collections.abc import Iterator
from typing import Any, Final

from s2r_ci.model import ConversionRequest, Service
from s2r_ci.runai import decisions
from s2r_ci.runai.distribution import MPI, Plan

SCHEDULER: Final = "runai-scheduler"
GRACE_S: Final = 60
"""What the pod's own deadline adds where a wrapper ends the program at its limit: 30 s for TERM, 30 s to spare."""

NAME_ANNOTATION: Final = "s2r-ci/job-name"
POOLS_ANNOTATION: Final = "runai-nodepools"
_BRACKETS: Final = re.compile(r"\[[0-9,\-]+\]")
_PIECES: Final = re.compile(r"([^\[\]]+)|\[([0-9,\-]+)\]")
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
    """The job's own name, where Kubernetes cannot hold it as a name; and what a model decided."""
    found = {} if made.job.name == made.name else {NAME_ANNOTATION: made.job.name}
    if decided := made.request.target.decisions:
        found[decisions.ANNOTATION] = decisions.written(decided)
    return found


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


def node_selector(request: ConversionRequest) -> dict[str, str]:
    """Node labels of the GPU model and of the features that all have to hold."""
    site = request.target.site
    found = dict(site.gpus.get(request.job.resources.gpu_model, {}))
    for word in features(request):
        found |= site.features.get(word, {})
    return dict(sorted(found.items()))


def features(request: ConversionRequest) -> tuple[str, ...]:
    """The words of ``--constraint`` where all of them have to hold (``a&b``, ``a,b``); empty for other forms."""
    text = request.job.options.get("constraint", "").strip("\"'")
    if not text or any(mark in text for mark in "|[]*()"):
        return ()
    return tuple(word for word in re.split(r"[&,]", text) if word)


def affinity(request: ConversionRequest) -> dict[str, Any]:
    """Node affinity for ``--nodelist`` and ``--exclude``; an empty one where neither is said."""
    expressions = [
        {"key": "kubernetes.io/hostname", "operator": operator, "values": hosts}
        for option, operator in (("nodelist", "In"), ("exclude", "NotIn"))
        if (hosts := expand_hosts(request.job.options.get(option, "")))
    ]
    if not expressions:
        return {}
    terms = {"nodeSelectorTerms": [{"matchExpressions": expressions}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


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
