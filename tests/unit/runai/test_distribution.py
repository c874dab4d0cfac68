"""Kinds, counts, retries: what is put around the pods."""

from dataclasses import replace
from typing import Any

import pytest

from s2r_ci.errors import ConversionError
from s2r_ci.model import ItemKind, JobSpec, Service, Site
from s2r_ci.runai.distribution import kind_of, plan
from s2r_ci.runai.manifest import write
from tests.jobs import item, job, request, step


def body(made: JobSpec, site: Site | None = None) -> dict[str, Any]:
    found = write(plan(request(made, site=site))).body
    assert isinstance(found, dict)
    return found


KINDS = [
    pytest.param(job(), "Job", id="one-node"),
    pytest.param(job(steps=(step("torchrun", "t.py"),)), "Job", id="torchrun-on-one-node"),
    pytest.param(job(array=(1, 2)), "Job", id="array"),
    pytest.param(job(nodes=2, steps=(step("torchrun", "t.py", within="srun"),)), "PyTorchJob", id="torchrun"),
    pytest.param(job(nodes=2, steps=(step("srun", "accelerate"),), items=(item(ItemKind.LAUNCHER, "accelerate"),)),
                 "PyTorchJob", id="accelerate-seen-as-item"),
    pytest.param(job(nodes=2, steps=(step("deepspeed", "t.py"),)), "PyTorchJob", id="deepspeed"),
    pytest.param(job(nodes=2, steps=(step("mpirun", "./x"),)), "MPIJob", id="mpirun"),
    pytest.param(job(nodes=2, steps=(step("srun", "./x"),)), "MPIJob", id="srun"),
    pytest.param(job(nodes=2, steps=(step("srun", "--mpi=pmix", "python", "x.py"),)), "MPIJob", id="srun-says-mpi"),
    pytest.param(job(nodes=2, steps=(step("srun", "python", "x.py"),)), "PyTorchJob", id="srun-of-python"),
    pytest.param(job(nodes=2, steps=(step("srun", "bash", "x.sh"),)), "PyTorchJob", id="srun-of-a-shell"),
    pytest.param(job(nodes=2), "PyTorchJob", id="no-launcher-seen"),
]  # fmt: skip


@pytest.mark.parametrize(("made", "kind"), KINDS)
def test_the_kind_follows_nodes_and_launcher(made: JobSpec, kind: str) -> None:
    assert kind_of(made) == kind
    assert body(made)["kind"] == kind


def test_an_array_over_several_nodes_is_refused_with_place_and_hint() -> None:
    made = replace(job(array=(1, 2), nodes=2, steps=(step("srun", "x"),)))
    with pytest.raises(ConversionError) as caught:
        plan(request(made))
    assert (caught.value.where, bool(caught.value.hint)) == ("jobs/train.sh", True)


def test_profile_n_never_restarts() -> None:
    spec = body(job())["spec"]
    assert spec["backoffLimit"] == 0
    assert "podFailurePolicy" not in spec
    assert "suspend" not in spec


def test_profile_r_restarts_after_the_loss_of_a_node_only() -> None:
    spec = body(job(requeue=True))["spec"]
    rules = spec["podFailurePolicy"]["rules"]
    assert spec["backoffLimit"] == 6
    assert [rule["action"] for rule in rules] == ["Ignore", "FailJob"]
    assert rules[1]["onExitCodes"] == {"containerName": "main", "operator": "NotIn", "values": [137, 143]}
    assert spec["template"]["spec"]["activeDeadlineSeconds"] == 3660


