"""CPU time of a start: a bare interpreter, ``--version``, one script converted, one current manifest.

The four take turns, so that a busy machine slows all of them; the median of each counts.
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.table import Row

ROUNDS = {"tenth": 15, "full": 60}
SCRIPT = """#!/bin/bash
#SBATCH --job-name=fit
#SBATCH --partition=gpu
#SBATCH --gres=gpu:2
#SBATCH --cpus-per-task=8
#SBATCH --mem=32G
#SBATCH --time=12:00:00
#SBATCH --output=fit-%j.out
module load cuda/12.4
srun python fit.py --out runs/$SLURM_JOB_ID
"""
COMMAND = (
    "import sys; from s2r_ci.cli import command; sys.exit(command())"  # what an installer makes of the entry point
)
TARGETS = {"--version": 3.0, "one script converted": 12.0, "one current manifest": 7.0}


def cpu_ms(command: list[str], folder: Path, environ: dict[str, str]) -> float:
    """User and system time of a process and all it starts (git too), in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stderr.decode()}")
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def run(scale: str) -> Iterator[Row]:
    """The four starts, as ratios to the bare interpreter."""
    with tempfile.TemporaryDirectory(prefix="s2r-bench-") as scratch:
        folder = Path(scratch)
        subprocess.run(["git", "init", "-q", scratch], check=True)
        (folder / "fit.sh").write_text(SCRIPT)
        manifest = folder / "fit.sh.runai.yaml"
        root = str(Path(__file__).parents[1])
        environ = os.environ | {"PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": ""}
        tool = [sys.executable, "-c", COMMAND]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "--version": [*tool, "--version"],
            "one script converted": [*tool, "write", "fit.sh"],
            "one current manifest": [*tool, "check", "fit.sh"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(ROUNDS[scale] + 1):
            for name, command in commands.items():
                if name == "one script converted":
                    manifest.unlink(missing_ok=True)
                spent = cpu_ms(command, folder, environ)
                if number:  # the first round writes the byte code
                    times[name].append(spent)
        bare = median(times.pop("python -c pass"))
        for name, spents in times.items():
            ratio = median(spents) / bare
            yield Row(
                what=f"start: {name}",
                own=f"{median(spents):.1f} ms CPU",
                peer=f"python -c pass {bare:.1f} ms",
                ratio=f"{ratio:.2f} x",
                target=f"<= {TARGETS[name]:g} x",
                kept=ratio <= TARGETS[name],
            )
