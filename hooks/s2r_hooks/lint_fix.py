"""``s2r-lint-fix``: the same as ``s2r-lint``, after what is certain was repaired in place.

pre-commit sees that a file changed and stops the commit, so that the repair is looked at before it is added.
"""

from collections.abc import Sequence
from typing import NoReturn

from s2r_ci.cli import as_process, at_the_door
from s2r_hooks.lint import lint
from s2r_hooks.words import names_of


def main(argv: Sequence[str] | None = None) -> int:
    """Repair and lint the named files; the exit code of ``s2r-scan lint --fix``."""
    options, names = names_of(argv)
    return at_the_door(lambda: lint(["--fix", *options], names)) if names else 0


def command() -> NoReturn:
    """The hook as a process of its own."""
    as_process(main)
