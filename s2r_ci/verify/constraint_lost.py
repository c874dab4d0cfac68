"""constraint-lost: features and hosts that the script names still bind its pods."""

from collections.abc import Iterator, Mapping
from typing import Any

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import MOST_HOSTS, feature_labels, hosts
from s2r_ci.verify.facts import Facts, Role


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """``--constraint`` by the site map's labels, ``--nodelist`` and ``--exclude`` by host name."""
    for role in facts.workers:
        for label, value in feature_labels(request).items():
            if "features" not in facts.unsaid and role.node_selector.get(label) != value:
                message = f"the script's constraint means {label}: {value}, which the manifest does not ask"
                yield Breach(message=message, subject="constraint", steps=(*role.spec, "nodeSelector", label))
        for option, operator in (("nodelist", "In"), ("exclude", "NotIn")):
            wanted = set(hosts(request.job.options.get(option, "")))
            if option not in facts.unsaid and 0 < len(wanted) <= MOST_HOSTS and wanted != named(role, operator):
                message = (
                    f"--{option} names {len(wanted)} hosts, the manifest's node affinity does not name the same"
                )
                yield Breach(message=message, subject=option, steps=(*role.spec, "affinity"))


def named(role: Role, operator: str) -> set[str]:
    """The host names that the pod's required node affinity puts in (``In``) or out (``NotIn``)."""
    return {
        str(host)
        for expression in expressions(role.affinity)
        if expression.get("key") == "kubernetes.io/hostname" and expression.get("operator") == operator
        for host in _list(expression.get("values"))
    }


def expressions(affinity: object) -> Iterator[Mapping[str, Any]]:
    """Every expression of the required node affinity."""
    required = _mapping(
        _mapping(_mapping(affinity).get("nodeAffinity")).get("requiredDuringSchedulingIgnoredDuringExecution")
    )
    for term in _list(required.get("nodeSelectorTerms")):
        for expression in _list(_mapping(term).get("matchExpressions")):
            yield _mapping(expression)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
