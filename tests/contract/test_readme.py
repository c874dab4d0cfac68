"""The README says what the code says."""

import re
import tomllib
from pathlib import Path

import pytest

from s2r_ci import errors
from s2r_ci.render import RENDERERS
from s2r_ci.rules import RULES
from s2r_ci.settings import KEYS, resolve
from tools import readme_tables

README = readme_tables.README.read_text(encoding="utf-8")


def test_the_generated_tables_are_current() -> None:
    assert readme_tables.renewed(README) == README, "run: make tables"


@pytest.mark.parametrize("name", [*RULES, *KEYS, *RENDERERS])
def test_every_rule_setting_and_format_has_its_row(name: str) -> None:
    assert f"| `{name}` |" in README


def test_every_exit_code_of_an_error_is_explained() -> None:
    family = [errors.S2rError]
    for each in family:
        family += each.__subclasses__()
    codes = {str(each.exit_code) for each in family if each.__module__ == "s2r_ci.errors"}
    assert codes <= set(re.findall(r"^\| (\d+)", README, re.MULTILINE))


def test_the_settings_that_are_shown_are_valid(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    assert "s2r-ci" in tomllib.loads(shown)["tool"]
    (tmp_path / "pyproject.toml").write_text(shown, encoding="utf-8")
    target = resolve(tmp_path, {}, {}).target_for("jobs/finetune-a.sh")
    assert target.arguments == ("robin",)


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (readme_tables.README.parent / link).exists()
