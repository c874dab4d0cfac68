"""gres-changed: other generic resources of the script, by their names in the new cluster."""

from collections.abc import Iterator

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import generic_resources
from s2r_ci.verify.facts import Facts


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """What the site map names is asked in every pod, in the script's count."""
    for name, count in generic_resources(request).items() if "gres" not in facts.unsaid else ():
        for role in facts.workers:
            if role.limits.get(name) != count or role.requests.get(name) != count:
                said = role.limits.get(name, "none")
                message = f"the script asks for {count} {name} a node, the manifest for {said}"
                steps = (*role.spec, "containers", 0, "resources", "limits", name)
                yield Breach(message=message, subject="gres", steps=steps)
