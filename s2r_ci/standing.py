"""How a manifest on disk stands to its script: what is fresh, what is stale, what a person changed by hand.

The header of the manifest is the only memory: no second file remembers anything.
"""

import re
from enum import Enum
from typing import Final

from s2r_ci import __version__, rules
from s2r_ci.model import Finding, Location, Rule, Script, Target
from s2r_ci.patterns import lazy
from s2r_ci.runai.digests import target_digest
from s2r_ci.runai.document import MAPPING_VERSION, Document, Stamp
from s2r_ci.settings.inline import answered

WRITERS: Final = frozenset({"rules", "service"})
"""Who may have written a manifest, as its header says; any other word there was put in by hand."""
CALLS: Final = "calls"
"""The key of a question that no script asks alone: whether the options count with which a program sends it."""


class Standing(Enum):
    """What a look at the header tells, before anything is parsed."""

    MISSING = "missing"
    FOREIGN = "foreign"
    CURRENT = "current"
    STALE = "stale"  # and as we wrote it: may be replaced
    EDITED = "edited"  # by hand; the script is the same
    CONFLICT = "conflict"  # edited by hand, and the script changed too


def stamp_of(script: Script, target: Target) -> Stamp:
    """The header that a manifest written now would carry, but for the digest of its content.

    Its converter is the wish of the settings: rules, service, or auto, which takes a manifest whoever wrote it.
    """
    target = answered(script, target)
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


def standing(stamp: Stamp, existing: bytes | None, document: Document | None, asks: str = "") -> Standing:
    """Compare what lies on disk with what this script and these settings would give.

    ``asks``: what this run would ask a service for (all, residue); empty: no service is asked.
    """
    if existing is None:
        return Standing.MISSING
    if document is None:
        return Standing.FOREIGN
    if document.intact:
        return Standing.STALE if stale_because(stamp, document, asks) else Standing.CURRENT
    return Standing.EDITED if _same_script(stamp, document.stamp) else Standing.CONFLICT


def stale_because(now: Stamp, document: Document, asks: str = "") -> Rule | None:
    """The rule that says why a manifest is stale, or None. A new version of the tool alone is no reason."""
    then = document.stamp
    if not _same_script(now, then):
        return rules.MANIFEST_STALE
    if now.mapping_version != then.mapping_version:
        return rules.MAPPING_STALE
    if now.settings_digest != then.settings_digest or now.target != then.target:
        return rules.SETTINGS_STALE
    return rules.CONVERTER_STALE if _other_converter(now.converter, document, asks) else None


def submitted_as_written(document: Document, path: str, target: Target) -> bool:
    """Whether the command in the header, which people copy, is the one for this manifest: no digest covers it."""
    from s2r_ci.runai.targets import form_of

    return document.submit == form_of(target.name).submit(path, target, document.notes.kind)


def _other_converter(wish: str, document: Document, asks: str) -> bool:
    """Whether somebody else should have written this manifest. Where no service can be asked, what a service wrote
    is taken, and what rules wrote in its place too: it says so itself.
    """
    wrote = document.stamp.converter
    if wrote not in WRITERS:
        return True
    if wish == "rules":
        return wrote != "rules"
    if not asks or wrote != "rules":
        return False
    noted = {finding.rule for finding in document.notes.findings}
    if rules.NOT_VERIFIED in noted:
        return True  # the service was asked for, and could not be reached
    if wish != "service" or rules.NOT_SENT in noted:
        return False
    return asks == "all" or bool(document.notes.questions)


def _same_script(now: Stamp, then: Stamp) -> bool:
    return now.source == then.source and now.source_digest == then.source_digest


def finding_of(
    state: Standing, stamp: Stamp, document: Document | None, manifest_path: str, asks: str = ""
) -> Finding | None:
    """What a check says about a standing; None for CURRENT, and for EDITED, which has to be judged first."""
    rule: Rule | None
    if state is Standing.STALE and document is not None:
        rule = stale_because(stamp, document, asks) or rules.SUBMIT_EDITED
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


# --- by what the cluster knows a workload --------------------------------------------------------------------

_HEAD: Final = 65_536  # octets of a manifest in which its name stands: notes may come before it
_NAME: Final = lazy(
    rb"^(?:metadata:\n  name: |name: |runai training \w+ submit )([^\s#]+)(.*?)^(?:spec:|  -- )", re.M | re.S
)
_PROJECT: Final = lazy(rb"^(?:    project: |projectId: |  --project=)([^\s#]+)", re.M)


def workload_of(content: bytes) -> str:
    """What the cluster knows a manifest's workload by, ``PROJECT/NAME``; "" where the text is none of ours.

    Read from the text, because a look at a current manifest parses no YAML.
    """
    found = _NAME.search(content, 0, _HEAD)
    if found is None:
        return ""
    project = _PROJECT.search(found[2])
    return b"/".join((project[1] if project else b"", found[1])).decode("utf-8", "replace")
