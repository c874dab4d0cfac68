"""What the linter knows and a manifest would carry on in silence is told where manifests are written, too."""

import pytest

from s2r_ci.convert.rules import RulesConverter
from s2r_ci.model import Script, Target
from s2r_ci.pipeline import walk

TARGET = Target(image="team/train:1", memory_mib=8192, working_directory="/vols/lab")


def told(*lines: str) -> list[tuple[str, int, str]]:
    data = "\n".join(["#!/bin/bash", *lines, ""]).encode()
    walked = walk(Script(path="a.sh", data=data), TARGET, RulesConverter())
    return [(f.rule.id, f.location.line, f.suppression) for f in walked.findings if f.rule.stage.value == "parse"]


@pytest.mark.parametrize(
    ("lines", "rule", "line"),
    [
        (("#SBATCH --mem=32", "python a.py"), "memory-without-unit", 2),
        (("#SBATCH --array=0-9", 'sed -n "${SLURM_ARRAY_TASK_ID}p" list.txt'), "array-off-by-one", 3),
        (("#SBATCH --gres=gpu:4", "torchrun --nproc-per-node=8 a.py"), "processes-exceed-gpus", 3),
    ],
)
def test_it_is_told_with_its_line(lines: tuple[str, ...], rule: str, line: int) -> None:
    assert told(*lines) == [(rule, line, "")]


@pytest.mark.parametrize(
    "lines",
    [
        ("#SBATCH --mem=32G", "python a.py"),
        ("#SBATCH --array=1-9", 'sed -n "${SLURM_ARRAY_TASK_ID}p" list.txt'),
        ("#SBATCH --gres=gpu:4", "torchrun --nproc-per-node=4 a.py"),
        ("#SBATCH --mail-user=a@example.org", "python a.py"),  # the linter's alone
    ],
)
def test_nothing_else_is_told(lines: tuple[str, ...]) -> None:
    assert told(*lines) == []


def test_a_reason_in_the_script_covers_it() -> None:
    lines = ("#SBATCH --mem=32  # s2r: ignore[memory-without-unit] a test of very little memory", "python a.py")
    assert [(rule, why) for rule, _, why in told(*lines)] == [
        ("memory-without-unit", "a test of very little memory")
    ]
