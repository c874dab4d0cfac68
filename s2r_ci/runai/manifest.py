"""Builds the manifest of one script for the target ``kubernetes``: standard kinds under Run:ai's labels.

The one place that knows how the parts fit together; each part says its own fields.
"""

from typing import Any, Final

from s2r_ci.model import ConversionRequest, ItemKind, Manifest
from s2r_ci.runai import command, compute, placement, scheduling, storage
from s2r_ci.runai.distribution import MPI, PYTORCH, Plan, workload
from s2r_ci.runai.environment import UID, environment

PLACEHOLDER: Final = "image.invalid/choose-an-image:unset"
"""Names no registry that can exist (RFC 2606), so it can be seen, and can never be pulled."""


def write(made: Plan) -> Manifest:
    """The manifest; the same plan gives the same value, keys in the order in which people read them."""
    labels = scheduling.labels(made)
    annotations = scheduling.annotations(made) | placement.topology(made)
    return Manifest(body=workload(made, labels, annotations, lambda role: template(made, role)))


def image(request: ConversionRequest) -> tuple[str, str]:
    """The image and what named it: settings, directive, script, module; ``""`` for the placeholder.

    An answer for the script comes first, the default of the settings last.
    """
    if request.target.image:
        return request.target.image, "settings"
    if named := container_image(request.job.options.get("container-image", "")):
        return named, "directive"
    for item in request.job.inventory:
        if item.kind is ItemKind.CONTAINER and (named := container_image(item.value)):
            return named, "script"
    modules = request.target.site.modules
    for item in request.job.inventory:
        if item.kind is ItemKind.MODULE and (known := module_image(item.value, modules)):
            return known, "module"
    return (request.target.default_image, "settings") if request.target.default_image else (PLACEHOLDER, "")


def module_image(value: str, modules: Any) -> str:
    """The image that the site map has for one of the modules, with or without its version; empty for none."""
    for word in value.split():
        for name in (word, word.partition("/")[0]):
            if name in modules:
                return str(modules[name])
    return ""


def container_image(text: str) -> str:
    """A reference that a cluster can pull, from what Slurm scripts write; empty for files and variables.

    ``docker://team/a:1`` is ``team/a:1``; Pyxis' ``host#team/a:1`` is ``host/team/a:1``.
    """
    text = text.strip("\"'").removeprefix("docker://").replace("#", "/", 1)
    wrong = not text or text.startswith(("/", ".", "-", "~")) or any(mark in text for mark in "$`{}<> \t")
    if wrong or "://" in text or text.endswith((".sif", ".sqsh", ".simg", ".img")):
        return ""
    return text


def template(made: Plan, role: str) -> dict[str, Any]:
    """The pod template of a role: main, Master, Launcher or Worker."""
    annotations = scheduling.pod_annotations(made, role)
    template: dict[str, Any] = {"metadata": {"annotations": annotations}} if annotations else {}
    return template | {"spec": _pod(made, role)}


def _pod(made: Plan, role: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"schedulerName": scheduling.SCHEDULER}
    if made.kind not in (PYTORCH, MPI):
        spec["restartPolicy"] = "Never"
    if deadline := scheduling.deadline_s(made):
        spec["activeDeadlineSeconds"] = deadline
    if role != "Launcher":
        # The launcher needs no GPU and may run anywhere in the pools.
        said = {
            "nodeSelector": placement.node_selector(made.request),
            "affinity": placement.affinity(made),
            "topologySpreadConstraints": placement.spread(made),
        }
        spec |= {name: value for name, value in said.items() if value}
    sources, mounts = storage.volumes(made.request)
    spec["containers"] = [_container(made, role, mounts)]
    if sources:
        spec["volumes"] = sources
    return spec


def _container(made: Plan, role: str, mounts: list[dict[str, Any]]) -> dict[str, Any]:
    container: dict[str, Any] = {"name": made.container, "image": image(made.request)[0]}
    if folder := working_directory(made.request):
        container["workingDir"] = folder
    container |= _command(made, role)
    launcher = role == "Launcher"
    container["resources"] = compute.launcher() if launcher else compute.resources(made.request)
    if mounts:
        container["volumeMounts"] = mounts
    return container


def _command(made: Plan, role: str) -> dict[str, Any]:
    """What the container runs, and its variables."""
    if role == "Worker" and made.kind == MPI:
        return {}  # the operator's default, sshd
    entries = environment(made)
    if role == "Worker":
        entries = [entry for entry in entries if entry["name"] == UID]  # all others come with the orders
    names = [entry["name"] for entry in entries]
    args = command.agent_arguments(made, names) if role == "Worker" else command.arguments(made, names)
    found: dict[str, Any] = {"command": list(command.SHELL), "args": args}
    return found | {"env": entries} if entries else found


def working_directory(request: ConversionRequest) -> str:
    """``--chdir``, taken from the settings' folder where it is relative; else that folder; empty for unknown."""
    folder = request.target.working_directory
    wanted = request.job.options.get("chdir", "")
    if not wanted.startswith("/"):
        if not folder:
            return ""
        wanted = storage.joined(folder, wanted) if wanted else folder
    return storage.inside(wanted, request)
