"""``s2r-write``: write or renew the manifests of the staged scripts.

A new manifest is a file that git does not know yet, which pre-commit does not notice by itself: so the hook fails
whenever it wrote something, and says what to add.
"""

from collections.abc import Sequence
from typing import NoReturn

from s2r_ci.cli import as_process, at_the_door
from s2r_hooks.words import given_to, names_of


def main(argv: Sequence[str] | None = None) -> int:
    """Write for the named files. 1 when a manifest was written; else the exit code of ``s2r-scan write``."""
    options, names = names_of(argv)
    return at_the_door(lambda: _write(options, names)) if names else 0


def _write(options: Sequence[str], names: Sequence[str]) -> int:
    import sys

    from s2r_ci.cli.check import conclude
    from s2r_ci.render.safe import shown_path
    from s2r_ci.render.words import count
    from s2r_ci.repository import place_of
    from s2r_ci.session import run

    place = place_of(given_to("write", options, names))
    report = run(place, verb="write")
    code = conclude(place, report)
    written = [verdict.manifest_path for verdict in report.verdicts if verdict.state == "written"]
    for path in written:
        print(f"wrote {shown_path(path)}: look at it, then git add it", file=sys.stderr)
    if written and (open_ones := sum(len(verdict.questions) for verdict in report.verdicts)):
        verb = "is" if open_ones == 1 else "are"
        print(
            f"{count(open_ones, 'question')} {verb} open: s2r-scan audit lists them with their answers",
            file=sys.stderr,
        )
    return code or (1 if written else 0)


def command() -> NoReturn:
    """The hook as a process of its own."""
    as_process(main)
