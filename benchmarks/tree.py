"""Writes a synthetic repository: many files, some of them batch scripts, committed to git.

::

    python benchmarks/tree.py DEST --files 170000 --megabytes 1700 --hits 24000

The same arguments and the same Python give the same bytes. Sizes are log-normal (many small files, a
few of megabytes), the text is that of the standard library, folders are up to nine deep.
"""

import argparse
import math
import random
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

FOLDERS = [
    "data",
    "model",
    "train",
    "config",
    "src",
    "lib",
    "tools",
    "tests",
    "docs",
    "solver",
    "mesh",
    "kernel",
    "field",
    "include",
    "utils",
    "runs",
]
KINDS = (".py", ".c", ".h", ".cpp", ".f90", ".txt", ".md", ".json", ".yaml", ".csv", ".dat", ".js", ".rst", "")
SCRIPT_KINDS = (".sh", ".sbatch", ".slurm", ".job", "")
DIRECTIVES = (
    "--job-name=run{n}", "--time=0{d}:00:00", "--nodes={d}", "--ntasks={n}", "--cpus-per-task={d}", "--mem={n}G",
    "--gres=gpu:{d}", "--partition=gpu", "--account=lab{d}", "--output=logs/%x-%j.out", "--error=logs/%x-%j.err",
    "--mail-type=END,FAIL", "--array=1-{n}", "--qos=normal",
)  # fmt: skip
COMMANDS = (
    "module load gcc/12 openmpi", "source venv/bin/activate", "export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK",
    "srun ./solver --grid {n}", "python train.py --seed {n}", "mpirun -np {d} ./model", "echo done {n}", "wait",
)  # fmt: skip


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dest", type=Path)
    parser.add_argument("--files", type=int, default=17_000)
    parser.add_argument("--megabytes", type=float, default=170)
    parser.add_argument("--hits", type=int, default=2_400)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    write_tree(given.dest, files=given.files, megabytes=given.megabytes, hits=given.hits, seed=given.seed)


def write_tree(dest: Path, *, files: int, megabytes: float, hits: int, seed: int = 1) -> None:
    """Write and commit the repository; ``dest`` must not exist, or be empty."""
    if dest.exists() and any(dest.iterdir()):
        raise SystemExit(f"{dest} is not empty")
    if hits > files:
        raise SystemExit("more hits than files")
    dest.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    pool = _pool()
    scripts = set(chance.sample(range(files), hits))
    sizes = _sizes(chance, files - hits, int(megabytes * 1e6) - hits * 1_100)
    for number, folder in zip(range(files), _folders(dest, chance), strict=False):
        if number in scripts:
            (folder / f"job{number}{chance.choice(SCRIPT_KINDS)}").write_bytes(_script(chance))
        else:
            start, size = chance.randrange(len(pool) // 2), next(sizes)
            text = pool[start : start + size]
            while len(text) < size:
                text += pool[: size - len(text)]
            (folder / f"part_{number}{chance.choice(KINDS)}").write_bytes(text)
    _commit(dest)


def _pool() -> bytes:
    """About eight megabytes of real text: the sources of the standard library, without those that name sbatch."""
    sources = sorted(Path(sysconfig.get_path("stdlib")).glob("[a-z]*/*.py"))
    texts = (path.read_bytes() for path in sources[:1_000])
    return b"".join(text for text in texts if b"SBATCH" not in text)[:8_000_000]


def _sizes(chance: random.Random, count: int, total: int) -> Iterator[int]:
    """Log-normal sizes with the given sum (about), none above 8 MB."""
    raw = [min(math.exp(chance.gauss(0, 1.5)), 200.0) for _ in range(count)]
    scale = total / sum(raw) if raw else 0
    return (min(int(size * scale), 8_000_000) for size in raw)


def _folders(dest: Path, chance: random.Random) -> Iterator[Path]:
    """Folders that hold about a dozen files each, up to nine deep."""
    open_folders = [(dest, 0)]
    while True:
        parent, depth = chance.choice(open_folders[-400:])
        folder = parent / f"{chance.choice(FOLDERS)}{len(open_folders)}"
        folder.mkdir()
        open_folders.append((folder, depth + 1))
        if depth + 1 >= 9:
            open_folders[-1] = (dest, 0)
        for _ in range(chance.randint(2, 24)):
            yield folder


def _script(chance: random.Random) -> bytes:
    n, d = chance.randint(10, 99), chance.randint(1, 8)
    header = [f"#SBATCH {line.format(n=n, d=d)}" for line in chance.sample(DIRECTIVES, chance.randint(4, 12))]
    body = [chance.choice(COMMANDS).format(n=n, d=d) for _ in range(int(math.exp(chance.gauss(2.5, 0.9))) + 2)]
    return "\n".join(["#!/bin/bash", *header, "", *body, ""]).encode()


def _commit(dest: Path) -> None:
    git = shutil.which("git") or "git"
    # Blobs above the threshold go straight into one pack: 170,000 loose objects would take minutes.
    quick = ["-c", "core.bigFileThreshold=1", "-c", "core.compression=0", "-c", "gc.auto=0"]
    who = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "A synthetic repository"]):
        subprocess.run([git, "-C", str(dest), *quick, *who, *words], check=True)


if __name__ == "__main__":
    main()
