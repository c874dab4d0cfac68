"""A wish as answers: what whoever puts them into the settings gets without being asked again.

An amount becomes what it would be on the old cluster: an option on sbatch's command line, which counts over the
script's own. Slurm's rules read it, the ledger has an entry for it, and the judge compares the manifest with script and
options. Nothing is changed silently.
"""

from collections.abc import Mapping
from typing import Any

from s2r_ci.errors import ConversionError
from s2r_ci.model import JobSpec
from s2r_ci.wishes.reading import Wish


def answers_of(wish: Wish, job: JobSpec, before: Mapping[str, Any]) -> dict[str, Any]:
    """The answers with a wish added to those that held before, in the names of the settings."""
    answers: dict[str, Any] = {name: value for name, value in before.items() if value}
    if options := [*options_of(wish, job)]:
        names = {option.partition("=")[0] for option in options}
        kept = [option for option in answers.get("options", ()) if option.partition("=")[0] not in names]
        answers["options"] = [*kept, *options]
    for name in ("image", "working_directory"):
        if value := getattr(wish, name):
            answers[name.replace("_", "-")] = value
    if wish.arguments:
        answers["arguments"] = list(wish.arguments)
    if wish.environment:
        answers["variables"] = {**answers.get("variables", {}), **wish.environment}
    if wish.mounts:
        volumes = {**answers.get("site", {}).get("volumes", {})}
        volumes |= {mount.path: {"claim": mount.claim} for mount in wish.mounts}
        answers["site"] = {"volumes": volumes}
        paths = (mount.path for mount in wish.mounts)
        answers["mounts"] = list(dict.fromkeys((*answers.get("mounts", ()), *paths)))
    return answers


def options_of(wish: Wish, job: JobSpec) -> list[str]:
    """The options of sbatch for a wish's amounts; GPUs are asked for in the way in which the script asks.

    Raises ConversionError where the number of GPUs does not divide evenly over the nodes.
    """
    options = []
    nodes = wish.nodes or job.resources.nodes
    if wish.nodes:
        options.append(f"--nodes={wish.nodes}")
    if wish.tasks:
        options.append(f"--ntasks={wish.tasks}")
    if wish.cpus_per_task:
        options.append(f"--cpus-per-task={wish.cpus_per_task}")
    if wish.gpus or wish.gpus_per_node:
        options.append(_gpus(wish, job, nodes))
    if wish.memory:
        options.append(f"--mem={wish.memory.replace(' ', '').rstrip('Bb').rstrip('i')}")
    if wish.minutes:
        options.append(f"--time={wish.minutes}")
    return options


def _gpus(wish: Wish, job: JobSpec, nodes: int) -> str:
    per_node, rest = (wish.gpus_per_node, 0) if wish.gpus_per_node else divmod(wish.gpus, nodes)
    if rest or not per_node:
        raise ConversionError(
            f"{wish.gpus} GPUs do not divide evenly over {nodes} nodes",
            hint='say "2 GPUs per node", or other nodes',
        )
    model = f"{job.resources.gpu_model}:" if job.resources.gpu_model else ""
    said = job.options
    if "gpus" in said:
        return f"--gpus={model}{per_node * nodes}"
    if "gpus-per-node" in said:
        return f"--gpus-per-node={model}{per_node}"
    if "gpus-per-task" in said:
        tasks = max(1, (wish.tasks or job.resources.tasks) // nodes)
        return f"--gpus-per-task={model}{per_node // tasks}"
    return f"--gres=gpu:{model}{per_node}"
