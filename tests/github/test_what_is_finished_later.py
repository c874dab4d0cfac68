"""Labels, reviewers and closing: what a killed run left is finished by the next, and one bad name costs no other."""

import pytest

from .conftest import Project
from .stand_in import BOT, Fault
from .test_life_of_a_pull_request import branch_of

DRESS = ("--labels=slurm", "--reviewers=robin")


def reviewers(project: Project) -> list[str]:
    return [str(person["login"]) for person in project.github.pulls[1]["requested_reviewers"]]


@pytest.mark.parametrize(
    ("asked", "there", "said"),
    [
        pytest.param("robin,stranger", ["robin", "stranger"], "", id="commas"),
        pytest.param("robin,nobody", ["robin"], "no review could be asked of nobody", id="one that is not there"),
        pytest.param("nobody", [], "no review could be asked of nobody", id="nobody else"),
        pytest.param(f"robin,{BOT.upper()}", ["robin"], "", id="the author, who is not asked"),
        pytest.param("team/no-such", [], "no review could be asked of team/no-such", id="a team"),
    ],
)
def test_one_reviewer_that_is_refused_costs_no_other(
    project: Project, asked: str, there: list[str], said: str
) -> None:
    if "/" in asked:
        project.github.faults.append(Fault("requested_reviewers$", status=422))
    ran = project.pr(f"--reviewers={asked}")
    assert ran.operation == "created"
    assert reviewers(project) == there
    assert ("could be asked" in ran.said) == bool(said)
    assert said in ran.said
    assert project.pr(f"--reviewers={asked}").writes == []


def test_labels_that_are_refused_are_told(project: Project) -> None:
    project.github.faults.append(Fault("labels$", status=403))
    ran = project.pr(*DRESS)
    assert "the labels could not be set" in ran.said
    assert reviewers(project) == ["robin"]


def test_labels_and_reviewers_come_whenever_the_run_was_killed(project: Project) -> None:
    github = project.github
    whole = len(project.pr(*DRESS).calls)
    for stop in range(whole - 5, whole):
        github.git("update-ref", "-d", f"refs/heads/{branch_of(project, 1)}")
        github.pulls.clear()
        github.dies_after = stop
        project.pr(*DRESS, code=5)
        github.dies_after = None
        project.pr(*DRESS)
        assert [label["name"] for label in github.pulls[1]["labels"]] == ["slurm"], stop
        assert set(reviewers(project)) == {"robin"}, stop
        assert "to come" not in github.pulls[1]["body"]
        assert project.pr(*DRESS).writes == []


def test_one_opened_with_the_workflow_s_own_token_says_what_becomes_of_its_checks(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.github.stand_in.BOT", "github-actions[bot]")
    assert "checks wait for approval or do not start" in project.pr().said
    assert "checks wait" not in project.pr().said


def test_a_label_that_a_person_took_off_is_not_put_back(project: Project) -> None:
    project.pr(*DRESS)
    project.github.pulls[1]["labels"] = []
    assert project.pr(*DRESS).writes == []


def test_closing_is_finished_whenever_the_run_was_killed(project: Project) -> None:
    github = project.github
    project.pr()
    branch, head = branch_of(project, 1), github.head(branch_of(project, 1))
    body = github.pulls[1]["body"]
    project.renew()
    (project.root / "jobs/train.sh").unlink()
    project.push()
    whole = len(project.pr().calls)
    for stop in range(whole - 6, whole):
        github.git("update-ref", f"refs/heads/{branch}", head)
        github.pulls[1] |= {"state": "open", "body": body}
        github.comments.clear()
        github.dies_after = stop
        project.pr(code=5)
        github.dies_after = None
        project.pr()
        assert github.pulls[1]["state"] == "closed", stop
        assert not github.head(branch), stop
        assert len(github.comments) == 1, stop
        assert project.pr().writes == []
    project.script("jobs/train.sh")
    project.push()
    assert project.pr().operation == "created"  # closed by us was no "no", wherever it was killed


def test_a_pull_request_that_another_run_opened_meanwhile_is_taken_for_what_it_is(project: Project) -> None:
    project.pr()
    github = project.github
    pull = github.pulls.pop(1)
    github.faults.append(Fault("^POST pulls$", before=lambda: github.pulls.update({1: pull})))
    ran = project.pr()
    assert (ran.operation, ran.numbers) == ("unchanged", [1])
    assert "another run opened it meanwhile" in ran.said


def test_what_stands_below_errors_is_told(project: Project) -> None:
    body = {
        "message": "Validation Failed",
        "errors": [{"resource": "PullRequest", "field": "base", "code": "invalid"}],
    }
    project.github.faults.append(Fault("^POST pulls$", status=422, body=body))
    assert "Validation Failed; base invalid" in project.pr(code=5).said


def test_the_dashboard_tells_refused_left_alone_and_failed_apart(project: Project) -> None:
    project.write("jobs/bad.sh", "#!/bin/bash\n#SBATCH --mem 3 4\nx\n")
    project.push()
    project.pr("--dashboard", code=1)
    github = project.github
    issue = next(iter(github.issues.values()))
    assert "`jobs/bad.sh`: failed (script-refused)\n" in issue["body"]
    branch = branch_of(project, 1)
    del github.pulls[1]
    github.commit(branch, "x.txt", "x\n")  # a branch of others, and no pull request
    project.pr("--dashboard", code=1)
    assert "`jobs/train.sh`: left alone\n" in issue["body"]


def test_an_update_is_finished_whenever_the_run_was_killed(project: Project) -> None:
    github = project.github
    project.pr()
    branch, head, body = branch_of(project, 1), github.head(branch_of(project, 1)), github.pulls[1]["body"]
    project.script("jobs/train.sh", mem="64G")
    project.push()
    whole = len(project.pr().calls)
    for stop in range(whole - 6, whole):
        github.git("update-ref", f"refs/heads/{branch}", head)
        github.pulls[1] |= {"body": body}
        github.dies_after = stop
        project.pr(code=5)
        github.dies_after = None
        assert project.pr().operation == "updated", stop
        assert "| 64 Gi |" in github.pulls[1]["body"]
        assert "memory: 64Gi" in github.files(branch)["jobs/train.sh.runai.yaml"]
        assert project.pr().writes == []
    assert github.comments == []
