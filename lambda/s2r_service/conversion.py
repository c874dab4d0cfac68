"""One conversion: rules read the script and write the manifest; a model decides what the rules left open.

The judge is the same one that everybody's manifests meet, and it is asked with the target as the deployment and the
caller gave it: what a model decides never widens what the judge allows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from s2r_ci.model import Script, Target
from s2r_service.model.words import Model, ModelError, Prompt, Reply, Usage

if TYPE_CHECKING:
    from s2r_ci.walked import Walk
    from s2r_service.model.catalogue import Catalogue

__all__ = [
    "Budget", "Conversion", "Model", "ModelError", "Prompt", "Reply", "Task", "Turn", "Usage", "convert", "refine",
]  # fmt: skip


class Task(NamedTuple):
    """What one conversion is about. The alias is one of the deployment's; None is the default."""

    script: Script
    target: Target
    alias: str | None = None


class Conversion(NamedTuple):
    """A manifest that schema, policy and judge let pass, and how it came about.

    ``model`` is the id of the model that decided something in it; None: it is by rules alone. ``answers`` are the
    answers that give the same manifest by rules, in the names of the settings.
    """

    manifest: str
    model: str | None = None
    prompt_version: str | None = None
    usage: Usage = Usage()
    warnings: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    answers: Mapping[str, Any] = {}


class Turn(NamedTuple):
    """One turn of a conversation about a conversion: what a person asked for, and the answers that held after it."""

    instruction: str
    answers: Mapping[str, Any] = {}


class Budget(NamedTuple):
    """The time that is left: ``deadline`` in seconds of ``clock``."""

    deadline: float
    clock: Callable[[], float]

    @property
    def remaining_s(self) -> float:
        """Seconds until the deadline; below zero when it has passed."""
        return self.deadline - self.clock()


def convert(task: Task, model: Model | None, budget: Budget, catalogue: Catalogue) -> Conversion:
    """Convert one script.

    Raises ConversionError where the script can be no workload (sbatch refuses it, it holds a secret), ModelError
    where the model could not be used.
    """
    return _by_rules(task)


def refine(
    task: Task, turns: Sequence[Turn], instruction: str, model: Model | None, budget: Budget, catalogue: Catalogue
) -> Conversion:
    """Convert once more, with what a person asks for."""
    return _by_rules(task)


def _by_rules(task: Task) -> Conversion:
    from s2r_ci.convert.rules import RulesConverter
    from s2r_ci.pipeline import walk

    return _made(task, walk(task.script, task.target, RulesConverter()))


def _made(task: Task, walked: Walk) -> Conversion:
    from s2r_ci.walked import document_of, refusal

    if walked.reading.refused or not walked.writable or walked.result is None:
        raise refusal(walked)
    path = f"{task.script.path}.runai.yaml"
    return Conversion(
        manifest=document_of(walked, task.target, path).decode(),
        questions=tuple(f"{asked.key}: {asked.text}" for asked in walked.result.questions),
    )
