"""A disk that is full, at every call that could notice: the old manifest stays whole, and the exit code says so."""

import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import GOOD, Repository, clean

MANIFEST = "jobs/train.sh.runai.yaml"
NEW = GOOD.replace("12:", "13:")
COMMAND = [sys.executable, "-m", "s2r_ci", "write", "--jobs", "1"]
STRACE = shutil.which("strace")


@pytest.fixture
def stale(repository: Repository) -> Repository:
    """A manifest that the next ``write`` will renew."""
    repository.write("jobs/train.sh", GOOD)
    assert repository.run("write").returncode == 0
    repository.write("jobs/train.sh", NEW)
    return repository


def leftovers(repository: Repository) -> list[str]:
    return [str(path) for path in repository.root.rglob(".s2r-*")]


@pytest.mark.parametrize("octets", [0, 1, 1000])
def test_no_room_for_the_file(stale: Repository, octets: int) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))

    before = stale.tree()
    done = subprocess.run(COMMAND, cwd=stale.root, env=clean(), capture_output=True, check=False, preexec_fn=limit)
    assert done.returncode == 3, done.stderr
    assert b"error[manifest-unwritten]: the manifest was not written: File too large" in done.stdout
    assert stale.tree() == before
    assert leftovers(stale) == []


def test_the_next_run_finishes_the_work(stale: Repository) -> None:
    test_no_room_for_the_file(stale, 1000)
    assert stale.run("write").returncode == 0
    assert "activeDeadlineSeconds: 46800" in stale.read(MANIFEST)


def struck(repository: Repository, call: str, number: int) -> "subprocess.CompletedProcess[bytes] | None":
    """``write`` with ENOSPC from the n-th such call of its one process; None when there were fewer."""
    log = repository.root.parent / "trace"
    words = [STRACE or "", "-qq", "-o", str(log), "-e", f"trace={call}", "-e"]
    inject = f"inject={call}:error=ENOSPC:when={number}"
    done = subprocess.run(
        [*words, inject, *COMMAND], cwd=repository.root, env=clean(), capture_output=True, check=False
    )
    return done if b"INJECTED" in log.read_bytes() else None


def can_trace() -> bool:
    if STRACE is None:
        return False
    return subprocess.run([STRACE, "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_trace(), reason="needs strace, and leave to use it")
@pytest.mark.parametrize("call", ["write", "fsync", "?rename,?renameat,?renameat2"])
def test_no_room_at_any_call(stale: Repository, call: str) -> None:
    before = stale.tree()
    tried = 0
    while done := struck(stale, call, tried + 1):
        tried += 1
        assert b"Traceback" not in done.stderr, done.stderr
        assert leftovers(stale) == []
        now = stale.read(MANIFEST)
        if now.encode() == before[MANIFEST]:
            assert done.returncode == 3, f"{call} {tried}: {done.stderr!r}"
        else:
            assert now.endswith(stale_end(before)), "no manifest is cut short"
            assert done.returncode in (0, 3, 5), f"{call} {tried}: {done.stderr!r}"
        Path(stale.root / MANIFEST).write_bytes(before[MANIFEST])
    assert tried


def stale_end(before: dict[str, bytes]) -> str:
    """How every version of this manifest ends."""
    return before[MANIFEST].decode().splitlines(keepends=True)[-1]
