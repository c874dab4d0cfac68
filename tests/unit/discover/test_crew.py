"""The processes that look at files."""

import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci.discover.classify import classify
from s2r_ci.discover.crew import batched, scan_all
from s2r_ci.discover.scan import Scanner
from tests.unit.discover.trees import JOB, write

WORDS = [
    b"#!/bin/sh",
    b"\n",
    b"#SBATCH",
    b" -N ",
    b"$X",
    b"{{ x }}",
    b"<<E",
    b"E\n",
    b'"',
    b"sbatch -n 1",
    b"\r\n",
    b"\0",
]


# A program of its own: a process with threads (those of other tests' servers) looks at files itself and starts nobody.
KILLED = """
import os, pathlib
from s2r_ci.discover.crew import scan_all
from s2r_ci.discover.scan import Scanner
from s2r_ci.errors import IncompleteError

PARENT = os.getpid()

class Dying(Scanner):
    def scan(self, names):
        assert os.getpid() != PARENT, "no process was started"
        os.kill(os.getpid(), 9)

    def copy(self):
        return self

try:
    list(scan_all([b"name\\0" * 50_000], Dying(".", max_bytes=10), jobs=2, most=100_000))
except IncompleteError as error:
    print(error)
print("children", pathlib.Path(f"/proc/self/task/{PARENT}/children").read_text())
"""


def children() -> set[str]:
    """The processes that this one has started and not yet gathered; other tests may have left a helper running."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def test_a_killed_process_leaves_the_run_incomplete_and_no_child_behind() -> None:
    run = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)
    assert run.stderr == ""
    *said, left = run.stdout.splitlines()
    assert "killed" in said[0]
    assert left.split() == ["children"]


def test_a_caller_that_stops_early_leaves_no_child_behind(tmp_path: Path) -> None:
    write(tmp_path, {"a.sh": JOB})
    before = children()
    answers = scan_all([b"a.sh\0" * 50_000], Scanner(str(tmp_path), max_bytes=100), jobs=2, most=100_000)
    assert next(answers)[0] > 0
    answers.close()  # type: ignore[attr-defined]
    assert children() == before


def test_every_name_is_looked_at_once_by_any_number_of_processes(tmp_path: Path) -> None:
    write(tmp_path, {"a.sh": JOB})
    for jobs in (1, 2, 5):
        answers = scan_all([b"a.sh\0"] * 9_000, Scanner(str(tmp_path), max_bytes=100), jobs=jobs, most=100_000)
        examined, rows = zip(*answers, strict=True)
        assert sum(examined) == sum(map(len, rows)) == 9_000


@settings(max_examples=200, deadline=None)
@given(
    names=st.lists(st.binary(min_size=1, max_size=30_000).filter(lambda name: b"\0" not in name), max_size=8),
    cut=st.integers(1, 40_000),
)
def test_batches_hold_whole_names_in_order(names: list[bytes], cut: int) -> None:
    stream = b"".join(name + b"\0" for name in names)
    pieces = [stream[at : at + cut] for at in range(0, len(stream), cut)]
    batches = list(batched(pieces))
    assert b"".join(batches) == stream
    assert all(batch.endswith(b"\0") for batch in batches)


@settings(max_examples=500, deadline=None)
@given(pieces=st.lists(st.sampled_from(WORDS) | st.binary(max_size=5), max_size=30), head=st.sampled_from(WORDS))
def test_any_bytes_get_a_class_or_none(pieces: list[bytes], head: bytes) -> None:
    data = head + b"".join(pieces)
    for name in (b"a.sh", b"a.md", b"a.py", b"slurm-1.out", b""):
        found = classify(data, name)
        assert found is None or (found.reason and 1 <= found.line <= data.count(b"\n") + 1)
