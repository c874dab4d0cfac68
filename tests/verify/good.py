"""One good script and its manifest for each kind, made by hand, and a way to say what a test changes.

Nothing here comes from the converter: what is good is written down. Only the texts of the prelude's parts are the
catalogue's; which parts stand in it, and with which numbers, is said here.
"""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from s2r_ci.model import (
    Array,
    Body,
    ConversionRequest,
    Item,
    ItemKind,
    JobSpec,
    Location,
    Manifest,
    Resources,
    Script,
    Service,
    Site,
    Step,
    Target,
    Volume,
)
from s2r_ci.runai.parts import Chosen, join
from s2r_ci.verify.breach import Breach, Check
from s2r_ci.verify.facts import read_facts

PATH = "jobs/train.sbatch"
TEXT = "#!/bin/bash\n#SBATCH -J Train_A\n#SBATCH -t 60\nexport OMP_NUM_THREADS=8\nsrun python train.py\n"
_BEGIN = (
    Chosen("head"),
    Chosen("body text"),
)
_ID = Chosen("id", {"fallback": "757101"})
_STEPS = (
    _ID,
    Chosen("id of the job"),
    Chosen("host"),
    Chosen("hosts Job"),
    Chosen("constant ENVIRONMENT", {"value": "'BATCH'"}),
    Chosen(
        "steps", {"name": "'Train_A'", "nodes": "1", "cpus": "8", "gpus": "2", "list": "0,1", "gpus_per_task": "''"}
    ),
    Chosen("bin"),
    Chosen("shim srun", {"shell": "/bin/sh"}),
    *map(
        Chosen, ("srun no options", "srun begin", "srun layout of one", "srun amounts", "srun told", "srun devices")
    ),
    *map(Chosen, ("srun alone", "srun rank", "srun start", "srun end")),
    Chosen("executables"),
)
_OF_AN_INDEX = (
    Chosen("id of the index"),
    Chosen("array"),
    Chosen("set SLURM_ARRAY_JOB_ID"),
    Chosen("export", {"names": "SLURM_ARRAY_JOB_ID"}),
)
_STOP = Chosen("stop", {"seconds": "3600", "grace": "30"})
_RUN = Chosen("run", {"login": "", "stdin": ""})
_WITH_STEPS = (_RUN, Chosen("term steps"), Chosen("await"), Chosen("linger"), Chosen("leave"))
_WITHOUT = (_RUN, Chosen("term"), Chosen("await"), Chosen("leave"))
_PODS = (
    _ID,
    Chosen("id of the job"),
    Chosen("host"),
    Chosen("hosts PyTorchJob", {"workers": "2"}),
    Chosen("share", {"workers": "2"}),
)


def _prelude(*parts: Chosen) -> str:
    """As it stands in a manifest, where the kubelet halves double dollars."""
    return join(parts).replace("$$", "$$$$")


PRELUDE = _prelude(*_BEGIN, *_STEPS, *_WITH_STEPS)
INDEXED = _prelude(*_BEGIN, *(part for part in _STEPS if part.name != "id of the job"), *_OF_AN_INDEX, *_WITH_STEPS)
WRAPPED = _prelude(*_BEGIN, *_STEPS, *_WITH_STEPS, Chosen("watch"), _STOP, Chosen("unwatch"), Chosen("late"))
TORCH = _prelude(*_BEGIN, *_PODS, Chosen("dismiss"), *_WITHOUT)
AGENT = _prelude(Chosen("head of agent"), *_PODS, Chosen("agent"))
MPIRUN = _prelude(*_BEGIN, Chosen("mpirun", {"start": "ssh"}), *_WITHOUT)
UID_FIELD = "metadata.labels['batch.kubernetes.io/controller-uid']"
IMAGE = "registry.example.com/ml/train:1.0"


