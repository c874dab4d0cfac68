"""Where this reading and Slurm part, and which differences are the site's or the oracle's, with the reason."""

import re
from typing import Any, Final, NamedTuple

# The resources that setup.sh gives the imaginary nodes.
_RESOURCES: Final = (
    "gpu|mps|shard|nic|craynetwork|nvme|ssd|lscratch|localtmp|scratch|tmpdisk|tmpfs|tmp|disk|bandwidth|hbm|fpga|mic|"
    "license1"
)


class Difference(NamedTuple):
    """One place where this reading says something else than Slurm."""

    group: str
    number: int
    release: str
    ours: Any
    theirs: Any
    holds: str = ""  # the options that the script holds, as `holds NAME=VALUE`


# Differences that are none of this reading's: pattern of the group, pattern of what both said, and why.
EXPLAINED: Final[tuple[tuple[str, str, str], ...]] = (
    ("stage .*", "--spread-job", "whether nodes are spread is the site's topology to say"),
    ("stage .*", "opening file|user environment file|--bbf specification", "whether a file exists"),
    (
        "stage (accepted|controller|parse) for verify: Invalid (generic|Trackable).*",
        rf"holds (gres|tres-per-task)=(\S*,)?gres[/:](?!(?:{_RESOURCES})(?![\w.-]))",
        "which resources exist is the site's",
    ),
    (
        "this second .*",
        "holds deadline=",
        "a deadline in the very second of the call: whose clock is looked at last",
    ),
    ("named .*", "", "the nodes stand in a file; with the list in its place all is the same"),
    (
        "cut short .*",
        "holds bbf",
        "a fault of sbatch: for each component with --bbf it reads the script shorter by the length of the file",
    ),
    (
        "stage accepted for .*",
        r"Invalid (--gpu-bind|Trackable).* holds (gpu|tres)-bind=\S*(?i:verbose),ma(p|sk):[^+ ]{0,3}( |$)",
        "up to 24.11 sbatch reads past the end of a list of fewer than four letters, in whatever memory holds there",
    ),
    (
        "request (array_inx|batch_features)",
        " het .*holds (array|batch)=",
        "sbatch sends of a component's --array and --batch a text that it has freed when it read the next component",
    ),
    (
        "stage verify for parse.*",
        "Getting environment variables from .* het .*holds export-file",
        "the oracle's hook loses its folder once --export-file has taken the environment of a component before",
    ),
    (
        "stage .* for (verify|parse).*",
        "can't be reached|clusters can be reached",
        "which clusters there are is the site's",
    ),
    ("stage accepted for controller.*", "Job dependency problem", "which jobs there were is the site's"),
    (
        "stage accepted for controller.*",
        "for external job.* holds external",
        "whether jobs may be external is the site's",
    ),
    ("request exc_nodes", r"holds exclude=\S*/", "which names stand in the file that --exclude names"),
    (
        "stage accepted for controller.*",
        "more ports than can be reserved.* holds resv-ports=",
        "how many ports may be reserved is the site's",
    ),
    ("stage .*", "Invalid license", "which licenses exist is the site's"),
    (
        "stage accepted for controller.*",
        "Invalid Trackable.* holds tres-per-task=([^ ]*,)?license/",
        "which licenses are counted as resources is the site's",
    ),
    (
        "stage .*",
        "in your slurm.conf|allowed in slurm.conf|one-task-per-sharing and|Preemption is|"
        "not supported.* holds (no-)?requeue=",
        "what the site has configured",
    ),
)


def explanation(difference: Difference) -> str:
    """Why a difference is none of ours, or nothing."""
    said = f"{difference.release} {difference.ours} {difference.theirs} {difference.holds}"
    for group, message, why in EXPLAINED:
        if re.fullmatch(group, difference.group) and re.search(message, said):
            return why
    return ""
