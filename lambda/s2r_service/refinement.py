"""A conversation about a conversion: what a person asks for becomes answers, and the rules convert anew.

Who may sign a request may change what the job asks for; so an amount is represented as what it would be on the old
cluster: an option on sbatch's command line, which counts over the script's own. Slurm's rules read it, the ledger has
an entry for it, a note in the manifest says it, and the judge compares the manifest with script and options. Nothing
is changed silently, and nothing that sbatch would refuse gets in. The answers come back in the names of the settings:
whoever puts them into ``s2r-ci.toml`` gets the same manifest without the service.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from s2r_ci.errors import ConfigurationError, ConversionError
from s2r_ci.frozen import replace
from s2r_ci.model import Change, Decisions, JobSpec, Script, Target, Volume
from s2r_ci.problems import PROBLEMS
from s2r_ci.wishes.reading import TOOL, Wish, heard, read_wish, wish_of
from s2r_service.model.words import ModelError, Prompt

if TYPE_CHECKING:
    from s2r_service.model.asking import Asking

VERSION: Final = "refine-1"
LONGEST: Final = 2000
"""Characters of an instruction."""

REJECTED: Final = "instruction-rejected"
"""The problem that its answer is; its detail says how to put an instruction."""


def understood(instruction: str, asking: Asking | None) -> Wish:
    """What a person asks for: by rules, else by the model. Raises ConversionError where it is not understood or is
    too long, ModelError where the model could not be used.
    """
    if len(instruction) > LONGEST:
        raise _rejected(f"the instruction has more than {LONGEST} characters")
    wish = read_wish(instruction)
    if wish is None and asking is not None:
        wish = _by_model(instruction, asking)
    if wish is None:
        raise _rejected("the instruction is not understood")
    return wish


def _rejected(what: str) -> ConversionError:
    error = ConversionError(what, hint=PROBLEMS[REJECTED].detail)
    error.problem = REJECTED
    return error


def _by_model(instruction: str, asking: Asking) -> Wish | None:
    reply = asking.ask(_prompt(instruction))
    try:
        wish = wish_of(reply.tool_input)
    except ValueError:
        raise ModelError("model-output-invalid", usage=asking.usage, detail="tool input: amend") from None
    added = list(heard(wish, instruction)) if wish else []
    return wish if wish and not added else None


def _prompt(instruction: str) -> Prompt:
    from s2r_service.model.prompt import prompt_version, shown, system

    word = secrets.token_hex(12)
    text = "\n".join(map(shown, instruction.split("\n")))
    return Prompt(
        system=system(VERSION),
        text="What the person asks for:",
        guarded=f"<wish-{word}>\n{text}\n</wish-{word}>",
        tool=TOOL,
        version=prompt_version(VERSION, json.dumps(TOOL, sort_keys=True)),
    )


# --- answers as a target -----------------------------------------------------------------------------------


def target_with(target: Target, answers: Mapping[str, Any]) -> tuple[Target, Decisions]:
    """The target with answers, checked as the settings check them; and the decisions that held before.

    Raises ConversionError for an answer that the settings would not take.
    """
    from s2r_ci.settings.places import Place, Source
    from s2r_ci.settings.site import read_answers, read_site

    said = {name: value for name, value in answers.items() if name not in ("site", "decisions")}
    place = Place(Source("the instruction"))
    try:
        (answer,) = read_answers([{"scripts": "**", **said}], place, "")
        site: Mapping[str, Any] = read_site(answers.get("site", {}), place.step("site"))
    except ConfigurationError as error:
        raise ConversionError(error.what, hint=error.hint) from None
    values: dict[str, Any] = dict(answer.values)
    values["variables"] = {**target.variables, **values.get("variables", {})}
    values["mounts"] = tuple(dict.fromkeys((*target.mounts, *values.get("mounts", ()))))
    values["options"] = (*target.options, *values.get("options", ()))
    volumes: Mapping[str, Volume] = site.get("volumes", {})
    changed = replace(target.site, volumes={**target.site.volumes, **volumes})
    return replace(target, **{**values, "site": changed}), decisions_of(answers.get("decisions"))


def written_decisions(decided: Decisions) -> dict[str, Any]:
    """Decisions as a value for a turn's answers."""
    from s2r_ci.runai.decisions import written

    made: dict[str, Any] = json.loads(written(decided))
    return made


def decisions_of(value: object) -> Decisions:
    """The decisions in a turn's answers; none where there are none, or what stands there is none."""
    from s2r_ci.verify.decided import read

    text = json.dumps(value, sort_keys=True, separators=(",", ":")) if value else ""
    return (read(text) if text else None) or Decisions()


def still_open(decided: Decisions, script: Script, job: JobSpec, target: Target) -> Decisions:
    """The decisions that a person has not answered otherwise since."""
    from s2r_ci.model import ConversionRequest
    from s2r_ci.verify.decided import refusals

    request = ConversionRequest(script=script, job=job, target=target)

    def fine(one: Decisions) -> bool:
        return not any(refusals(request, one))

    image = decided.image if decided.image and fine(Decisions(image=decided.image)) else ""
    pairs = decided.variables.items()
    variables = {name: value for name, value in pairs if fine(Decisions(variables={name: value}))}
    mounts = tuple(path for path in decided.mounts if fine(Decisions(mounts=(path,))))
    changes: tuple[Change, ...] = tuple(each for each in decided.changes if fine(Decisions(changes=(each,))))
    return Decisions(image=image, variables=variables, mounts=mounts, changes=changes)
