"""A script that was deleted or moved: its manifest goes with the pull request, if it is the tool's own and unedited."""

import pytest

from s2r_ci.publish.proposal import read_memory

from .conftest import Project
from .stand_in import Fault
from .test_commands import answer, say
from .test_life_of_a_pull_request import MANIFEST, branch_of


@pytest.fixture
def merged(project: Project) -> Project:
    """The first pull request was merged: the base has script and manifest."""
    project.pr()
    github = project.github
    github.git("update-ref", "refs/heads/main", github.head(branch_of(project, 1)))
    github.pulls[1] |= {"state": "closed", "merged_at": "2026-01-02T03:04:05Z"}
    project.renew()
    return project


def delete(project: Project, path: str = "jobs/train.sh") -> None:
    project.git(project.root, "rm", "-q", path)
    project.push()


def move(project: Project, new: str) -> None:
    (project.root / new).parent.mkdir(parents=True, exist_ok=True)
    project.git(project.root, "mv", "jobs/train.sh", new)
    project.push()


def test_the_manifest_of_a_deleted_script_is_taken_away(merged: Project) -> None:
    delete(merged)
    ran = merged.pr()
    assert (ran.operation, ran.numbers) == ("created", [2]), ran.said
    assert set(merged.github.files(branch_of(merged, 2))) == {"s2r-ci.toml"}
    pull = merged.github.pulls[2]
    assert pull["title"] == "Take away 1 Run:ai manifest without a script"
    assert f"| `{MANIFEST}` | `jobs/train.sh` | gone |" in pull["body"]
    assert merged.pr().writes == []


def test_where_git_pushes_it_is_the_same(merged: Project) -> None:
    delete(merged)
    merged.github.faults.append(Fault("^POST git/trees$", status=403))
    assert merged.pr().operation == "created"
    assert set(merged.github.files(branch_of(merged, 2))) == {"s2r-ci.toml"}
    assert merged.pr().writes == []


@pytest.mark.parametrize("grouping", ["script", "directory", "owner", "all"])
def test_a_moved_script_has_both_in_one_pull_request(merged: Project, grouping: str) -> None:
    move(merged, "elsewhere/train.sh")
    ran = merged.pr(f"--pr-grouping={grouping}")
    assert ran.numbers == [2], ran.said
    files = set(merged.github.files(branch_of(merged, 2)))
    assert files == {"s2r-ci.toml", "elsewhere/train.sh", "elsewhere/train.sh.runai.yaml"}
    body = merged.github.pulls[2]["body"]
    assert f"| `{MANIFEST}` | `jobs/train.sh` | moved to `elsewhere/train.sh` |" in body
    assert merged.pr(f"--pr-grouping={grouping}").writes == []


def test_one_that_somebody_edited_is_reported_and_left(merged: Project) -> None:
    manifest = (merged.root / MANIFEST).read_text()
    merged.github.commit("main", MANIFEST, manifest.replace("backoffLimit: 0", "backoffLimit: 1"))
    merged.renew()
    delete(merged)
    ran = merged.pr()
    assert ran.writes == []
    assert "manifest-orphaned" in ran.said


@pytest.mark.parametrize("text", ["kind: Pod\n", "# Written by s2r-ci, surely\nkind: Pod\n"])
def test_a_file_of_others_is_never_taken_away(merged: Project, text: str) -> None:
    merged.github.commit("main", "jobs/other.sh.runai.yaml", text)
    merged.renew()
    assert merged.pr().writes == []


def test_a_closed_one_is_a_no_until_the_script_is_back_and_gone_again_otherwise(merged: Project) -> None:
    delete(merged)
    merged.pr()
    merged.github.pulls[2]["state"] = "closed"
    ran = merged.pr()
    assert ran.writes == []
    assert "that is a no" in ran.said


def test_a_script_that_comes_back_closes_it(merged: Project) -> None:
    delete(merged)
    merged.pr()
    merged.renew()
    merged.script("jobs/train.sh")
    merged.push()
    ran = merged.pr()
    assert (ran.operation, merged.github.pulls[2]["state"]) == ("closed", "closed")


def test_others_of_the_group_go_on_and_a_command_forgets_nothing(merged: Project) -> None:
    delete(merged)
    merged.script("jobs/new.sh")
    merged.push()
    assert merged.pr().operation == "created"
    merged.github.pulls[1] = merged.github.pulls.pop(2)  # the tests' commands speak about number 1
    merged.github.pulls[1]["number"] = 1
    assert say(merged, "/s2r use 4 GPUs").operation == "updated", answer(merged)
    memory = read_memory(merged.github.pulls[1]["body"])
    assert memory is not None
    assert [each.path for each in memory.gone] == [MANIFEST]
    files = set(merged.github.files(branch_of(merged, 1)))
    assert files == {"s2r-ci.toml", "s2r-answers.toml", "jobs/new.sh", "jobs/new.sh.runai.yaml"}
    assert merged.pr().writes == []


def test_dry_run_names_it(merged: Project) -> None:
    delete(merged)
    ran = merged.pr("--dry-run")
    assert ran.calls == []
    assert f"{MANIFEST}: taken away" in ran.said
