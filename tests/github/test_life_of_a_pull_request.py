"""Created, updated, unchanged, left alone, closed, refused: each as a run of the command against the stand-in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from s2r_ci.publish.proposal import read_memory

from .conftest import Project
from .stand_in import Fault

BRANCH = "s2r/jobs-" + "f4ba3d4e"
MANIFEST = "jobs/train.sh.runai.yaml"


def branch_of(project: Project, number: int) -> str:
    return str(project.github.pulls[number]["head"]["ref"])


def test_created_with_branch_commit_and_text(project: Project) -> None:
    ran = project.pr("--labels=slurm", "--reviewers=robin", "--draft")
    assert (ran.operation, ran.numbers) == ("created", [1])
    pull = project.github.pulls[1]
    assert pull["title"] == "Run:ai manifests for 1 Slurm batch script"
    assert pull["draft"]
    assert [label["name"] for label in pull["labels"]] == ["slurm"]
    assert [person["login"] for person in pull["requested_reviewers"]] == ["robin"]
    files = project.github.files(branch_of(project, 1))
    assert set(files) == {"s2r-ci.toml", "jobs/train.sh", MANIFEST}
    assert 'nvidia.com/gpu: "2"' in files[MANIFEST]
    body = pull["body"]
    assert "| `jobs/train.sh` | `Job` | 1 | 2 | 8 | 32 Gi | 12 h |" in body
    assert "- [ ] `--dependency=singleton`: a workload waits for no other" in body
    assert "(`jobs/train.sh:7`)" in body
    assert "| 4 | `--gres=gpu:2` | exact |" in body
    memory = read_memory(body)
    assert memory is not None
    assert set(memory.scripts) == {"jobs/train.sh"}


def test_a_second_run_changes_nothing(project: Project) -> None:
    project.pr()
    again = project.pr()
    assert (again.operation, again.numbers, again.writes) == ("unchanged", [1], [])


def test_updated_when_the_script_changes(project: Project) -> None:
    project.pr()
    first = project.github.head(branch_of(project, 1))
    project.script("jobs/train.sh", mem="64G")
    project.push()
    ran = project.pr()
    assert (ran.operation, ran.numbers) == ("updated", [1])
    branch = branch_of(project, 1)
    assert "memory: 64Gi" in project.github.files(branch)[MANIFEST]
    assert "--mem=64G" in project.github.files(branch)["jobs/train.sh"]  # the base came along
    assert project.github.git("merge-base", first, project.github.head(branch)) == first  # nothing was rewritten
    assert project.pr().writes == []


def test_a_base_that_moved_on_elsewhere_changes_nothing(project: Project) -> None:
    project.pr()
    project.write("README.md", "about\n")
    project.push()
    assert project.pr().writes == []


def test_a_person_s_commit_stops_updates_and_is_said_once(project: Project) -> None:
    project.pr()
    branch = branch_of(project, 1)
    mine = project.github.commit(branch, MANIFEST, "edited: by hand\n")
    project.script("jobs/train.sh", mem="64G")
    project.push()
    assert project.pr().operation == "unchanged"
    assert project.pr().operation == "unchanged"
    assert project.github.head(branch) == mine
    assert len(project.github.comments) == 1
    assert "left alone" in project.github.comments[0]["body"]


def test_the_button_that_merges_the_base_is_no_person_s_commit(project: Project) -> None:
    project.pr()
    branch = branch_of(project, 1)
    project.write("README.md", "about\n")
    main = project.push()
    github = project.github
    head = github.head(branch)
    tree = github.git("merge-tree", "--write-tree", main, head).split("\n")[0]
    merged = github.git("commit-tree", tree, "-p", head, "-p", main, stdin=b"Merge branch 'main' into x\n")
    github.git("update-ref", f"refs/heads/{branch}", merged)
    assert project.pr().writes == []
    project.script("jobs/train.sh", mem="64G")
    project.push()
    assert project.pr().operation == "updated"


def test_closed_means_no_until_the_script_changes(project: Project) -> None:
    project.pr()
    project.github.pulls[1]["state"] = "closed"
    ran = project.pr()
    assert (ran.operation, ran.writes) == ("unchanged", [])
    assert "that is a no" in ran.said
    project.script("jobs/train.sh", mem="64G")
    project.push()
    again = project.pr()
    assert (again.operation, again.numbers) == ("created", [2])


def test_a_no_to_one_script_is_none_to_its_neighbour(project: Project) -> None:
    project.pr()
    project.github.pulls[1]["state"] = "closed"
    project.script("jobs/other.sh")
    project.push()
    assert project.pr().operation == "created"
    files = project.github.files(branch_of(project, 2))
    assert "jobs/other.sh.runai.yaml" in files
    assert MANIFEST not in files


def test_merged_is_over_and_a_later_change_is_a_new_one(project: Project) -> None:
    project.pr()
    github = project.github
    github.git("update-ref", "refs/heads/main", github.head(branch_of(project, 1)))
    github.pulls[1] |= {"state": "closed", "merged_at": "2026-01-02T03:04:05Z"}
    assert project.pr().writes == []
    project.renew()
    project.script("jobs/train.sh", mem="64G")
    project.push()
    assert project.pr().numbers == [2]


def test_what_is_not_proposed_any_more_is_closed_and_its_branch_taken_away(project: Project) -> None:
    project.pr()
    branch = branch_of(project, 1)
    project.renew()
    (project.root / "jobs/train.sh").unlink()
    project.push()
    ran = project.pr()
    assert (ran.operation, ran.numbers) == ("closed", [1])
    assert project.github.pulls[1]["state"] == "closed"
    assert not project.github.head(branch)
    project.script("jobs/train.sh")
    project.push()
    assert project.pr().operation == "created"  # closed by us was no "no"


def test_a_branch_that_somebody_deleted_closes_its_pull_request_which_is_a_no(project: Project) -> None:
    project.pr()
    branch = branch_of(project, 1)
    project.github.git("update-ref", "-d", f"refs/heads/{branch}")
    project.github.pulls[1]["state"] = "closed"
    assert project.pr().writes == []


def test_a_branch_of_others_under_our_name_is_left_alone(project: Project) -> None:
    project.pr()
    branch = branch_of(project, 1)
    del project.github.pulls[1]
    mine = project.github.commit(branch, "x.txt", "x\n")
    ran = project.pr()
    assert ran.writes == []
    assert "commits of others" in ran.said
    assert project.github.head(branch) == mine


@pytest.mark.parametrize(
    ("grouping", "count"), [("script", 3), ("directory", 2), ("owner", 2), ("all", 1)], ids=str
)
def test_groups(project: Project, grouping: str, count: int) -> None:
    project.script("jobs/other.sh")
    project.script("more/third.sh")
    project.write(".github/CODEOWNERS", "* @team/a\n/more/ @team/b\n")
    project.push()
    ran = project.pr(f"--pr-grouping={grouping}")
    assert len(ran.numbers) == count
    assert project.pr(f"--pr-grouping={grouping}").writes == []


def test_the_limit_holds_the_rest_back(project: Project) -> None:
    for name in ("b", "c", "d"):
        project.script(f"{name}/x.sh")
    project.push()
    assert len(project.pr("--pr-limit=2").numbers) == 2
    again = project.pr("--pr-limit=2")
    assert again.writes == []
    assert again.said.count("waiting") == 2
    first = min(project.github.pulls)
    project.github.git("update-ref", "refs/heads/main", project.github.head(branch_of(project, first)))
    project.github.pulls[first] |= {"state": "closed", "merged_at": "2026-01-02T03:04:05Z"}
    assert project.pr("--pr-limit=2").operation == "created"


def test_a_script_that_fails_is_not_proposed_and_fails_the_run(project: Project) -> None:
    project.write("jobs/bad.sh", "#!/bin/bash\n#SBATCH --mem 3 4\nx\n")
    project.push()
    ran = project.pr(code=1)
    assert ran.operation == "created"
    assert "jobs/bad.sh.runai.yaml" not in project.github.files(branch_of(project, 1))


def test_a_checkout_that_is_not_the_newest_is_refused(project: Project) -> None:
    project.renew()
    project.github.commit("main", "x.txt", "x\n")
    project.renew = lambda: None  # type: ignore[method-assign]  # an older checkout, as of a job that waited
    ran = project.pr(code=3)
    assert ran.writes == []
    assert "run on the newest commit" in ran.said


def test_a_base_that_moves_between_scan_and_push_is_refused(project: Project) -> None:
    move = Fault("^GET pulls", status=0, before=lambda: project.github.commit("main", "x.txt", "x\n"))
    project.github.faults.append(move)
    ran = project.pr(code=3)
    assert ran.writes == []


def test_dry_run_asks_nobody(project: Project) -> None:
    ran = project.pr("--dry-run")
    assert ran.calls == []
    assert MANIFEST in ran.said


def test_manifests_of_another_job_are_judged_anew_and_nothing_else_is_taken(
    project: Project, tmp_path: Path
) -> None:
    project.renew()
    subprocess.run([sys.executable, "-m", "s2r_ci", "write", "."], cwd=project.root, check=True, env=_ours())
    made = (project.root / MANIFEST).read_text()
    folder = tmp_path / "artifact"
    for path, text in {
        MANIFEST: made,
        "jobs/train.sh": "#!/bin/bash\necho replaced\n",
        "other.runai.yaml": made,
        ".github/workflows/x.yml": "on: push\n",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / MANIFEST).write_text(made.replace('nvidia.com/gpu: "2"', 'nvidia.com/gpu: "1"'))
    refused = project.pr(f"--manifests={folder}", code=1)
    assert refused.writes == []
    assert "gpu-count-changed" in refused.said
    (folder / MANIFEST).write_text(made)
    assert project.pr(f"--manifests={folder}").operation == "created"
    assert set(project.github.files(branch_of(project, 1))) == {"s2r-ci.toml", "jobs/train.sh", MANIFEST}


def _ours() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT", "S2R_"))}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[2])}


def test_a_base_that_has_the_manifest_otherwise_is_no_conflict(project: Project) -> None:
    project.pr()
    branch = branch_of(project, 1)
    manifest = project.github.files(branch)[MANIFEST]
    by_hand = manifest.replace("backoffLimit: 0", "backoffLimit: 0  # looked at")
    project.github.commit("main", MANIFEST, by_hand)
    ran = project.pr()  # a person's version, which keeps every promise, stands in the base: nothing is proposed
    assert (ran.operation, ran.numbers) == ("closed", [1])
    assert project.github.files("main")[MANIFEST].count("looked at") == 1
    project.renew()
    project.script("jobs/train.sh", mem="64G")
    project.push()
    again = project.pr(code=1)  # both changed: a conflict, which a person settles
    assert "manifest-conflict" in again.said
    assert again.writes == []
