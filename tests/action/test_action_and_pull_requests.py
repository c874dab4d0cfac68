"""The Action's modes that talk to GitHub, against the stand-in: outputs, and the comment that is kept."""

from pathlib import Path
from typing import Any

from tests.github.conftest import Project, project
from tests.github.description import ENTERPRISE
from tests.github.stand_in import TOKEN, Fault, GitHubStandIn, served
from tests.remote.wires import certificates

from .conftest import Ran, Runner, pull_request

__all__ = ["project"]  # a fixture


def run(runner: Runner, project: Project, event: str, payload: dict[str, Any], **given: str) -> Ran:
    """One run in the clone, with the stand-in as GitHub; the mutating requests are paced, so this takes seconds."""
    runner.workspace = project.root
    project.renew()
    return runner.run(
        event,
        payload,
        token=TOKEN,
        ENV_GITHUB_API_URL=project.api,
        ENV_GITHUB_SERVER_URL=project.address,
        ENV_GITHUB_REF="refs/heads/main",
        **given,
    )


def test_mode_pr_opens_one_and_says_which(runner: Runner, project: Project) -> None:
    ran = run(runner, project, "push", {}, mode="pr", labels="slurm\nrunai")
    assert (ran.code, ran.outputs["operation"]) == (0, "created"), ran.said
    assert ran.outputs["pull-request-numbers"] == "1"
    assert ran.outputs["pull-request-urls"].endswith("/pull/1")
    assert [label["name"] for label in project.github.pulls[1]["labels"]] == ["slurm", "runai"]
    assert "| [#1](https://github.example/team/jobs/pull/1) | `jobs` | `created` | 1 |  |  |" in ran.summary
    again = run(runner, project, "push", {}, mode="pr")
    assert again.outputs["operation"] == "unchanged"


def test_mode_pr_takes_the_manifest_of_a_deleted_script_away_and_says_so(runner: Runner, project: Project) -> None:
    project.pr()
    github = project.github
    github.git("update-ref", "refs/heads/main", github.head(str(github.pulls[1]["head"]["ref"])))
    github.pulls[1] |= {"state": "closed", "merged_at": "2026-01-02T03:04:05Z"}
    project.renew()
    project.git(project.root, "rm", "-q", "jobs/train.sh")
    project.push()
    ran = run(runner, project, "push", {}, mode="pr")
    assert (ran.code, ran.outputs["pull-request-numbers"]) == (0, "2"), ran.said
    assert "Taken away, because their scripts are gone:\n\n- `jobs/train.sh.runai.yaml`\n" in ran.summary


def test_a_token_that_may_not_open_pull_requests_ends_with_5_and_says_what_is_missing(
    runner: Runner, project: Project
) -> None:
    project.github.faults.append(Fault("^POST pulls$", status=403))
    ran = run(runner, project, "schedule", {}, mode="pr")
    assert (ran.code, ran.outputs["pull-request-numbers"]) == (5, ""), ran.said
    (annotation,) = [line for line in ran.said.split("\n") if line.startswith("::error title=s2r-ci::")]
    assert "the token may not do this (status 403" in annotation
    assert "%0Ahint: grant contents: write" in annotation
    assert "the token may not do this" in ran.summary


def test_mode_command_answers(runner: Runner, project: Project, tmp_path: Path) -> None:
    project.pr()
    payload = {
        "action": "created",
        "issue": {"number": 1, "pull_request": {}},
        "comment": {"id": 1, "body": "/s2r use 4 GPUs", "user": {"login": "robin", "type": "User"}},
    }
    ran = run(runner, project, "issue_comment", payload, mode="command")
    assert (ran.code, ran.outputs["operation"]) == (0, "updated"), ran.said
    assert "committed to the branch" in project.github.comments[-1]["body"]


def test_a_comment_is_kept_in_place(runner: Runner, project: Project) -> None:
    payload = pull_request()
    payload["pull_request"]["number"] = 1
    first = run(runner, project, "pull_request", payload, comment="true")
    assert first.code == 1  # the manifest is missing
    (comment,) = project.github.comments
    assert "manifest-missing" in comment["body"]
    run(runner, project, "pull_request", payload, comment="true")
    assert len(project.github.comments) == 1
    forked = pull_request(fork=True)
    run(runner, project, "pull_request", forked, comment="true")
    assert len(project.github.comments) == 1


def test_on_a_server_of_one_s_own_with_its_own_authority(runner: Runner, tmp_path: Path) -> None:
    certs = certificates(tmp_path)
    bare = tmp_path / "jobs.git"
    bare.mkdir()
    github = GitHubStandIn(bare, ENTERPRISE)
    with served(github, "/api/v3", certs.context("good")) as address:
        project = Project(tmp_path, github, address, "/api/v3")
        github.faults.append(Fault("^POST git/trees$", status=403))  # so git pushes too
        run(runner, project, "push", {}, mode="lint")  # the packages are there: their index has another authority
        ran = run(runner, project, "push", {}, mode="pr", ENV_REQUESTS_CA_BUNDLE=str(certs.authority))
    assert (ran.code, ran.outputs["operation"]) == (0, "created"), ran.said
    assert github.wrong == []
