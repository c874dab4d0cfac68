"""Hooks as people have them: the real pre-commit and the real prek, in real git repositories."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
CARRIED = ("s2r_ci", "hooks", "schemas", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
HOOKS = ("s2r-lint", "s2r-lint-fix", "s2r-check", "s2r-write", "s2r-validate")
GOOD = """\
#!/bin/bash
#SBATCH --job-name=train
#SBATCH --cpus-per-task=8
#SBATCH --gres=gpu:2
#SBATCH --mem=32G
#SBATCH --time=12:00:00

python train.py --epochs 5
"""
SETTINGS = 'image = "registry.example.com/ml/train:1.0"\nworking-directory = "/workspace"\nproject = "team-a"\n'


def clean(**more: str) -> dict[str, str]:
    """The environment without what a commit in progress, or this run, put into it."""
    away = ("GIT_", "S2R_", "PYTHON", "PRE_COMMIT", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(away)}
    return {**kept, "PATH": f"{BIN}{os.pathsep}{kept['PATH']}", **more}


def git(folder: Path, *words: str, code: int | None = 0, **environ: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, env=clean(**environ), capture_output=True, text=True, check=False
    )
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project as a repository that a configuration can name: what a wheel is built from, committed."""
    return publish(tmp_path_factory.mktemp("published"))


def publish(folder: Path) -> Path:
    """Make that repository in a folder."""
    folder.mkdir(exist_ok=True)
    for name in CARRIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "released")
    git(folder, "tag", "v0")
    return folder


class Project:
    """A repository of a user who has the hooks."""

    def __init__(self, root: Path, published: Path, home: Path) -> None:
        self.root, self.home, self._published = root, home, published
        root.mkdir()
        git(root, "init", "-q", "-b", "main")
        self.write("s2r-ci.toml", SETTINGS)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def configure(self, *hooks: str) -> None:
        """Have these hooks, in this order."""
        ids = "".join(f"      - id: {hook}\n" for hook in hooks)
        self.write(
            ".pre-commit-config.yaml", f"repos:\n  - repo: {self._published}\n    rev: v0\n    hooks:\n{ids}"
        )
        git(self.root, "add", "-A")

    def run(self, tool: str, *words: str, code: int = 0) -> str:
        """pre-commit or prek, with an environment folder that the session shares."""
        done = subprocess.run(
            [str(BIN / tool), *words],
            cwd=self.root,
            env=clean(PRE_COMMIT_HOME=str(self.home / "pre-commit"), PREK_HOME=str(self.home / "prek")),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def commit(self, *, code: int = 0) -> str:
        """Add everything and commit, through the installed hook."""
        git(self.root, "add", "-A")
        return git(self.root, "commit", "-m", "work", code=code, PRE_COMMIT_HOME=str(self.home / "pre-commit"))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def project(tmp_path: Path, published: Path, home: Path) -> Project:
    return Project(tmp_path / "project", published, home)
