"""The words that pre-commit gives to a hook: its ``args``, then the names of the staged files."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

# What check and write do unless ``args`` say otherwise: nobody is asked; a manifest that the service wrote is taken.
OFFLINE: Final = {"converter": "auto", "api-endpoint": "", "quiet": True}


def names_of(argv: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """Options and file names. What follows ``--`` is a name whatever it looks like, and so is every word that does not
    begin with a dash; an option with a value is therefore written ``--fail-on=warning``.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    end = words.index("--") if "--" in words else len(words)
    options = [word for word in words[:end] if word.startswith("-")]
    names = [word for word in words[:end] if not word.startswith("-")]
    return options, [*names, *words[end + 1 :]]


def given_to(verb: str, options: Sequence[str], names: Sequence[str]) -> Mapping[str, Any]:
    """What check or write is asked: by rules and saying only what is wrong, unless ``options`` say otherwise.

    Without options no parser is made, which would take a seventh of a hook's time.
    """
    asked: Mapping[str, Any] = {"paths": list(names)}
    if options:
        from s2r_ci.cli.check import given_words

        asked = given_words(verb, [*options, "--", *names])
    if asked.get("converter") == "service":
        return {"quiet": True, **asked}  # told so: the endpoint is that of the settings
    return {**OFFLINE, **asked}


def run_verb(verb: str, options: Sequence[str], names: Sequence[str]) -> int:
    """``s2r-scan VERB`` for these files, saying only what is wrong. No names is nothing to do, not the whole tree."""
    from s2r_ci.cli import main

    return main([verb, "--quiet", *options, "--", *names]) if names else 0
