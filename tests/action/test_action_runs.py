"""``action.yml`` run step by step in a real checkout: every mode that needs no server, and every situation."""

import json
from pathlib import Path

import pytest

from .conftest import GOOD, Runner, git, pull_request

SECRET = "a-made-up-secret-of-a-test-0123456789"


def test_check_fails_where_a_manifest_is_missing_and_passes_where_it_is_current(runner: Runner) -> None:
    runner.write("jobs/train.sh", GOOD)
    first = runner.run()
    assert first.code == 1
    assert first.outputs["outcome"] == "failed"
    assert first.outputs["exit-code"] == "1"
    assert "::error file=jobs/train.sh,title=manifest-missing::" in first.said
    written = runner.run(mode="write")
    assert (written.code, written.outputs["outcome"]) == (0, "passed")
    assert (runner.workspace / "jobs/train.sh.runai.yaml").is_file()
    again = runner.run(mode="check")
    assert (again.code, again.outputs["scripts"], again.outputs["passed"]) == (0, "1", "1")
    assert again.unexpected == []
    report = json.loads(Path(again.outputs["report-json"]).read_text())
    assert report["tally"]["passed"] == 1


def test_the_second_run_takes_the_packages_from_the_cache(runner: Runner, cache: Path) -> None:
    runner.write("train.sh", GOOD)
    runner.run(mode="lint")
    assert [path.name for path in cache.iterdir() if path.name.startswith("s2r-ci-cpython")]
    said = runner.run(mode="lint").said
    assert "install" not in said.lower()


def test_sarif_and_further_formats_are_files(runner: Runner) -> None:
    runner.write("train.sh", GOOD)
    ran = runner.run(sarif_file="s2r.sarif", format="junit=junit.xml\ntext")
    assert ran.outputs["sarif-file"] == "s2r.sarif"
    assert json.loads((runner.workspace / "s2r.sarif").read_text())["version"] == "2.1.0"
    assert (runner.workspace / "junit.xml").read_text().startswith("<?xml")


def test_the_summary_shows_script_and_manifest_side_by_side(runner: Runner) -> None:
    runner.write("jobs/a`b|c.sh", GOOD.replace("python train.py", "python train.py $CHECKPOINT"))
    runner.run(mode="write")
    ran = runner.run()
    assert ran.outputs["review"] == "1"
    assert "<summary>jobs/a&#96;b&#124;c.sh: review</summary>" in ran.summary
    assert "#SBATCH --gres=gpu:2" in ran.summary
    assert 'nvidia.com/gpu: "2"' in ran.summary


def test_audit_is_a_summary_and_judges_nobody(runner: Runner) -> None:
    runner.write("train.sh", GOOD)
    ran = runner.run(mode="audit")
    assert ran.code == 0
    assert "1 batch script" in ran.summary


@pytest.mark.parametrize(
    ("event", "payload", "word"),
    [
        pytest.param("pull_request", pull_request(fork=True), "from a fork has no secrets", id="a fork"),
        pytest.param("pull_request", None, "from a fork has no secrets", id="an event that says nothing"),
        pytest.param("pull_request", pull_request(author="dependabot[bot]"), "of Dependabot", id="dependabot"),
    ],
)
def test_who_is_not_trusted_gets_the_offline_check(
    runner: Runner, event: str, payload: dict[str, object] | None, word: str
) -> None:
    runner.write("train.sh", GOOD)
    runner.run(mode="write")
    runner.commit()
    ran = runner.run(event, payload, api_endpoint="https://service.invalid", shared_secret=SECRET, mode="pr")
    assert ran.code == 0, ran.said
    assert word in ran.said
    assert "checked offline" in ran.said
    assert word in ran.summary
    assert git(runner.workspace, "status", "--porcelain") == ""


@pytest.mark.parametrize("event", ["pull_request_target", "workflow_run", "issue_comment"])
def test_an_event_with_rights_of_its_own_is_refused(runner: Runner, event: str) -> None:
    runner.write("train.sh", GOOD)
    ran = runner.run(event, pull_request())
    assert (ran.code, ran.outputs["exit-code"]) == (2, "2")
    assert "::error title=s2r-ci::event " in ran.said
    if event != "issue_comment":
        allowed = runner.run(event, pull_request(), allow_privileged_event="inspect-only", mode="write")
        assert allowed.code == 1  # checked: the manifest is missing, and was not written
        assert not (runner.workspace / "train.sh.runai.yaml").exists()


