"""The page about targets says what the code says."""

from s2r_ci.runai.targets import TARGETS
from tools import targets_page

PAGE = targets_page.PAGE.read_text(encoding="utf-8")


def test_the_generated_tables_are_current() -> None:
    assert targets_page.renewed(PAGE) == PAGE, "run: make tables"


def test_every_target_has_its_row() -> None:
    assert all(f"| `{name}` |" in PAGE for name in TARGETS)
