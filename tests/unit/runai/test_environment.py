"""SLURM_* variables: set, set at run time, or unset."""

from typing import Any

import pytest

from s2r_ci.model import Disposition, JobSpec, Target
from s2r_ci.runai.distribution import plan
from s2r_ci.runai.environment import VARIABLES, constants, environment, ranges, variable
from tests.jobs import job, request, step, variables

VALUES: list[Any] = [
    pytest.param("SLURM_NTASKS", job(nodes=3), None, id="ntasks-unset-with-nodes-alone"),
    pytest.param("SLURM_NTASKS", job(options={"ntasks-per-node": "3"}, nodes=2, tasks=6), "6", id="ntasks"),
    pytest.param("SLURM_NPROCS", job(options={"ntasks": "6"}, tasks=6), "6", id="nprocs"),
    pytest.param("SLURM_CPUS_PER_TASK", job(cpus_per_task=1), None, id="cpus-per-task-unset"),
    pytest.param(
        "SLURM_CPUS_PER_TASK", job(options={"cpus-per-task": "8"}, cpus_per_task=8), "8", id="cpus-per-task"
    ),
    pytest.param("SLURM_CPUS_ON_NODE", job(cpus_per_node=6), "6", id="cpus-on-node"),
    pytest.param("SLURM_JOB_CPUS_PER_NODE", job(cpus_per_node=6, nodes=2), "6(x2)", id="cpus-per-node"),
    pytest.param("SLURM_TASKS_PER_NODE", job(nodes=2), "1(x2)", id="tasks-per-node-default"),
    pytest.param("SLURM_TASKS_PER_NODE", job(options={"ntasks": "5"}, nodes=2, tasks=5), "3,2", id="tasks-uneven"),
    pytest.param("SLURM_MEM_PER_NODE", job(options={"mem": "8G"}, memory_per_node_mib=8192), "8192", id="mem"),
    pytest.param("SLURM_MEM_PER_NODE", job(options={"mem": "0?"}, memory_per_node_mib=0), None, id="mem-0"),
    pytest.param("SLURM_MEM_PER_NODE", job(memory_per_node_mib=8192), None, id="mem-of-cpus"),
    pytest.param("SLURM_MEM_PER_CPU", job(options={"mem-per-cpu": "2G"}), "2048", id="mem-per-cpu"),
    pytest.param("SLURM_GPUS", job(gpus_per_node=2), None, id="gpus-not-by-gres"),
    pytest.param("SLURM_GPUS", job(options={"gpus": "2"}, gpus_per_node=2), "2", id="gpus"),
    pytest.param("SLURM_GPUS_PER_NODE", job(options={"gpus-per-node": "a100:2"}), "a100:2", id="gpus-per-node"),
    pytest.param("SLURM_GPUS_ON_NODE", job(gpus_per_node=2), "2", id="gpus-on-node"),
    pytest.param("SLURM_GPUS_ON_NODE", job(), None, id="no-gpus"),
    pytest.param("SLURM_JOB_GPUS", job(gpus_per_node=3), "0,1,2", id="gpu-numbers"),
    pytest.param("SLURM_EXPORT_ENV", job(options={"export": "ALL,A=1"}), "ALL,A=1", id="export"),
    pytest.param("SLURM_GET_USER_ENV", job(options={"export": "ALL"}), None, id="get-user-env-plain"),
    pytest.param("SLURM_GET_USER_ENV", job(options={"export": "NONE"}), "1", id="get-user-env"),
    pytest.param("SLURM_OPEN_MODE", job(options={"open-mode": "append"}), "a", id="open-mode"),
    pytest.param("SLURM_TRES_PER_TASK", job(options={"cpus-per-task": "2"}), "cpu=2", id="tres"),
    pytest.param("SLURM_PROCID", job(), "0", id="procid"),
    pytest.param("SLURM_STEP_ID", job(), None, id="step-id"),
    pytest.param("SLURM_ARRAY_TASK_ID", job(), None, id="no-array"),
    pytest.param("SLURM_ARRAY_TASK_STEP", job(array=(0, 3, 6), array_text="0-6:3"), "3", id="array-step"),
    pytest.param("SLURM_ARRAY_TASK_STEP", job(array=(0, 3, 6)), "1", id="array-step-of-a-list"),
    pytest.param(
        "SLURM_ARRAY_TASK_STEP", job(array=(1, 3, 9), array_text="1-3:2,9"), "2", id="array-step-of-a-part"
    ),
    pytest.param("SLURM_JOB_PARTITION", job(options={"partition": "a,b"}), "a", id="partition"),
    pytest.param("SLURM_JOB_NAME", job(name="Train A"), "Train A", id="name"),
    pytest.param("SLURM_NO_SUCH", job(), None, id="unknown"),
]


