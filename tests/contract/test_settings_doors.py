"""A setting has one name at every door: the options of the command are settings, and settings are options."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from s2r_ci.settings import KEYS
from s2r_ci.settings.keys import SECRETS

ROOT = Path(__file__).parents[2]
VERBS = ("check", "write", "audit", "explain", "lint", "pr")
# Words of one run, which would make no sense in a file.
NO_SETTINGS = {
    "help",
    "version",
    "config",
    "files-from",
    "diff",
    "fix",
    "list",
    "base",
    "manifests",
    "result",
    "ask",
    "dry-run",
}
# Settings that are said once for a repository, by file or environment.
NO_OPTIONS = {"paths", "image-allow", "max-file-bytes", "site", "answers", "accepted"}


@cache
def options(verb: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-m", "s2r_ci", verb, "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(re.findall(r"(?<![\w-])--([a-z][a-z-]+)", done.stdout))


def every_option() -> set[str]:
    return set.union(*map(options, VERBS))


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_is_a_setting(verb: str) -> None:
    assert options(verb) - NO_SETTINGS <= set(KEYS)
    assert not options(verb) & set(SECRETS)


@pytest.mark.parametrize("name", sorted(set(KEYS) - NO_OPTIONS))
def test_every_setting_is_an_option(name: str) -> None:
    assert name in every_option()


def test_the_exceptions_are_still_exceptions() -> None:
    assert not NO_OPTIONS & every_option()
    assert set(KEYS) >= NO_OPTIONS
