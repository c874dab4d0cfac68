"""The pages for users, tried out: their commands run, their workflows and settings are what the linters take."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from s2r_ci.cli import BUG, INTERRUPTED, TERMINATED, VERBS
from s2r_ci.errors import S2rError
from s2r_ci.problems import PROBLEMS
from tools.remedies import REMEDIES

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PAGES = ("getting-started.md", "hooks.md", "action.md")
SCRIPT = "#!/bin/bash\n#SBATCH --gres=gpu:2\n#SBATCH --mem=32G\n#SBATCH --time=2:00:00\npython train.py\n"


def text(page: str) -> str:
    return (ROOT / "docs" / page).read_text()


def blocks(page: str) -> list[str]:
    """The YAML of a page."""
    return re.findall(r"```yaml\n(.*?)```", text(page), re.DOTALL)


WORKFLOWS = [block for page in PAGES for block in blocks(page) if "\njobs:" in block]
CONFIGS = [block for page in PAGES for block in blocks(page) if "hooks:" in block or "- {id: s2r" in block]


def test_the_pages_have_what_is_tried_here() -> None:
    assert len(WORKFLOWS) == 2
    assert len(CONFIGS) == 3


@pytest.mark.parametrize("number", range(len(WORKFLOWS)))
def test_workflows_are_what_github_and_the_auditor_take(number: int, tmp_path: Path) -> None:
    file = tmp_path / ".github" / "workflows" / "s2r.yml"
    file.parent.mkdir(parents=True)
    file.write_text(WORKFLOWS[number].replace("@v0", f"@{'0' * 40}").replace("checkout@v5", f"checkout@{'0' * 40}"))
    for asked in (
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", file],
        [BIN / "zizmor", "--offline", "--format=plain", tmp_path],
    ):
        done = subprocess.run(list(map(str, asked)), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_gitlab_example_is_what_gitlab_takes(tmp_path: Path) -> None:
    (block,) = [block for block in blocks("getting-started.md") if "before_script" in block]
    file = tmp_path / ".gitlab-ci.yml"
    file.write_text(block)
    asked = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", str(file)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("block", CONFIGS, ids=range(len(CONFIGS)))
def test_every_hook_that_is_named_is_there(block: str) -> None:
    known = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    read: Any = yaml.safe_load(block)
    repositories = read["repos"] if isinstance(read, dict) else read
    named = {hook["id"] for repository in repositories for hook in repository["hooks"]}
    assert named
    assert named <= known


def test_the_commands_of_the_first_five_minutes_run(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "X.sh").write_text(SCRIPT)
    found = re.findall(r"^s2r-scan ([^ \n]+(?: X\.sh)?)", text("getting-started.md"), re.MULTILINE)
    assert found == ["write", "check", "explain X.sh"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "S2R_"))}
    for words in ("audit", "init --yes", *found):
        asked = [str(BIN / "s2r-scan"), *words.split()]
        done = subprocess.run(asked, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    assert (tmp_path / "X.sh.runai.yaml").is_file()
    assert {word.partition(" ")[0] for word in found} <= set(VERBS)


def test_every_exit_code_has_its_row() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \|", text("troubleshooting.md"), re.MULTILINE)
    told = {int(code) for row in rows for code in row.split(",")}
    assert told == {0, 1, 4, BUG, INTERRUPTED, TERMINATED} | {each.exit_code for each in _errors(S2rError)}


def _errors(kind: type[S2rError]) -> set[type[S2rError]]:
    return {
        each for sub in kind.__subclasses__() for each in (sub, *_errors(sub)) if each.__module__ == "s2r_ci.errors"
    }


def test_every_problem_has_its_row_and_a_remedy() -> None:
    assert set(REMEDIES) == set(PROBLEMS)
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|.*\| ([^|]+) \|$", text("troubleshooting.md"), re.MULTILINE))
    assert set(PROBLEMS) <= set(rows)
    assert all(len(rows[code]) > 10 for code in PROBLEMS)
