"""A broken promise, and the shape of what looks for one."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from s2r_ci.model import ConversionRequest
from s2r_ci.verify.facts import Facts
from s2r_ci.verify.shapes import Steps


class Breach(NamedTuple):
    """One promise that the manifest breaks."""

    message: str  # what the script says, then what the manifest says
    subject: str  # a key of JobSpec.origins where the script has a line for it
    steps: Steps = ()  # the path into the manifest


Check = Callable[[ConversionRequest, Facts], Iterator[Breach]]
