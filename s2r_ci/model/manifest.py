"""What a script becomes: the manifest, and the account of where everything went."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from s2r_ci.frozen import field, frozen

if TYPE_CHECKING:
    from s2r_ci.model.job import Item, JobSpec
    from s2r_ci.model.run import Finding, Location, Question, Script
    from s2r_ci.model.target import Target


class Disposition(Enum):
    """Where an item of the inventory ended."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    NEEDS_ANSWER = "needs-answer"
    NOT_EXPRESSIBLE = "not-expressible"


@frozen
class LedgerEntry:
    """Where one item of the inventory went, and why."""

    item: Item
    disposition: Disposition
    field: str  # path in the manifest, spec.template.spec.activeDeadlineSeconds; "" where there is none
    reason: str  # one sentence

    @property
    def location(self) -> Location:
        """The line of the script."""
        return self.item.location


@frozen
class Manifest:
    """One object of a target; ``lines`` says on which line of its text each node stands, where it was read."""

    body: Any
    lines: Mapping[tuple[str | int, ...], int] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Job, PyTorchJob, TrainingWorkload, ...; empty where it is no object.

        A body of the REST API has none: it is Training, or Distributed where it counts workers.
        """
        if not isinstance(self.body, dict):
            return ""
        if "projectId" in self.body and "kind" not in self.body:
            spec = self.body.get("spec")
            return "Distributed" if isinstance(spec, dict) and "numWorkers" in spec else "Training"
        return str(self.body.get("kind", ""))

    @property
    def name(self) -> str:
        """metadata.name, in a body of the REST API name; or empty."""
        if not isinstance(self.body, dict):
            return ""
        metadata = self.body.get("metadata")
        return str((metadata if isinstance(metadata, dict) else self.body).get("name", ""))

    def line(self, *steps: str | int) -> int:
        """The line of a node, or of the nearest one above it; 0 where nothing is known."""
        for end in range(len(steps), -1, -1):
            if found := self.lines.get(steps[:end]):
                return found
        return 0


@frozen
class ConversionRequest:
    """One job of a script, and where it shall go."""

    script: Script
    job: JobSpec
    target: Target


@frozen
class Provenance:
    """Who wrote a manifest."""

    converter: str
    version: str
    model_id: str = ""
    prompt_digest: str = ""


@frozen
class ConversionResult:
    """What a converter gives back."""

    manifest: Manifest
    provenance: Provenance
    ledger: tuple[LedgerEntry, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[Finding, ...] = ()