def test_an_array_counts_per_index() -> None:
    spec = body(job(array=(1, 3, 9), throttle=2, requeue=True))["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 3, 2)
    assert (spec["backoffLimitPerIndex"], spec["maxFailedIndexes"]) == (6, 3)
    assert "backoffLimit" not in spec
    assert spec["podFailurePolicy"]["rules"][1]["action"] == "FailIndex"


def test_a_throttle_above_the_count_is_the_count() -> None:
    assert body(job(array=(1, 2), throttle=9))["spec"]["parallelism"] == 2


QOS = Site(
    qos={"scav": Service(priority="very-low", preemptibility="preemptible"), "prod": Service(priority="high")}
)
RETRYING = [
    pytest.param(None, "scav", 6, "preemptible", "very-low", id="qos-preemptible"),
    pytest.param(False, "scav", 0, "non-preemptible", "very-low", id="no-requeue-wins"),
    pytest.param(True, "prod", 6, "preemptible", "high", id="requeue-with-priority"),
    pytest.param(None, "", 0, "non-preemptible", "high", id="nothing-said"),
    pytest.param(True, "", 6, "preemptible", "low", id="requeue"),
]


@pytest.mark.parametrize(("requeue", "qos", "again", "right", "priority"), RETRYING)
def test_retries_and_preemptibility_belong_together(
    requeue: bool | None, qos: str, again: int, right: str, priority: str
) -> None:
    made = body(job(requeue=requeue, options={"qos": qos} if qos else {}), QOS)
    labels = made["metadata"]["labels"]
    assert made["spec"]["backoffLimit"] == again
    assert (labels["kai.scheduler/preemptibility"], labels["priorityClassName"]) == (right, priority)


def test_a_torch_job_has_one_master_and_the_rest_as_workers() -> None:
    made = job(nodes=4, tasks=32, tasks_per_node=8, steps=(step("torchrun", "t", within="srun"),), hold=True)
    spec = body(made)["spec"]
    roles = spec["pytorchReplicaSpecs"]
    assert spec["nprocPerNode"] == "8"
    assert spec["runPolicy"]["suspend"] is True
    assert {name: role["replicas"] for name, role in roles.items()} == {"Master": 1, "Worker": 3}
    assert {role["template"]["spec"]["containers"][0]["name"] for role in roles.values()} == {"pytorch"}
    differing = {"args", "env"}  # the script runs once, and its variables reach the steps from there
    one, rest = (roles[name]["template"]["spec"] for name in ("Master", "Worker"))
    assert {name: one[name] for name in one if name != "containers"} == {
        name: rest[name] for name in rest if name != "containers"
    }
    (first,), (other,) = one["containers"], rest["containers"]
    assert {name for name in first.keys() | other.keys() if first.get(name) != other.get(name)} == differing
    assert [entry["name"] for entry in other["env"]] == ["S2R_WORKLOAD_UID"]
    assert "activeDeadlineSeconds" not in spec["runPolicy"]


def test_an_mpi_job_runs_the_script_in_its_launcher_and_sshd_in_its_workers() -> None:
    made = job(nodes=4, tasks=128, tasks_per_node=32, cpus_per_node=32, gpus_per_node=4, steps=(step("srun", "x"),))
    spec = body(made)["spec"]
    launcher, worker = (spec["mpiReplicaSpecs"][role] for role in ("Launcher", "Worker"))
    assert (spec["slotsPerWorker"], spec["launcherCreationPolicy"]) == (32, "WaitForWorkersReady")
    assert spec["runPolicy"] == {"backoffLimit": 0, "cleanPodPolicy": "Running", "activeDeadlineSeconds": 3600}
    assert (launcher["replicas"], worker["replicas"]) == (1, 4)
    one, many = (role["template"]["spec"]["containers"][0] for role in (launcher, worker))
    assert ("args" in one, "args" in many) == (True, False)
    assert "nvidia.com/gpu" not in one["resources"]["limits"]
    assert many["resources"]["limits"] == {"cpu": "32", "nvidia.com/gpu": "4", "memory": "8Gi"}


def test_a_long_name_leaves_room_for_what_controllers_append() -> None:
    long = "x" * 80
    assert len(body(job(name=long))["metadata"]["name"]) == 63
    assert len(body(job(name=long, array=tuple(range(100))))["metadata"]["name"]) == 60
    assert len(body(job(name=long, nodes=12, steps=(step("mpirun", "x"),)))["metadata"]["name"]) == 52


def test_the_jobs_own_name_is_kept_where_it_differs() -> None:
    assert body(job(name="Train_A"))["metadata"]["annotations"] == {"s2r-ci/job-name": "Train_A"}
    assert "annotations" not in body(job())["metadata"]
