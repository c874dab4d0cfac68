"""A repository on the stand-in, a clone of it, and the command that opens pull requests."""

import contextlib
import io
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from s2r_ci.cli import at_the_door, pr

from .stand_in import NAME, OWNER, TOKEN, GitHubStandIn, served

SETTINGS = 'image = "registry.example.com/ml/train:1.0"\nworking-directory = "/workspace"\nproject = "team-a"\n'
SCRIPT = """\
#!/bin/bash
#SBATCH --job-name=NAME
#SBATCH --cpus-per-task=8
#SBATCH --gres=gpu:2
#SBATCH --mem=32G
#SBATCH --time=12:00:00
#SBATCH --dependency=singleton

python NAME.py
"""


class Ran(NamedTuple):
    code: int
    operation: str
    numbers: list[int]
    said: str
    calls: list[str]

    @property
    def writes(self) -> list[str]:
        """The requests that change something."""
        return [call for call in self.calls if not call.startswith("GET ")]


class Project:
    """The clone of a CI job, and the repository it came from."""

    def __init__(self, folder: Path, github: GitHubStandIn, address: str, prefix: str = "") -> None:
        self.root, self.github, self.address = folder / "clone", github, address
        self.api = address + prefix  # where the interface is; git is below the address itself
        self._folder = folder
        github.git("init", "-q", "--bare", "-b", "main", ".")
        github.git("config", "http.receivepack", "true")
        github.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.git(folder, "clone", "-q", str(github.bare), str(self.root))
        self.write("s2r-ci.toml", SETTINGS)
        self.script("jobs/train.sh")
        self.push()

    def git(self, folder: Path, *words: str) -> str:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        asked = ["git", *identity, *words]
        return subprocess.run(asked, cwd=folder, env=environ, check=True, capture_output=True, text=True).stdout

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def script(self, path: str, **changed: str) -> None:
        """A batch script; words of the usual one can be replaced."""
        text = SCRIPT.replace("NAME", Path(path).stem)
        for old, new in changed.items():
            text = text.replace(f"--{old}=", f"--{old}={new} #")
        self.write(path, text)

    def push(self) -> str:
        """Commit scripts and settings (what ``pr`` writes stays out) to main, as people do."""
        self.git(self.root, "checkout", "-q", "-B", "main")
        self.git(self.root, "add", "-A", "--", ".", ":!*.runai.yaml")
        self.git(self.root, "commit", "-q", "--allow-empty", "-m", "work")
        self.git(self.root, "push", "-q", "origin", "main")
        return self.git(self.root, "rev-parse", "HEAD").strip()

    def renew(self) -> None:
        """What a new CI job has: a fresh checkout of main."""
        self.git(self.root, "fetch", "-q", "origin")
        self.git(self.root, "clean", "-qfdx")
        self.git(self.root, "checkout", "-q", "-f", "-B", "main", "origin/main")

    def pr(self, *words: str, code: int = 0, **environ: str) -> Ran:
        """Run ``s2r-scan pr`` in a fresh checkout."""
        self.renew()
        result = self._folder / "result.json"
        result.unlink(missing_ok=True)
        known = {name: value for name, value in os.environ.items() if not name.startswith(("GIT", "S2R_"))}
        before = len(self.github.calls)
        now = [1_700_000_000.0]
        outside = pr.Outside(
            environ={
                **known,
                "S2R_TOKEN": TOKEN,
                "GITHUB_REPOSITORY": f"{OWNER}/{NAME}",
                "GITHUB_API_URL": self.api,
                "GITHUB_SERVER_URL": self.address,
                **environ,
            },
            sleep=lambda seconds: now.append(now.pop() + seconds),
            clock=lambda: now[0],
        )
        told_text = io.StringIO()
        words = ("--quiet", f"--result={result}", *words)
        with (
            contextlib.chdir(self.root),
            contextlib.redirect_stdout(told_text),
            contextlib.redirect_stderr(told_text),
        ):
            done = at_the_door(lambda: pr.run("pr", words, outside))
        said = told_text.getvalue()
        assert done == code, said
        assert TOKEN not in said
        told: dict[str, Any] = json.loads(result.read_text()) if result.is_file() else {}
        numbers = [pull["number"] for pull in told.get("pull_requests", []) if pull["number"]]
        return Ran(code, str(told.get("operation", "")), numbers, said, self.github.calls[before:])


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    bare = tmp_path / "jobs.git"
    bare.mkdir()
    github = GitHubStandIn(bare)
    with served(github) as address:
        yield Project(tmp_path, github, address)
    assert github.wrong == [], "a request or an answer is not as GitHub describes it"
