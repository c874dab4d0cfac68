"""Scripts of a group that its pull request brings nothing for: each is a row of the text, with reason and repair.

Somebody who merges the manifests of a folder believes that the folder is done. What is refused, cannot be expressed or
waits for an answer first must not be missing silently.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from s2r_ci.model import Location, Outcome, Verdict
from s2r_ci.render.markdown import code, prose
from s2r_ci.render.safe import shown_path
from s2r_ci.render.words import count, gravest_first

_BEGIN: Final = "<!-- s2r-ci without a manifest -->"
_END: Final = "<!-- /s2r-ci without a manifest -->"
_MOST_ROWS: Final = 100
_ROOM: Final = 12_000  # characters, so that what is left to do keeps its place in the text
_NOTHING_SAID: Final = ("", "no manifest was made", "`s2r-scan explain` says more")


class LeftOut(NamedTuple):
    """One script without a manifest to propose. ``line`` 0: the whole file."""

    path: str
    line: int
    rule: str
    why: str
    repair: str
    more: int = 0  # findings beside the gravest


def left_out(verdicts: Iterable[Verdict], proposed: Collection[str]) -> Iterator[LeftOut]:
    """The scripts of which no manifest is fit to be proposed; ``proposed`` holds the others, current ones too."""
    for verdict in verdicts:
        if verdict.path not in proposed:
            yield _of(verdict)


def _of(verdict: Verdict) -> LeftOut:
    grave = gravest_first(verdict.findings)
    if verdict.outcome is Outcome.REVIEW and verdict.questions:
        first = verdict.questions[0]
        told = ("question-open", first.text, first.answer, len(verdict.questions) - 1)
        return LeftOut(verdict.path, _line(first.location, verdict), *told)
    if not grave:
        return LeftOut(verdict.path, 0, *_NOTHING_SAID)
    worst = grave[0]
    more = sum(finding.level == worst.level for finding in grave[1:])
    line = _line(worst.location, verdict)
    return LeftOut(verdict.path, line, worst.rule.id, worst.message, worst.rule.hint, more)


def _line(place: Location, verdict: Verdict) -> int:
    """The line, where the place is in the script itself."""
    return place.line if place.path == verdict.path else 0


def left_section(left: Sequence[LeftOut]) -> Iterator[str]:
    """The section of the text, in lines; none where nothing is left out."""
    if not left:
        return
    yield f"\n{_BEGIN}\n### Without a manifest\n\n"
    verb = "belongs" if len(left) == 1 else "belong"
    yield (
        f"{count(len(left), 'script')} {verb} to the same group, and this pull request brings nothing for "
        f"{'it' if len(left) == 1 else 'them'}. The next run does, once that is put right.\n\n"
    )
    yield "| Script | Rule | Why | What to do |\n| --- | --- | --- | --- |\n"
    rows = list(_fitting(left))
    yield from rows
    if hidden := len(left) - len(rows):
        yield f"\n{count(hidden, 'more script')} without a manifest in the report of the run.\n"
    yield f"\n{_END}\n"


def _fitting(left: Sequence[LeftOut]) -> Iterator[str]:
    room = _ROOM
    for each in left[:_MOST_ROWS]:
        row = _row(each)
        room -= len(row)
        if room < 0:
            return
        yield row


def _row(each: LeftOut) -> str:
    place = code(shown_path(each.path) + (f":{each.line}" if each.line else ""))
    more = f" (and {each.more:,} more)" if each.more else ""
    return f"| {place} | {each.rule} | {prose(each.why)}{more} | {prose(each.repair)} |\n"


def section_of(body: str) -> str:
    """The section as it stands in a text, for who renews the text without having looked at those scripts."""
    text = body.replace("\r\n", "\n")
    begin, end = text.find(_BEGIN), text.find(_END)
    return f"\n{text[begin:end]}{_END}\n" if 0 <= begin < end else ""
