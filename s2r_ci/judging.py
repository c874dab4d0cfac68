"""What speaks against a manifest: its schema, the promises it breaks, a ledger that does not add up.

And what findings make of a script: its outcome.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from s2r_ci import rules
from s2r_ci.errors import ConversionError, MalformedReplyError
from s2r_ci.frozen import replace
from s2r_ci.model import Finding, Level, Location, Outcome, Stage

if TYPE_CHECKING:
    from s2r_ci.model import ConversionRequest, ConversionResult, JobSpec

JUDGED: Final = frozenset({Stage.VALIDATE, Stage.VERIFY, Stage.POLICY})


def stands(finding: Finding) -> bool:
    """The finding is an error, and nothing covers it."""
    return finding.rule.level is Level.ERROR and not finding.suppression


def outcome_of(findings: Iterable[Finding], open_questions: bool, fail_on: Level) -> Outcome:
    """Failed by a finding at or above ``fail_on`` that nothing covers; review while questions are open."""
    if any(f.rule.level >= fail_on and not f.suppression for f in findings):
        return Outcome.FAILED
    return Outcome.REVIEW if open_questions else Outcome.PASSED


def judge(request: ConversionRequest, data: bytes, path: str) -> list[Finding]:
    """Is this YAML a manifest, and is it this script's manifest? ``path`` is where the YAML would be found."""
    from s2r_ci.runai.texts import read_text
    from s2r_ci.validate import validate
    from s2r_ci.verify import verify

    try:
        manifest = read_text(data, request.target.name, where=path)
    except MalformedReplyError as error:
        place = Location(path=path)
        message = f"{error.what} ({error.where})" if error.where else error.what
        return [Finding(rule=rules.MANIFEST_UNREADABLE, message=message, location=place, subject="yaml")]
    target = request.target
    return [
        *validate(manifest, path, target=target.name, release=target.runai_release, crd=target.crd),
        *verify(request, manifest, path),
    ]


def unaccounted(job: JobSpec, result: ConversionResult) -> Iterator[Finding]:
    """The walk fails itself when the ledger does not add up to the inventory."""
    missing = Counter(job.inventory)
    missing.subtract(Counter(entry.item for entry in result.ledger))
    for item, count in missing.items():
        if count:
            what = "has no entry in the ledger" if count > 0 else "is in the ledger, and not in the script"
            yield Finding(
                rule=rules.LEDGER_INCOMPLETE,
                message=f"{item.kind.value} {item} {what}",
                location=item.location,
                subject=item.name,
            )


def rounded_silently(request: ConversionRequest, result: ConversionResult) -> Iterator[Finding]:
    """Equal pods that hold more than the script asks for in all, by the judge's own sums, where nobody is told so."""
    if request.job.resources.nodes <= 1:
        return
    from s2r_ci.model import Disposition
    from s2r_ci.verify import read
    from s2r_ci.verify.totals import more, uneven

    if not uneven(request):
        return
    told = {note.subject for note in result.notes if note.rule is rules.COUNT_ROUNDED_UP}
    honest = {entry.item.name for entry in result.ledger if entry.disposition is not Disposition.EXACT}
    for total, held in more(request, read(request, result.manifest)):
        if total.option in told & honest:
            continue
        place = request.job.origins.get(total.subject, Location(path=request.script.path))
        message = f"--{total.option} makes {total.asked} {total.what} in all, the manifest's pods hold {held}, and "
        message += "no note says so" if total.option in honest else "the ledger calls that exact"
        yield Finding(rule=rules.LEDGER_INCOMPLETE, message=message, location=place, subject=total.option)


def excused(script_findings: Iterable[Finding], found: list[Finding]) -> list[Finding]:
    """A manifest carries its script: what the script's author calls a false alarm, with a reason, is one there too."""
    excuses = [f.suppression for f in script_findings if f.rule is rules.SECRET_IN_SCRIPT]
    if not excuses or not all(excuses):
        return found
    return [replace(f, suppression=excuses[0]) if f.rule is rules.SECRET_IN_MANIFEST else f for f in found]


def ignored_away(findings: Sequence[Finding], path: str) -> Iterator[Finding]:
    """A comment silences a finding, and makes no manifest: where none came of a script, no comment covers that."""
    grave = [f for f in findings if f.rule.level is Level.ERROR]
    if not grave or any(map(stands, grave)):
        return
    names = ", ".join(dict.fromkeys(f.rule.id for f in grave))
    message = f"no manifest can be made of this script, whatever a comment ignores: {names}"
    place = Location(path=path, line=grave[0].location.line)
    yield Finding(rule=rules.CONVERSION_FAILED, message=message, location=place, subject="ignored")


def unwritable(request: ConversionRequest, error: ConversionError | UnicodeEncodeError) -> Finding:
    """Why no text can hold the manifest: it is UTF-8, and an octet of the script that reaches it is not."""
    path = request.script.path
    place, message = (
        Location(path=path),
        "the manifest would hold octets that are not UTF-8: save the script as UTF-8",
    )
    if not _is_utf8(request.job.name):
        place = request.job.origins.get("name", place)
        message = "the job's name holds octets that are not UTF-8: rename the script, or give it a --job-name"
    elif isinstance(error, ConversionError):
        told = "; ".join(filter(None, (error.where, error.hint)))
        message = f"{error.what} ({told})" if told else error.what
    return Finding(rule=rules.CONVERSION_FAILED, message=message, location=place, subject="conversion")


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
