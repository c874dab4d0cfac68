"""Rights, limits, lost answers, two runs at once, death at any request: what is said, what is done twice (nothing)."""

import subprocess
from typing import Any

import pytest

from s2r_ci.publish.groups import key_of

from .conftest import Project
from .stand_in import Fault

SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        pytest.param(401, "token is not valid", id="401"),
        pytest.param(403, "may not do this", id="403"),
        pytest.param(404, "no such thing", id="404"),
        pytest.param(409, "changed under our hands", id="409"),
        pytest.param(410, "switched off", id="410"),
        pytest.param(413, "too large", id="413"),
        pytest.param(422, "did not accept", id="422"),
        pytest.param(451, "taken down", id="451"),
        pytest.param(301, "not followed with a token", id="a redirect"),
    ],
)
def test_a_token_without_rights_is_said_and_ends_with_5(project: Project, status: int, said: str) -> None:
    project.github.faults += [Fault("^POST pulls$", status=status)]
    ran = project.pr(code=5)
    assert said in ran.said
    assert "hint:" in ran.said
    if status != 401:
        assert project.pr().operation == "created"


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        pytest.param(403, {"Retry-After": "0"}, None, id="retry-after"),
        pytest.param(429, {"Retry-After": "0"}, SECONDARY, id="429"),
        pytest.param(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}, None, id="reset is past"),
    ],
)
def test_limits_are_waited_for(project: Project, status: int, headers: dict[str, str], body: Any) -> None:
    project.github.faults.append(Fault("^POST git/trees$", status=status, headers=headers, body=body))
    ran = project.pr()
    assert ran.operation == "created"
    assert ran.calls.count("POST git/trees") == 2


def test_a_limit_longer_than_the_run_is_left_for_the_next(project: Project) -> None:
    project.github.faults.append(Fault("^POST git/trees$", status=403, headers={"Retry-After": "7200"}))
    ran = project.pr(code=5)
    assert "longer than this run may take" in ran.said
    assert project.pr().operation == "created"


@pytest.mark.parametrize("request_", ["^GET pulls", "^POST git/trees$", "^POST pulls$"])
def test_a_service_that_stays_down_is_said_and_the_next_run_goes_on(project: Project, request_: str) -> None:
    project.github.faults += [Fault(request_, status=503)] * 4
    ran = project.pr(code=5)
    assert "GitHub gave no answer" in ran.said
    assert "hint: run again" in ran.said
    project.github.faults.clear()
    assert project.pr().operation == "created"
    assert len(project.github.pulls) == 1


def test_limits_in_a_row_are_waited_for_until_the_deadline_of_the_run(project: Project) -> None:
    project.github.faults += [Fault("^POST git/trees$", status=403, headers={"Retry-After": "240"})] * 6
    ran = project.pr(code=5)  # three times four minutes fit into the quarter of an hour that a run may take
    assert ran.calls.count("POST git/trees") == 4
    assert "longer than this run may take" in ran.said
    project.github.faults.clear()
    assert project.pr().operation == "created"


WRITES = ("POST git/trees$", "POST git/commits$", "POST git/refs$", "POST pulls$", "POST issues/1/labels$")


@pytest.mark.parametrize("request_", WRITES)
@pytest.mark.parametrize("kind", ["lost", "502", "dropped"])
def test_an_answer_that_is_lost_makes_nothing_twice(project: Project, request_: str, kind: str) -> None:
    fault = (
        Fault(request_, status=502)
        if kind == "502"
        else Fault(request_, lost=kind == "lost", dropped=kind == "dropped")
    )
    project.github.faults.append(fault)
    ran = project.pr("--labels=slurm")
    assert (ran.operation, ran.numbers) == ("created", [1])
    assert len(project.github.pulls) == 1
    assert project.pr("--labels=slurm").writes == []


def test_reading_is_tried_again(project: Project) -> None:
    project.github.faults += [Fault("^GET pulls", status=500), Fault("^GET git/ref/heads/main", dropped=True)]
    assert project.pr().operation == "created"