_OF_SRUN = {
    "SLURM_NNODES": "1", "SLURM_JOB_NUM_NODES": "1", "SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NODEID": "0",
    "SLURM_GTIDS": "0", "SLURM_CPUS_ON_NODE": "8", "SLURM_GPUS_ON_NODE": "2", "SLURM_JOB_GPUS": "0,1",
    "SLURM_JOB_CPUS_PER_NODE": "8", "SLURM_JOB_NAME": "Train_A", "SLURM_JOB_PARTITION": "gpu",
    "SLURM_JOB_QOS": "normal", "SLURM_OOM_KILL_STEP": "0", "SLURM_PRIO_PROCESS": "0", "SLURM_SUBMIT_DIR": "/data/lab",
    "SLURM_TASKS_PER_NODE": "2", "SLURM_TOPOLOGY_ADDR_PATTERN": "node", "SLURM_TRES_PER_TASK": "cpu=4",
}  # fmt: skip
"""What a program that srun starts may look for."""


def request(**changes: Any) -> ConversionRequest:
    """The good request. ``resources``, ``job``, ``target``, ``site`` and ``options`` are dictionaries of changes."""
    resources = Resources(
        nodes=changes.get("nodes", 1),
        tasks=2 * changes.get("nodes", 1),
        tasks_per_node=2,
        cpus_per_task=4,
        cpus_per_node=8,
        gpus_per_node=2,
        gpu_model="a100",
        memory_per_node_mib=32768,
        tmp_per_node_mib=1024,
        other_gres={"fpga": 1},
    )
    launcher = changes.get("launcher", "srun")
    body = Body(
        interpreter="/bin/bash",
        language="shell",
        exports={"OMP_NUM_THREADS": "8"},
        steps=(
            Step(launcher=launcher, words=(launcher,), program=("python",), location=Location(path=PATH, line=5)),
        ),
    )
    job = JobSpec(
        name="Train_A",
        body=body,
        resources=replace(resources, **changes.get("resources", {})),
        time_limit_s=3600,
        environment={"MODE": "fast"},
        options={
            "partition": "gpu",
            "qos": "normal",
            "constraint": "nvme",
            "exclude": "n[1-2]",
            "cpus-per-task": "4",
            **changes.get("options", {}),
        },
        inventory=(
            Item(kind=ItemKind.ARGUMENT, name="DATASET", value="", location=Location(path=PATH, line=5)),
            Item(kind=ItemKind.MODULE, name="module", value="cuda/12", location=Location(path=PATH, line=5)),
        ),
        origins={"time": Location(path=PATH, line=3), "name": Location(path=PATH, line=2)},
    )
    site = Site(
        partitions={"gpu": ("a100-pool", "default"), "cpu": ("cpu-pool",)},
        qos={"normal": Service(priority="medium", preemptibility="non-preemptible")},
        accounts={"lab": "vision"},
        gpus={"a100": {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB"}},
        features={"nvme": {"site/nvme": "yes"}},
        volumes={"/data": Volume(claim="data")},
        modules={"cuda": "registry.example.com/cuda:12.4", "r": "registry.example.com/r:4"},
        gres={"fpga": "example.com/fpga"},
    )
    target = Target(
        image=IMAGE,
        working_directory="/data/lab",
        variables={"DATASET": "c4"},
        arguments=("--epochs", "3"),
        site=replace(site, **changes.get("site", {})),
    )
    return ConversionRequest(
        script=Script(path=PATH, data=changes.get("data", TEXT.encode())),
        job=replace(job, **changes.get("job", {})),
        target=replace(target, **changes.get("target", {})),
    )


def container(name: str = "main", prelude: str = PRELUDE) -> dict[str, Any]:
    """The good container."""
    amounts = {
        "cpu": "8",
        "memory": "32Gi",
        "ephemeral-storage": "1Gi",
        "nvidia.com/gpu": "2",
        "example.com/fpga": "1",
    }
    return {
        "name": name,
        "image": IMAGE,
        "workingDir": "/data/lab",
        "command": ["/bin/sh", "-c"],
        "args": [prelude, "train.sbatch", TEXT, "--epochs", "3"],
        "env": [
            {"name": "DATASET", "value": "c4"},
            {"name": "MODE", "value": "fast"},
            {"name": "SLURM_CPUS_PER_TASK", "value": "4"},
            {"name": "S2R_WORKLOAD_UID", "valueFrom": {"fieldRef": {"fieldPath": UID_FIELD}}},
        ],
        "resources": {"requests": dict(amounts), "limits": dict(amounts)},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "dshm", "mountPath": "/dev/shm"}],
    }


