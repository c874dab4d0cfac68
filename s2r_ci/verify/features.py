"""Feature expressions, judged by their truth: script and manifest agree for every kind of node there can be.

The writer turns ``--constraint`` into node labels and alternatives; here the expression itself is evaluated, and the
manifest's selector and terms are held against the labels that such a node would carry.
"""

from collections.abc import Iterator, Mapping
from itertools import chain, combinations
from typing import Any, Final

from s2r_ci.model import ConversionRequest
from s2r_ci.patterns import lazy
from s2r_ci.verify.facts import Role

HOSTNAME: Final = "kubernetes.io/hostname"
ALONE: Final[Mapping[str, Any]] = {
    "labelSelector": {
        "matchExpressions": [{"key": "training.kubeflow.org/job-role", "operator": "NotIn", "values": ["launcher"]}]
    },
    "topologyKey": HOSTNAME,
}
"""A whole node: no other pod of the namespace beside this one, but for the launcher of an MPIJob."""

_MOST_WORDS: Final = 8  # 256 kinds of node
_INNER: Final = lazy(r"\(([^()]*)\)")
_SPLIT: Final = lazy(r"[&,|]")
_WORDS: Final = lazy(r"[^()&|,\s]+")
_TRUE: Final = "\1"
_FALSE: Final = "\2"


def expression(request: ConversionRequest, option: str) -> str:
    """The text of ``--constraint`` or ``--prefer`` where labels can say it and the site has labels; else empty."""
    text = "".join(request.job.options.get(option, "").strip("\"'").split())
    if request.job.resources.nodes <= 1:
        text = text.replace("[", "(").replace("]", ")")
    words = set(_WORDS.findall(text))
    known = request.target.site.features
    if not words or len(words) > _MOST_WORDS or any(mark in text for mark in "[]*") or not words <= known.keys():
        return ""
    return text if _value(text, set()) is not None else ""


def holds(text: str, features: set[str]) -> bool:
    """Whether a node with these features may run the job.

    >>> holds("(a|b)&c", {"b", "c"}), holds("(a|b)&c", {"a", "b"})
    (True, False)
    """
    return bool(_value(text, features))


def _value(text: str, features: set[str]) -> bool | None:
    """None where brackets do not match, a word is missing, or ``&`` stands beside ``|``."""
    while "(" in text:
        inner = _INNER.search(text)
        value = _flat(inner[1], features) if inner else None
        if inner is None or value is None:
            return None
        text = text[: inner.start()] + (_TRUE if value else _FALSE) + text[inner.end() :]
    return _flat(text, features)


def _flat(text: str, features: set[str]) -> bool | None:
    words = _SPLIT.split(text)
    mixed = "|" in text and ("&" in text or "," in text)
    if (
        mixed
        or ")" in text
        or not all(words)
        or any(len(word) > 1 and {_TRUE, _FALSE} & set(word) for word in words)
    ):
        return None
    values = [word == _TRUE or word in features for word in words]
    return any(values) if "|" in text else all(values)


def agrees(request: ConversionRequest, role: Role) -> bool:
    """Whether the pod runs on just those nodes that the script's ``--constraint`` admits."""
    text = expression(request, "constraint")
    if not text:
        return True  # whatever the manifest asks then, policy has to know it
    known = request.target.site.features
    other = request.target.site.gpus.get(request.job.resources.gpu_model, {})
    for features in _kinds_of_node(set(_WORDS.findall(text)), known):
        labels = {**other, **{key: value for word in features for key, value in known[word].items()}}
        if holds(text, features) != _admits(role, labels):
            return False
    return True


def _kinds_of_node(words: set[str], known: Mapping[str, Mapping[str, str]]) -> Iterator[set[str]]:
    """Sets of features that some node can have: no label with two values, and all features that its labels mean."""
    every = sorted(words)
    for chosen in chain.from_iterable(combinations(every, count) for count in range(len(every) + 1)):
        labels: dict[str, set[str]] = {}
        for word in chosen:
            for key, value in known[word].items():
                labels.setdefault(key, set()).add(value)
        if all(len(values) == 1 for values in labels.values()):
            meant = {word for word in every if all({v} == labels.get(k) for k, v in known[word].items())}
            if meant == set(chosen):
                yield meant


def _admits(role: Role, labels: Mapping[str, str]) -> bool:
    if any(labels.get(key) != value for key, value in role.node_selector.items()):
        return False
    terms = list(required_terms(role.affinity))
    return not terms or any(_matches(term, labels) for term in terms)


def _matches(term: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Host names are another promise and count as kept."""
    return all(
        labels.get(str(each.get("key"))) in listed(each.get("values"))
        for each in term_expressions(term)
        if each.get("key") != HOSTNAME
    )


# --- the parts of an affinity ------------------------------------------------------------------------------


def required_terms(affinity: object) -> Iterator[Mapping[str, Any]]:
    """The terms of the required node affinity."""
    required = mapping(mapping(mapping(affinity).get("nodeAffinity")).get(REQUIRED))
    yield from (mapping(term) for term in listed(required.get("nodeSelectorTerms")))


def preferred_terms(affinity: object) -> Iterator[Mapping[str, Any]]:
    """The terms of the preferred node affinity."""
    node = mapping(mapping(affinity).get("nodeAffinity"))
    yield from (mapping(mapping(each).get("preference")) for each in listed(node.get(PREFERRED)))


def term_expressions(term: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The expressions of a term; one of an odd shape matches nothing."""
    yield from (mapping(each) for each in listed(term.get("matchExpressions")))


REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"


def mapping(value: object) -> Mapping[str, Any]:
    """The value where it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []
