"""What the names of the old cluster stand for in the new one: questions that the site map answers, once for all."""

from collections.abc import Iterator
from typing import Final

from s2r_ci.convert import wording
from s2r_ci.model import ItemKind, Location, Question
from s2r_ci.runai import placement, scheduling, storage
from s2r_ci.runai.bindings import bindings
from s2r_ci.runai.distribution import PYTORCH, Plan
from s2r_ci.runai.sharing import mig_profile
from s2r_ci.runai.targets import REST


def place_in_api(made: Plan) -> Iterator[Question]:
    """The REST API knows projects and clusters by numbers that stand in no script."""
    target = made.request.target
    for key, known, answer in (
        ("project-id", target.project_id, 'project-id = "4500001"'),
        ("cluster-id", target.cluster_id, 'cluster-id = "00000000-0000-0000-0000-000000000000"'),
    ):
        if target.name == REST and not known:
            what = key.removesuffix("-id")
            yield Question(
                key=key,
                text=f"which {what} does the REST API take the workload for (GET /api/v1/{_LISTS[what]} lists them)?",
                location=Location(path=made.request.script.path),
                answer=answer,
            )


_LISTS: Final = {"project": "org-unit/projects", "cluster": "clusters"}


def partitions(made: Plan) -> Iterator[Question]:
    """A node pool for each partition."""
    known = made.request.target.site.partitions
    for name in scheduling.partitions(made.request):
        if name not in known:
            yield Question(
                key=f"partition.{name}",
                text=f"which node pools stand for the partition {name}?",
                location=wording.place(made, "partition"),
                answer=f'site.partitions.{wording.key(name)} = ["POOL"]',
            )


def qos(made: Plan) -> Iterator[Question]:
    """A priority for the QOS."""
    name = made.job.options.get("qos", "")
    if name and name not in made.request.target.site.qos:
        yield Question(
            key=f"qos.{name}",
            text=f"which priority does the QOS {name} have?",
            location=wording.place(made, "qos"),
            answer=f'site.qos.{wording.key(name)} = {{ priority = "high" }}',
        )


def constraints(made: Plan) -> Iterator[Question]:
    """Node labels for each feature of ``--constraint``."""
    known = made.request.target.site.features
    for name in placement.features(made.request):
        if name not in known:
            yield Question(
                key=f"constraint.{name}",
                text=f"which node labels stand for the feature {name}?",
                location=wording.place(made, "constraint"),
                answer=f'site.features.{wording.key(name)} = {{ "LABEL" = "VALUE" }}',
            )


def gpu_model(made: Plan) -> Iterator[Question]:
    """Node labels for the GPU model; MIG profiles name a resource by themselves."""
    name = made.job.resources.gpu_model
    if "," in name:
        yield Question(
            key=f"gpu-model.{name}",
            text=f"the script asks for GPUs of several models ({name.replace(',', ', ')}), and all GPUs of a "
            "pod are of one: which one, and how many?",
            location=wording.place(made, "gpu-model"),
            answer="one model in the script: #SBATCH --gpus=MODEL:N",
        )
    elif name and name not in made.request.target.site.gpus and not mig_profile(name):
        yield Question(
            key=f"gpu-model.{name}",
            text=f"which node labels does the GPU model {name} have?",
            location=wording.place(made, "gpu-model"),
            answer=f'site.gpus.{wording.key(name)} = {{ "nvidia.com/gpu.product" = "..." }}',
        )


def gres(made: Plan) -> Iterator[Question]:
    """An extended resource for each generic one, and how many shards are a GPU."""
    known = made.request.target.site.gres
    others = made.job.resources.other_gres
    if others.get("shard") and "shard" not in known and not made.request.target.shards_per_gpu:
        yield Question(
            key="shards-per-gpu",
            text="how many shards (--gres=shard) are one GPU of the old cluster?",
            location=wording.place(made, "gpus"),
            answer="shards-per-gpu = 4",
        )
    for name in sorted(others.keys() - {"shard", "mps"}):
        if name not in known:
            yield Question(
                key=f"gres.{name}",
                text=f"which extended resource stands for the generic resource {name}?",
                location=wording.place(made, "gpus"),
                answer=f'site.gres.{wording.key(name)} = "VENDOR/NAME"',
            )


def topology(made: Plan) -> Iterator[Question]:
    """The node label that tells one switch from another."""
    target = made.request.target
    if placement.wants_topology(made) and not (target.topology and target.topology_level):
        yield Question(
            key="topology",
            text="the script wants its nodes below one switch: by which node label does the scheduler know switches?",
            location=wording.place(made, "switches" if "switches" in made.job.options else "segment"),
            answer='topology = "NAME", and topology-level = "LABEL"',
        )


def volumes(made: Plan) -> Iterator[Question]:
    """A volume for each folder that the script or its containers use."""
    places = {item.name: item.location for item in made.job.inventory if item.kind is ItemKind.PATH}
    sources = (binding.source for binding in bindings(made.request))
    for path in dict.fromkeys((*storage.paths(made.request), *sources)):
        if unmounted(made, path):
            folder = storage.top_folder(path)
            yield Question(
                key=f"volume.{folder}",
                text=f"which volume holds {folder}?",
                location=places.get(path) or wording.place(made, "working-directory"),
                answer=f'site.volumes.{wording.key(folder)} = {{ claim = "NAME" }}',
            )


def shared_folder(made: Plan) -> Iterator[Question]:
    """The first pod hands its orders to the others through the working directory: all of them have to see it."""
    folder = made.request.target.working_directory
    if made.kind == PYTORCH and folder and unmounted(made, folder):
        top = storage.top_folder(folder)
        yield Question(
            key=f"volume.{top}",
            text=f"srun reaches the other pods through the working directory: which volume holds {top} for all?",
            location=wording.place(made, "nodes"),
            answer=f'site.volumes.{wording.key(top)} = {{ claim = "NAME" }}',
        )


def unmounted(made: Plan, path: str) -> bool:
    """Whether a path is neither the image's or the pod's own, nor on a volume of the site."""
    if storage.is_local(path) or storage.prefix_of(path, made.request.target.site.volumes) is not None:
        return False
    return storage.prefix_of(path, [binding.inside for binding in bindings(made.request)]) is None
