"""A repository, a stand-in for the service on loopback, and the command in this process."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from s2r_ci.cli import main
from tools.standin_service import SECRET, StandIn

KEY_ID = "ci-2026-11"
SETTINGS = """\
image = "registry.example.com/ml/train:1.0"
working-directory = "/workspace"
project = "team-a"
"""


def script(number: int = 0, more: str = "") -> str:
    return f"""\
#!/bin/bash
#SBATCH --job-name=train-{number}
#SBATCH --cpus-per-task=8
#SBATCH --gres=gpu:2
#SBATCH --mem=32G
#SBATCH --time=12:00:00
{more}
python train.py --epochs {number}
"""


class Ended(NamedTuple):
    """How a run of the command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting, proxy or cache of the machine."""
    for name in list(os.environ):
        if name.startswith(("S2R_", "GITHUB_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with settings that leave no question open, and three scripts; and retries that do not wait."""
    monkeypatch.setattr("random.random", lambda: 0.0)
    monkeypatch.setattr("s2r_ci.remote.patience._OPEN_S", 0.0)
    monkeypatch.setattr("s2r_ci.remote.patience._LOOK_AGAIN_S", 0.01)
    root = tmp_path / "repository"
    root.mkdir()
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / "s2r-ci.toml").write_text(SETTINGS)
    for number in range(3):
        (root / f"job{number}.sh").write_text(script(number))
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def run(repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command against a stand-in, or against an address."""

    def command(service: StandIn | str | None, *words: str) -> Ended:
        if service is not None:
            monkeypatch.setenv("S2R_API_ENDPOINT", service if isinstance(service, str) else service.address)
            monkeypatch.setenv("S2R_SHARED_SECRET", SECRET.decode())
            monkeypatch.setenv("S2R_KEY_ID", KEY_ID)
        code = main(words)
        said = capsys.readouterr()
        assert "Traceback" not in said.err, said.err
        return Ended(code, said.out, said.err)

    return command
