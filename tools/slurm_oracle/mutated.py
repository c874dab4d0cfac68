"""Headers that people wrote, with the slips that people make: the other half of what real Slurm is asked.

::

    python -m tools.slurm_oracle.compare --mutated FOLDER --count 1700 --seed 1    # the scripts below that folder

``headers`` draws options from a grammar, evenly, and so most of its headers say what nobody would write. Here whole
headers are taken as they are, and one to three things happen to them: a letter too many or too few, a value of another
option, a quote that stays open, a remark without ``#``, two lines run together, a line of PBS.
"""

import os
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tools.slurm_oracle.headers import Made

_LONGEST: Final = 30  # lines of a header
_KEYWORD: Final = "#SBATCH"
# What only a site knows says nothing about reading; the oracle has no such names.
_SITE: Final = re.compile(
    r"\s+(?:--(?:partition|account|qos|reservation|licenses|clusters?|dependency|nodelist|exclude|chdir|constraint|"
    r"nodefile|wckey|bbf?|export-file|get-user-env|container-\w+|no-container-\w+|uenv|"
    r"uenv-file|view|environment)|-[pAqLMdwxDCF](?=[= \w]))\b.*"
)
_LETTERS: Final = (
    *"-=#\"'\\ \t:;,.%$@!()[]{}<>|&~`^*+?/0123456789abcdefgGMKTxXnNtcpJ\r\v\f",
    "--", " --", " #", '""', "''", "\\ ", "é", "\u00a0", "\u2013", "\ufeff",
)  # fmt: skip
_LINES: Final = (
    "", "  ", "# note -x", "#SBATCH", "#SBATCH ", "##SBATCH -n 3", "# SBATCH -n 3", " #SBATCH -n 3", "#SBATCH\t-n 2",
    "#SBATCHx", "#sbatch -n 2", "echo x", "#SBATCH hetjob", "#SBATCH packjob", "#BSUB -n 4", "#BSUB -W 2:30",
    "#PBS -l nodes=2", "#PBS -l select=2:ncpus=4", "#PBS -l walltime=2:00:00,mem=4gb", "#PBS -N name -j oe",
)  # fmt: skip
_ENDS: Final = (" # remark", "#remark", " (remark)", ' "x', " 'y", " \\", "\r")


def mutated(folder: Path, count: int, seed: int) -> Iterator[Made]:
    """So many headers, made from those of the scripts below a folder; the same seed gives the same ones."""
    rng = random.Random(seed)
    known = [[_neutral(line) for line in lines] for lines in _written(folder)]
    for _ in range(count):
        lines = list(rng.choice(known))
        for _ in range(rng.choice((1, 1, 2, 3))):
            _happen(rng, lines, known)
        yield Made("\n".join(["#!/bin/bash", *lines, "echo", ""]).encode(), {}, [])


def _written(folder: Path) -> list[list[str]]:
    """The directive lines of each script below a folder, in the order of their paths."""
    found = []
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            text = (Path(here) / name).read_bytes().decode("utf-8", "replace").replace("\0", "")
            lines = [line for line in text.split("\n") if line.startswith(_KEYWORD)]
            if 0 < len(lines) <= _LONGEST:
                found.append(lines)
    if not found:
        raise SystemExit(f"no script with {_KEYWORD} lines below {folder}")
    return found


def _neutral(line: str) -> str:
    return _KEYWORD + _SITE.sub(" --comment=site", line[len(_KEYWORD) :], count=1)


def _happen(rng: random.Random, lines: list[str], known: Sequence[Sequence[str]]) -> None:
    at = rng.randrange(len(lines))
    fate = rng.random()
    if fate < 0.7:
        lines[at] = _slip(rng, lines[at], rng.choice(rng.choice(known)))
    elif fate < 0.8:
        lines.insert(at, rng.choice(rng.choice(known)))
    elif fate < 0.88:
        lines.insert(at, rng.choice(_LINES))
    elif fate < 0.95:
        lines[at] += rng.choice(_ENDS)
    else:
        rng.shuffle(lines)


def _slip(rng: random.Random, line: str, other: str) -> str:
    """One line, written wrong; ``other`` is a line to take something from."""
    keyword, text = line[: len(_KEYWORD)], line[len(_KEYWORD) :]
    at, fate = rng.randrange(len(text) + 1), rng.random()
    if fate < 0.3:
        text = text[:at] + rng.choice(_LETTERS) + text[at:]
    elif fate < 0.5:
        text = text[:at] + text[at + rng.randint(1, 3) :]
    elif fate < 0.6:
        end = rng.randint(at, len(text))
        text = text[:end] + text[at:]
    elif fate < 0.7:
        text = text.replace("=", rng.choice((" ", "  ", "= ", " =", "==", ":", "")), 1)
    elif fate < 0.8 and (name := re.match(r"\s*--[a-z-]{3,}", text)):
        text = text[: rng.randint(name.end() - 6, name.end())] + text[name.end() :]
    elif (
        fate < 0.95
        and (mine := re.search(r"[= ](\S+)\s*$", text))
        and (theirs := re.search(r"[= ](\S+)\s*$", other))
    ):
        text = text[: mine.start(1)] + theirs[1]
    else:
        text += other[len(_KEYWORD) :]
    return keyword + text
