"""Names that Kubernetes takes."""

from typing import Final

from s2r_ci.patterns import lazy

LONGEST: Final = 63  # a label, and with it every object whose name becomes a host name (RFC 1035)

_STRANGE: Final = lazy(r"[^a-z0-9]+")


def object_name(job_name: str, *, suffix: int = 0) -> str:
    """A DNS-1035 label made from a job's name: ``Train_A 2`` becomes ``train-a-2``, ``3d`` becomes ``job-3d``.

    ``suffix`` characters stay free for what an operator appends: ``-worker-12`` needs 10. The same name always
    gives the same label; two names may give one.
    """
    label = _STRANGE.sub("-", job_name.lower()).strip("-")
    if not label[:1].isalpha():
        label = f"job-{label}"
    return label[: max(LONGEST - suffix, 1)].rstrip("-")
