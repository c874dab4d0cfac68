"""Is it a manifest? The schema of its kind first, then what no schema can say.

A yes costs microseconds: ``jsonschema-rs`` gives it where it is installed. A no is explained by ``jsonschema``,
field by field, in words a person can act on. Fields are only held against each other where the schema is kept.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from s2r_ci import rules
from s2r_ci.model import Finding, Location, Manifest, Rule
from s2r_ci.runai.targets import CLI, REST, TARGETS, V2ALPHA1
from s2r_ci.validate.consistency import Breach, breaches
from s2r_ci.validate.schemas import is_valid, load_schema, schema_names

__all__ = ["load_schema", "schema_for", "schema_names", "validate"]

MOST_FINDINGS: Final = 20  # a manifest; more would say the same again


def validate(
    manifest: Manifest,
    path: str,
    *,
    target: str = "kubernetes",
    release: str = "2.25",
    crd: tuple[str, ...] = (),
) -> list[Finding]:
    """Everything that keeps this from being a manifest for ``target``; empty where it is one. Raises nothing but the
    ConfigurationError of a file of ``crd``: a site's own definitions, which count instead of the shipped schemas.

    A finding's place is ``path`` and the line of the node in the manifest's text, where that is known.
    """
    name = schema_for(manifest, target)
    if name is None:
        from s2r_ci.validate.explain import shown

        known = ", ".join(_kinds(target))
        what = f"kind is {shown(manifest.kind)}; the kinds of target {target} are {known}"
        return [_finding(rules.MANIFEST_INVALID, Breach(what, "kind", ("kind",)), manifest, path)]
    own = _own_schema(manifest, crd) if crd else ""
    if not is_valid(name, manifest.body, own):
        from s2r_ci.validate.explain import troubles

        found = [
            _finding(rules.MANIFEST_INVALID, trouble, manifest, path)
            for trouble in troubles(name, manifest.body, own)
        ]
        if found:
            return found[:MOST_FINDINGS]
    every = [*breaches(manifest.body), *_release_troubles(manifest, target, release)]
    return [_finding(rules.MANIFEST_INCONSISTENT, breach, manifest, path) for breach in every[:MOST_FINDINGS]]


def _own_schema(manifest: Manifest, crd: tuple[str, ...]) -> str:
    from s2r_ci.validate.custom import Kind, definitions

    version = manifest.body.get("apiVersion") if isinstance(manifest.body, dict) else None
    return definitions(crd).get(Kind(str(version), manifest.kind), "")


def schema_for(manifest: Manifest, target: str) -> str | None:
    """The name of the schema that a manifest has to keep, or None where the target has no such kind."""
    if target == REST:  # a body has no kind: what it counts tells
        spec = manifest.body.get("spec") if isinstance(manifest.body, dict) else None
        return _kinds(target)["Distributed" if isinstance(spec, dict) and "numWorkers" in spec else "Training"]
    return _kinds(target).get(manifest.kind)


def _kinds(target: str) -> Mapping[str, str]:
    return TARGETS[target].kinds if target in TARGETS else {}


def _release_troubles(manifest: Manifest, target: str, release: str) -> Iterator[Breach]:
    """What a release of Run:ai does not know."""
    version = tuple(int(number) for number in re.findall(r"[0-9]{1,4}", release)[:2])
    if target == V2ALPHA1 and version >= (3, 0):
        yield Breach("run.ai/v2alpha1 does not exist in Run:ai 3.0 and later", "apiVersion", ("apiVersion",))
    steps = _PREEMPTIBILITY.get(target, _PREEMPTIBILITY["kubernetes"])
    if version < (3, 0) and _at(manifest.body, steps) == "semi-preemptible":
        what = f"{steps[-1]} is semi-preemptible, which Run:ai {release} does not know (3.0 does)"
        yield Breach(what, "preemptibility", steps)


_PREEMPTIBILITY: Final[Mapping[str, tuple[str, ...]]] = {
    "kubernetes": ("metadata", "labels", "kai.scheduler/preemptibility"),
    REST: ("spec", "preemptibility"),
    CLI: ("flags", "preemptibility"),
}


def _at(node: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        node = node.get(step) if isinstance(node, dict) else None
    return node


def _finding(rule: Rule, breach: Breach, manifest: Manifest, path: str) -> Finding:
    place = Location(path=path, line=manifest.line(*breach.steps))
    return Finding(rule=rule, message=breach.message, location=place, subject=breach.subject)