def test_killed_at_any_request_and_run_again_there_is_exactly_one(project: Project) -> None:
    whole = len(project.pr("--dashboard").calls)
    assert whole > 8
    for stop in range(1, whole, 2):
        _reset(project)
        project.github.dies_after = stop
        project.pr("--dashboard", code=5)
        project.github.dies_after = None
        ran = project.pr("--dashboard")
        assert len(project.github.pulls) == 1, stop
        assert len(project.github.issues) == 1, stop
        assert ran.operation in ("created", "unchanged")
        assert project.pr("--dashboard").writes == []


def _reset(project: Project) -> None:
    github = project.github
    for name in github.git("for-each-ref", "--format=%(refname)", "refs/heads/s2r").split():
        github.git("update-ref", "-d", name)
    github.pulls.clear()
    github.issues.clear()
    github.comments.clear()
    github.faults.clear()


def test_two_runs_at_once_make_one_pull_request(project: Project) -> None:
    other = {"done": False}

    def meanwhile() -> None:
        other["done"] = True
        github = project.github
        tree = github.git("rev-parse", "main^{tree}")
        made = github.git(
            "commit-tree", tree, "-p", github.head("main"), stdin=b"x\n\nS2r-Ci-Content: " + b"0" * 64
        )
        github.git("update-ref", f"refs/heads/s2r/{key_of('jobs', 'directory')}", made)

    project.github.faults.append(Fault("^POST git/refs$", before=meanwhile, status=0))
    ran = project.pr(code=5)
    assert other["done"]
    assert "Reference already exists" in ran.said
    assert project.pr().operation == "created"
    assert len(project.github.pulls) == 1


def test_where_the_interface_may_not_commit_git_pushes(project: Project) -> None:
    project.github.faults.append(Fault("^POST git/trees$", status=403))
    ran = project.pr()
    assert ran.operation == "created"
    branch = project.github.pulls[1]["head"]["ref"]
    assert "jobs/train.sh.runai.yaml" in project.github.files(branch)
    config = subprocess.run(
        ["git", "config", "--list"], cwd=project.root, capture_output=True, text=True, check=True
    )
    assert "extraheader" not in config.stdout.lower()
    assert project.pr().writes == []


def test_reviewers_that_do_not_exist_do_not_lose_the_pull_request(project: Project) -> None:
    ran = project.pr("--reviewers=nobody-of-that-name")
    assert ran.operation == "created"


def test_without_a_token_nothing_is_asked(project: Project) -> None:
    ran = project.pr(code=2, S2R_TOKEN="", GITHUB_TOKEN="")
    assert ran.calls == []
    assert "S2R_TOKEN" in ran.said


def test_a_token_is_not_sent_over_plain_http_to_another_machine(project: Project) -> None:
    ran = project.pr(code=2, GITHUB_API_URL="http://github.invalid/api/v3")
    assert "https" in ran.said


def test_the_dashboard_shows_every_script_and_a_tick_asks_again(project: Project) -> None:
    project.script("jobs/other.sh")
    project.push()
    project.pr("--dashboard", "--pr-grouping=script")
    issue = next(iter(project.github.issues.values()))
    assert issue["body"].count("- [ ] ") == 2
    assert "`jobs/train.sh`: pull request open #" in issue["body"]
    pull = next(p for p in project.github.pulls.values() if "jobs/train.sh" in p["body"])
    pull["state"] = "closed"
    project.pr("--dashboard", "--pr-grouping=script")
    assert "`jobs/train.sh`: refused" in issue["body"]
    lines = [line.replace("[ ]", "[x]") if "jobs/train.sh`" in line else line for line in issue["body"].split("\n")]
    issue["body"] = "\r\n".join(lines)
    ran = project.pr("--dashboard", "--pr-grouping=script")
    assert ran.operation == "created"
    assert "[x]" not in issue["body"]
    assert project.pr("--dashboard", "--pr-grouping=script").writes == []
