"""Python 3.11.0 to 3.11.4 match possessive groups wrongly (gh-106052); Debian 12 ships 3.11.2. Sets are fine."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("s2r_ci", "hooks", "lambda") for path in (ROOT / top).rglob("*.py"))
POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{\d*,?\d*\})\+")


@pytest.mark.parametrize("text", [r"(?:ab)++", r"(a|b)*+", r"(?:a){2,}+", r"(a)?+"])
def test_a_possessive_group_is_seen(text: str) -> None:
    assert POSSESSIVE_GROUP.search(text)


@pytest.mark.parametrize("text", [r"[ab]++", r"\)++", r"(?:[ab]++)+", r"(?:a)+b"])
def test_other_things_are_not(text: str) -> None:
    assert not POSSESSIVE_GROUP.search(text)


def test_no_pattern_has_a_possessive_group() -> None:
    held = [str(path.relative_to(ROOT)) for path in SOURCES if POSSESSIVE_GROUP.search(path.read_text("utf-8"))]
    assert not held
