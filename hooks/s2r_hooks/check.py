"""``s2r-check``: every staged script has the manifest that it gives, and every staged manifest keeps its promises."""

from collections.abc import Sequence
from typing import NoReturn

from s2r_ci.cli import as_process, at_the_door
from s2r_hooks.words import given_to, names_of


def main(argv: Sequence[str] | None = None) -> int:
    """Check the named files; the exit code of ``s2r-scan check``."""
    options, names = names_of(argv)
    return at_the_door(lambda: _check(options, names)) if names else 0


def _check(options: Sequence[str], names: Sequence[str]) -> int:
    from s2r_ci.cli.check import conclude
    from s2r_ci.repository import place_of
    from s2r_ci.session import run

    place = place_of(given_to("check", options, names))
    return conclude(place, run(place))


def command() -> NoReturn:
    """The hook as a process of its own."""
    as_process(main)
