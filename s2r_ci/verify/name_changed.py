"""name-changed: the workload is called what the job is called, and bears what the script says of it to people."""

import re
from collections.abc import Iterator
from typing import Final

from s2r_ci.model import ConversionRequest
from s2r_ci.patterns import lazy
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.facts import Facts

_LABEL: Final = lazy(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")  # RFC 1035, as operators make host names of it


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """The name is a host name made from the job's name, with room for what an operator appends.

    The container's is settled: the PyTorch operator looks for its own, failure policies and logs for the other.
    """
    wanted = _wanted(request, facts)
    if facts.name != wanted or not _LABEL.fullmatch(facts.name):
        said = repr(facts.name) if facts.name else "not named"
        message = f"the job {request.job.name!r} becomes {wanted!r}, the manifest is {said}"
        yield Breach(message=message, subject="name", steps=("metadata", "name"))
    called = "pytorch" if facts.kind == "PyTorchJob" else "main"
    for role in facts.roles:
        if role.main is not None and role.main.name != called:
            message = f"the container of the script is {called!r}, the manifest calls it {role.main.name[:80]!r}"
            yield Breach(message=message, subject="name", steps=(*role.main.steps, "name"))
    for option in ("comment", "wckey"):
        remark = request.job.options.get(option, "")
        if remark and facts.annotations.get(f"s2r-ci/{option}") != remark:
            message = f"--{option} of the script does not stand in the annotation s2r-ci/{option}"
            yield Breach(message=message, subject=option, steps=("metadata", "annotations", f"s2r-ci/{option}"))


def _wanted(request: ConversionRequest, facts: Facts) -> str:
    words = re.findall("[a-z0-9]+", request.job.name.lower())
    if not words or words[0][0].isdigit():
        words.insert(0, "job")
    label = "-".join(words) if len(words) > 1 or words != ["job"] else "job-"
    return label[: 63 - _appended(request, facts)].rstrip("-")


def _appended(request: ConversionRequest, facts: Facts) -> int:
    """Octets that the controllers put behind the name of a pod: ``-3``, ``-worker-12``, ``-launcher-0``."""
    if facts.kind == "Job":
        return 0 if request.job.array is None else 1 + len(str(len(request.job.array.ids) - 1))
    return max(len("-launcher-0"), len("-worker-") + len(str(request.job.resources.nodes - 1)))
