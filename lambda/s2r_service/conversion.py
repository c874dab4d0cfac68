"""One conversion: rules read the script and write the manifest; a model decides what the rules left open.

The judge is the same one that everybody's manifests meet, and it is asked with the target as the deployment and the
caller gave it: what a model decides never widens what the judge allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from s2r_ci.model import Decisions, Finding, Script, Target
from s2r_service.model.asking import Asking, Budget
from s2r_service.model.words import Model, ModelError, Prompt, Reply, Usage

if TYPE_CHECKING:
    from s2r_ci.walked import Walk
    from s2r_service.model.catalogue import Catalogue
    from s2r_service.model.tool import Answer

__all__ = [
    "Budget", "Conversion", "Model", "ModelError", "Prompt", "Reply", "Task", "Turn", "Usage", "convert",
    "most_tokens", "refine", "warm_up_prompt",
]  # fmt: skip


DECIDABLE: Final = frozenset({"kubernetes", "kai"})
"""Targets whose manifests carry decisions where the judge reads them. The others are written by rules alone."""

FALLBACK: Final = "what the model decided was not taken by the judge: this manifest is by rules alone"


UNSURE: Final = "the model says that it is not sure of what it decided: look at each decision"


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
    refused: int = 0  # reasons that the judge gave against decisions of the model
    repairs: int = 0  # how often the model was asked again because the judge did not take its decisions


class Turn(NamedTuple):
    """One turn of a conversation about a conversion: what a person asked for, and the answers that held after it."""

    instruction: str
    answers: Mapping[str, Any] = {}


def most_tokens(task: Task) -> int:
    """What a conversion of this script can cost at worst, in tokens: to be reserved from a budget before it begins.

    Raises ConversionError where the script can be no workload; 0 where no model would be asked.
    """
    from s2r_service.deciding import requested
    from s2r_service.model import asking, bedrock, prompt

    by_rules = _walked(task)
    questions = by_rules.result.questions if by_rules.result else ()
    if not questions or task.target.name not in DECIDABLE:
        return 0
    asked = prompt.convert_prompt(requested(task.script, task.target, by_rules), questions)
    return asking.most_tokens(asked, bedrock.MAX_TOKENS)


def warm_up_prompt() -> Prompt:
    """A question as any other, for ``Bedrock.warm_up``: its tool's schema is what the provider has to compile."""
    from s2r_service.deciding import requested
    from s2r_service.model.prompt import convert_prompt

    script = Script(path="warm-up.sh", data=b"#!/bin/bash\n#SBATCH --ntasks=1\npython warm_up.py\n")
    walked = _walked(Task(script, Target()))
    return convert_prompt(requested(script, Target(), walked), walked.result.questions if walked.result else ())


def convert(task: Task, model: Model | None, budget: Budget, catalogue: Catalogue) -> Conversion:
    """Convert one script.

    By rules first. Only what they leave open is put to the model; a script that leaves nothing open costs no call.
    Decisions that the judge does not take are put to the model once more, with the reasons, where time and calls are
    left; after that the rule-made manifest with its open questions is the answer, and ``model`` is None.

    Raises ConversionError where the script can be no workload (sbatch refuses it, it holds a secret), ModelError
    where the model could not be used.
    """
    by_rules = _walked(task)
    opened = by_rules.result is not None and by_rules.result.questions
    if model is None or not opened or task.target.name not in DECIDABLE:
        return _made(task, by_rules)
    return _Deliberation(task, by_rules, Asking(model, budget, catalogue, task.alias)).conclude()


def _walked(task: Task) -> Walk:
    from s2r_ci.pipeline import walk
    from s2r_ci.walked import refusal
    from s2r_service.deciding import Deciding

    walked = walk(task.script, task.target, Deciding())
    if walked.reading.refused or not walked.writable or walked.result is None:
        raise refusal(walked)
    return walked


