"""What a batch script finds under Slurm's names, set or unset, as real runs of Slurm 24.11 showed it."""

from typing import Any

import pytest

from s2r_ci.model import ConversionRequest, Script, Target
from s2r_ci.slurm.job import read_script
from s2r_ci.verify.batch_variables import is_right, values


def asked(header: str, **target: Any) -> ConversionRequest:
    lines = "".join(f"#SBATCH {line}\n" for line in header.split("; ") if line)
    script = Script(path="jobs/train.sh", data=f"#!/bin/bash\n{lines}true\n".encode())
    return ConversionRequest(script=script, job=read_script(script).jobs[0], target=Target(**target))


@pytest.mark.parametrize(
    ("header", "name", "value"),
    [
        ("-N 3", "SLURM_NTASKS", None),
        ("-n 6", "SLURM_NTASKS", "6"),
        ("-N 2; --ntasks-per-node=3", "SLURM_NPROCS", "6"),
        ("", "SLURM_CPUS_PER_TASK", None),
        ("-c 8", "SLURM_CPUS_PER_TASK", "8"),
        ("-c 8; -n 2", "SLURM_CPUS_ON_NODE", "16"),
        ("-N 2; --ntasks-per-node=3; -c 2", "SLURM_JOB_CPUS_PER_NODE", "6(x2)"),
        ("-N 2", "SLURM_NNODES", "2"),
        ("", "SLURM_JOB_NUM_NODES", "1"),
        ("--gres=gpu:2", "SLURM_GPUS", None),
        ("--gres=gpu:2", "SLURM_GPUS_PER_NODE", None),
        ("--gres=gpu:2", "SLURM_GPUS_ON_NODE", "2"),
        ("-G 2", "SLURM_GPUS", "2"),
        ("--gpus-per-node=a100:4", "SLURM_GPUS_PER_NODE", "a100:4"),
        ("--gpus-per-node=4", "SLURM_JOB_GPUS", "0,1,2,3"),
        ("", "SLURM_JOB_GPUS", None),
        ("", "SLURM_GPUS_ON_NODE", None),
        ("--mem=3G", "SLURM_MEM_PER_NODE", "3072"),
        ("--mem=8192", "SLURM_MEM_PER_NODE", "8192"),
        ("--mem=0", "SLURM_MEM_PER_NODE", None),
        ("--mem-per-cpu=500", "SLURM_MEM_PER_NODE", None),
        ("--mem-per-cpu=1G", "SLURM_MEM_PER_CPU", "1024"),
        ("--gpus=1; --mem-per-gpu=4G", "SLURM_MEM_PER_GPU", "4096"),
        ("-a 1-10:4", "SLURM_ARRAY_TASK_MAX", "9"),
        ("-a 1-10:4", "SLURM_ARRAY_TASK_MIN", "1"),
        ("-a 1-10:4", "SLURM_ARRAY_TASK_STEP", "4"),
        ("-a 1,5,6", "SLURM_ARRAY_TASK_STEP", "1"),
        ("-a 1-6%2", "SLURM_ARRAY_TASK_COUNT", "6"),
        ("-a 1-6%2", "SLURM_ARRAY_TASK_ID", None),
        ("", "SLURM_ARRAY_TASK_COUNT", None),
        ("--export=NONE", "SLURM_EXPORT_ENV", "NONE"),
        ("--export=NONE", "SLURM_GET_USER_ENV", "1"),
        ("", "SLURM_GET_USER_ENV", None),
        ("", "SLURM_EXPORT_ENV", None),
        ("-A acct", "SLURM_JOB_ACCOUNT", "acct"),
        ("", "SLURM_JOB_ACCOUNT", None),
        ("-J a_b", "SLURM_JOB_NAME", "a_b"),
        ("", "SLURM_JOB_NAME", "train.sh"),
        ("-p main", "SLURM_JOB_PARTITION", "main"),
        ("--open-mode=append", "SLURM_OPEN_MODE", "a"),
        ("", "SLURM_OPEN_MODE", None),
        ("", "SLURM_PROCID", "0"),
        ("", "SLURM_LOCALID", "0"),
        ("-n 4", "SLURM_STEP_ID", None),
        ("", "SLURM_UMASK", None),
        ("", "SLURM_GPUS_PER_TASK", None),
        ("", "SLURM_OOM_KILL_STEP", "0"),
        ("", "SLURM_TOPOLOGY_ADDR_PATTERN", "node"),
        ("-c 2", "SLURM_TRES_PER_TASK", "cpu=2"),
        ("-n 2; --gpus-per-task=2", "SLURM_TRES_PER_TASK", "gres/gpu=2"),
        ("-N 2; --ntasks-per-node=2", "SLURM_TASKS_PER_NODE", "2(x2)"),
        ("-N 2; -n 4", "SLURM_TASKS_PER_NODE", "3,1"),
        ("-n 2; --gpus-per-task=2", "SLURM_TRES_BIND", "gres/gpu:per_task:2"),
        ("-G 2", "SLURM_TRES_BIND", None),
        ("-N 4; -n 7", "SLURM_JOB_CPUS_PER_NODE", "2(x3),1"),
        ("-N 2; -n 4", "SLURM_TASKS_PER_NODE", "2(x2)"),
        ("-N 3", "SLURM_TASKS_PER_NODE", "1(x3)"),
        ("", "SLURM_SITE_OWN", None),
    ],
)  # fmt: skip
def test_a_name_is_set_or_unset_as_slurm_does(header: str, name: str, value: str | None) -> None:
    request = asked(header)
    if value is None:
        assert not values(name, request) - {None}
        assert not is_right(name, "1", request)
    else:
        assert is_right(name, value, request)
        assert not is_right(name, f"{value}1", request)
        assert not is_right(name, None, request)


@pytest.mark.parametrize("said", ["", "2", "2(x3)", "3,2", "1,1", "2(x", "x", "4(x0),4"])
def test_a_spread_that_does_not_add_up_is_wrong(said: str) -> None:
    assert not is_right("SLURM_TASKS_PER_NODE", said, asked("-N 2; -n 4"))


def test_what_only_the_pod_knows_may_be_left_out() -> None:
    request = asked("-a 1-4")
    for name in ("SLURM_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_JOB_NODELIST", "SLURM_JOB_START_TIME"):
        assert is_right(name, None, request)
        assert not is_right(name, "7", request)


def test_the_folder_of_submission_is_the_settings_one() -> None:
    assert is_right("SLURM_SUBMIT_DIR", "/vols/lab", asked("", working_directory="/vols/lab"))
    assert is_right("SLURM_SUBMIT_DIR", None, asked(""))
