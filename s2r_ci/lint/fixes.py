"""Autofix: what is certainly meant, written so that sbatch reads it. Octets in, octets out.

An edit stands only when the script, read again, is refused for no reason that was not there before. Lines behind the
first command are never touched, except that CRLF becomes LF: sbatch refuses the file as long as one is left. Late
directives stay where they are, and lines that only look like directives stay comments (`` #SBATCH -N 2``, ``#sbatch
-p gpu``): the job ran without them so far, and whether it should have had them a person has to say.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from s2r_ci import rules
from s2r_ci.lint import edits
from s2r_ci.model import Header
from s2r_ci.slurm.header import read_header
from s2r_ci.slurm.inline import read_ignores
from s2r_ci.slurm.options import Catalogue, catalogue
from s2r_ci.slurm.troubles import Troubles
from s2r_ci.slurm.words import KEYWORD, read_words

_BOM: Final = b"\xef\xbb\xbf"
_ROUNDS: Final = 4
_LARGEST: Final = 1_048_576  # octets; longer files are no scripts that a person edits
_REFUSALS: Final = frozenset({rules.SCRIPT_REFUSED.id, rules.UNKNOWN_DIRECTIVE.id})
_REMARK: Final = re.compile(r"\(|//|;|<-|\u2190|\u2192|->")
_UNIT: Final = re.compile(
    r"\W*(?:[KMGT]i?B?|(?:kilo|mega|giga|tera)bytes?|h|hrs?|hours?|m|mins?|minutes?|d|days?|weeks?|s|secs?|seconds?)\b",
    re.IGNORECASE,
)


class Change(NamedTuple):
    """One repair: where, and what was done."""

    line: int
    what: str


class Fixed(NamedTuple):
    """A script after repair; without changes its octets are those that came in."""

    data: bytes
    changes: tuple[Change, ...]


def fix(data: bytes, *, release: str = "24.11") -> Fixed:
    """Repair a script. Fixing what was fixed changes nothing. Never raises."""
    if len(data) > _LARGEST or KEYWORD[1:] not in data.upper():
        return Fixed(data, ())
    known = catalogue(release)
    kept = _kept(data)
    fixed, changes = _whole_file(data)
    for _ in range(_ROUNDS):
        better, more = _header(fixed, known, release, kept)
        if better == fixed:
            break
        fixed, changes = better, [*changes, *more]
    return Fixed(fixed, tuple(changes))


def _kept(data: bytes) -> frozenset[int]:
    """Lines that an ignore comment with a reason covers: someone wants them as they are."""
    text = data.decode("utf-8", "surrogateescape")
    return frozenset(ignore.covers for ignore in read_ignores(text) if ignore.reason)


def _whole_file(data: bytes) -> tuple[bytes, list[Change]]:
    changes: list[Change] = []
    if data.startswith(_BOM + b"#!"):
        data = data[len(_BOM) :]
        changes.append(Change(1, "the byte order mark is gone"))
    if b"\r\n" in data and data.startswith(b"#!") and b"\0" not in data:
        line = data.count(b"\n", 0, data.index(b"\r\n")) + 1
        while b"\r\n" in data:
            data = data.replace(b"\r\n", b"\n")
        changes.append(Change(line, "line ends are \\n now"))
    return data, changes


def _header(data: bytes, known: Catalogue, release: str, kept: frozenset[int]) -> tuple[bytes, list[Change]]:
    """One round over the directive lines: each edit by itself, each checked by reading the script again."""
    end = read_words(data, known.release, Troubles(""), lambda raw, line: None).end
    before = read_header(data, "", release=release)
    if before.stage == "read":
        return data, []
    refused = _refusals(before)
    lines = data[:end].split(b"\n")
    behind = data[end:]
    changes: list[Change] = []
    proposed = [*_proposed(lines, known), *_remarks(lines, before)]
    for place, better, what in proposed:
        if place + 1 in kept or lines[place] == better or any(change.line == place + 1 for change in changes):
            continue
        trial = [*lines[:place], better, *lines[place + 1 :]]
        after = read_header(b"\n".join(trial) + behind, "", release=release)
        if after.stage != "read" and _refusals(after) <= refused:
            lines, refused = trial, _refusals(after)
            changes.append(Change(place + 1, what))
    return b"\n".join(lines) + behind, changes


def _refusals(header: Header) -> int:
    return sum(finding.rule.id in _REFUSALS for finding in header.findings)


def _proposed(lines: list[bytes], known: Catalogue) -> Iterator[tuple[int, bytes, str]]:
    """All edits of a line together, because one slip may hide another."""
    for place, line in enumerate(lines):
        if not line.startswith(KEYWORD):
            continue
        done = []
        better = line
        for what, edit in edits.EDITS:
            edited = edit(better, known)
            if edited != better:
                better = edited
                done.append(what)
        if done:
            yield place, better, ", ".join(done)


def _remarks(lines: list[bytes], header: Header) -> Iterator[tuple[int, bytes, str]]:
    """``--time=1:00:00 (one hour)``: a # before what sbatch takes for a stray word."""
    for finding in header.findings:
        if finding.rule is not rules.SCRIPT_REFUSED or not finding.location.column:
            continue
        if not _REMARK.match(finding.subject):
            continue
        place = finding.location.line - 1
        if place >= len(lines) or len(lines[place]) > edits.LONGEST:
            continue
        text = lines[place].decode("utf-8", "surrogateescape")
        at = finding.location.column - 1
        if not text[:at].rstrip().startswith("#SBATCH") or not _is_remark(text, at):
            continue
        yield place, (text[:at] + "# " + text[at:]).encode("utf-8", "surrogateescape"), "a # before the remark"


def _is_remark(text: str, at: int) -> bool:
    """A remark holds no option, and is not the unit of a bare number before it."""
    before, remark = text[:at].rstrip(), text[at:].partition("#")[0]
    if before == "#SBATCH" or not before[-1:].strip() or re.search(r"(?:^|\s)-", remark):
        return False
    if "'" in text or '"' in text or "\\" in text:
        return False
    return not (before[-1].isdigit() and _UNIT.match(remark))
