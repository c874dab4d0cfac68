"""Wall time of the whole Action, cold (nothing in the cache) and warm, by the tests' runner of ``action.yml``.

A cold run finds no cache, makes the environment, downloads and installs by the lock with hashes, checks one script, and
fills the cache. A warm one is that of another job: it has the cache and nothing else. The peer is a bare ``python -m
venv`` in the same run: what no set-up with packages of its own can be without. The processor time is printed beside,
which a busy machine stretches less.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.table import Row

COLD_S, WARM_S = 40.0, 5.0
_JOB = "#!/bin/bash\n#SBATCH --gres=gpu:1\n#SBATCH --mem=8G\npython train.py\n"


def run(scale: str) -> Iterator[Row]:
    """One cold run, then the median of three warm ones."""
    with tempfile.TemporaryDirectory(prefix="s2r-bench-") as scratch:
        folder = Path(scratch)
        cache = folder / "cache"
        cache.mkdir()
        began = time.monotonic()
        subprocess.run([sys.executable, "-I", "-m", "venv", str(folder / "bare")], check=True)
        bare = time.monotonic() - began
        yield _row("cold", _job(folder / "cold", cache), bare, COLD_S)
        warm = sorted(_job(folder / f"warm-{number}", cache) for number in range(3))[1]
        yield _row("warm", warm, bare, WARM_S)


def _job(folder: Path, cache: Path) -> tuple[float, float]:
    """A job on a machine of its own: seconds by the clock, and of the processor."""
    from tests.action.conftest import Runner

    folder.mkdir()
    runner = Runner(folder, cache)
    runner.write("job.sh", _JOB)
    runner.commit()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    ran = runner.run(mode="check")
    took = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.outputs["exit-code"] != "1" or ran.outputs["scripts"] != "1":  # its manifest is missing
        raise SystemExit(f"the Action did not do its work:\n{ran.said}")
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _row(what: str, took: tuple[float, float], bare: float, most: float) -> Row:
    wall, cpu = took
    return Row(
        what=f"action: a {what} run",
        own=f"{wall:.1f} s ({cpu:.1f} s CPU)",
        peer=f"python -m venv {bare:.1f} s",
        ratio=f"{wall / bare:.1f} x",
        target=f"<= {most:g} s",
        kept=wall <= most,
    )