def test_a_secret_is_masked_before_anything_else_is_said(runner: Runner) -> None:
    runner.write("train.sh", GOOD)
    ran = runner.run("pull_request", pull_request(fork=True), shared_secret=SECRET)
    lines = ran.log[-1]["stdout"].splitlines()
    assert lines[0] == "::add-mask::made-up-token-of-a-test" or SECRET in lines[0]
    masked = {line for line in lines if line.startswith("::add-mask::")}
    assert f"::add-mask::{SECRET}" in masked
    rest = [line for line in lines if line not in masked]
    assert SECRET not in "\n".join(rest) + ran.summary + json.dumps(ran.outputs)
    assert lines[: len(masked)] == [line for line in lines if line in masked]


def test_a_secret_that_cannot_be_masked_is_refused(runner: Runner) -> None:
    ran = runner.run(shared_secret="true")
    assert ran.code == 2
    assert "cannot be masked" in ran.said


def test_a_shallow_clone_is_checked_as_a_whole(runner: Runner) -> None:
    runner.write("train.sh", GOOD)
    runner.commit()
    ran = runner.run(changed_since="origin/main")
    assert ran.code == 1
    assert "fetch-depth: 0" in ran.said


def test_a_merge_queue_opens_nothing_and_is_checked(runner: Runner) -> None:
    runner.write("train.sh", GOOD)
    runner.run(mode="write")
    ran = runner.run("merge_group", mode="pr")
    assert (ran.code, ran.outputs["outcome"], ran.outputs["operation"]) == (0, "passed", "")
    assert "In a merge queue nothing is opened" in ran.said


def test_a_service_that_is_down_is_said_and_ends_with_3(runner: Runner) -> None:
    runner.write("train.sh", GOOD)
    runner.write("s2r-ci.toml", f"{(runner.workspace / 's2r-ci.toml').read_text()}deadline = 1\n")
    ran = runner.run(mode="write", api_endpoint="http://127.0.0.1:9", shared_secret=SECRET)
    assert (ran.code, ran.outputs["exit-code"]) == (3, "3"), ran.said
    assert "not verified against the service" in ran.said
    assert SECRET not in ran.summary


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"mode": "chekc"}, "choose one of", id="a mode"),
        pytest.param({"fail_on": "fatal"}, "fail-on", id="a setting"),
        pytest.param({"mode": "command"}, "issue_comment", id="a command without a comment"),
        pytest.param({"allow_privileged_event": "yes"}, "inspect-only", id="a word for privileged events"),
        pytest.param({"config": "nowhere.toml"}, "no such settings file", id="a settings file"),
    ],
)
def test_wrong_words_are_an_annotation_and_exit_code_2(runner: Runner, given: dict[str, str], said: str) -> None:
    ran = runner.run("push", None, **given)
    assert ran.code == 2
    (annotation,) = [line for line in ran.said.split("\n") if line.startswith("::error title=s2r-ci::")]
    assert said in annotation


HOSTILE = (
    "::error::x.sh",
    "##[add-mask]x.sh",
    "$(touch pwned).sh",
    "`touch pwned`.sh",
    "a;touch pwned;b.sh",
    "-rf.sh",
    "a'b\"c.sh",
    "--config=x.sh",
    "x%0A::error::y.sh",
)


def test_hostile_names_are_names(runner: Runner) -> None:
    for name in HOSTILE:
        runner.write(name, GOOD)
    ran = runner.run()
    assert ran.outputs["scripts"] == str(len(HOSTILE))
    assert not list(runner.workspace.rglob("pwned"))
    for line in ran.log[-1]["stdout"].splitlines():
        assert line.startswith(("s2r: ", "::error ", "::warning ", "::notice ", "::add-mask::")), line
        assert "##[" not in line


def test_modules_of_the_workspace_are_not_loaded(runner: Runner) -> None:
    for name in ("s2r_ci/__init__.py", "yaml.py", "json.py", "sitecustomize.py", "hashlib.py"):
        runner.write(name, "raise SystemExit('loaded from the workspace')\n")
    runner.write("train.sh", GOOD)
    ran = runner.run(mode="write", ENV_PYTHONPATH=str(runner.workspace))
    assert ran.code == 0, ran.said
    assert "loaded from the workspace" not in ran.said


def test_nothing_is_left_for_later_steps_but_outputs(runner: Runner) -> None:
    runner.write("train.sh", GOOD)
    assert [step["touched"] for step in runner.run().log] == [[], [], []]
