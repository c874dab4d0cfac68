"""pre-commit itself builds the hooks' environment, splits the list of files, and stops or lets pass a real commit."""

import pytest

from .conftest import GOOD, HOOKS, Project, git


def test_a_commit_is_stopped_until_it_is_whole(project: Project) -> None:
    project.configure("s2r-lint-fix", "s2r-write", "s2r-check", "s2r-validate")
    project.run("pre-commit", "install")
    project.write("jobs/train.sh", GOOD.replace("\n", "\r\n"))
    first = project.commit(code=1)
    assert "files were modified by this hook" in first
    assert "wrote jobs/train.sh.runai.yaml" in first
    second = project.commit()
    assert "Failed" not in second
    assert "jobs/train.sh.runai.yaml" in git(project.root, "ls-files")
    project.write("jobs/train.sh", GOOD.replace("gpu:2", "gpu:4"))
    third = project.commit(code=1)
    assert "wrote jobs/train.sh.runai.yaml" in third
    assert "Failed" not in project.commit()


def test_many_files_are_split_into_batches_and_none_is_lost(project: Project) -> None:
    project.configure("s2r-check")
    wrong = []
    for number in range(300):
        folder = f"a-folder-with-a-long-name-so-that-one-command-line-cannot-hold-all-{'x' * 120}"
        project.write(f"{folder}/{number:03}{'y' * 100}.sh", GOOD)
        wrong.append(f"{number:03}yy")
    project.write("README.md", "nothing to see\n")
    git(project.root, "add", "-A")
    said = project.run("pre-commit", "run", "--all-files", code=1)
    for name in wrong:
        assert name in said


@pytest.mark.parametrize("tool", ["pre-commit", "prek"])
def test_every_hook_runs_and_a_repository_without_scripts_passes(project: Project, tool: str) -> None:
    project.configure(*HOOKS)
    project.write("main.py", "print('hello')\n")
    git(project.root, "add", "-A")
    said = project.run(tool, "run", "--all-files")
    assert said.count("Passed") == len(HOOKS)


@pytest.mark.parametrize("tool", ["pre-commit", "prek"])
def test_the_same_findings_with_either_runner(project: Project, tool: str) -> None:
    project.configure("s2r-lint", "s2r-check")
    project.write("jobs/no-extension", GOOD.replace("--mem=32G", "--mem 32 G"))
    git(project.root, "add", "-A")
    said = project.run(tool, "run", "--all-files", code=1)
    assert "jobs/no-extension:5" in said
    assert "script-refused" in said


def test_both_runners_accept_the_list_of_hooks(project: Project, published: object) -> None:
    project.run("pre-commit", "validate-manifest", f"{published}/.pre-commit-hooks.yaml")
    project.run("prek", "validate-manifest", f"{published}/.pre-commit-hooks.yaml")


@pytest.mark.slow
def test_try_repo_needs_no_configuration(project: Project, published: object) -> None:
    project.write("train.sh", GOOD)
    git(project.root, "add", "-A")
    assert "manifest-missing" in project.run(
        "pre-commit", "try-repo", str(published), "s2r-check", "--all-files", code=1
    )
    assert "Passed" in project.run("prek", "try-repo", str(published), "s2r-lint", "--all-files")
