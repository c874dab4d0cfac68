"""Where a script says two things and a pod can have one of them: images, and GPUs of a node."""

from collections.abc import Iterator
from typing import Final

from s2r_ci.model import Item, ItemKind, Location, Question
from s2r_ci.runai import manifest
from s2r_ci.runai.distribution import Plan

IMAGES: Final = "images"
GPUS: Final = "gpus-per-node"


def images(made: Plan) -> Iterator[Question]:
    """Several containers, or modules that stand for several images: all of the pod's commands run in one image.

    An image that a person has named for the script settles it; so it does not arise where none is known yet.
    """
    request = made.request
    origin = manifest.image(request)[1]
    if request.target.image or not origin:
        return
    wanted = _of_modules(made) if origin == "module" else _of_containers(made)
    if len(wanted) > 1:
        second = list(wanted.values())[1]
        yield Question(
            key=IMAGES,
            text=f"the script runs in different images ({', '.join(wanted)}), and a pod has one: which one holds the "
            "software of all?",
            location=second.location,
            answer='image = "NAME:TAG"',
        )


def _of_containers(made: Plan) -> dict[str, Item]:
    wanted: dict[str, Item] = {}
    for item in made.job.inventory:
        directive = item.kind is ItemKind.DIRECTIVE and item.name == "container-image"
        if not item.value or not (directive or item.kind is ItemKind.CONTAINER):
            continue
        wanted.setdefault(manifest.container_image(item.value) or item.value.strip("\"'"), item)
    return wanted


def _of_modules(made: Plan) -> dict[str, Item]:
    modules = made.request.target.site.modules
    wanted: dict[str, Item] = {}
    for item in made.job.inventory:
        if item.kind is ItemKind.MODULE and (named := manifest.module_image(item.value, modules)):
            wanted.setdefault(named, item)
    return wanted


def gpus(made: Plan) -> Iterator[Question]:
    """``--gpus-per-node=4 --gres=gpu:2``: sbatch takes both, and no node can give both."""
    options = made.job.options
    a_node = _counts(options.get("gpus-per-node", ""), named=False)
    generic = _counts(options.get("gres", ""), named=True)
    if any(generic[model] != number for model, number in a_node.items() if model in generic):
        yield Question(
            key=GPUS,
            text=f"--gpus-per-node={options['gpus-per-node']} and --gres={options['gres']} contradict each other (the "
            f"manifest has {made.job.resources.gpus_per_node}): how many GPUs does the script need on a node?",
            location=made.job.origins.get("gpus") or Location(path=made.request.script.path),
            answer="one of the two directives in the script, without the other",
        )


def _counts(text: str, *, named: bool) -> dict[str, int]:
    """GPUs by model, from ``a100:2,v100:1`` or, with names, ``gpu:a100:2,nvme:1``; what is no number is left out."""
    found = {}
    for part in text.lower().split(","):
        words = part.strip().removeprefix("gres/").removeprefix("gres:").replace("=", ":").split(":")
        if named and words.pop(0) != "gpu":
            continue
        number = words.pop() if words and words[-1].isdecimal() else "1"
        found[":".join(words)] = int(number)
    return found if text else {}
