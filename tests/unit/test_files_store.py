"""Writing manifests: whole or not at all, never through a link, never two runs at once."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from s2r_ci.errors import IncompleteError
from s2r_ci.publish.files import TEMPORARY, FileStore, locked


def leftovers(root: Path) -> list[str]:
    return [p.name for p in root.rglob(f"{TEMPORARY}*")]


def test_writes_new_and_replaces_old(tmp_path: Path) -> None:
    with FileStore(str(tmp_path)) as store:
        store.write("a/b/x.yaml", b"one")
        store.write("a/b/x.yaml", b"two")
        store.write("y.yaml", b"three")
    assert (tmp_path / "a/b/x.yaml").read_bytes() == b"two"
    assert (tmp_path / "y.yaml").read_bytes() == b"three"
    assert leftovers(tmp_path) == []


def test_the_mode_follows_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        with FileStore(str(tmp_path)) as store:
            store.write("x.yaml", b"")
    finally:
        os.umask(old)
    assert (tmp_path / "x.yaml").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/x", "a\0b", ""], ids=repr)
def test_a_path_that_leads_out_is_refused(tmp_path: Path, path: str) -> None:
    inside = tmp_path / "root"
    inside.mkdir()
    with FileStore(str(inside)) as store, pytest.raises(IncompleteError, match="leads out"):
        store.write(path, b"x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["root"]


def test_a_linked_folder_is_not_followed(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (root / "jobs").symlink_to(outside)
    with FileStore(str(root)) as store, pytest.raises(IncompleteError):
        store.write("jobs/x.yaml", b"x")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_something_else_in_the_way_is_left_alone(tmp_path: Path, kind: str) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"keep")
    target = tmp_path / "x.yaml"
    made: dict[str, Callable[[], None]] = {
        "link": partial(target.symlink_to, victim),
        "folder": target.mkdir,
        "pipe": partial(os.mkfifo, target),
    }
    made[kind]()
    with FileStore(str(tmp_path)) as store, pytest.raises(IncompleteError, match="belongs"):
        store.write("x.yaml", b"x")
    assert victim.read_bytes() == b"keep"
    assert leftovers(tmp_path) == []


def test_a_folder_swapped_for_a_link_during_the_run_is_not_followed(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    (root / "jobs").mkdir(parents=True)
    with FileStore(str(root)) as store:
        store.write("jobs/a.yaml", b"a")
        (root / "jobs").rename(root / "moved")
        (root / "jobs").symlink_to(outside)
        store.write("jobs/b.yaml", b"b")  # the folder is open: it goes where the first one went
    assert list(outside.iterdir()) == []
    assert sorted(p.name for p in (root / "moved").iterdir()) == ["a.yaml", "b.yaml"]


def test_temporary_files_of_dead_runs_are_swept(tmp_path: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
    stray = tmp_path / f"{TEMPORARY}{int(dead.stdout)}-1-{boot}.tmp"
    before_restart = tmp_path / f"{TEMPORARY}1-1-00000000.tmp"
    alive = tmp_path / f"{TEMPORARY}{os.getpid()}-77-{boot}.tmp"
    for file in (stray, before_restart, alive):
        file.touch()
    with FileStore(str(tmp_path)) as store:
        store.write("x.yaml", b"")
    assert leftovers(tmp_path) == [alive.name]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full's kernel: Linux")
def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys\n"
        "from s2r_ci.publish.files import FileStore\n"
        "from s2r_ci.errors import IncompleteError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"with FileStore({str(tmp_path)!r}) as store:\n"
        "    try: store.write('x.yaml', b'n' * 5000)\n"
        "    except IncompleteError as error: sys.exit(error.exit_code)\n"
    )
    (tmp_path / "x.yaml").write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 3
    assert (tmp_path / "x.yaml").read_bytes() == b"old"
    assert leftovers(tmp_path) == []


def _hold(root: str, ready: "multiprocessing.synchronize.Event", go: "multiprocessing.synchronize.Event") -> None:
    with locked(root):
        ready.set()
        go.wait(60)


def test_a_second_run_waits_and_then_says_so(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, go = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(str(tmp_path), ready, go))
    other.start()
    try:
        assert ready.wait(60)
        with pytest.raises(IncompleteError, match="another run"), locked(str(tmp_path), wait_s=0.1):
            pass
    finally:
        go.set()
        other.join()
    with locked(str(tmp_path), wait_s=0):  # gone with its process
        pass
