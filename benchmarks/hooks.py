"""CPU time of a warm hook, run by pre-commit itself, beside one of pre-commit's own hooks on the same files.

Both come from this environment (``language: system``), which is what a hook is once its environment was built. One
staged script with a current manifest, and a commit of 500 files of which fifty are scripts. They take turns, and a
ratio is the median of those of the rounds: the two of a round are a second apart, whatever else the machine does.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.start import SCRIPT, cpu_ms
from benchmarks.table import Row

ROUNDS = {"tenth": 11, "full": 31}
BIN = Path(sys.executable).parent
OURS = ("s2r-check", "s2r-lint")
PEER = "trailing-whitespace-fixer"
MANY = 500
SCRIPTS = 50
MOST_RATIO = 1.5
MOST_MORE_MS = 2000.0


def run(scale: str) -> Iterator[Row]:
    """Each of our checking hooks on one file and on many."""
    with tempfile.TemporaryDirectory(prefix="s2r-bench-") as scratch:
        folder = Path(scratch)
        _repository(folder)
        environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environ["PYTHONDONTWRITEBYTECODE"] = ""  # an installed hook has its byte code
        for names in (["job-000"], sorted(path.name for path in folder.iterdir() if path.is_file())):
            times: dict[str, list[float]] = {hook: [] for hook in (PEER, *OURS)}
            for number in range(ROUNDS[scale] + 1):
                for hook, spent in times.items():
                    command = [str(BIN / "pre-commit"), "run", hook, "--files", *names]
                    took = cpu_ms(command, folder, environ)
                    if number:
                        spent.append(took)
            yield from _rows(len(names), times)


def _rows(count: int, times: dict[str, list[float]]) -> Iterator[Row]:
    peer = times.pop(PEER)
    for hook, spent in times.items():
        ratio = median(own / other for own, other in zip(spent, peer, strict=True))
        more = median(own - other for own, other in zip(spent, peer, strict=True))
        alone = count == 1
        yield Row(
            what=f"{hook}, {'one file' if alone else f'{count} files'}",
            own=f"{median(spent):.0f} ms CPU",
            peer=f"{PEER} {median(peer):.0f} ms",
            ratio=f"{ratio:.2f} x" if alone else f"{more:+.0f} ms",
            target=f"<= {MOST_RATIO:g} x" if alone else f"<= {MOST_MORE_MS:+.0f} ms",
            kept=ratio <= MOST_RATIO if alone else more <= MOST_MORE_MS,
        )


def _repository(folder: Path) -> None:
    hooks = "".join(
        f"      - {{id: {hook}, name: {hook}, entry: {BIN / hook}, language: system, types: [text]}}\n"
        for hook in (PEER, *OURS)
    )
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (folder / ".pre-commit-config.yaml").write_text(f"repos:\n  - repo: local\n    hooks:\n{hooks}")
    (folder / "s2r-ci.toml").write_text('image = "a.example/b:1"\nworking-directory = "/w"\n')
    for number in range(SCRIPTS):
        (folder / f"job-{number:03}").write_text(SCRIPT.replace("fit", f"fit{number}"))
    subprocess.run([str(BIN / "s2r-scan"), "write", str(folder)], check=True, stdout=subprocess.DEVNULL)
    for number in range(MANY - 2 * SCRIPTS):
        (folder / f"text-{number:03}.txt").write_text(f"line {number}\n" * 40)
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
