"""The words of s2r-ci: every value that one stage hands to the next.

Values are frozen and made of the standard library alone; a number carries its unit in its name. What can be
derived is a property, not a field. Nothing here reads, writes or decides.

``from s2r_ci.model import Finding`` loads the part that holds the name and no other: making thirty dataclasses
takes 20 ms, and a look at a manifest that is current needs ten of them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

PARTS: Final = {
    "run": (
        "Level", "Stage", "Outcome", "ScriptClass", "Location", "Candidate", "Called", "Script", "Rule", "Finding",
        "Question", "Verdict", "Report",
    ),
    "job": (
        "ItemKind", "Directive", "Component", "Header", "Item", "Step", "Body", "Inner", "Array", "Resources",
        "JobSpec", "Reading",
    ),
    "target": ("Volume", "Service", "Site", "Change", "Decisions", "Target"),
    "manifest": ("Disposition", "LedgerEntry", "Manifest", "ConversionRequest", "Provenance", "ConversionResult"),
}  # fmt: skip
_HOME: Final = {name: part for part, names in PARTS.items() for name in names}

if TYPE_CHECKING:
    from s2r_ci.model.job import Array as Array
    from s2r_ci.model.job import Body as Body
    from s2r_ci.model.job import Component as Component
    from s2r_ci.model.job import Directive as Directive
    from s2r_ci.model.job import Header as Header
    from s2r_ci.model.job import Inner as Inner
    from s2r_ci.model.job import Item as Item
    from s2r_ci.model.job import ItemKind as ItemKind
    from s2r_ci.model.job import JobSpec as JobSpec
    from s2r_ci.model.job import Reading as Reading
    from s2r_ci.model.job import Resources as Resources
    from s2r_ci.model.job import Step as Step
    from s2r_ci.model.manifest import ConversionRequest as ConversionRequest
    from s2r_ci.model.manifest import ConversionResult as ConversionResult
    from s2r_ci.model.manifest import Disposition as Disposition
    from s2r_ci.model.manifest import LedgerEntry as LedgerEntry
    from s2r_ci.model.manifest import Manifest as Manifest
    from s2r_ci.model.manifest import Provenance as Provenance
    from s2r_ci.model.run import Called as Called
    from s2r_ci.model.run import Candidate as Candidate
    from s2r_ci.model.run import Finding as Finding
    from s2r_ci.model.run import Level as Level
    from s2r_ci.model.run import Location as Location
    from s2r_ci.model.run import Outcome as Outcome
    from s2r_ci.model.run import Question as Question
    from s2r_ci.model.run import Report as Report
    from s2r_ci.model.run import Rule as Rule
    from s2r_ci.model.run import Script as Script
    from s2r_ci.model.run import ScriptClass as ScriptClass
    from s2r_ci.model.run import Stage as Stage
    from s2r_ci.model.run import Verdict as Verdict
    from s2r_ci.model.target import Change as Change
    from s2r_ci.model.target import Decisions as Decisions
    from s2r_ci.model.target import Service as Service
    from s2r_ci.model.target import Site as Site
    from s2r_ci.model.target import Target as Target
    from s2r_ci.model.target import Volume as Volume
else:

    def __getattr__(name: str) -> Any:
        """The value type of this name; from then on it is an ordinary attribute."""
        part = _HOME.get(name)
        if part is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        made = import_module(f"s2r_ci.model.{part}")
        globals().update({each: getattr(made, each) for each in PARTS[part]})
        return globals()[name]
