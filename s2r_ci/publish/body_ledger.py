"""The parts of a pull request's text that come from the ledgers: what is only near, what is left to do, line by line.

What is the same in many scripts is said once, with the places: two hundred equal check-boxes would be read by nobody.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from s2r_ci.model import Disposition, LedgerEntry, Verdict
from s2r_ci.render.markdown import code, prose
from s2r_ci.render.safe import shown_path
from s2r_ci.render.words import count

_MOST_ROWS: Final = 100
_MOST_PLACES: Final = 3
_FEW_SCRIPTS: Final = 12  # whose items are listed line by line
_LONGEST_ITEM: Final = 120


class Same(NamedTuple):
    """Items that became the same for the same reason, in all their places."""

    item: str
    field: str
    reason: str
    places: tuple[str, ...]


def same(verdicts: Iterable[Verdict], disposition: Disposition) -> list[Same]:
    """The items of one disposition, those with most places first, otherwise in the order of scripts and lines."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for verdict in verdicts:
        for entry in verdict.ledger:
            if entry.disposition is disposition:
                key = (str(entry.item), entry.field, entry.reason)
                found.setdefault(key, []).append(place_of(verdict, entry))
    every = [Same(*key, tuple(dict.fromkeys(places))) for key, places in found.items()]
    return sorted(every, key=lambda each: -len(each.places))


def place_of(verdict: Verdict, entry: LedgerEntry) -> str:
    """Script and line, as they are shown."""
    return f"{shown_path(verdict.path)}:{entry.location.line}"


def approximate(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What became something near, folded."""
    every = same(verdicts, Disposition.APPROXIMATE)
    if not every:
        return
    total = sum(len(each.places) for each in every)
    yield f"\n<details><summary>{count(total, 'item')} became something near, not the same</summary>\n\n"
    yield "| Script and line | Item | In the manifest | Why |\n| --- | --- | --- | --- |\n"
    for each in every[:_MOST_ROWS]:
        yield f"| {_places(each)} | {_item(each.item)} | {_field(each.field)} | {prose(each.reason)} |\n"
    if (left := len(every) - _MOST_ROWS) > 0:
        yield f"\n{left} more stand in the manifests, each at its line.\n"
    yield "\n</details>\n"


def by_hand(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What no manifest can say, as check-boxes."""
    every = same(verdicts, Disposition.NOT_EXPRESSIBLE)
    if not every:
        return
    yield "\n### To be done by hand\n\nWhat no manifest can say. Tick what was taken care of, or does not matter.\n\n"
    for each in every[:_MOST_ROWS]:
        yield f"- [ ] {_item(each.item)}: {prose(each.reason)} ({_places(each)})\n"
    if (left := len(every) - _MOST_ROWS) > 0:
        yield f"\n{left} more stand in the report of the run.\n"


def line_by_line(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Where each line of each script went, a folded table a script; only where the scripts are few."""
    if len(verdicts) > _FEW_SCRIPTS:
        return
    for verdict in verdicts:
        if verdict.ledger:
            yield f"\n<details><summary>Line by line: {_title(verdict.path)}</summary>\n\n"
            yield "| Line | Item | Became | In the manifest |\n| ---: | --- | --- | --- |\n"
            for entry in sorted(verdict.ledger, key=lambda each: each.location.line)[:_MOST_ROWS]:
                became = entry.disposition.value.replace("-", " ")
                yield f"| {entry.location.line} | {_item(str(entry.item))} | {became} | {_field(entry.field)} |\n"
            yield "\n</details>\n"


def _title(path: str) -> str:
    """A path within HTML: letters that begin markup, mentions or references stand in a code element, as numbers."""
    shown = "".join(each if (each.isascii() and each.isalnum()) or each in "/._- " else f"&#{ord(each)};"
                    for each in shown_path(path))  # fmt: skip
    return f"<code>{shown}</code>"


def _places(each: Same) -> str:
    shown = ", ".join(map(code, each.places[:_MOST_PLACES]))
    left = len(each.places) - _MOST_PLACES
    return f"{shown} and {left:,} more" if left > 0 else shown


def _item(text: str) -> str:
    return code(text if len(text) <= _LONGEST_ITEM else text[: _LONGEST_ITEM - 4] + " ...")


def _field(field: str) -> str:
    return code(field) if field else ""
