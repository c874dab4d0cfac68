"""Finding the scripts of a large repository, beside ``git grep -lF '#SBATCH'``.

::

    python benchmarks/discovery.py [--scale full] [--tree DIR] [--rounds 5]

Full scale is 170,000 files, 1.7 GB, 24,000 hits; without it, a tenth. Both are run in turn on the same warm tree;
the figures are the best of the rounds, since other work on the machine can only add to a time.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.tree import write_tree

SIZES = {"full": (170_000, 1_700.0, 24_000), "tenth": (17_000, 170.0, 2_400)}
TARGET = 0.8  # of git grep's wall time
MEMORY_MIB = 150
PROGRAM = """
import os, sys
from s2r_ci.discover import find
found = find(root=sys.argv[1], environ=os.environ)
print(len(found.scripts))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", choices=SIZES, default="tenth")
    parser.add_argument("--tree", type=Path, help="use this tree; written where it does not exist, and kept")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    if given.tree:
        run(given.tree, given.scale, given.rounds)
        return
    with tempfile.TemporaryDirectory(prefix="s2r-bench-") as folder:
        run(Path(folder) / "tree", given.scale, given.rounds)


def run(tree: Path, scale: str, rounds: int) -> None:
    files, megabytes, hits = SIZES[scale]
    if not tree.exists():
        write_tree(tree, files=files, megabytes=megabytes, hits=hits)
    peer = ["git", "-C", str(tree), "grep", "-lF", "#SBATCH"]
    own = [sys.executable, "-c", PROGRAM, str(tree)]
    peers, owns, memory = [], [], 0
    for number in range(rounds + 1):  # the first round warms the cache
        one, found, _ = timed(peer)
        other, scripts, used = timed(own)
        if (lines := found.count(b"\n")) != int(scripts):
            raise SystemExit(f"git grep found {lines} files, we found {int(scripts)}")
        if number:
            peers.append(one)
            owns.append(other)
            memory = max(memory, used)
    (wall, cpu), (own_wall, own_cpu) = min(peers), min(owns)
    print(f"{files} files, {megabytes:.0f} MB, {hits} hits; best of {rounds}, load {os.getloadavg()[0]:.1f}")
    print(f"  git grep -lF   wall {wall:6.3f} s   cpu {cpu:6.3f} s")
    print(f"  find           wall {own_wall:6.3f} s   cpu {own_cpu:6.3f} s   largest process {memory} MiB")
    print(f"  ratio          wall {own_wall / wall:6.2f}     cpu {own_cpu / cpu:6.2f}")
    print(f"  target         wall {TARGET:6.2f}                      {MEMORY_MIB} MiB")


def timed(command: list[str]) -> tuple[tuple[float, float], bytes, int]:
    """Wall and CPU seconds, the output, and the largest resident size in MiB of any process so far."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environ)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (wall, cpu), done.stdout, after.ru_maxrss // 1024


if __name__ == "__main__":
    main()
