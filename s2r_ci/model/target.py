"""Where a script goes: the new cluster, and what stands there for the names of the old one."""

from __future__ import annotations

from collections.abc import Mapping

from s2r_ci.frozen import field, frozen


@frozen
class Volume:
    """A volume of the site that stands for a folder of the old cluster."""

    claim: str  # PersistentVolumeClaim
    mount_path: str = ""  # "": the same path as on the old cluster
    sub_path: str = ""
    read_only: bool = False


@frozen
class Service:
    """What a QOS means at the site."""

    priority: str = ""  # one of Run:ai's: very-low, low, medium-low, medium, medium-high, high, very-high
    preemptibility: str = ""  # preemptible or non-preemptible


@frozen
class Site:
    """The site map: names of the old cluster to names of the new one."""

    partitions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # -> node pools, in order
    accounts: Mapping[str, str] = field(default_factory=dict)  # -> Run:ai project
    qos: Mapping[str, Service] = field(default_factory=dict)
    gpus: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # GPU model -> node labels
    features: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # constraint word -> node labels
    modules: Mapping[str, str] = field(default_factory=dict)  # module name -> image that holds it
    volumes: Mapping[str, Volume] = field(default_factory=dict)  # host path -> volume, longest prefix wins
    gres: Mapping[str, str] = field(default_factory=dict)  # GRES name -> extended resource


@frozen
class Change:
    """One line of the program part, written anew: a launcher for another one, or a command left out (``:``)."""

    line: int  # of the script, from 1
    text: str  # without indentation and line end


@frozen
class Decisions:
    """What a model decided where rules left a question open.

    The manifest carries them in an annotation, and the judge reads them there: each has to be one that the script and
    the settings leave open, or the manifest is refused.
    """

    image: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[str, ...] = ()  # paths of the site map whose volumes are mounted as well
    changes: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.image or self.variables or self.mounts or self.changes)


@frozen
class Target:
    """Everything of the settings that a manifest depends on: its digest decides what is stale."""

    name: str = "kubernetes"
    runai_release: str = "2.25"
    slurm_version: str = "24.11"
    converter: str = "auto"  # who shall write it: auto (whoever), rules, service; no part of the digest
    project: str = ""
    namespace: str = ""
    project_id: str = ""  # of the REST API
    cluster_id: str = ""  # of the REST API, a UUID
    image: str = ""  # the answer for this script: it counts over what the script itself names
    default_image: str = ""  # for scripts that name none
    working_directory: str = ""
    memory_mib: int = 0  # for scripts that say nothing, or --mem=0; 0: ask
    gpus: int | None = None  # the answer where the partition decides
    shards_per_gpu: int = 0  # of --gres=shard; 0: ask
    topology: str = ""  # name of the scheduler's Topology object
    topology_level: str = ""  # the node label that tells what --switches means
    arguments: tuple[str, ...] = ()  # the script's arguments, answered
    variables: Mapping[str, str] = field(default_factory=dict)  # submit-time variables, answered
    accepted: tuple[str, ...] = ()  # keys of questions that a person has looked at and takes as they are
    body_delivery: str = "embedded"  # or "mounted": run from a checkout in working_directory
    image_allow: tuple[str, ...] = ()  # further images that a manifest may name
    options: tuple[str, ...] = ()  # given to sbatch besides those of the script, and counting over them
    crd: tuple[str, ...] = ()  # files of the site's own definitions; they judge, so they are no part of the digest
    mounts: tuple[str, ...] = ()  # paths of the site map that are mounted though the script does not name them
    decisions: Decisions = Decisions()  # already part of image, variables and mounts above: see runai.decisions
    site: Site = Site()