def template(name: str = "main", prelude: str = PRELUDE) -> dict[str, Any]:
    """The good pod template."""
    expression = {"key": "kubernetes.io/hostname", "operator": "NotIn", "values": ["n1", "n2"]}
    return {
        "metadata": {"annotations": {"runai-nodepools": "a100-pool default"}},
        "spec": {
            "schedulerName": "runai-scheduler",
            "activeDeadlineSeconds": 3600,
            "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB", "site/nvme": "yes"},
            "affinity": {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [{"matchExpressions": [expression]}]
                    }
                }
            },
            "containers": [container(name, prelude)],
            "volumes": [
                {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
                {"name": "dshm", "emptyDir": {"medium": "Memory"}},
            ],
        },
    }


def workload(kind: str, version: str, spec: dict[str, Any]) -> dict[str, Any]:
    """The good object around a spec."""
    labels = {"priorityClassName": "medium", "kai.scheduler/preemptibility": "non-preemptible"}
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "train-a", "labels": labels, "annotations": {"s2r-ci/job-name": "Train_A"}},
        "spec": spec,
    }


def job() -> dict[str, Any]:
    """A good Job of one node."""
    pod = template()
    pod["spec"]["restartPolicy"] = "Never"
    pod["spec"]["containers"][0]["env"] += [{"name": name, "value": value} for name, value in _OF_SRUN.items()]
    return workload("Job", "batch/v1", {"backoffLimit": 0, "template": pod})


def array() -> dict[str, Any]:
    """A good Indexed Job for ``--array=1,3,5-7%2``."""
    body = job()
    body["spec"].pop("backoffLimit")
    body["spec"].update(
        completionMode="Indexed", completions=5, parallelism=2, backoffLimitPerIndex=0, maxFailedIndexes=5
    )
    main = body["spec"]["template"]["spec"]["containers"][0]
    main["args"][0] = INDEXED
    main["env"].insert(4, {"name": "S2R_ARRAY_IDS", "value": "1,3,5-7"})
    numbers = {"COUNT": "5", "MAX": "7", "MIN": "1", "STEP": "1"}
    main["env"] += [{"name": f"SLURM_ARRAY_TASK_{name}", "value": value} for name, value in numbers.items()]
    return body


def restarted() -> dict[str, Any]:
    """A good Job of profile R."""
    body = job()
    body["metadata"]["labels"]["kai.scheduler/preemptibility"] = "preemptible"
    body["spec"]["backoffLimit"] = 6
    ignore = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    codes = {"containerName": "main", "operator": "NotIn", "values": [137, 143]}
    body["spec"]["podFailurePolicy"] = {"rules": [ignore, {"action": "FailJob", "onExitCodes": codes}]}
    body["spec"]["template"]["spec"]["activeDeadlineSeconds"] = 3660
    body["spec"]["template"]["spec"]["containers"][0]["args"][0] = WRAPPED
    return body


