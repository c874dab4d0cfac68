"""partition-lost: the node pools are those of the script's partitions."""

from collections.abc import Iterator

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import POOL_LABEL, partitions, pools
from s2r_ci.verify.facts import Facts, Role


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """In the site map's order, each once; no pool where one of the partitions is not in the site map.

    The open-source scheduler knows one pool for a pod: the first.
    """
    named = partitions(request)
    kai = request.target.name == "kai"
    wanted = pools(request)[:1] if kai else pools(request)
    for role in facts.roles:
        found = (*_label(role), *role.pools) if kai else role.pools
        if found != wanted:
            asked = f"the script's partition is {','.join(named)}" if named else "the script names no partition"
            expected = f"node pools {' '.join(wanted)}" if wanted else "no node pools"
            message = f"{asked}, so {expected}; the manifest has {' '.join(found) or 'none'}"
            steps = (*role.steps, "metadata", "annotations", "runai-nodepools")
            yield Breach(message=message, subject="partition", steps=steps)


def _label(role: Role) -> tuple[str, ...]:
    return (role.labels[POOL_LABEL],) if POOL_LABEL in role.labels else ()
