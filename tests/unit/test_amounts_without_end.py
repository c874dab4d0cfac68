"""Amounts that sbatch takes and no cluster has: they cost no more time and memory than others."""

import resource
import subprocess
import sys

import pytest

CODE = """
import sys
from s2r_ci.api import convert_slurm_to_runai
from s2r_ci.errors import ConversionError
try:
    print(len(convert_slurm_to_runai(sys.argv[1].encode().decode("unicode_escape"), image="a/b:1")))
except ConversionError as error:
    print(error.what)
"""


@pytest.mark.parametrize(
    "directive",
    [
        "--gres=gpu:99999999999999999999", "--gpus=4294967294", "--gpus-per-node=99999999", "--nodes=99999999",
        "--ntasks=2000000000", "--cpus-per-task=65000", "--array=0-4000000%5", "--mem=99999999T",
        "--ntasks=1000000 --gpus-per-task=1000000", "--nodelist=n[0-99999999]",
    ],
)  # fmt: skip
def test_a_script_with_an_amount_without_end_needs_little_memory(directive: str) -> None:
    program = "echo $CUDA_VISIBLE_DEVICES $SLURM_JOB_NODELIST\nsrun python fit.py"
    script = f"#!/bin/bash\n#SBATCH {directive}\n{program}\n".encode("unicode_escape").decode()

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))

    done = subprocess.run(
        [sys.executable, "-c", CODE, script], capture_output=True, text=True, preexec_fn=bounded, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
