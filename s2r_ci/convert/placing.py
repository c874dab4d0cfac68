"""Where pods may run: what becomes of partitions, QOS, features, hosts, whole nodes, switches and spreading."""

from collections.abc import Callable, Mapping
from typing import Final

from s2r_ci.convert.answers import ASK, EXACT, LOST, NEAR, Answer, mapped
from s2r_ci.model import Item, Question
from s2r_ci.runai import placement, scheduling
from s2r_ci.runai.distribution import JOB, Plan


def exclusive(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    """``--exclusive``: the project's other pods stay off the node."""
    for key in ("whole-node", "memory"):
        if key in asked:
            return Answer(ASK, f"{made.template}.spec.containers[0].resources", asked[key].text)
    if not made.job.resources.exclusive:
        return Answer(NEAR, "", "nothing keeps other people's pods off the node; it gets what it asks for")
    field = f"{made.template}.spec.affinity.podAntiAffinity"
    return Answer(NEAR, field, "no other pod of the project on its node; pods of other projects may be there")


def constraint(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    """``--constraint`` and ``--prefer``, by the labels of the site map."""
    wanted = placement.asked(made.request, item.name)
    if not wanted:
        return Answer(LOST, "", "counted features, and & beside | without brackets, can be no labels of one pod")
    if item.name == "prefer":
        return _PREFERRED(item, made, asked)
    return _EITHER(item, made, asked) if len(wanted) > 1 else _FEATURES(item, made, asked)


def topology(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    """``--switches`` and ``--segment``, by the scheduler's topology."""
    if not placement.wants_topology(made):
        return Answer(NEAR, "", "one pod is below one switch anyway")
    if "topology" in asked:
        return Answer(ASK, "", asked["topology"].text)
    where = f"metadata.annotations.{placement.TOPOLOGY}"
    return Answer(
        NEAR, where, "the scheduler's topology stands for switches; how long to wait for it cannot be said"
    )


def spread(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    """``--spread-job``: the pods of one workload apart from each other."""
    if made.kind == JOB:
        return Answer(NEAR, "", "there is one pod, which cannot be spread")
    return Answer(
        NEAR, f"{made.template}.spec.topologySpreadConstraints", "on as many nodes as there are, if possible"
    )


def hosts(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    """``--nodelist`` and ``--exclude``, by host name."""
    field = f"{made.template}.spec.affinity.nodeAffinity"
    if not scheduling.expand_hosts(made.job.options.get(item.name, "")):
        return Answer(LOST, "", "the list of nodes cannot be read here")
    if item.name == "exclude":
        return Answer(EXACT, field, "these host names are left out")
    return Answer(NEAR, field, "any of these host names; Slurm takes all of them")


PARTITION: Final = mapped(
    "partition",
    lambda made: scheduling.partitions(made.request),
    "{template}.metadata.annotations.runai-nodepools",
    "node pools in the order given; Slurm takes the earliest start",
)


def _words(option: str) -> Callable[[Plan], tuple[str, ...]]:
    return lambda made: tuple(word for words in placement.asked(made.request, option) for word in words)


_NODE_AFFINITY: Final = "{template}.spec.affinity.nodeAffinity"
_FEATURES: Final = mapped(
    "constraint", _words("constraint"), "{template}.spec.nodeSelector", "node labels stand for it"
)
_EITHER: Final = mapped(
    "constraint", _words("constraint"), _NODE_AFFINITY, "node labels stand for it, one term a choice"
)
_PREFERRED: Final = mapped(
    "constraint", _words("prefer"), _NODE_AFFINITY, "node labels stand for it, where there are some"
)
QOS: Final = mapped(
    "qos",
    lambda made: (made.job.options.get("qos", ""),),
    "metadata.labels.priorityClassName",
    "the site map says which priority stands for it",
)