def pytorch() -> dict[str, Any]:
    """A good PyTorchJob of three nodes."""
    roles = {"Master": 1, "Worker": 2}
    replicas: dict[str, Any] = {
        name: {"replicas": count, "restartPolicy": "Never", "template": template("pytorch", TORCH)}
        for name, count in roles.items()
    }
    first, other = (role["template"]["spec"]["containers"][0] for role in replicas.values())
    first["env"][3]["valueFrom"]["fieldRef"]["fieldPath"] = "metadata.annotations['pod-group-name']"
    other |= {"args": [AGENT, "train.sbatch"], "env": [copy.deepcopy(first["env"][3])]}
    spec = {
        "nprocPerNode": "2",
        "runPolicy": {"backoffLimit": 0, "cleanPodPolicy": "Running"},
        "pytorchReplicaSpecs": replicas,
    }
    return workload("PyTorchJob", "kubeflow.org/v1", spec)


def mpi() -> dict[str, Any]:
    """A good MPIJob of three nodes."""
    launcher, worker = template(prelude=MPIRUN), template()
    for pod in (launcher, worker):
        pod["spec"].pop("activeDeadlineSeconds")
    small = {"cpu": "1", "memory": "2Gi"}
    launcher["spec"]["containers"][0]["resources"] = {"requests": dict(small), "limits": dict(small)}
    for key in ("nodeSelector", "affinity"):
        launcher["spec"].pop(key)
    for key in ("command", "args", "env"):
        worker["spec"]["containers"][0].pop(key)
    spec = {
        "slotsPerWorker": 2,
        "launcherCreationPolicy": "WaitForWorkersReady",
        "runPolicy": {"backoffLimit": 0, "cleanPodPolicy": "Running", "activeDeadlineSeconds": 3600},
        "mpiReplicaSpecs": {
            "Launcher": {"replicas": 1, "restartPolicy": "Never", "template": launcher},
            "Worker": {"replicas": 3, "restartPolicy": "Never", "template": worker},
        },
    }
    return workload("MPIJob", "kubeflow.org/v2beta1", spec)


ARRAY = Array(ids=(1, 3, 5, 6, 7), throttle=2, text="1,3,5-7%2")
SHAPES: dict[str, tuple[dict[str, Any], Callable[[], dict[str, Any]]]] = {
    "job": ({}, job),
    "array": ({"job": {"array": ARRAY}}, array),
    "restarted": ({"job": {"requeue": True}}, restarted),
    "pytorch": ({"nodes": 3, "launcher": "torchrun"}, pytorch),
    "mpi": ({"nodes": 3, "launcher": "mpirun"}, mpi),
}


class Gone:
    """Takes a node out. It has one spelling, because the ids of tests are made of it."""

    def __repr__(self) -> str:
        return "GONE"


GONE = Gone()


def changed(body: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy with nodes set: ``{"spec.template.spec.containers.0.image": "x"}``; a key with dots ends in ``~key``,
    and ``+`` is the place behind the last item.
    """
    body = copy.deepcopy(body)
    for path, value in changes.items():
        place, _, dotted = path.partition("~")
        steps = [int(step) if step.isdigit() else step for step in place.strip(".").split(".") if step]
        *above, last = [*steps, dotted] if dotted else steps
        node: Any = body
        for step in above:
            node = node[step] if isinstance(step, int) or step in node else node.setdefault(step, {})
        if value is GONE:
            del node[last]
        elif isinstance(node, list) and last in ("+", len(node)):
            node.append(value)
        else:
            node[last] = value
    return body


def asked(shape: str = "job", **says: Any) -> ConversionRequest:
    """The request of the shape, with what the script says otherwise."""
    merged = dict(SHAPES[shape][0])
    for key, value in says.items():
        merged[key] = {**merged[key], **value} if isinstance(value, dict) and key in merged else value
    return request(**merged)


def manifest(shape: str = "job", changes: dict[str, Any] | None = None) -> Manifest:
    """The manifest of the shape, with changes."""
    return Manifest(body=changed(SHAPES[shape][1](), changes or {}))


def breaches(check: Check, shape: str = "job", changes: dict[str, Any] | None = None, **says: Any) -> list[Breach]:
    """What a check says of a script and a manifest of this shape, each with its changes."""
    return list(check(asked(shape, **says), read_facts(manifest(shape, changes))))
