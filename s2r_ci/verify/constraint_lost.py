"""constraint-lost: features, hosts and neighbourhood that the script names still bind its pods."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import MOST_HOSTS, feature_labels, hosts
from s2r_ci.verify.facts import Facts, Role
from s2r_ci.verify.features import (
    ALONE,
    HOSTNAME,
    REQUIRED,
    agrees,
    expression,
    listed,
    mapping,
    preferred_terms,
    required_terms,
    term_expressions,
)

_TOPOLOGY: Final = "kai.scheduler/topology"


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Features by the site map's labels, hosts by name, whole nodes by keeping other pods away, switches by the
    scheduler's topology, and spreading by a constraint. That nothing else binds them is policy (P-18, P-36).
    """
    if "topology" not in facts.unsaid:
        yield from _topology(request, facts)
    for role in facts.workers:
        if "features" not in facts.unsaid:
            yield from _features(request, role)
            yield from _wishes(request, role) if "prefer" not in facts.unsaid else ()
        yield from _hosts(request, role, facts.unsaid)
        if _spreads(request, facts) and not listed(role.node.get("topologySpreadConstraints")):
            message = "the script asks for --spread-job, the manifest's pods are spread by no constraint"
            yield Breach(message=message, subject="spread-job", steps=(*role.spec, "topologySpreadConstraints"))
        apart = [dict(ALONE)] if request.job.resources.exclusive else []
        if "exclusive" not in facts.unsaid and _anti(role) != apart:
            asked = "the whole node" if request.job.resources.exclusive else "no whole node"
            message = f"the script asks for {asked}, the manifest's pod anti-affinity says otherwise"
            yield Breach(message=message, subject="exclusive", steps=(*role.spec, "affinity"))


def _topology(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """``--switches=1`` binds to one switch; more of them, a time to wait for one, and ``--segment`` are a wish."""
    options, target = request.job.options, request.target
    asked = options.get("switches") or options.get("segment")
    if not asked or request.job.resources.nodes <= 1 or not (target.topology and target.topology_level):
        return
    how = "required" if options.get("switches") == "1" else "preferred"
    wanted = {_TOPOLOGY: target.topology, f"{_TOPOLOGY}-{how}-placement": target.topology_level}
    for name, value in wanted.items():
        if facts.annotations.get(name) != value:
            message = f"the script asks for nodes near each other, which is {name}: {value}; the manifest lacks it"
            yield Breach(message=message, subject="switches", steps=("metadata", "annotations", name))


def _spreads(request: ConversionRequest, facts: Facts) -> bool:
    return "spread-job" in request.job.options and facts.kind != "Job" and "spread" not in facts.unsaid


def _features(request: ConversionRequest, role: Role) -> Iterator[Breach]:
    for label, value in feature_labels(request).items():
        if role.node_selector.get(label) != value:
            message = f"the script's constraint means {label}: {value}, which the manifest does not ask"
            yield Breach(message=message, subject="constraint", steps=(*role.spec, "nodeSelector", label))
    if not feature_labels(request) and not agrees(request, role):
        message = "the manifest's node labels admit other nodes than the script's constraint"
        yield Breach(message=message, subject="constraint", steps=(*role.spec, "affinity"))


def _wishes(request: ConversionRequest, role: Role) -> Iterator[Breach]:
    if bool(expression(request, "prefer")) != any(preferred_terms(role.affinity)):
        message = "the manifest prefers other nodes than the script"
        yield Breach(message=message, subject="prefer", steps=(*role.spec, "affinity"))


def _hosts(request: ConversionRequest, role: Role, unsaid: Collection[str]) -> Iterator[Breach]:
    for option, operator in (("nodelist", "In"), ("exclude", "NotIn")):
        wanted = set(hosts(request.job.options.get(option, "")))
        if option not in unsaid and 0 < len(wanted) <= MOST_HOSTS and wanted != named(role, operator):
            message = f"--{option} names {len(wanted)} hosts, the manifest's node affinity does not name the same"
            yield Breach(message=message, subject=option, steps=(*role.spec, "affinity"))


def _anti(role: Role) -> list[Any]:
    return listed(mapping(mapping(role.affinity).get("podAntiAffinity")).get(REQUIRED))


def named(role: Role, operator: str) -> set[str]:
    """The host names that the pod's required node affinity puts in (``In``) or out (``NotIn``), whatever term it takes.

    A node has to satisfy one term, and all expressions of it: hosts that only some terms name bind nothing.
    """
    every = [_of_term(mapping(term), operator) for term in required_terms(role.affinity)]
    return every[0] if every and all(one == every[0] for one in every) else set()


def _of_term(term: Mapping[str, Any], operator: str) -> set[str]:
    each = [
        {str(host) for host in listed(expression.get("values"))}
        for expression in term_expressions(term)
        if expression.get("key") == HOSTNAME and expression.get("operator") == operator
    ]
    if operator == "NotIn":
        return set().union(*each)
    return set.intersection(*each) if each else set()