class _Deliberation:
    """One script put to the model, at most twice."""

    def __init__(self, task: Task, by_rules: Walk, asking: Asking) -> None:
        from s2r_service.deciding import requested

        self._task = task
        self._by_rules = by_rules
        self._asking = asking
        self._request = requested(task.script, task.target, by_rules)
        self._version = ""
        self._refused = 0

    def conclude(self) -> Conversion:
        """The manifest with the decisions that the judge takes, else the rules' own."""
        from s2r_service.deciding import Deciding, decided

        refused: tuple[str, ...] = ()
        while True:
            answer, reply = self._ask(refused)
            deciding = Deciding(answer.decisions, reply.model_id, self._version)
            tried = decided(self._task.script, self._task.target, self._by_rules, deciding)
            self._refused += len(tried.refused)
            if tried.walked is not None:
                return self._concluded(tried.walked, answer, reply if answer.decisions else None)
            if refused or not self._asking.may_repair:
                return self._concluded(self._by_rules, answer, None, (FALLBACK,))
            refused = tried.refused

    def _ask(self, refused: tuple[str, ...]) -> tuple[Answer, Reply]:
        from s2r_service.model.prompt import convert_prompt, lines_of
        from s2r_service.model.tool import WrongShapeError, read_answer

        assert self._by_rules.result is not None  # noqa: S101  conversion with questions only
        prompt = convert_prompt(self._request, self._by_rules.result.questions, refused=refused)
        self._version = prompt.version
        reply = self._asking.ask(prompt)
        try:
            return read_answer(reply.tool_input, lines_of(self._task.script.data)), reply
        except WrongShapeError as error:
            raise ModelError(
                "model-output-invalid", usage=self._asking.usage, detail=f"tool input: {error}"
            ) from None

    def _concluded(
        self, walked: Walk, answer: Answer, reply: Reply | None, warnings: tuple[str, ...] = ()
    ) -> Conversion:
        made = _made(self._task, walked)
        told = walked.findings if reply else ()
        from_model = (*answer.notes, *answer.questions) if not warnings else ()
        if reply and answer.confidence == "low":
            warnings = (UNSURE,)
        return made._replace(
            model=reply.model_id if reply else None,
            prompt_version=self._version,
            usage=self._asking.usage,
            warnings=(*warnings, *made.warnings, *_decisions_of(told), *from_model),
            refused=self._refused,
            repairs=self._asking.repairs,
            answers=_told(answer.decisions) if reply else {},
        )


def _told(decisions: Decisions) -> Mapping[str, Any]:
    from s2r_service.refinement import written_decisions

    return {"decisions": written_decisions(decisions)}


def _decisions_of(findings: Iterable[Finding]) -> Iterator[str]:
    from s2r_ci.verify.decided import RULES

    return (f"{finding.rule.id}: {finding.message}" for finding in findings if finding.rule in RULES)


def refine(
    task: Task, turns: Sequence[Turn], instruction: str, model: Model | None, budget: Budget, catalogue: Catalogue
) -> Conversion:
    """Convert once more, with what a person asks for; see ``s2r_service.refinement`` for what that may be.

    ``answers`` of the result hold all that was asked for so far, for the next turn and for the settings. Raises what
    ``convert`` raises, and ConversionError for an instruction that is not understood or that sbatch would refuse.
    """
    from s2r_ci.wishes.answers import answers_of
    from s2r_service.refinement import still_open, target_with, understood, written_decisions

    asking = Asking(model, budget, catalogue, task.alias) if model is not None else None
    before = turns[-1].answers if turns else {}
    target, _ = target_with(task.target, before)
    job = _walked(task._replace(target=target)).reading.jobs[0]
    wish = understood(instruction, asking)
    answers = answers_of(wish, job, before)
    target, decided = target_with(task.target, answers)
    asked = task._replace(target=target)
    walked = _walked(asked)
    kept = still_open(decided, task.script, walked.reading.jobs[0], target)
    told = {name: value for name, value in answers.items() if name != "decisions"}
    if kept:
        told["decisions"] = written_decisions(kept)
    made = _with_decisions(asked, walked, kept)
    return made._replace(usage=asking.usage if asking else Usage(), answers=told)


def _with_decisions(task: Task, walked: Walk, kept: Decisions) -> Conversion:
    """The manifest with what a model decided in an earlier turn, where the judge still takes it."""
    from s2r_service.deciding import Deciding, decided

    if not kept:
        return _made(task, walked)
    tried = decided(task.script, task.target, walked, Deciding(kept))
    if tried.walked is None:
        return _made(task, walked)._replace(warnings=(FALLBACK,))
    return _made(task, tried.walked)._replace(warnings=tuple(_decisions_of(tried.walked.findings)))


def _made(task: Task, walked: Walk) -> Conversion:
    from s2r_ci.walked import document_of

    assert walked.result is not None  # noqa: S101  _walked has refused the others
    path = f"{task.script.path}.runai.yaml"
    return Conversion(
        manifest=document_of(walked, task.target, path).decode(),
        questions=tuple(f"{asked.key}: {asked.text}" for asked in walked.result.questions),
        warnings=tuple(_placeholders(task.script)),
    )


def _placeholders(script: Script) -> Iterator[str]:
    """Secrets that the client took out come back as nothing: the value belongs into a Secret."""
    import re

    for number, line in enumerate(script.text.split("\n"), 1):
        for found in re.findall(r"S2R_REDACTED_[0-9]+__", line):
            yield f"line {number}: {found} stands for a secret; read the value from a Kubernetes Secret"
