"""The converter that uses no model: fixed rules, so that the same request always gives the same bytes."""

from collections.abc import Iterable, Iterator
from typing import Final

from s2r_ci import __version__
from s2r_ci.convert.ledger import ledger
from s2r_ci.convert.questions import questions
from s2r_ci.convert.uneven import HOLD
from s2r_ci.frozen import replace
from s2r_ci.model import (
    ConversionRequest,
    ConversionResult,
    Disposition,
    Finding,
    LedgerEntry,
    Location,
    Manifest,
    Provenance,
)
from s2r_ci.rules import COUNT_ROUNDED_UP, NOT_EXPRESSIBLE, OPTIONS_GIVEN, TARGET_LEGACY
from s2r_ci.runai.backlinks import resolve
from s2r_ci.runai.distribution import plan
from s2r_ci.runai.document import question_open
from s2r_ci.runai.targets import KAI, V2ALPHA1, form_of

_HARMLESS: Final = frozenset({"mail-type", "mail-user", "comment", "wckey", "quiet", "verbose", "parsable"})
"""Options whose loss changes nothing that the job computes; the ledger names them, findings do not."""


class RulesConverter:
    """Converts by rule. Stateless: one may serve many threads."""

    def convert(self, request: ConversionRequest) -> ConversionResult:
        """Give the manifest, the ledger and the open questions.

        Raises ConversionError for an array over several nodes, ConfigurationError for a target that is not written.
        """
        form = form_of(request.target.name, request.target.runai_release)
        made = plan(request)
        asked = questions(made)
        manifest = form.write(made)
        every: Iterable[LedgerEntry] = ledger(made, asked)
        if form.native or form.name == KAI:
            from s2r_ci.convert.native import in_words_of

            every = (in_words_of(entry, made, manifest) for entry in every)
        entries = tuple(_placed(entry, manifest) for entry in every)
        open_questions = tuple(asked.values())
        return ConversionResult(
            manifest=manifest,
            provenance=Provenance(converter="rules", version=__version__),
            ledger=entries,
            questions=open_questions,
            notes=(
                *_warning(request),
                *_given(request),
                *map(question_open, open_questions),
                *_losing(entries),
                *_more(entries),
            ),
        )


def _placed(entry: LedgerEntry, manifest: Manifest) -> LedgerEntry:
    """What waits for an answer has no field yet, where the manifest leaves it out until then."""
    waits = entry.disposition is Disposition.NEEDS_ANSWER and entry.field
    return replace(entry, field="") if waits and not resolve(entry.field, manifest.body) else entry


def _warning(request: ConversionRequest) -> Iterator[Finding]:
    if request.target.name == V2ALPHA1:
        place = Location(path=request.script.path)
        yield Finding(rule=TARGET_LEGACY, message=TARGET_LEGACY.summary, location=place, subject="target")


def _given(request: ConversionRequest) -> Iterator[Finding]:
    """Options of an answer are said, so that nobody looks for them in the script."""
    if given := request.target.options:
        yield Finding(
            rule=OPTIONS_GIVEN,
            message=f"converted as `sbatch {' '.join(given)}` would send it: these options count over the script's",
            location=Location(path=request.script.path),
            subject="options",
        )


def _losing(entries: tuple[LedgerEntry, ...]) -> Iterator[Finding]:
    """One note for each thing that is lost and may change results; equal losses are said once."""
    seen: set[str] = set()
    for entry in entries:
        item = entry.item
        if entry.disposition is not Disposition.NOT_EXPRESSIBLE or item.name in _HARMLESS or item.name in seen:
            continue
        seen.add(item.name)
        yield Finding(
            rule=NOT_EXPRESSIBLE, message=f"{item}: {entry.reason}", location=item.location, subject=item.name
        )


def _more(entries: tuple[LedgerEntry, ...]) -> Iterator[Finding]:
    """One note for each total that equal pods exceed."""
    for entry in entries:
        if entry.reason.startswith(HOLD):
            message, place = f"{entry.item}: {entry.reason.partition(';')[0]}", entry.item.location
            yield Finding(rule=COUNT_ROUNDED_UP, message=message, location=place, subject=entry.item.name)
