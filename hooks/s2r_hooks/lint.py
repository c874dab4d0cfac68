"""``s2r-lint``: what is wrong with the staged batch scripts themselves."""

from collections.abc import Sequence
from typing import NoReturn

from s2r_ci.cli import as_process
from s2r_hooks.words import names_of, run_verb


def main(argv: Sequence[str] | None = None) -> int:
    """Lint the named files; the exit code of ``s2r-scan lint``."""
    options, names = names_of(argv)
    return run_verb("lint", options, names)


def command() -> NoReturn:
    """The hook as a process of its own."""
    as_process(main)
