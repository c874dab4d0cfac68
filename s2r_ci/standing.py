"""How a manifest on disk stands to its script: what is fresh, what is stale, what a person changed by hand.

The header of the manifest is the only memory: no second file remembers anything.
"""

from enum import Enum

from s2r_ci import __version__, rules
from s2r_ci.model import Finding, Location, Rule, Script, Target
from s2r_ci.runai.document import MAPPING_VERSION, Document, Stamp, target_digest


class Standing(Enum):
    """What a look at the header tells, before anything is parsed."""

    MISSING = "missing"
    FOREIGN = "foreign"
    CURRENT = "current"
    STALE = "stale"  # and as we wrote it: may be replaced
    EDITED = "edited"  # by hand; the script is the same
    CONFLICT = "conflict"  # edited by hand, and the script changed too


def stamp_of(script: Script, target: Target) -> Stamp:
    """The header that a manifest written now would carry, but for the digest of its content."""
    return Stamp(
        tool_version=__version__,
        mapping_version=MAPPING_VERSION,
        source=script.path,
        source_digest=script.digest,
        settings_digest=target_digest(target),
        converter=target.converter,
        target=target.name,
        content_digest="",
    )


def standing(stamp: Stamp, existing: bytes | None, document: Document | None) -> Standing:
    """Compare what lies on disk with what this script and these settings would give."""
    if existing is None:
        return Standing.MISSING
    if document is None:
        return Standing.FOREIGN
    if document.intact:
        return Standing.STALE if stale_because(stamp, document.stamp) else Standing.CURRENT
    return Standing.EDITED if _same_script(stamp, document.stamp) else Standing.CONFLICT


def stale_because(now: Stamp, then: Stamp) -> Rule | None:
    """The rule that says why a manifest is stale, or None. A new version of the tool alone is no reason."""
    if not _same_script(now, then):
        return rules.MANIFEST_STALE
    if now.mapping_version != then.mapping_version or now.converter != then.converter:
        return rules.MAPPING_STALE
    if now.settings_digest != then.settings_digest or now.target != then.target:
        return rules.SETTINGS_STALE
    return None


def _same_script(now: Stamp, then: Stamp) -> bool:
    return now.source == then.source and now.source_digest == then.source_digest


def finding_of(state: Standing, stamp: Stamp, document: Document | None, manifest_path: str) -> Finding | None:
    """What a check says about a standing; None for CURRENT, and for EDITED, which has to be judged first."""
    rule: Rule | None
    if state is Standing.STALE and document is not None:
        rule = stale_because(stamp, document.stamp)
    else:
        rule = {
            Standing.MISSING: rules.MANIFEST_MISSING,
            Standing.FOREIGN: rules.MANIFEST_FOREIGN,
            Standing.CONFLICT: rules.MANIFEST_CONFLICT,
        }.get(state)
    if rule is None:
        return None
    at_manifest = rule is rules.MANIFEST_FOREIGN
    place = Location(path=manifest_path if at_manifest else stamp.source)
    return Finding(rule=rule, message=f"{rule.summary} ({manifest_path})", location=place, subject="manifest")
