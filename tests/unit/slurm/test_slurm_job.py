"""From a script to what one node gets; the numbers of tasks and nodes are those Slurm derived."""

from typing import Any

import pytest

from s2r_ci.model import ItemKind, JobSpec, Script
from s2r_ci.slurm.job import read_script


def read(*lines: str, body: str = "srun ./a.out") -> JobSpec:
    text = "#!/bin/bash\n" + "".join(f"#SBATCH {line}\n" for line in lines) + f"{body}\n"
    reading = read_script(Script(path="jobs/train.sh", data=text.encode()))
    assert reading.header.stage == "accepted"
    assert len(reading.jobs) == 1
    return reading.jobs[0]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", {"nodes": 1, "tasks": 1, "tasks_per_node": 1, "cpus_per_node": 1, "gpus_per_node": 0}),
        ("-N 3", {"nodes": 3, "tasks": 3, "tasks_per_node": 1}),
        ("-n 12", {"nodes": 1, "tasks": 12, "tasks_per_node": 12, "cpus_per_node": 12}),
        ("-c 6", {"tasks": 1, "cpus_per_task": 6, "cpus_per_node": 6}),
        ("-N 3 --ntasks-per-node=4 -c 2", {"nodes": 3, "tasks": 12, "tasks_per_node": 4, "cpus_per_node": 8}),
        ("-n 10 --ntasks-per-node=4", {"nodes": 3, "tasks": 10, "tasks_per_node": 4}),
        ("-N 2-4 -n 12", {"nodes": 2, "nodes_max": 4, "tasks": 12, "tasks_per_node": 6}),
        ("-N 2-4 --ntasks-per-node=5", {"nodes": 2, "nodes_max": 4, "tasks": 10, "tasks_per_node": 5}),
        ("-N 6 -n 4", {"nodes": 4, "nodes_max": 0, "tasks": 4}),
        ("-N 2 -B 2:6:1", {"nodes": 2, "tasks": 24, "tasks_per_node": 12}),
        ("-O -n 16 -N 2", {"nodes": 2, "tasks": 16, "cpus_per_node": 1}),
        ("-w n[010-013]", {"nodes": 4, "tasks": 4}),
        ("--gpus=12 --gpus-per-node=4", {"nodes": 3, "tasks": 3, "gpus_per_node": 4}),
        ("--gpus-per-task=2 --gpus=10", {"nodes": 1, "tasks": 5, "gpus_per_node": 10}),
        ("--gpus=3 --ntasks-per-gpu=2", {"tasks": 6, "gpus_per_node": 3}),
        ("-n 8 --ntasks-per-gpu=2", {"tasks": 8, "gpus_per_node": 4}),
        ("--gpus=4 --cpus-per-gpu=6", {"tasks": 1, "cpus_per_node": 24, "gpus_per_node": 4}),
        ("-N 2 --gpus=8", {"nodes": 2, "gpus_per_node": 4}),
        ("--gres=gpu", {"gpus_per_node": 1, "gpu_model": ""}),
        ("--gres=gpu:A100:2", {"gpus_per_node": 2, "gpu_model": "a100"}),
        ("--gres=gpu:a100:1,gpu:h100:2", {"gpus_per_node": 3, "gpu_model": "a100,h100"}),
        ("-n 2 --gpus-per-task=l40s:2", {"gpus_per_node": 4, "gpu_model": "l40s"}),
        ("--gpus-per-socket=2 --sockets-per-node=2", {"gpus_per_node": 4}),
        ("-n 2 --tres-per-task=cpu=3,gres/gpu:h100=1", {"cpus_per_node": 6, "gpus_per_node": 2, "gpu_model": "h100"}),
        ("--gpus-per-node=2 --gres=gpu:2", {"gpus_per_node": 2}),
        ("--gres=lscratch:10,gpu:1", {"gpus_per_node": 1, "other_gres": {"lscratch": 10}}),
        ("--gres=shard:4", {"gpus_per_node": 0, "other_gres": {"shard": 4}}),
        ("--mincpus=8 -c 2", {"cpus_per_node": 8}),
        ("--mem=4G", {"memory_per_node_mib": 4096}),
        ("--mem=0", {"memory_per_node_mib": 0}),
        ("-n 4 -c 2 --mem-per-cpu=1G", {"memory_per_node_mib": 8192}),
        ("-N 2 --gpus-per-node=2 --mem-per-gpu=40G", {"memory_per_node_mib": 81920}),
        ("-c 2", {"memory_per_node_mib": None}),
        ("--tmp=10G", {"tmp_per_node_mib": 10240}),
        ("--exclusive", {"exclusive": True}),
        ("--exclusive=user", {"exclusive": False}),
    ],
)  # fmt: skip
def test_what_one_node_gets(line: str, expected: dict[str, Any]) -> None:
    resources = read(line).resources
    assert {name: getattr(resources, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("line", "seconds"), [("", None), ("-t 10", 600), ("-t 1:30", 120), ("-t 1-12", 129600), ("-t infinite", 0)]
)
def test_the_time_limit_is_in_seconds(line: str, seconds: int | None) -> None:
    assert read(line).time_limit_s == seconds


def test_an_array_is_a_range_where_it_is_regular() -> None:
    array = read("--array=0-30:10%2").array
    assert array is not None
    assert (array.ids, array.throttle, array.text) == (range(0, 31, 10), 2, "0-30:10%2")


def test_what_is_exported_is_held_with_its_quotes() -> None:
    job = read("--export='MODE=fast,LIST=\"a,b\",HOME,EMPTY='")
    assert job.environment == {"MODE": "fast", "LIST": '"a,b"', "EMPTY": ""}
    assert read("--export=none").export == "NONE"
    assert read("").export == "ALL"


@pytest.mark.parametrize(
    ("line", "requeue"),
    [("", None), ("--requeue", True), ("--no-requeue", False), ("--requeue --no-requeue", False)],
)
def test_requeue_is_said_or_not(line: str, requeue: bool | None) -> None:
    assert read(line).requeue is requeue


@pytest.mark.parametrize(
    ("line", "hold"), [("", False), ("-H", True), ("--priority=0", True), ("--priority=5", False)]
)
def test_a_held_job_is_held(line: str, hold: bool) -> None:
    assert read(line).hold is hold


def test_the_name_is_the_file_name_where_none_is_given() -> None:
    assert read("").name == "train.sh"
    assert read("-J best").name == "best"
    assert read("--job-name=").name == "train.sh"


def test_every_directive_is_an_item_of_the_inventory_overridden_ones_too() -> None:
    job = read("--gres=gpu:1 -n 2", "--gres=gpu:2", "--wrap=ls")
    items = [item for item in job.inventory if item.kind is ItemKind.DIRECTIVE]
    assert [(item.name, item.value, item.location.line) for item in items] == [
        ("gres", "gpu:1", 2), ("ntasks", "2", 2), ("gres", "gpu:2", 3), ("wrap", "ls", 4),
    ]  # fmt: skip
    assert all(item.location.column for item in items)


def test_an_answer_knows_the_line_it_came_from() -> None:
    job = read("-J a", "--gpus=a100:2", "-c 4 --mem=4G", "-t 10", "--gpus=a100:4")
    lines = {subject: place.line for subject, place in job.origins.items()}
    expected = {"name": 2, "gpus": 6, "gpu-model": 6, "cpus": 4, "memory": 4, "time": 5, "command": 7}
    assert {subject: lines[subject] for subject in expected} == expected


@pytest.mark.parametrize("option", ["--ntasks-per-gpu=2", "--ntasks-per-tres=2"])
def test_gpus_that_follow_from_the_tasks_know_the_line_too(option: str) -> None:
    job = read("-n 4", option)
    assert job.resources.gpus == 2
    assert job.origins["gpus"].line == 3


def test_a_heterogeneous_job_is_one_job_a_component() -> None:
    data = b"#!/bin/bash\n#SBATCH -n 2 -t 5\n#SBATCH hetjob\n#SBATCH --gpus=1\necho\n"
    reading = read_script(Script(path="a.sh", data=data))
    assert [(job.resources.tasks, job.resources.gpus, job.time_limit_s) for job in reading.jobs] == [
        (2, 0, 300),
        (1, 1, 300),
    ]


@pytest.mark.parametrize("line", ["stray", "--mem=1G --mem-per-cpu=1G", "--array=5-2", "--test-only"])
def test_a_refused_script_gives_no_job(line: str) -> None:
    reading = read_script(Script(path="a.sh", data=f"#!/bin/bash\n#SBATCH {line}\necho\n".encode()))
    assert reading.refused
    assert not reading.jobs
    assert reading.findings


def test_a_secret_is_told_by_its_line_and_never_by_its_value() -> None:
    value = "gh" + "p_" + "a1B2" * 9
    data = f"#!/bin/bash\n#SBATCH -n 1\nexport TOKEN={value}\n".encode()
    reading = read_script(Script(path="a.sh", data=data))
    told = [found for found in reading.findings if found.rule.id == "secret-in-script"]
    assert [found.location.line for found in told] == [3]
    assert value not in repr(told)
