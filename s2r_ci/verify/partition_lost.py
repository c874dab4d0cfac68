"""partition-lost: the node pools are those of the script's partitions."""

from collections.abc import Iterator

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import partitions
from s2r_ci.verify.facts import Facts


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """In the site map's order, each once; no pool where one of the partitions is not in the site map."""
    named = partitions(request)
    wanted = _pools(request, named)
    for role in facts.roles:
        if role.pools != wanted:
            asked = f"the script's partition is {','.join(named)}" if named else "the script names no partition"
            expected = f"node pools {' '.join(wanted)}" if wanted else "no node pools"
            message = f"{asked}, so {expected}; the manifest has {' '.join(role.pools) or 'none'}"
            steps = (*role.steps, "metadata", "annotations", "runai-nodepools")
            yield Breach(message=message, subject="partition", steps=steps)


def _pools(request: ConversionRequest, named: list[str]) -> tuple[str, ...]:
    known = request.target.site.partitions
    pools: list[str] = []
    for name in named:
        if name not in known:
            return ()
        pools += [pool for pool in known[name] if pool not in pools]
    return tuple(pools)
