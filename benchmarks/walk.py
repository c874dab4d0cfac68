"""Many scripts: ``write`` from nothing, ``check`` of current manifests and ``lint``, at three sizes, and whether each
is linear.

The scripts are all different, in folders of a hundred; about one in seven is an array, one in nine runs on several
nodes. Wall time, with the tool's own number of processes.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.table import Row

SIZES = {"tenth": (200, 600, 2_000), "full": (2_000, 6_000, 20_000)}
LIMITS_S = {"write": 60.0, "check": 10.0, "lint": 15.0}  # at 20,000 scripts
SETTINGS = """image = "team/train:1"
project = "team"
working-directory = "/workspace"
[site]
partitions = { gpu = "pool" }
modules = { "cuda/12.4" = "team/train:1" }
volumes = { "/scratch" = "scratch" }
"""
LINEAR = 1.3  # a script in the largest repository may cost this many times one in the smallest


def script(number: int) -> str:
    """The text of one script; no two are alike."""
    lines = ["#!/bin/bash", f"#SBATCH --job-name=job-{number}", "#SBATCH --partition=gpu"]
    lines += [f"#SBATCH --gres=gpu:{1 + number % 4}", f"#SBATCH --cpus-per-task={1 + number % 16}"]
    lines += [f"#SBATCH --mem={4 + number % 60}G", f"#SBATCH --time={1 + number % 47}:00:00"]
    if number % 7 == 0 and number % 9:  # an array of jobs on several nodes is no single workload
        lines.append(f"#SBATCH --array=1-{2 + number % 30}%4")
    if number % 9 == 0:
        lines += [f"#SBATCH --nodes={2 + number % 3}", "#SBATCH --ntasks-per-node=1"]
    lines += ["#SBATCH --output=logs/%x-%j.out", "", "module load cuda/12.4", f"export RUN={number}"]
    launcher = "srun torchrun --nnodes=$SLURM_NNODES" if number % 9 == 0 else "srun python"
    lines += [f"{launcher} train.py --seed {number} --out /scratch/runs/$SLURM_JOB_ID", ""]
    return "\n".join(lines)


def grow(root: Path, count: int) -> None:
    """A Git repository with ``count`` scripts, tracked."""
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / "s2r-ci.toml").write_text(SETTINGS)
    for number in range(count):
        path = root / f"jobs/{number // 100:04}" / f"job-{number:06}.sh"
        if number % 100 == 0:
            path.parent.mkdir(parents=True)
        path.write_text(script(number))
    subprocess.run(["git", "-C", str(root), "add", "-A"], check=True)


def seconds(verb: str, root: Path) -> float:
    """Wall time of one run of the tool."""
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-m", "s2r_ci", verb, "--quiet"]
    before = time.perf_counter()
    done = subprocess.run(command, cwd=root, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    spent = time.perf_counter() - before
    if done.returncode != 0:
        raise SystemExit(f"s2r-scan {verb} ended with {done.returncode}:\n{done.stderr.decode()}")
    return spent


def run(scale: str) -> Iterator[Row]:
    """Each verb at three sizes; the last row of each verb says whether it is linear."""
    spent: dict[str, list[float]] = {"write": [], "check": [], "lint": []}
    sizes = SIZES[scale]
    for count in sizes:
        with tempfile.TemporaryDirectory(prefix="s2r-bench-") as scratch:
            root = Path(scratch)
            grow(root, count)
            for verb, times in spent.items():
                times.append(seconds(verb, root))
                yield _row(verb, count, times[-1], full=count == SIZES["full"][-1])
    for verb, times in spent.items():
        steepness = (times[-1] - times[0]) / (sizes[-1] - sizes[0]) / (times[1] - times[0]) * (sizes[1] - sizes[0])
        yield Row(
            what=f"{verb}: cost of one more script, large against small",
            own=f"{1000 * (times[-1] - times[0]) / (sizes[-1] - sizes[0]):.2f} ms",
            peer=f"{1000 * (times[1] - times[0]) / (sizes[1] - sizes[0]):.2f} ms",
            ratio=f"{steepness:.2f} x",
            target=f"<= {LINEAR:g} x",
            kept=steepness <= LINEAR,
        )


def _row(verb: str, count: int, spent: float, *, full: bool) -> Row:
    limit = LIMITS_S[verb] * count / SIZES["full"][-1]
    return Row(
        what=f"{verb}: {count:,} scripts",
        own=f"{spent:.2f} s",
        peer=f"{1000 * spent / count:.2f} ms a script",
        target=f"<= {limit:g} s",
        kept=spent <= limit if full else None,
    )
