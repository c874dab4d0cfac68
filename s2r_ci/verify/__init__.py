"""The judge: is this the manifest of this script? One promise, one file.

*Validate* asks whether it is a manifest; *verify* asks whether it is **this script's** manifest. Script and manifest
are read by two readers that share nothing, and compared promise by promise.
"""

from typing import Final

from s2r_ci import rules
from s2r_ci.model import ConversionRequest, Finding, Location, Manifest, Rule
from s2r_ci.verify import (
    array_flattened,
    command_changed,
    constraint_lost,
    cpu_count_changed,
    decided,
    environment_lost,
    gpu_count_changed,
    gpu_model_dropped,
    gres_changed,
    hold_changed,
    image_changed,
    image_tag_loose,
    kind_changed,
    memory_changed,
    name_changed,
    node_count_changed,
    partition_lost,
    policy,
    prelude_changed,
    project_lost,
    retry_changed,
    scratch_lowered,
    secret_in_manifest,
    task_count_changed,
    time_limit_dropped,
    volume_changed,
    working_directory_changed,
)
from s2r_ci.verify.breach import Breach, Check
from s2r_ci.verify.facts import Facts, read_facts

__all__ = ["CHECKS", "Breach", "Check", "read", "verify"]

_ALWAYS: Final[tuple[tuple[Rule, Check], ...]] = (
    (rules.SECRET_IN_MANIFEST, secret_in_manifest.check),
    (rules.POLICY_VIOLATED, policy.check),
)
_OF_ITS_KIND: Final[tuple[tuple[Rule, Check], ...]] = (
    (rules.NAME_CHANGED, name_changed.check),
    (rules.NODE_COUNT_CHANGED, node_count_changed.check),
    (rules.TASK_COUNT_CHANGED, task_count_changed.check),
    (rules.GPU_COUNT_CHANGED, gpu_count_changed.check),
    (rules.GPU_MODEL_DROPPED, gpu_model_dropped.check),
    (rules.GRES_CHANGED, gres_changed.check),
    (rules.CPU_COUNT_CHANGED, cpu_count_changed.check),
    (rules.MEMORY_CHANGED, memory_changed.check),
    (rules.SCRATCH_LOWERED, scratch_lowered.check),
    (rules.TIME_LIMIT_DROPPED, time_limit_dropped.check),
    (rules.ARRAY_FLATTENED, array_flattened.check),
    (rules.RETRY_CHANGED, retry_changed.check),
    (rules.PROJECT_LOST, project_lost.check),
    (rules.PARTITION_LOST, partition_lost.check),
    (rules.CONSTRAINT_LOST, constraint_lost.check),
    (rules.COMMAND_CHANGED, command_changed.check),
    (rules.PRELUDE_CHANGED, prelude_changed.check),
    (rules.ENVIRONMENT_LOST, environment_lost.check),
    (rules.WORKING_DIRECTORY_CHANGED, working_directory_changed.check),
    (rules.VOLUME_CHANGED, volume_changed.check),
    (rules.IMAGE_CHANGED, image_changed.check),
    (rules.IMAGE_TAG_LOOSE, image_tag_loose.check),
    (rules.HOLD_CHANGED, hold_changed.check),
)
_KIND: Final[tuple[Rule, Check]] = (rules.KIND_CHANGED, kind_changed.check)
CHECKS: Final = (_KIND, *_OF_ITS_KIND, *_ALWAYS)


def verify(request: ConversionRequest, manifest: Manifest, path: str) -> list[Finding]:
    """What the manifest breaks, in the order of CHECKS; empty for a manifest that keeps every promise.

    ``path`` is the manifest's. A breach stands on the line of the script that was betrayed, where the script has one,
    else on the manifest's. A manifest of another kind is told so, and judged by the policy alone. Never raises.
    """
    facts = read(request, manifest)
    findings: list[Finding] = []
    if decided.ANNOTATION in facts.annotations:
        request, told = decided.take(request, facts)
        for rule, breach in told:
            findings.append(_finding(rule, breach, request, manifest, path))
    findings += _judged(request, manifest, facts, path)
    return findings


def _judged(request: ConversionRequest, manifest: Manifest, facts: Facts, path: str) -> list[Finding]:
    findings = _findings(_KIND, request, manifest, facts, path)
    checks = _ALWAYS if findings else (*_OF_ITS_KIND, *_ALWAYS)
    for one in checks:
        findings += _findings(one, request, manifest, facts, path)
    return findings


def read(request: ConversionRequest, manifest: Manifest) -> Facts:
    """The manifest in the judge's words, by the reader of the request's target. Never raises."""
    if request.target.name not in ("v2alpha1", "rest", "cli"):
        return read_facts(manifest)
    from s2r_ci.verify.native import read_native

    return read_native(manifest, request.target.name)


def _findings(
    one: tuple[Rule, Check], request: ConversionRequest, manifest: Manifest, facts: Facts, path: str
) -> list[Finding]:
    rule, check = one
    return [_finding(rule, breach, request, manifest, path) for breach in check(request, facts)]


def _finding(rule: Rule, breach: Breach, request: ConversionRequest, manifest: Manifest, path: str) -> Finding:
    place = request.job.origins.get(breach.subject)
    place = place or Location(path=path, line=manifest.line(*breach.steps))
    return Finding(rule=rule, message=breach.message, location=place, subject=breach.subject)
