"""Dispositions: where each item ends, and in which field."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s2r_ci.convert.ledger import ledger
from s2r_ci.convert.options import ignorable
from s2r_ci.convert.questions import questions
from s2r_ci.model import Disposition, Item, ItemKind, JobSpec, LedgerEntry, Site, Target, Volume
from s2r_ci.runai.distribution import plan
from tests.jobs import ANSWERED, item, job, place, request, step

EXACT, NEAR = Disposition.EXACT, Disposition.APPROXIMATE
ASK, LOST = Disposition.NEEDS_ANSWER, Disposition.NOT_EXPRESSIBLE
POD = "spec.template.spec"
MAIN = f"{POD}.containers[0]"


def entries(made: JobSpec, target: Target = ANSWERED) -> tuple[LedgerEntry, ...]:
    chosen = plan(request(made, target=target))
    return ledger(chosen, questions(chosen))


def end(made: JobSpec, target: Target = ANSWERED) -> tuple[Disposition, str]:
    last = entries(made, target)[-1]
    return last.disposition, last.field


MPI = {"nodes": 2, "steps": (step("mpirun", "x"),)}
TORCH = {"nodes": 2, "steps": (step("torchrun", "x", within="srun"),)}
SITE = Site(
    partitions={"gpu": ("a",)}, volumes={"/data": Volume(claim="d"), "/old": Volume(claim="o", mount_path="/new")}
)
KNOWN = Target(image="team/x:1", memory_mib=1, site=SITE)

OPTIONS_END: list[Any] = [
    pytest.param("job-name", "train", {}, EXACT, "metadata.name", id="name"),
    pytest.param("job-name", "Train", {"name": "Train"}, NEAR, "metadata.name", id="name-changed"),
    pytest.param("partition", "gpu", {}, NEAR, "spec.template.metadata.annotations.runai-nodepools", id="partition"),
    pytest.param("partition", "x", {}, ASK, "spec.template.metadata.annotations.runai-nodepools", id="pools-asked"),
    pytest.param("time", "60", {}, EXACT, f"{POD}.activeDeadlineSeconds", id="time"),
    pytest.param("time", "60", MPI, EXACT, "spec.runPolicy.activeDeadlineSeconds", id="time-mpi"),
    pytest.param("time", "60", {"requeue": True}, NEAR, f"{POD}.activeDeadlineSeconds", id="time-wrapped"),
    pytest.param("time", "UNLIMITED", {"time_limit_s": 0}, EXACT, "", id="no-limit"),
    pytest.param("nodes", "2", MPI, NEAR, "spec.mpiReplicaSpecs.Worker.replicas", id="nodes-mpi"),
    pytest.param("nodes", "2-4", {**MPI, "nodes_max": 4}, NEAR, "spec.mpiReplicaSpecs.Worker.replicas", id="range"),
    pytest.param("nodes", "2", TORCH, NEAR, "spec.pytorchReplicaSpecs", id="nodes-torch"),
    pytest.param("ntasks-per-node", "8", TORCH, EXACT, "spec.nprocPerNode", id="tasks-torch"),
    pytest.param("ntasks-per-node", "8", MPI, EXACT, "spec.slotsPerWorker", id="tasks-mpi"),
    pytest.param("ntasks", "8", {"tasks": 8}, NEAR, MAIN, id="tasks-maybe-spread"),
    pytest.param("mem", "8G", {"memory_per_node_mib": 8192}, EXACT, f"{MAIN}.resources.limits.memory", id="mem"),
    pytest.param("gres", "gpu:1", {"gpus_per_node": 1}, EXACT, f"{MAIN}.resources.limits.nvidia.com/gpu", id="gres"),
    pytest.param("gres", "gpu:a100:1", {"gpus_per_node": 1, "gpu_model": "a100"}, ASK,
                 f"{MAIN}.resources.limits.nvidia.com/gpu", id="gpu-model-unknown"),
    pytest.param("array", "1-2", {"array": (1, 2)}, EXACT, "spec.completions", id="array"),
    pytest.param("requeue", "", {"requeue": True}, NEAR, "spec.backoffLimit", id="requeue"),
    pytest.param("requeue", "", {"requeue": True, "array": (1,)}, NEAR, "spec.backoffLimitPerIndex", id="by-index"),
    pytest.param("no-requeue", "", {"requeue": False}, EXACT, "spec.backoffLimit", id="no-requeue"),
    pytest.param("hold", "", {"hold": True}, EXACT, "spec.suspend", id="hold"),
    pytest.param("exclude", "n[1-2]", {}, EXACT, f"{POD}.affinity.nodeAffinity", id="exclude"),
    pytest.param("nodelist", "./file", {}, LOST, "", id="nodelist-unreadable"),
    pytest.param("constraint", "a|b", {}, ASK, f"{POD}.affinity.nodeAffinity", id="constraint-or"),
    pytest.param("constraint", "a*2", {}, LOST, "", id="constraint-counted"),
    pytest.param("chdir", "/data/run", {}, EXACT, f"{MAIN}.workingDir", id="chdir"),
    pytest.param("export", "ALL,A=1", {"environment": {"A": "1"}}, NEAR, f"{MAIN}.env", id="export-all"),
    pytest.param("export", "NONE", {"export": "NONE"}, EXACT, "", id="export-none"),
    pytest.param("export", "RUN", {"export": "RUN"}, ASK, f"{MAIN}.env", id="export-name"),
    pytest.param("signal", "B:USR1@60", {}, NEAR, f"{MAIN}.args[0]", id="signal"),
    pytest.param("signal", "USR1", {"time_limit_s": None}, LOST, "", id="signal-without-limit"),
    pytest.param("dependency", "singleton", {}, LOST, "", id="dependency"),
    pytest.param("mail-user", "a@b", {}, LOST, "", id="mail"),
    pytest.param("hint", "nomultithread", {}, NEAR, "", id="hint"),
    pytest.param("quiet", "", {}, NEAR, "", id="client"),
    pytest.param("site-plugin", "x", {}, LOST, "", id="plug-in"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "made", "disposition", "field"), OPTIONS_END)
def test_an_option_ends_where_the_mapping_says(
    name: str, value: str, made: dict[str, Any], disposition: Disposition, field: str
) -> None:
    assert end(job(options={name: value}, **made), KNOWN) == (disposition, field)


def test_a_directive_that_a_later_line_replaces_says_so() -> None:
    twice = tuple(item(ItemKind.DIRECTIVE, "time", value, line) for line, value in enumerate(("60", "90"), 2))
    first, second = entries(job(items=twice))
    assert (first.disposition, first.reason) == (EXACT, "a later line counts instead")
    assert second.field == f"{POD}.activeDeadlineSeconds"


def test_every_option_of_sbatch_has_an_end() -> None:
    names = Path(__file__).with_name("option-names.txt").read_text(encoding="utf-8").split()
    for name in names:
        made = job(options={name: "1"}, time_limit_s=60)
        assert entries(made)[-1].reason, name


def test_an_option_without_a_row_is_never_exact() -> None:
    assert {ignorable(name).disposition for name in ("hint", "quiet", "unheard-of")} == {NEAR, LOST}


def thing(kind: ItemKind, name: str, value: str = "") -> Item:
    return Item(kind=kind, name=name, value=value, location=place(9))


K = ItemKind
THINGS: list[Any] = [
    pytest.param(thing(K.LAUNCHER, "srun", "srun x"), {}, EXACT, f"{MAIN}.args", id="srun-one"),
    pytest.param(thing(K.LAUNCHER, "srun", "srun x"), {"tasks": 4}, NEAR, f"{MAIN}.args", id="srun-many"),
    pytest.param(thing(K.LAUNCHER, "mpirun", "mpirun x"), MPI, EXACT,
                 "spec.mpiReplicaSpecs.Launcher.template.spec.containers[0].args", id="mpirun"),
    pytest.param(thing(K.LAUNCHER, "torchrun", "torchrun x"), {}, EXACT, f"{MAIN}.args", id="torchrun-one-node"),
    pytest.param(thing(K.LAUNCHER, "torchrun", "torchrun x"), {**TORCH, "outside": True}, EXACT,
                 "spec.pytorchReplicaSpecs.Master.template.spec.containers[0].args", id="torchrun-outside"),
    pytest.param(thing(K.MODULE, "module", "purge"), {}, NEAR, "", id="module-purge"),
    pytest.param(thing(K.MODULE, "module", "gcc"), {}, NEAR, f"{MAIN}.image", id="module"),
    pytest.param(thing(K.MODULE, "source", "~/.bashrc"), {}, NEAR, "", id="source-home"),
    pytest.param(thing(K.MODULE, "source", "/data/env.sh"), {}, EXACT, f"{MAIN}.volumeMounts", id="source-on-volume"),
    pytest.param(thing(K.CONTAINER, "docker", "team/x"), {}, ASK, "", id="docker"),
    pytest.param(thing(K.CONTAINER, "apptainer", "docker://team/x:1"), {}, EXACT, f"{MAIN}.image", id="same-image"),
    pytest.param(thing(K.CONTAINER, "apptainer", "x.sif"), {}, NEAR, f"{MAIN}.image", id="image-file"),
    pytest.param(thing(K.PATH, "/data/x"), {}, EXACT, f"{MAIN}.volumeMounts", id="path"),
    pytest.param(thing(K.PATH, "/old/x"), {}, NEAR, f"{MAIN}.volumeMounts", id="path-moved"),
    pytest.param(thing(K.PATH, "/scratch/x/y"), {}, ASK, f"{MAIN}.volumeMounts", id="path-unknown"),
    pytest.param(thing(K.PATH, "/tmp/x"), {}, NEAR, "", id="path-local"),
    pytest.param(thing(K.ARGUMENT, "$1"), {}, ASK, "", id="argument"),
    pytest.param(thing(K.ARGUMENT, "$2", "7"), {}, NEAR, f"{MAIN}.args", id="argument-default"),
    pytest.param(thing(K.ARGUMENT, "RUN"), {"environment": {"RUN": "1"}}, EXACT, f"{MAIN}.env.RUN", id="export-value"),
    pytest.param(thing(K.ARGUMENT, "RUN", "1"), {}, NEAR, "", id="variable-default"),
    pytest.param(thing(K.VARIABLE, "SLURM_NNODES"), {}, EXACT, f"{MAIN}.env.SLURM_NNODES", id="constant"),
    pytest.param(thing(K.VARIABLE, "SLURM_JOB_ID"), {}, NEAR, f"{MAIN}.args[0]", id="run-time"),
    pytest.param(thing(K.VARIABLE, "SLURM_CLUSTER_NAME"), {}, LOST, "", id="lost"),
    pytest.param(thing(K.COMMAND, "scontrol", "scontrol show hostnames"), {}, NEAR, f"{MAIN}.args[0]", id="hostnames"),
    pytest.param(thing(K.COMMAND, "scontrol", "scontrol requeue 1"), {}, ASK, "", id="requeue"),
    pytest.param(thing(K.COMMAND, "scontrol", "scontrol show job 1"), {}, NEAR, f"{MAIN}.args[0]", id="show-job"),
    pytest.param(thing(K.COMMAND, "sbatch", "sbatch x"), {}, ASK, "", id="sbatch"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "made", "disposition", "field"), THINGS)
def test_a_thing_of_the_body_ends_where_the_mapping_says(
    one: Item, made: dict[str, Any], disposition: Disposition, field: str
) -> None:
    assert end(job(items=(one,), **made), KNOWN) == (disposition, field)


ACCEPTED: list[Any] = [
    pytest.param(thing(K.COMMAND, "sbatch", "sbatch x"), "submits", LOST, id="lost all the same"),
    pytest.param(thing(K.CONTAINER, "docker", "team/x"), "container-engine", LOST, id="an engine"),
    pytest.param(thing(K.PATH, "/scratch/x/y"), "volume./scratch/x", NEAR, id="on no volume"),
    pytest.param(thing(K.ARGUMENT, "$1"), "arguments", NEAR, id="without arguments"),
    pytest.param(thing(K.DIRECTIVE, "partition", "x"), "partition.x", NEAR, id="any node"),
]


@pytest.mark.parametrize(("one", "key", "disposition"), ACCEPTED)
def test_what_is_accepted_needs_no_answer_and_is_not_called_exact(
    one: Item, key: str, disposition: Disposition
) -> None:
    made = job(items=(one,), options={"partition": "x"} if one.name == "partition" else {})
    assert end(made, KNOWN)[0] is end(made, replace(KNOWN, accepted=("other",)))[0] is ASK
    assert end(made, replace(KNOWN, accepted=(key, "other"))) == (disposition, "")
