"""Scripts through a service that takes a second for each, sixteen at once: wall time against the ideal.

The ideal is what the waiting alone takes: scripts / requests in flight, in whole rounds. The stand-in runs in a process
of its own; the CPU time of the client says how much of the rest is ours, whatever else the machine does.
"""

import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.table import Row

SCRIPTS = {"tenth": 48, "full": 400}
IN_FLIGHT = 16
LATENCY_S = 1.0
MOST = 1.15
SECRET = "standin-secret-made-up-for-tests-0123456789"
TEXT = """#!/bin/bash
#SBATCH --job-name=fit-{number}
#SBATCH --gres=gpu:2
#SBATCH --cpus-per-task=8
#SBATCH --mem=32G
#SBATCH --time=12:00:00
module load cuda/12.4
srun python fit.py --seed {number} --out runs/$SLURM_JOB_ID
"""


def run(scale: str) -> Iterator[Row]:
    """One run of ``s2r-scan write``."""
    count = SCRIPTS[scale]
    with tempfile.TemporaryDirectory(prefix="s2r-bench-") as scratch:
        folder = Path(scratch, "repository")
        folder.mkdir()
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
        for number in range(count):
            (folder / f"fit{number:03}.sh").write_text(TEXT.format(number=number))
        standin = subprocess.Popen(
            [sys.executable, "-m", "tools.standin_service", "--latency", str(LATENCY_S)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1],
        )  # fmt: skip
        try:
            assert standin.stdout is not None
            wall_s, cpu_s = _timed(folder, scratch, standin.stdout.readline().strip())
        finally:
            out, _ = standin.communicate("")
    charged, at_once = map(int, out.split())
    if charged != count or len(list(folder.glob("*.yaml"))) not in (0, count):
        raise SystemExit(f"{charged} of {count} scripts were charged")
    ideal_s = math.ceil(count / IN_FLIGHT) * LATENCY_S
    ratio = wall_s / ideal_s
    yield Row(
        what=f"{count} scripts at {LATENCY_S:.0f} s, {at_once} at once",
        own=f"{wall_s:.1f} s ({cpu_s:.1f} s CPU)",
        peer=f"{ideal_s:.0f} s ideal",
        ratio=f"{ratio:.2f}",
        target=f"<= {MOST}",
        kept=ratio <= MOST if scale == "full" else None,
    )


def _timed(folder: Path, scratch: str, address: str) -> tuple[float, float]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("S2R_")}
    environ = {
        **kept, "PYTHONPATH": str(Path(__file__).parents[1]), "XDG_CACHE_HOME": scratch,
        "S2R_API_ENDPOINT": address, "S2R_SHARED_SECRET": SECRET,
    }  # fmt: skip
    command = [sys.executable, "-m", "s2r_ci", "write", "--quiet", "--in-flight", str(IN_FLIGHT)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    wall_s = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
