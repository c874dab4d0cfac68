"""The rules' converter with a model's decisions, and why some decisions are not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from s2r_ci.convert.rules import RulesConverter
from s2r_ci.frozen import replace
from s2r_ci.judging import JUDGED, stands
from s2r_ci.model import ConversionRequest, ConversionResult, Decisions, Provenance, Script, Target
from s2r_ci.pipeline import walk
from s2r_ci.runai.decisions import applied
from s2r_ci.verify.decided import refusals

if TYPE_CHECKING:
    from s2r_ci.walked import Walk


class Deciding(NamedTuple):
    """A converter: the rules, with the decisions as answers. The judge is told of them by the manifest alone."""

    decisions: Decisions = Decisions()
    model_id: str = ""
    prompt_version: str = ""

    def convert(self, request: ConversionRequest) -> ConversionResult:
        """The rules' result for the request as the decisions leave it. Raises what the rules raise."""
        if not self.decisions:
            return RulesConverter().convert(request)
        made = RulesConverter().convert(applied(request, self.decisions))
        whose = Provenance(
            converter=made.provenance.converter,
            version=made.provenance.version,
            model_id=self.model_id,
            prompt_digest=self.prompt_version,
        )
        return replace(made, provenance=whose)


class Tried(NamedTuple):
    """A conversion with decisions: the walk, or why there is none to show."""

    walked: Walk | None
    refused: tuple[str, ...] = ()


def requested(script: Script, target: Target, walked: Walk) -> ConversionRequest:
    """The request that a walk made; only for a walk with a result."""
    return ConversionRequest(script=script, job=walked.reading.jobs[0], target=target)


def decided(script: Script, target: Target, by_rules: Walk, deciding: Deciding) -> Tried:
    """The script's walk with decisions. The request that it is judged by knows nothing of them."""
    request = requested(script, target, by_rules)
    if refused := tuple(refusals(request, deciding.decisions)):
        return Tried(None, refused)
    walked = walk(script, target, deciding)
    found = tuple(
        finding.message for finding in walked.findings if stands(finding) and finding.rule.stage in JUDGED
    )
    return Tried(None, found) if found or not walked.writable else Tried(walked)
