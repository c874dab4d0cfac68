"""Killed at any moment, a run leaves whole files only, and the next one finishes the work."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from s2r_ci.runai.document import read_document

from .conftest import GOOD, Repository, clean

SCRIPTS = 40


@pytest.fixture
def many(repository: Repository) -> Repository:
    for number in range(SCRIPTS):
        repository.write(f"jobs/{number % 4}/{number}.sh", GOOD.replace("--epochs 5", f"--epochs {number}"))
    return repository


def start(repository: Repository) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "s2r_ci", "write", "--quiet"],
        cwd=repository.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=clean(),
    )


def manifests(root: Path) -> list[Path]:
    return sorted(root.rglob("*.runai.yaml"))


def reference(repository: Repository) -> dict[str, bytes]:
    assert repository.run("write").returncode == 0
    tree = repository.tree()
    assert len(manifests(repository.root)) == SCRIPTS
    return tree


def kill_and_look(repository: Repository, delay: float) -> int:
    process = start(repository)
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    for manifest in manifests(repository.root):
        document = read_document(manifest.read_bytes())
        assert document is not None
        assert document.intact, f"{manifest} is torn"
    return len(manifests(repository.root))


def sweep(repository: Repository, times: int, seed: int) -> None:
    """Kill at moments spread over the length of one whole run, which is measured first."""
    began = time.monotonic()
    whole = reference(repository)
    length = time.monotonic() - began
    chance = random.Random(seed)
    counts = set()
    for _ in range(times):
        for manifest in manifests(repository.root):
            manifest.unlink()
        counts.add(kill_and_look(repository, chance.uniform(0.1, 1.0) * length))
    assert repository.run("write").returncode == 0
    assert repository.tree() == whole  # the same tree, and no temporary file left


def test_a_killed_run_resumes(many: Repository) -> None:
    sweep(many, times=12, seed=1)


@pytest.mark.slow
def test_a_killed_run_resumes_a_thousand_times(many: Repository) -> None:
    sweep(many, times=1000, seed=2)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_ends_a_run_with_its_code(many: Repository, number: signal.Signals, code: int) -> None:
    for extra in range(2000):
        many.write(f"more/{extra}.sh", GOOD)
    process = start(many)
    while process.poll() is None and not any((many.root / "jobs/0").glob("*.runai.yaml")):
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(60) == code
    assert not list(many.root.rglob(".s2r-*.tmp"))
    assert many.run("write").returncode == 0
    assert len(manifests(many.root)) == SCRIPTS + 2000
