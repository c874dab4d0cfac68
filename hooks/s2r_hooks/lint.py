"""``s2r-lint``: what is wrong with the staged batch scripts themselves."""

from collections.abc import Sequence
from typing import NoReturn

from s2r_ci.cli import as_process, at_the_door
from s2r_hooks.words import names_of


def main(argv: Sequence[str] | None = None) -> int:
    """Lint the named files; the exit code of ``s2r-scan lint``."""
    options, names = names_of(argv)
    return at_the_door(lambda: lint(options, names)) if names else 0


def lint(options: Sequence[str], names: Sequence[str]) -> int:
    """Say what is wrong with these files, and nothing else. Without options no parser is made."""
    from s2r_ci.cli.lint import given_words, linted_as_asked

    asked = given_words("lint", [*options, "--", *names]) if options else {"paths": list(names)}
    return linted_as_asked({"quiet": True, **asked})


def command() -> NoReturn:
    """The hook as a process of its own."""
    as_process(main)
