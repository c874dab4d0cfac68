"""The workflow self-test, its steps run here: every mode is in it, and its expectations are the right ones."""

import os
import re
import shutil
import subprocess
import sys
from typing import Any

import pytest
import yaml

from s2r_ci.action.inputs import MODES

from .conftest import HERE, ROOT, Runner

JOBS: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/self-test.yml").read_text())["jobs"]
MATRIX: list[dict[str, str]] = JOBS["modes"]["strategy"]["matrix"]["include"]
TALKING: list[dict[str, Any]] = JOBS["talking"]["steps"]


@pytest.fixture
def checkout(runner: Runner) -> Runner:
    """The examples of this project as a repository of their own."""
    (runner.workspace / "s2r-ci.toml").unlink()
    shutil.copytree(ROOT / "examples", runner.workspace / "examples")
    runner.commit()
    return runner


def test_every_mode_is_run() -> None:
    told = {each["mode"] for each in MATRIX} | {step["with"]["mode"] for step in TALKING if _is_ours(step)}
    assert told == set(MODES)
    assert any("self_test comment" in step.get("run", "") for step in TALKING)


def _is_ours(step: dict[str, Any]) -> bool:
    return bool(step.get("uses") == "./")


@pytest.mark.parametrize("each", MATRIX, ids=lambda each: each["mode"])
def test_a_mode_ends_as_the_workflow_expects(each: dict[str, str], checkout: Runner) -> None:
    ran = checkout.run(mode=each["mode"], paths="examples")
    assert ran.outputs["exit-code"] == each["code"], ran.said


def test_the_modes_that_talk_do_so_on_loopback(checkout: Runner) -> None:
    steps: dict[str, dict[str, str]] = {}
    try:
        for step in TALKING:
            if _is_ours(step):
                given = {name.replace("-", "_"): _filled(value, steps) for name, value in step["with"].items()}
                ran = checkout.run("push", {}, ENV_GITHUB_REF="refs/heads/main", **given)
                steps[step["id"]] = ran.outputs
            elif "tools.self_test" in step.get("run", ""):
                code, said, outputs = _run(step, checkout, steps)
                assert code == 0, said
                steps[step.get("id", "")] = outputs
    finally:
        if process := steps.get("github", {}).get("process"):
            subprocess.run(["kill", process], check=False, capture_output=True)
    assert steps["first"]["operation"] == "created"


def _run(
    step: dict[str, Any], checkout: Runner, steps: dict[str, dict[str, str]]
) -> tuple[int, str, dict[str, str]]:
    outputs = checkout.temp / "outputs"
    outputs.write_text("")
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GIT", "S2R_"))},
        "GITHUB_WORKSPACE": str(checkout.workspace),
        "GITHUB_REPOSITORY": HERE,
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_OUTPUT": str(outputs),
        "RUNNER_TOOL_CACHE": str(checkout.temp / "tools"),
        "RUNNER_TEMP": str(checkout.temp),
        **{name: _filled(value, steps) for name, value in step.get("env", {}).items()},
    }
    script = step["run"].replace(".venv/bin/python", sys.executable)
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr, dict(re.findall(r"^(\w+)=(.*)$", outputs.read_text(), re.M))


def _filled(text: str, steps: dict[str, dict[str, str]]) -> str:
    """The text with the outputs of earlier steps, which is all that the job's expressions name."""
    filled = re.sub(r"\$\{\{ steps\.(\w+)\.outputs\.(\w+) \}\}", lambda at: steps[at[1]][at[2]], text)
    assert "${{" not in filled
    return filled


def test_nothing_of_it_reaches_the_real_github() -> None:
    for step in TALKING:
        if _is_ours(step):
            assert step["with"]["github-api-url"] == "${{ steps.github.outputs.address }}"
            assert step["with"]["token"] == "made-up-token-of-a-test"
    assert {each["mode"] for each in MATRIX}.isdisjoint({"pr"})
    for job in JOBS.values():
        assert job["permissions"] == {"contents": "read"}
