"""What every regular expression of the package has to keep.

Python 3.11.0 to 3.11.4 match possessive groups wrongly (gh-106052); Debian 12 ships 3.11.2. Sets are fine.
"""

import ast
import gc
import re
from importlib import import_module
from pathlib import Path

import pytest

from s2r_ci.patterns import Later
from tests.architecture.test_floors import MODULES

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


# Rooms that a start loads only to use them: what they compile, nearly every script asks for.
USED_AT_ONCE = ("s2r_ci.slurm", "s2r_ci.lint", "s2r_service")


def compiled_at_import(path: Path) -> list[int]:
    """The lines on which a module compiles a pattern while it is loaded."""
    found: list[int] = []
    left: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile":
            found.append(node.lineno)
        left += ast.iter_child_nodes(node)
    return found


@pytest.mark.parametrize("module", [name for name in MODULES if not name.startswith(USED_AT_ONCE)])
def test_no_pattern_is_compiled_before_it_is_asked(module: str) -> None:
    assert not compiled_at_import(MODULES[module])


def test_every_pattern_that_waits_can_be_compiled() -> None:
    for module in MODULES:
        if module.startswith("s2r_ci.") and not module.endswith("__main__"):
            import_module(module)
    waiting = [each for each in gc.get_objects() if type(each) is Later]
    assert len(waiting) > 200
    for pattern in waiting:
        assert pattern.flags >= 0
