"""On which nodes pods may run: labels for features, hosts, whole nodes, spreading, and the topology."""

from collections.abc import Iterator
from typing import Any, Final

from s2r_ci.model import ConversionRequest
from s2r_ci.patterns import lazy
from s2r_ci.runai.distribution import JOB, Plan
from s2r_ci.runai.scheduling import expand_hosts

HOSTNAME: Final = "kubernetes.io/hostname"
JOB_NAME: Final = "training.kubeflow.org/job-name"
ROLE: Final = "training.kubeflow.org/job-role"
TOPOLOGY: Final = "kai.scheduler/topology"
_LONGEST: Final = 512  # of an expression, and of its alternatives
_TOKEN: Final = lazy(r"\s*([A-Za-z0-9_.:/+-]+|[()&|,])")

Alternatives = tuple[tuple[str, ...], ...]


def alternatives(text: str, nodes: int = 1) -> Alternatives:
    """A feature expression as alternatives of features that all have to hold; empty for forms no label can be.

    ``[a|b]`` (all nodes alike) is ``a|b`` where there is one node. Counts (``a*2``), and ``&`` beside ``|`` without
    brackets, are no labels.

    >>> alternatives("a&b"), alternatives("a|b"), alternatives("(a|b)&c"), alternatives("a*2")
    ((('a', 'b'),), (('a',), ('b',)), (('a', 'c'), ('b', 'c')), ())
    """
    text = text.strip("\"'")
    if nodes <= 1:
        text = text.replace("[", "(").replace("]", ")")
    tokens = _TOKEN.findall(text)
    if not tokens or len(text) > _LONGEST or "".join(tokens) != "".join(text.split()):
        return ()
    try:
        found = _expression(tokens)
    except (IndexError, ValueError):
        return ()
    return found if not tokens and len(found) <= _LONGEST else ()


def _expression(tokens: list[str]) -> Alternatives:
    """Terms under one operator; takes what it reads from the front of ``tokens``. Raises ValueError, IndexError."""
    found = _term(tokens)
    operators = set()
    while tokens and tokens[0] != ")":
        operator = tokens.pop(0)
        operators.add("|" if operator == "|" else "&")
        if operator not in ("&", "|", ",") or len(operators) > 1:
            raise ValueError(operator)
        right = _term(tokens)
        found = found + right if operator == "|" else tuple((*a, *b) for a in found for b in right)
    return tuple(dict.fromkeys(tuple(dict.fromkeys(words)) for words in found))


def _term(tokens: list[str]) -> Alternatives:
    word = tokens.pop(0)
    if word != "(":
        if word in ("&", "|", ",", ")"):
            raise ValueError(word)
        return ((word,),)
    found = _expression(tokens)
    if tokens.pop(0) != ")":
        raise ValueError("(")
    return found


def asked(request: ConversionRequest, option: str) -> Alternatives:
    """The alternatives of ``--constraint`` or ``--prefer``."""
    return alternatives(request.job.options.get(option, ""), request.job.resources.nodes)


def features(request: ConversionRequest) -> tuple[str, ...]:
    """Every feature that the script names in a form that labels can be, each once."""
    every = (word for option in ("constraint", "prefer") for words in asked(request, option) for word in words)
    return tuple(dict.fromkeys(every))


def node_selector(request: ConversionRequest) -> dict[str, str]:
    """Node labels of the GPU model, and of the features where there is one alternative."""
    site = request.target.site
    found = dict(site.gpus.get(request.job.resources.gpu_model, {}))
    wanted = asked(request, "constraint")
    for word in wanted[0] if len(wanted) == 1 else ():
        found |= site.features.get(word, {})
    return dict(sorted(found.items()))


def affinity(made: Plan) -> dict[str, Any]:
    """``affinity`` of a pod that does the work; empty where nothing asks for one."""
    request = made.request
    node: dict[str, Any] = {}
    if terms := _required(request):
        node["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": terms}
    if preferred := [{"weight": 1, "preference": term} for term in _terms(request, "prefer")]:
        node["preferredDuringSchedulingIgnoredDuringExecution"] = preferred
    found: dict[str, Any] = {"nodeAffinity": node} if node else {}
    if request.job.resources.exclusive:
        found["podAntiAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": [alone()]}
    return found


def alone() -> dict[str, Any]:
    """No other pod of the namespace on the node; but for an MPI launcher, which does none of the work."""
    no_launcher = [{"key": ROLE, "operator": "NotIn", "values": ["launcher"]}]
    return {"labelSelector": {"matchExpressions": no_launcher}, "topologyKey": HOSTNAME}


def _required(request: ConversionRequest) -> list[dict[str, Any]]:
    hosts = [
        {"key": HOSTNAME, "operator": operator, "values": names}
        for option, operator in (("nodelist", "In"), ("exclude", "NotIn"))
        if (names := expand_hosts(request.job.options.get(option, "")))
    ]
    several = len(asked(request, "constraint")) > 1
    terms = list(_terms(request, "constraint")) if several else []
    if not terms:
        return [{"matchExpressions": hosts}] if hosts else []
    return [{"matchExpressions": [*term["matchExpressions"], *hosts]} for term in terms]


def _terms(request: ConversionRequest, option: str) -> Iterator[dict[str, Any]]:
    """One term an alternative; none at all while a feature has no labels."""
    known = request.target.site.features
    wanted = asked(request, option)
    if any(word not in known for words in wanted for word in words):
        return
    for words in wanted:
        labels: dict[str, str] = {}
        for word in words:
            labels |= known[word]
        expressions = [{"key": key, "operator": "In", "values": [value]} for key, value in sorted(labels.items())]
        yield {"matchExpressions": expressions}


def spread(made: Plan) -> list[dict[str, Any]]:
    """``topologySpreadConstraints`` for ``--spread-job``: pods of one workload on as many nodes as there are."""
    if made.kind == JOB or "spread-job" not in made.job.options:
        return []
    selector = {"matchLabels": {JOB_NAME: made.name}}
    return [
        {"maxSkew": 1, "topologyKey": HOSTNAME, "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": selector}
    ]


def topology(made: Plan) -> dict[str, str]:
    """Annotations of the workload for ``--switches`` and ``--segment``: all its pods below one switch, or if possible.

    One pod is below one switch anyway; what the switch is, the settings say (``topology``, ``topology-level``).
    """
    target = made.request.target
    wanted = wants_topology(made)
    if not (wanted and target.topology and target.topology_level):
        return {}
    return {TOPOLOGY: target.topology, f"{TOPOLOGY}-{wanted}-placement": target.topology_level}


def wants_topology(made: Plan) -> str:
    """``required`` for ``--switches=1``, ``preferred`` for more and for ``--segment``; empty where nothing is asked."""
    options = made.job.options
    if made.nodes <= 1:
        return ""
    if switches := options.get("switches", ""):
        return "required" if switches == "1" else "preferred"
    return "preferred" if "segment" in options else ""
