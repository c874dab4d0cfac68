"""Reading scripts: the header against shlex and argparse, and header with body, stage by stage.

The scripts are like those people write: about 1 kB, eight directives, no two alike, so that nothing kept from one
helps with the next. The peer splits each ``#SBATCH`` line with shlex and gives all words to an argparse parser that
knows every option, which is what most programs that read such scripts do. Both sides run in turns.
"""

import argparse
import random
import shlex
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from benchmarks.table import Row
from s2r_ci.model import Script
from s2r_ci.slurm.options import catalogue

SCRIPTS: Final = {"tenth": 500, "full": 5000}
ROUNDS: Final = 5
TRANSLATED: Final = 2500 / 8600  # the target for header and body, as a part of what the peer does in the same run
_DIRECTIVES: Final = (
    "--job-name=run{a}_{b}", "--time=0{d}:{c}:00", "-t {d}-0{d}:00:00", "--nodes={d}", "-N {d}", "--ntasks={b}", "-n {b}",
    "--ntasks-per-node={d}", "--cpus-per-task={d}", "-c {d}", "--mem={b}G", "--mem-per-cpu={b}000", "--gres=gpu:{d}",
    "--gres=gpu:a100:{d}", "--partition=gpu{a}", "-p part{b}", "--account=lab{b}", "-A proj{a}", "--output=logs/%x-%j-{a}.out",
    "-o out.{a}.%j", "--error=logs/%x-%j-{b}.err", "-e err.{b}", "--mail-type=END,FAIL", "--mail-type=ALL",
    "--mail-user=user{a}@example.org", "--array=1-{b}", "--array=0-{b}%{d}", "--qos=q{b}", "--exclusive", "--constraint=f{d}",
    "--gpus={d}", "--gpus-per-node={d}", "--chdir=/vols/u{a}", "--export=ALL", "--signal=B:USR1@{b}", "--requeue",
    '-J "run {a}"', "--comment='set {b}'", "--time={c}:00 # about {d} h", "--ntasks-per-node={d} --cpus-per-task={d}",
)  # fmt: skip
_COMMANDS: Final = (
    "module load gcc/{d}.{b} openmpi", "source /home/u{a}/venv/bin/activate", "export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK",
    'echo "job $SLURM_JOB_ID on $(hostname) {a}"', "cd $SLURM_SUBMIT_DIR/case{a}", "mkdir -p results/{a}", "set -euo pipefail",
    "srun ./solver --grid {b} --out results/{a}.h5", "python train.py --seed {a} --epochs {b} > log.{a} 2>&1", "wait", "date",
    "mpirun -np $SLURM_NTASKS ./model -i input.{a}.nml", "for i in $(seq 1 {d}); do\n  ./step --n $i --case {a}\ndone",
    "if [ ! -f data/{a}.csv ]; then\n  cp /scratch/data/{a}.csv data/\nfi", "# step {b} of the pipeline for case {a}",
    'FILE=$(sed -n "${{SLURM_ARRAY_TASK_ID}}p" files.{a}.txt)', "cp -r output /archive/u{a}/", "nvidia-smi",
)  # fmt: skip


def scripts(count: int, seed: int = 1) -> list[bytes]:
    """So many different batch scripts; the same seed gives the same ones."""
    rng = random.Random(seed)
    return [_script(rng, number) for number in range(count)]


def _script(rng: random.Random, number: int) -> bytes:
    def filled(line: str) -> str:
        return line.format(a=number, b=rng.randint(1, 64), c=rng.randint(10, 59), d=rng.randint(1, 8))

    directives = rng.sample(_DIRECTIVES, min(max(round(rng.gauss(8, 3)), 2), 20))
    lines = [f"#SBATCH {filled(line)}" for line in _compatible(directives)]
    if rng.random() < 0.3:
        lines.insert(rng.randint(0, len(lines)), "# resources")
    wanted = rng.lognormvariate(6.75, 0.7)
    body: list[str] = []
    while sum(map(len, body)) < wanted - 60:
        body.append(filled(rng.choice(_COMMANDS)))
    return ("#!/bin/bash\n" + "\n".join(lines) + "\n\n" + "\n".join(body) + "\n").encode()


