"""A repository of one's own, and the command as a user runs it: real git, a real process."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

GOOD = """\
#!/bin/bash
#SBATCH --job-name=train
#SBATCH --nodes=1
#SBATCH --cpus-per-task=8
#SBATCH --gres=gpu:2
#SBATCH --mem=32G
#SBATCH --time=12:00:00

python train.py --epochs 5
"""
SETTINGS = """\
image = "registry.example.com/ml/train:1.0"
working-directory = "/workspace"
project = "team-a"
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


class Repository:
    """A git repository in a temporary folder, with the command at hand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", *identity, *words], cwd=self.root, capture_output=True, text=True, check=True, env=clean()
        )
        return done.stdout

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "state")
        return self.git("rev-parse", "HEAD").strip()

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def tree(self) -> dict[str, bytes]:
        files = (p for p in sorted(self.root.rglob("*")) if p.is_file() and ".git" not in p.parts)
        return {str(p.relative_to(self.root)): p.read_bytes() for p in files}

    def run(self, *words: str, stdin: bytes | None = None, **environ: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [sys.executable, "-m", "s2r_ci", *words],
            cwd=self.root,
            capture_output=True,
            input=stdin,
            check=False,
            timeout=300,
            env={**clean(), **environ},
        )
        out, err = (stream.decode("utf-8", "backslashreplace") for stream in (done.stdout, done.stderr))
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def clean() -> dict[str, str]:
    """The environment without what would change a run from outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("S2R_", "GIT_", "SBATCH_"))}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[2]), "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty repository with an image, a project and a working directory in its settings."""
    made = Repository(tmp_path / "repository")
    made.write("s2r-ci.toml", SETTINGS)
    return made
