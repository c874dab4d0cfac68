"""Wall time of the Action's set-up, cold (no cache) and warm, run step by step as ``action.yml`` says.

The peer is the same run's bare ``python -m venv``: what no set-up with packages of its own can be without.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.table import Row

ROOT = Path(__file__).parents[1]
COLD_S, WARM_S = 40.0, 5.0


def run(scale: str) -> Iterator[Row]:
    """One cold set-up, then the best of three warm ones with a check of one script."""
    with tempfile.TemporaryDirectory(prefix="s2r-bench-") as scratch:
        folder = Path(scratch)
        environ = {
            **os.environ,
            "GITHUB_ACTION_PATH": str(ROOT),
            "RUNNER_TOOL_CACHE": scratch,
            "RUNNER_TEMP": scratch,
        }
        began = time.monotonic()
        subprocess.run([sys.executable, "-I", "-m", "venv", str(folder / "bare")], check=True)
        bare = time.monotonic() - began
        yield _row("cold set-up", _set_up(folder, environ), bare, COLD_S)
        yield _row(
            "warm set-up and a check", min(_set_up(folder, environ, check=True) for _ in range(3)), bare, WARM_S
        )


def _set_up(folder: Path, environ: dict[str, str], *, check: bool = False) -> float:
    began = time.monotonic()
    known: dict[str, str] = {}
    for step in ("place", "install"):
        outputs = folder / f"outputs-{step}"
        outputs.write_text("")
        given = {f"S2R_{name.upper()}": value for name, value in known.items()}
        words = ["bash", str(ROOT / "tools" / "action_setup.sh"), step]
        subprocess.run(words, env={**environ, **given, "GITHUB_OUTPUT": str(outputs)}, check=True)
        known |= dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    if check:
        place = folder / "workspace"
        place.mkdir(exist_ok=True)
        (place / "job.sh").write_text("#!/bin/bash\n#SBATCH --gres=gpu:1\npython train.py\n")
        subprocess.run(["git", "init", "-q", str(place)], check=True)
        words = [known["python"], "-I", "-m", "s2r_ci.action"]
        subprocess.run(
            words, env={**environ, "GITHUB_WORKSPACE": str(place)}, check=False, stdout=subprocess.DEVNULL
        )
    return time.monotonic() - began


def _row(what: str, took: float, bare: float, most: float) -> Row:
    return Row(
        what=f"action: {what}",
        own=f"{took:.1f} s",
        peer=f"python -m venv {bare:.1f} s",
        ratio=f"{took / bare:.1f} x",
        target=f"<= {most:g} s",
        kept=took <= most,
    )
