"""``s2r-scan [check]``, ``s2r-scan write`` and ``s2r-scan lint``."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from s2r_ci.cli import VERBS
from s2r_ci.cli.arguments import add_disk, add_paths, add_report, add_target, parse, parser
from s2r_ci.cli.common import Place, found_in, incomplete, options_of, place_of, world_of
from s2r_ci.pipeline import scan

if TYPE_CHECKING:
    from s2r_ci.discover import Found
    from s2r_ci.model import Report


def run(verb: str, words: Sequence[str]) -> int:
    """Discover, examine, report; the exit code is the verdict."""
    made = parser(verb, VERBS[verb])
    add_paths(made)
    add_report(made)
    if verb != "lint":
        add_target(made)
        add_disk(made, verb)
    given = parse(made, words)
    place = place_of(given)
    if given.get("diff"):
        from s2r_ci.cli.diff import show_diff

        return show_diff(place)
    return conclude(place, _report(verb, place))


def _report(verb: str, place: Place) -> "Report":
    writing = verb == "write"
    found = found_in(place)
    options = options_of(place, write=writing, keep_details=_details_wanted(place), ignore_disk=verb == "lint")
    with _lock(place.root) if writing else nullcontext():
        report = scan(
            found.scripts,
            world_of(place, write=writing),
            options,
            verb=verb,
            jobs=place.settings.jobs,
            progress=progress_line(place),
        )
    if verb == "lint":
        report = _scripts_only(report)
    return _with_found(report, found, place, verb)


def _lock(root: str):  # type: ignore[no-untyped-def]
    from s2r_ci.publish.files import locked

    return locked(root)


def _details_wanted(place: Place) -> bool:
    words = {word.partition("=")[0] for word in place.settings.format}
    return bool(words & {"json", "markdown"}) and bool(place.settings.verbose)


def _scripts_only(report: "Report") -> "Report":
    """A linter speaks about the script as Slurm takes it, not about where it goes."""
    from s2r_ci.model import Stage
    from s2r_ci.pipeline import outcome_of

    def own(verdict):  # type: ignore[no-untyped-def]
        findings = tuple(f for f in verdict.findings if f.rule.stage is Stage.PARSE)
        outcome = outcome_of(findings, open_questions=False, fail_on=report.fail_on)
        return replace(verdict, findings=findings, questions=(), outcome=outcome, kind="", manifest_path="")

    return replace(report, verdicts=tuple(own(verdict) for verdict in report.verdicts))


def _with_found(report: "Report", found: "Found", place: Place, verb: str) -> "Report":
    from s2r_ci.cli.orphans import orphans

    elsewhere = [*found.findings]
    if verb != "lint":
        elsewhere += orphans(place, found, report)
    report = replace(
        report,
        others=found.others,
        examined=found.examined,
        findings_elsewhere=tuple(elsewhere),
        incomplete=incomplete(elsewhere),
    )
    if place.settings.baseline:
        from s2r_ci.cli.baseline import against_baseline

        report = against_baseline(report, place.settings.baseline)
    return report


def progress_line(place: Place) -> Callable[[int, int], None]:
    """A line on a terminal that counts long work; nothing anywhere else."""
    if place.settings.quiet or not sys.stderr.isatty() or os.environ.get("CI"):
        return lambda done, total: None

    def show(done: int, total: int) -> None:
        if total > 500:
            end = "\n" if done == total else ""
            print(f"\r{done} of {total} scripts", end=end, file=sys.stderr, flush=True)

    return show


def conclude(place: Place, report: "Report") -> int:
    """Render and publish the report in every format asked for; return the exit code.

    A report that cannot be published does not hide a worse end: the gravest code wins.
    """
    from s2r_ci.cli.verdict import exit_code, gravest, style_of
    from s2r_ci.errors import PublishError
    from s2r_ci.publish.report import publish, wanted
    from s2r_ci.render import render

    code = exit_code(report)
    for ask in wanted(place.settings.format):
        try:
            publish(render(ask.word, report, style_of(place, ask.file)), ask.file)
        except PublishError as error:
            print(f"s2r-scan: {error}", file=sys.stderr)
            code = gravest(code, error.exit_code)
    return code