@pytest.mark.parametrize(("name", "made", "value"), VALUES)
def test_a_variable_has_the_value_that_slurm_gives_it(name: str, made: JobSpec, value: str | None) -> None:
    found = variable(name, plan(request(made)))
    assert (found.value, found.runtime) == (value, False)


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_every_variable_has_a_reason_and_one_end_only(name: str) -> None:
    for made in (job(), job(array=(1, 2), requeue=True, gpus_per_node=1, options={"partition": "a"})):
        found = variable(name, plan(request(made)))
        assert found.reason
        assert not (found.runtime and found.value is not None)
        assert found.value is None or found.disposition is not Disposition.NOT_EXPRESSIBLE


def test_only_what_the_script_mentions_is_set_in_order_of_name() -> None:
    made = job(items=variables("SLURM_NNODES", "SLURM_JOB_NAME", "SLURM_NTASKS"), environment={"LR": "0.1"})
    assert environment(plan(request(made))) == [
        {"name": "LR", "value": "0.1"},
        {"name": "SLURM_JOB_NAME", "value": "train"},
        {"name": "SLURM_NNODES", "value": "1"},
    ]


def test_answers_and_export_are_set_and_export_wins() -> None:
    target = Target(variables={"A": "answer", "B": "answer"})
    made = plan(request(job(environment={"A": "script"}), target=target))
    assert constants(made) == {"A": "script", "B": "answer"}


@pytest.mark.parametrize("name", ["LD_PRELOAD", "BASH_ENV", "https_proxy", "PROMPT_COMMAND", "1A", "A-B"])
def test_names_that_change_how_programs_load_are_never_set(name: str) -> None:
    made = plan(request(job(), target=Target(variables={name: "x", "OK": "y"})))
    assert constants(made) == {"OK": "y"}


def test_the_scripts_own_export_may_use_such_a_name() -> None:
    assert constants(plan(request(job(environment={"LD_PRELOAD": "x"})))) == {"LD_PRELOAD": "x"}


@pytest.mark.parametrize(
    ("ids", "text"),
    [
        ((1, 2, 3), "1-3"),
        ((0, 3, 6), "0-6:3"),
        ((1, 3, 5, 6, 7), "1-5:2,6-7"),
        ((1, 3), "1,3"),
        ((4,), "4"),
        (range(501), "0-500"),
    ],
)
def test_ids_are_written_as_ranges(ids: Any, text: str) -> None:
    assert ranges(ids) == text


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (job(items=variables("SLURM_JOB_ID")), "metadata.labels['batch.kubernetes.io/controller-uid']"),
        (job(nodes=2, steps=(step("torchrun", "x", within="srun"),)), "metadata.annotations['pod-group-name']"),
    ],
)
def test_the_uid_comes_from_the_workload_not_the_pod(made: JobSpec, field: str) -> None:
    entry = environment(plan(request(made)))[0]
    assert entry == {"name": "S2R_WORKLOAD_UID", "valueFrom": {"fieldRef": {"fieldPath": field}}}
