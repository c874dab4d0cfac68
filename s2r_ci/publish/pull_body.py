"""The text of a pull request: what a reviewer with one minute looks at, each row with the line it came from.

All foreign text stands in code spans, where GitHub makes no mention, reference, link, command or HTML of it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from s2r_ci import __version__
from s2r_ci.model import Disposition, JobSpec, Level, Verdict
from s2r_ci.publish.body_ledger import approximate, by_hand, line_by_line
from s2r_ci.publish.left_out import left_section
from s2r_ci.publish.proposal import Change, Proposal, write_memory
from s2r_ci.render.markdown import code, prose
from s2r_ci.render.safe import shown_path
from s2r_ci.render.words import asked, count, gravest_first

LONGEST: Final = 60_000  # characters; GitHub refuses more than 65,536
_CUT: Final = "\nCut here: the text has room for no more. The report of the run holds the rest.\n"
_MOST_ROWS: Final = 100
_COLUMNS: Final = (
    *("Script", "Kind", "Pods", "GPUs", "CPUs", "Memory", "Time"),
    *("Exact", "Near", "Open", "Lost"),  # short words, so that the last one is seen without scrolling
)
_UNITS: Final = ((1024 * 1024, "Ti"), (1024, "Gi"), (1, "Mi"))


def body_of(proposal: Proposal, base: str, *, left: str = "") -> str:
    """The whole text, its memory at the end, in at most 60,000 characters. ``left``: the section of scripts without a
    manifest as it stands, for who did not look at them.
    """
    memory = write_memory(proposal)
    room = LONGEST - len(memory) - len(_CUT) - 2
    kept: list[str] = []
    cut = ""
    for section in _sections(proposal, base, left):
        for line in section:
            room -= len(line)
            if room < 0:
                cut = _CUT
                break
            kept.append(line)
        if cut:
            break
    return f"{''.join(kept)}{cut}\n{memory}\n"


def _sections(proposal: Proposal, base: str, left: str) -> Iterator[Iterator[str]]:
    verdicts = [change.verdict for change in proposal.changes]
    if verdicts:
        yield _what(verdicts)
    yield _gone(proposal)
    for make in (_minute, _questions) if verdicts else ():
        yield make(verdicts)
    yield iter(left.splitlines(keepends=True)) if left else left_section(proposal.left)
    for make in (by_hand, _findings, line_by_line) if verdicts else ():
        yield make(verdicts)
    yield _provenance(proposal.changes, base)


# --- what it is ---------------------------------------------------------------------------------------------


def _what(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield (
        "Each manifest below was made from the batch script of the same name, validated against its schema and judged "
        "against the script. Nothing else is touched. GPUs, CPUs and memory are those of one pod; the last four "
        "columns count what the script asks for and does, by what became of it.\n\n"
    )
    yield f"| {' | '.join(_COLUMNS)} |\n| --- | --- |{' ---: |' * (len(_COLUMNS) - 2)}\n"
    yield from map(_row, verdicts[:_MOST_ROWS])
    if left := len(verdicts) - _MOST_ROWS:
        yield f"\n{count(left, 'more script')} in the files of this pull request.\n" if left > 0 else ""


def _row(verdict: Verdict) -> str:
    kinds = (Disposition.EXACT, Disposition.APPROXIMATE, Disposition.NEEDS_ANSWER, Disposition.NOT_EXPRESSIBLE)
    sums = [sum(entry.disposition is kind for entry in verdict.ledger) for kind in kinds]
    cells = [code(shown_path(verdict.path)), code(verdict.kind), *_resources(verdict.jobs), *map(str, sums)]
    return f"| {' | '.join(cells)} |\n"


def _resources(jobs: Sequence[JobSpec]) -> list[str]:
    if len(jobs) != 1:
        return ["", "", "", "", ""]
    job, asks = jobs[0], jobs[0].resources
    pods = len(job.array.ids) if job.array else asks.nodes
    gpus = f"{asks.gpus_per_node}{' ' + code(asks.gpu_model) if asks.gpu_model else ''}"
    memory = {None: "not said", 0: "all"}.get(asks.memory_per_node_mib) or _memory(asks.memory_per_node_mib or 0)
    limit = {None: "not said", 0: "none"}.get(job.time_limit_s) or _time(job.time_limit_s or 0)
    return [str(pods), gpus, str(asks.cpus_per_node), memory, limit]


def _memory(mib: int) -> str:
    """
    >>> _memory(32768), _memory(1500)
    ('32 Gi', '1500 Mi')
    """
    size, unit = next((size, unit) for size, unit in _UNITS if mib % size == 0)
    return f"{mib // size} {unit}"


def _time(seconds: int) -> str:
    """
    >>> _time(86400), _time(5400)
    ('1 d', '1 h 30 min')
    """
    days, rest = divmod(seconds // 60, 24 * 60)
    hours, minutes = divmod(rest, 60)
    told = ((days, "d"), (hours, "h"), (minutes, "min"))
    return " ".join(f"{number} {unit}" for number, unit in told if number) or f"{seconds} s"


def _gone(proposal: Proposal) -> Iterator[str]:
    """The manifests that are taken away, and where their scripts are now."""
    if not proposal.removals:
        return
    moved = {change.script_digest: change.verdict.path for change in proposal.changes}
    yield "\n### Taken away\n\n" if proposal.changes else ""
    yield (
        "The scripts of these manifests are gone. Each file carries the header of s2r-ci and is as it was written; one "
        "that somebody edited is left, and reported.\n\n"
    )
    yield "| Manifest | Its script was | Now |\n| --- | --- | --- |\n"
    for each in proposal.removals[:_MOST_ROWS]:
        now = f"moved to {code(shown_path(moved[each.script_digest]))}" if each.script_digest in moved else "gone"
        yield f"| {code(shown_path(each.path))} | {code(shown_path(each.source))} | {now} |\n"
    if (left := len(proposal.removals) - _MOST_ROWS) > 0:
        yield f"\n{count(left, 'more manifest')} in the files of this pull request.\n"


# --- what to look at ----------------------------------------------------------------------------------------


def _minute(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield "\n### What to check in one minute\n\n"
    yield "- GPUs, memory and time of the table are what you expect of each job.\n"
    yield "- The image of each manifest holds the software that the script loads.\n"
    if any(verdict.questions for verdict in verdicts):
        yield "- The open questions below: a manifest with one does not run as it stands, or not for sure.\n"
    yield from approximate(verdicts)


def _questions(verdicts: Sequence[Verdict]) -> Iterator[str]:
    every = asked(verdicts)
    if not every:
        return
    yield "\n### Open questions\n\n"
    yield "Answer in the settings, or in a comment here: `/s2r image=NAME:TAG`, `/s2r memory=16G`.\n\n"
    yield "| Question | Scripts | Asked | In the settings |\n| --- | ---: | --- | --- |\n"
    for each in every[:_MOST_ROWS]:
        question = each.question
        yield f"| {code(question.key)} | {each.scripts} | {prose(question.text)} | {code(question.answer)} |\n"


def _findings(verdicts: Sequence[Verdict]) -> Iterator[str]:
    shown = [f for f in gravest_first(f for v in verdicts for f in v.findings) if f.level >= Level.WARNING]
    if not shown:
        return
    yield "\n### Findings\n\n| Level | Place | Rule | Message |\n| --- | --- | --- | --- |\n"
    for finding in shown[:_MOST_ROWS]:
        place = code(f"{shown_path(finding.location.path)}:{finding.location.line}")
        yield f"| {finding.level.word} | {place} | {finding.rule.id} | {prose(finding.message)} |\n"


def _provenance(changes: Sequence[Change], base: str) -> Iterator[str]:
    from s2r_ci.runai.document import read_document

    stamps = [document.stamp for change in changes if (document := read_document(change.data))]
    converters = ", ".join(sorted({stamp.converter for stamp in stamps})) or "unknown"
    settings = ", ".join(sorted({stamp.settings_digest for stamp in stamps})[:3])
    yield "\n### Where it comes from\n\n"
    yield f"- scripts of commit `{base[:40]}`\n"
    yield f"- s2r-ci {__version__}, converter {code(converters)}\n" if changes else f"- s2r-ci {__version__}\n"
    if not changes:
        return
    yield f"- settings digest {code(settings)}\n" if settings else ""
    yield "- the header of each manifest names the digest of its script and its own\n"
