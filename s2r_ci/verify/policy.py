"""policy-violated: what no manifest of a batch script may ask for, whoever wrote it.

The ids are those of the published policy, P-01 to P-44. Each message begins with one. All that is not allowed is
refused: a field that this page and its neighbours do not know is P-02.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from s2r_ci.model import ConversionRequest
from s2r_ci.verify import policy_pod, policy_site, policy_text
from s2r_ci.verify.breach import Breach, Check
from s2r_ci.verify.facts import Facts

ELSEWHERE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "P-20": "image-changed",
        "P-22": "image-tag-loose",
        "P-23": "the question image, which makes the outcome review",
        "P-28": "environment-lost",
        "P-29": "secret-in-manifest",
        "P-30": "gpu-count-changed",
        "P-31": "cpu-count-changed",
        "P-32": "memory-changed",
        "P-33": "time-limit-dropped",
        "P-34": "node-count-changed, task-count-changed, array-flattened",
        "P-42": "runai.yaml, which writes and reads the text",
        "P-43": "runai.yaml and runai.document, which write the comments",
        "P-44": "runai.document, which reads the header",
    }
)
"""Rules of the policy that are kept by something else than this check."""

_CHECKS: Final[tuple[Check, ...]] = (policy_site.check, policy_pod.check, policy_text.check)


def check(request: ConversionRequest, facts: Facts) -> Iterator[Breach]:
    """Everything that the policy refuses, in the order site, pod, text."""
    for oddity in facts.oddities:
        yield Breach(message=f"P-02 odd shape: {oddity.message}", subject="P-02", steps=oddity.steps)
    for part in _CHECKS:
        yield from part(request, facts)
