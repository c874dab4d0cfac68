"""``s2r-scan [check]`` and ``s2r-scan write``."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from s2r_ci.cli import VERBS
from s2r_ci.repository import Place, place_of
from s2r_ci.session import run as run_session

if TYPE_CHECKING:
    from s2r_ci.asking import Words
    from s2r_ci.model import Report


def run(verb: str, words: Sequence[str]) -> int:
    """Discover, examine, report; the exit code is the verdict."""
    given = given_words(verb, words)
    place = place_of(given)
    if given.get("dry-run"):
        from s2r_ci.cli.outgoing import show_outgoing

        return show_outgoing(place, verb)
    if given.get("diff"):
        from s2r_ci.cli.diff import show_diff

        return show_diff(place)
    if given.get("ask"):
        place = _asked(given, place)
    return conclude(place, run_session(place, verb=verb, progress=progress_line(place), words=words_for(place)))


def _asked(given: Mapping[str, Any], place: Place) -> Place:
    """The place with what a person answered, where anything was."""
    from s2r_ci.cli.ask import ask, refuse_without_terminal

    refuse_without_terminal()
    return place_of(given) if ask(place, run_session(place, verb="check")) else place


def given_words(verb: str, words: Sequence[str]) -> Mapping[str, Any]:
    """The options and paths of check or write by their names. Raises ConfigurationError for wrong ones."""
    if not any(word.startswith("-") for word in words):
        return {"paths": list(words)}  # as a hook calls: a parser of thirty options would take 7 ms to say so
    from s2r_ci.cli.arguments import add_disk, add_paths, add_report, add_service, add_target, parse, parser

    made = parser(verb, VERBS[verb])
    add_paths(made)
    add_report(made)
    add_target(made)
    add_service(made)
    made.add_argument(
        "--dry-run", action="store_true", help="print what would be sent to the service, send and write nothing"
    )
    add_disk(made, verb)
    return parse(made, words)


def progress_line(place: Place) -> Callable[[int, int], None]:
    """A line on a terminal that counts long work; nothing anywhere else."""
    if place.settings.quiet or not sys.stderr.isatty() or os.environ.get("CI"):
        return lambda done, total: None

    def show(done: int, total: int) -> None:
        if total > 500:
            end = "\n" if done == total else ""
            print(f"\r{done} of {total} scripts", end=end, file=sys.stderr, flush=True)

    return show


def words_for(place: Place) -> "Words":
    """What a run with the service says on standard error: the plan always, what is in flight on a terminal."""
    from s2r_ci.asking import Words

    if place.settings.quiet:
        return Words()

    def say(line: str) -> None:
        print(f"s2r-scan: {line}", file=sys.stderr, flush=True)

    def show(line: str) -> None:
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)

    return Words(say, show if sys.stderr.isatty() and not os.environ.get("CI") else Words().show)


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
