"""What a manifest has to say, worked out from the script and the site alone.

These are the judge's own sums. The writer has its own, and neither knows the other's.
"""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import islice
from typing import Final

from s2r_ci.model import ConversionRequest, ItemKind, Service
from s2r_ci.patterns import lazy

PLACEHOLDER_IMAGE: Final = "image.invalid/choose-an-image:unset"
TORCH: Final = frozenset({"torchrun", "torch.distributed", "accelerate", "deepspeed"})
MPI: Final = frozenset({"mpirun", "mpiexec", "srun"})
RETRIES: Final = 6
MOST_DEVICES: Final = 1024  # numbers in CUDA_VISIBLE_DEVICES
_MOST_EXPANDED: Final = 4096
MOST_HOSTS: Final = 1024  # more do not fit into a node affinity

POOL_LABEL: Final = "kai.scheduler/node-pool"
"""Where the open-source scheduler has a pool: one label of the pod, where Run:ai has a list in an annotation."""

_NAME: Final = lazy(r"[A-Za-z_][A-Za-z0-9_]*")
_LOADERS: Final = lazy(
    r"LD_.*|DYLD_.*|PYTHONSTARTUP|BASH_ENV|ENV|PROMPT_COMMAND|NODE_OPTIONS|PERL5OPT|RUBYOPT|GIT_SSH.*|"
    r"(?:https?|ftp|all|no)_proxy",
    re.IGNORECASE,
)


def service(request: ConversionRequest) -> Service:
    """What the site says of the script's QOS."""
    return request.target.site.qos.get(request.job.options.get("qos", ""), Service())


def restarts(request: ConversionRequest) -> bool:
    """Whether the job may be started again when it loses its node (profile R)."""
    if request.job.requeue is None:
        return service(request).preemptibility == "preemptible"
    return request.job.requeue


def project(request: ConversionRequest) -> str:
    """The Run:ai project; empty where neither settings nor site map know one."""
    return request.target.project or request.target.site.accounts.get(request.job.options.get("account", ""), "")


def launchers(request: ConversionRequest) -> set[str]:
    """Everything that starts the program, wherever it was seen."""
    names = {item.name for item in request.job.inventory if item.kind is ItemKind.LAUNCHER}
    for step in request.job.body.steps:
        names.update((step.launcher, step.within))
    return names - {""}


def gpus(request: ConversionRequest) -> int:
    """GPUs of one pod; the answer counts only where the script uses GPUs and asks for none."""
    asked = request.job.resources.gpus_per_node
    answered = request.target.gpus if request.job.body.uses_gpu else 0
    return asked or answered or 0


def share(request: ConversionRequest) -> Fraction:
    """The part of GPUs that ``--gres=mps`` or ``shard`` asks for, in whole GPUs; 0 for none, or where nobody knows."""
    target = request.target
    for name, of in (("mps", 100), ("shard", target.shards_per_gpu)):
        if request.job.resources.other_gres.get(name) and of and name not in target.site.gres:
            return Fraction(request.job.resources.other_gres[name], of)
    return Fraction(0)


def gpu_resource(request: ConversionRequest) -> str:
    """The device's name: NVIDIA's own for a slice by MIG, as its plug-in offers it with the mixed strategy.

    >>> re.fullmatch(_SLICE, "nvidia_a100_1g.10gb")[1]
    '1g.10gb'
    """
    found = re.fullmatch(_SLICE, request.job.resources.gpu_model)
    return f"nvidia.com/mig-{found[1]}" if found else "nvidia.com/gpu"


_SLICE: Final = r"(?:.*_)?(\d+g\.\d+gb)(?:[.+]me)?"


def memory_mib(request: ConversionRequest) -> int:
    """Memory of one pod in MiB; 0 where nobody has said."""
    return request.job.resources.memory_per_node_mib or request.target.memory_mib


def time_limit_s(request: ConversionRequest) -> int:
    """The time limit in seconds, in whole minutes as Slurm counts; 0 for none."""
    return -(-(request.job.time_limit_s or 0) // 60) * 60


def generic_resources(request: ConversionRequest) -> dict[str, int]:
    """Extended resources by their names in the new cluster, those of the site map only."""
    names = request.target.site.gres
    found: dict[str, int] = {}
    for name, count in request.job.resources.other_gres.items():
        if name in names and count:
            found[names[name]] = found.get(names[name], 0) + count
    return found


def partitions(request: ConversionRequest) -> list[str]:
    """The partitions that the script names."""
    return [name for name in request.job.options.get("partition", "").split(",") if name]


def pools(request: ConversionRequest) -> tuple[str, ...]:
    """The node pools of the script's partitions in the site map's order, each once; none where one is unknown there."""
    known = request.target.site.partitions
    found: list[str] = []
    for name in partitions(request):
        if name not in known:
            return ()
        found += [pool for pool in known[name] if pool not in found]
    return tuple(found)


def model_labels(request: ConversionRequest) -> Mapping[str, str]:
    """The node labels that the site has for the script's GPU model."""
    return request.target.site.gpus.get(request.job.resources.gpu_model, {})


def feature_labels(request: ConversionRequest) -> dict[str, str]:
    """The node labels for ``--constraint``, where all of its words have to hold."""
    text = request.job.options.get("constraint", "").strip("\"'")
    if any(mark in text for mark in "|[]*()"):
        return {}
    labels: dict[str, str] = {}
    for word in text.replace("&", ",").split(","):
        labels.update(request.target.site.features.get(word, {}))
    return labels


def settable(name: str, request: ConversionRequest) -> bool:
    """Whether a manifest may set the variable (P-27): what changes how programs load only where the script does."""
    if not _NAME.fullmatch(name):
        return False
    return not _LOADERS.fullmatch(name) or name in request.job.body.exports or name in request.job.environment


def hosts(text: str) -> Iterator[str]:
    """``gpu[07-09],login`` host by host; nothing where it is no list of hosts, at most 4,096 of one range.

    >>> list(hosts("gpu[07-08,11],login")), list(hosts("r[1-2]n[1,3]"))
    (['gpu07', 'gpu08', 'gpu11', 'login'], ['r1n1', 'r1n3', 'r2n1', 'r2n3'])
    """
    if "/" in text:
        return
    for part in _outside_brackets(text):
        yield from islice(_expanded(part), _MOST_EXPANDED)


def _expanded(part: str) -> Iterator[str]:
    """The group of brackets that comes first, then the rest of the name, which may have more of them."""
    head, bracket, rest = part.partition("[")
    ranges, _, tail = rest.partition("]")
    if not bracket:
        yield head
        return
    for piece in ranges.split(","):
        first, _, last = piece.partition("-")
        last = last or first
        if first.isdecimal() and last.isdecimal() and len(last) < 10:
            numbers = range(int(first), min(int(last), int(first) + _MOST_EXPANDED) + 1)
            yield from (f"{head}{number:0{len(first)}}{end}" for number in numbers for end in _expanded(tail))


def _outside_brackets(text: str) -> Iterator[str]:
    depth, start = 0, 0
    for index, character in enumerate(text):
        depth += (character == "[") - (character == "]")
        if character == "," and not depth:
            yield text[start:index]
            start = index + 1
    if text[start:]:
        yield text[start:]
