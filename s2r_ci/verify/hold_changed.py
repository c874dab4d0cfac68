"""hold-changed: a job that is held at submission waits in the new cluster too."""

from collections.abc import Iterator

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.facts import Facts


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """``--hold`` is suspend: true, and without it nothing is suspended."""
    if request.job.hold and not facts.suspend and "hold" not in facts.unsaid:
        message = "the script is held at submission, the manifest starts at once"
    elif facts.suspend and not request.job.hold:
        message = "the script is not held, the manifest is suspended and would never start"
    else:
        return
    yield Breach(message=message, subject="hold", steps=(*facts.policy_steps, "suspend"))