def _compatible(directives: Sequence[str]) -> Iterator[str]:
    """The lines without those that sbatch refuses beside an earlier one."""
    memory = gpus = False
    for line in directives:
        if line.startswith("--mem"):
            if memory and not line.startswith("--mem="):
                continue
            memory = memory or line.startswith("--mem-per-cpu")
        if "gpu" in line and not line.startswith("--partition"):
            if gpus:
                continue
            gpus = True
        yield line


def peer() -> Callable[[bytes], argparse.Namespace]:
    """The reader that people write: shlex and an argparse parser with every option of sbatch."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=True, exit_on_error=False)
    taken: set[str] = set()
    for option in catalogue("26.05").names.values():
        names = [f"--{option.name}"]
        if option.short and option.short not in taken:
            names.insert(0, f"-{option.short}")
            taken.add(option.short)
        if option.argument == "none":
            parser.add_argument(*names, action="store_true")
        elif option.argument == "optional":
            parser.add_argument(*names, nargs="?", const="")
        else:
            parser.add_argument(*names)

    def read(data: bytes) -> argparse.Namespace:
        words: list[str] = []
        for line in data.decode("utf-8", "surrogateescape").split("\n"):
            if line.startswith("#SBATCH"):
                words += shlex.split(line[7:], comments=True)
            elif line and not line.startswith("#"):
                break
        return parser.parse_known_args(words)[0]

    return read


def _seconds(read: Callable[[bytes], object], texts: Sequence[bytes]) -> float:
    start = time.process_time()
    for text in texts:
        read(text)
    return time.process_time() - start


def run(scale: str) -> Iterator[Row]:
    """The header against its peer, then header and body with the share of each stage."""
    from s2r_ci.secrets import find_secrets
    from s2r_ci.slurm.body import read_body
    from s2r_ci.slurm.header import read_header
    from s2r_ci.slurm.job import read_script

    texts = scripts(SCRIPTS[scale])
    stages: dict[str, Callable[[bytes], object]] = {
        "header": lambda text: read_header(text, "job.sh"),
        "peer": peer(),
        "body": lambda text: read_body(Script(path="job.sh", data=text)),
        "secrets": lambda text: find_secrets(text.decode()),
        "script": lambda text: read_script(Script(path="job.sh", data=text)),
    }
    for read in stages.values():
        _seconds(read, texts[:100])
    times: dict[str, list[float]] = {name: [] for name in stages}
    for _ in range(ROUNDS):
        for name, read in stages.items():
            times[name].append(_seconds(read, texts))
    best = {name: min(taken) for name, taken in times.items()}
    rate = {name: len(texts) / seconds for name, seconds in best.items()}
    ratio = statistics.median(b / a for a, b in zip(times["header"], times["peer"], strict=True))
    size = statistics.median(map(len, texts))
    lines = statistics.median(text.count(b"\n#SBATCH") for text in texts)
    yield Row(
        what=f"header of {len(texts):,} scripts (median {size:.0f} octets, {lines:.0f} directives)",
        own=f"{rate['header']:,.0f}/s", peer=f"shlex + argparse {rate['peer']:,.0f}/s", ratio=f"{ratio:.2f}",
        target=">= 1.7", kept=ratio >= 1.7,
    )  # fmt: skip
    whole = len(texts) / (best["header"] + best["body"])
    against = statistics.median(
        peer / (head + body) for head, body, peer in zip(times["header"], times["body"], times["peer"], strict=True)
    )
    shares = {name: best[name] / best["script"] for name in ("header", "body", "secrets")}
    yield Row(
        what="header and body", own=f"{whole:,.0f}/s", target=">= 2,500/s", kept=whole >= 2500,
    )  # fmt: skip
    yield Row(
        what="header and body, on any machine: 2,500/s is meant where the peer reads 8,600/s", own=f"{whole:,.0f}/s",
        peer=f"shlex + argparse, header alone {rate['peer']:,.0f}/s", ratio=f"{against:.2f}",
        target=f">= {TRANSLATED:.2f}", kept=against >= TRANSLATED,
    )  # fmt: skip
    told = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    yield Row(what=f"whole reading: {told}", own=f"{rate['script']:,.0f}/s")
