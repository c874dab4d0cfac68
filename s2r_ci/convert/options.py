"""What becomes of each option of sbatch: the table of the mapping, one row an option.

Rows stand in the order of the mapping page; an option that is missing here is a hint for placement or the client
and has no counterpart that matters.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from s2r_ci.convert import contradictions, placing
from s2r_ci.convert.answers import ASK, EXACT, LOST, NEAR, Answer, Row, fixed, lost, pod, resource
from s2r_ci.convert.questions import exported
from s2r_ci.convert.uneven import evenly
from s2r_ci.model import Item, Question
from s2r_ci.runai import compute, manifest, output, scheduling, sharing, storage
from s2r_ci.runai.bindings import bindings
from s2r_ci.runai.distribution import MPI, PYTORCH, Plan
from s2r_ci.runai.prelude import signal_of


def ignorable(name: str) -> Answer:
    """An option without a row: the client's own, a plug-in's, or one that only places work on a node's parts."""
    if name in _HINTS:
        return Answer(NEAR, "", "a hint for placement inside a node, which the cluster decides")
    if name in _CLIENT:
        return Answer(NEAR, "", "speaks to sbatch alone, not to the job")
    return Answer(LOST, "", "nothing in Kubernetes or Run:ai corresponds to it")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HINTS: Final = _set(
    "extra-node-info sockets-per-node cores-per-socket threads-per-core hint distribution cpu-freq "
    "mem-bind gpu-bind gpu-freq gres-flags tres-bind core-spec thread-spec ntasks-per-core "
    "ntasks-per-socket oversubscribe overcommit accel-bind cpu-bind "
)
_CLIENT: Final = _set(
    "parsable quiet verbose help usage version test-only ignore-pbs wait acctg-freq profile mcs-label "
    "reboot delay-boot power batch kill-on-invalid-dep oom-kill-step resv-ports stepmgr extra resources runtime "
    "mem-update cluster-constraint "
)


def _name(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    if made.name == made.job.name:
        return Answer(EXACT, "metadata.name", "the workload's name")
    return Answer(NEAR, "metadata.name", "as a name that Kubernetes takes; an annotation keeps the original")


def _account(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    if project := scheduling.project_of(made.request):
        return Answer(NEAR, "metadata.labels.project", f"the project {project} stands for it")
    return Answer(NEAR, "", "the project is chosen at submission; the site map can say which")


def _nodes(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    asked_for = made.job.resources
    field = {PYTORCH: "spec.pytorchReplicaSpecs", MPI: "spec.mpiReplicaSpecs.Worker.replicas"}.get(
        made.kind, "spec"
    )
    if asked_for.nodes_max > asked_for.nodes:
        return Answer(
            NEAR, field, f"the least of the range, {asked_for.nodes}; Slurm may give up to {asked_for.nodes_max}"
        )
    if made.kind == PYTORCH:
        reason = (
            "one pod a node; the first runs the script, and srun reaches the others through the working directory"
        )
        return Answer(NEAR, field, reason)
    if made.kind == MPI:
        return Answer(NEAR, field, "one pod a node, and a launcher that runs the script and is no node itself")
    return Answer(EXACT, field, "one pod a node")


def _tasks(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    if "nodes" in asked:
        return Answer(ASK, f"{made.template}.spec.containers[0]", asked["nodes"].text)
    if made.kind == PYTORCH:
        return Answer(EXACT, "spec.nprocPerNode", "tasks of one node")
    if made.kind == MPI:
        return Answer(EXACT, "spec.slotsPerWorker", "tasks of one node")
    if made.job.resources.tasks <= 1:
        return Answer(EXACT, f"{made.template}.spec.containers[0].resources.limits.cpu", "one task, one pod")
    if not made.job.options.keys() & {"nodes"}:
        return Answer(NEAR, f"{made.template}.spec.containers[0]", "all tasks in one pod; Slurm might spread them")
    return Answer(EXACT, f"{made.template}.spec.containers[0]", "all tasks in one pod; srun starts them")


def _memory(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    field = f"{made.template}.spec.containers[0].resources.limits.memory"
    if "memory" in asked:
        return Answer(ASK, field, asked["memory"].text)
    if not made.job.resources.memory_per_node_mib:
        return Answer(NEAR, field, "all memory of a node is what the settings say")
    return Answer(EXACT, field, "binary units, per node and so per pod")


def _gpus(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    field = _device(item, made)
    if "nodes" in asked:
        return Answer(ASK, field, asked["nodes"].text)
    if contradictions.GPUS in asked and item.name in ("gres", "gpus-per-node"):
        return Answer(ASK, field, asked[contradictions.GPUS].text)
    for prefix, names in (
        ("gres", sorted(made.job.resources.other_gres)),
        ("gpu-model", [made.job.resources.gpu_model]),
    ):
        for name in names:
            if question := asked.get(f"{prefix}.{name}"):
                return Answer(ASK, field, question.text)
    if "shards-per-gpu" in asked:
        return Answer(ASK, "", asked["shards-per-gpu"].text)
    if share := sharing.share_of(made.request):
        part = "a part of each GPU's memory; computing time is shared as it comes"
        return Answer(NEAR, _shared(share, made), "whole GPUs, asked for in parts" if share.whole else part)
    if sharing.mig_profile(made.job.resources.gpu_model):
        return Answer(NEAR, field, "as slices of that profile, where the nodes offer them under their own names")
    if made.job.resources.gpu_model:
        return Answer(NEAR, field, "count exact; the site map's node labels stand for the model")
    if item.name == "gpus-per-task":
        return Answer(EXACT, field, "srun gives each task its own")
    if "per-socket" in item.name:
        return Answer(NEAR, field, "count exact; sockets are the node's")
    return Answer(EXACT, field, "per node and so per pod")


def _shared(share: sharing.Share, made: Plan) -> str:
    if share.whole:
        return f"{made.template}.spec.containers[0].resources.limits.{compute.GPU_RESOURCE}"
    return f"{made.template}.metadata.annotations.{sharing.FRACTION}"


def _device(item: Item, made: Plan) -> str:
    """The field of what the option asks for: GPUs, or what the site map makes of another generic resource."""
    limits = f"{made.template}.spec.containers[0].resources.limits"
    others = compute.extended(made.request)
    if item.name == "gres" and "gpu" not in item.value.lower() and others:
        return f"{limits}.{next(iter(others))}"
    profile = sharing.mig_profile(made.job.resources.gpu_model)
    return f"{limits}.{sharing.SLICE + profile if profile else compute.GPU_RESOURCE}" if made.gpus else ""


def _time(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    if not made.job.time_limit_s:
        return Answer(EXACT, "", "no limit, so no deadline")
    if made.retries and made.kind != MPI:
        return Answer(
            NEAR, made.deadline_field, "a wrapper ends the script at the limit; the pod's deadline stands behind it"
        )
    return Answer(EXACT, made.deadline_field, "counts from the start, not from the submission")


def _array(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    return Answer(EXACT, "spec.completions", "one index an id; the prelude gives each its SLURM_ARRAY_TASK_ID")


def _requeue(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    field = "spec.backoffLimitPerIndex" if made.job.array else "spec.backoffLimit"
    if made.kind in (PYTORCH, MPI):
        field = "spec.runPolicy.backoffLimit"
    if made.retries:
        return Answer(NEAR, field, "started again after the loss of a node or a preemption, at most six times")
    return Answer(EXACT, field, "never started again, and therefore non-preemptible")


def _hold(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    field = "spec.suspend" if made.kind == "Job" else "spec.runPolicy.suspend"
    return Answer(EXACT, field, "waits until suspend is set to false")


def _said_to_people(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    return Answer(NEAR, f"metadata.annotations.s2r-ci/{item.name}", "an annotation, for people to read")


def _chdir(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    field = f"{made.runner}.spec.containers[0].workingDir"
    folder = manifest.working_directory(made.request)
    if "working-directory" in asked:
        return Answer(ASK, field, asked["working-directory"].text)
    if not folder:
        return Answer(NEAR, "", "the script starts in the image's own folder")
    if folder == item.value:
        return Answer(EXACT, field, "has to exist in the image or on a volume")
    return Answer(NEAR, field, "taken from the working directory of the settings")


def _export(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    field = f"{made.runner}.spec.containers[0].env"
    if exported(made):
        return Answer(ASK, field, asked[f"variable.{exported(made)[0]}"].text)
    if not made.job.environment:
        field = ""
    if made.job.export.split(",")[0] == "ALL":
        return Answer(NEAR, field, "values are set; the rest of the submitting shell is not there to copy")
    return Answer(EXACT, field, "values are set, and nothing else is copied")


def _signal(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    if signal_of(made) is None:
        return Answer(LOST, "", "a warning before the limit needs a time limit")
    return Answer(
        NEAR,
        f"{made.runner}.spec.containers[0].args[0]",
        "the prelude sends the signal, counted from the script's start",
    )


def _image(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    named, origin = manifest.image(made.request)
    field = f"{made.runner}.spec.containers[0].image"
    if not origin:
        return Answer(ASK, field, "an image file on disk cannot be pulled: which image stands for it?")
    if contradictions.IMAGES in asked:
        return Answer(ASK, field, asked[contradictions.IMAGES].text)
    if origin == "directive":
        return Answer(EXACT, field, "the pod runs this image")
    return Answer(NEAR, field, f"the image {named} of the settings stands for it")


def _mounts(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    field = f"{made.runner}.spec.containers[0].volumeMounts"
    for binding in bindings(made.request):
        if question := asked.get(f"volume.{storage.top_folder(binding.source)}"):
            return Answer(ASK, field, question.text)
    if storage.bound(made.request) or storage.mounted(made.request):
        return Answer(NEAR, field, "parts of the site's volumes, at the same places; other bindings are not made")
    return Answer(NEAR, "", "nothing that has to be bound: the folders are the pod's own")


def _tmp(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    return Answer(
        NEAR, f"{made.template}.spec.containers[0].resources.requests.ephemeral-storage", "local space of the pod"
    )


def _output(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    named = made.job.options.get("output" if item.name == "open-mode" else item.name, "")
    if not named or not output.on_volume(made, named):
        return Answer(NEAR, "", "the log of the pod holds it; the file would be on no volume and lost with the pod")
    field = f"{made.runner}.spec.containers[0].args[0]"
    if any(mark in named for mark in ("%j", "%A", "%J", "%N", "%u")):
        return Answer(NEAR, field, "the prelude opens this file; number, host or user in its name are the pod's")
    return Answer(EXACT, field, "the prelude opens this file, as Slurm does; the pod's log stays empty")


def _input(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    if output.reads(made):
        return Answer(EXACT, f"{made.runner}.spec.containers[0].args[0]", "the prelude opens this file")
    return Answer(LOST, "", "the file is on no volume: the script reads nothing")


OPTIONS: Final[Mapping[str, Row]] = MappingProxyType(
    {
        "job-name": _name,
        "account": _account,
        "partition": placing.PARTITION,
        "qos": placing.QOS,
        "nice": lost("Run:ai knows seven priorities; the QOS chooses among them"),
        "priority": lost("Run:ai knows seven priorities; the QOS chooses among them"),
        "nodes": _nodes,
        "ntasks": evenly(_tasks),
        "ntasks-per-node": _tasks,
        "tasks-per-node": _tasks,
        "ntasks-per-gpu": evenly(_tasks),
        "cpus-per-task": evenly(resource("cpu", "times the tasks of a pod")),
        "mincpus": resource("cpu", "at least so many a node"),
        "cpus-per-gpu": evenly(resource("cpu", "times the GPUs of a pod")),
        "mem": _memory,
        "mem-per-cpu": evenly(_memory),
        "mem-per-gpu": evenly(_memory),
        "gres": _gpus,
        "gpus": evenly(_gpus),
        "gpus-per-node": _gpus,
        "gpus-per-task": evenly(_gpus),
        "gpus-per-socket": _gpus,
        "tres-per-task": evenly(_gpus),
        "tmp": _tmp,
        "time": _time,
        "time-min": lost("a workload has one time limit"),
        "deadline": lost("no kind of workload knows a time by which it must have ended"),
        "array": _array,
        "requeue": _requeue,
        "no-requeue": _requeue,
        "dependency": lost("a workload waits for no other; order them in CI, or in a workflow engine"),
        "begin": lost("a workload has no start time; let CI submit it then"),
        "hold": _hold,
        "exclusive": placing.exclusive,
        "constraint": placing.constraint,
        "prefer": placing.constraint,
        "switches": placing.topology,
        "segment": placing.topology,
        "spread-job": placing.spread,
        "comment": _said_to_people,
        "wckey": _said_to_people,
        "nodelist": placing.hosts,
        "exclude": placing.hosts,
        "nodefile": lost("the list of nodes lies in a file of the old cluster"),
        "reservation": lost("a reservation has no counterpart; a node pool can stand for one"),
        "licenses": lost("Run:ai counts no licences"),
        "bb": lost("there is no burst buffer"),
        "bbf": lost("there is no burst buffer"),
        "network": lost("the network of a pod is the cluster's"),
        "clusters": lost("the cluster is chosen at submission"),
        "cluster": lost("the cluster is chosen at submission"),
        "output": _output,
        "error": _output,
        "open-mode": _output,
        "input": _input,
        "chdir": _chdir,
        "workdir": _chdir,
        "export": _export,
        "export-file": lost("the file of variables lies on the old cluster"),
        "signal": _signal,
        "uid": lost("sbatch takes it from root alone; the image or the cluster says who runs a pod"),
        "gid": lost("sbatch takes it from root alone; the image or the cluster says who runs a pod"),
        "get-user-env": lost("there is no login on a cluster whose environment could be copied"),
        "propagate": lost("limits of the submitting shell do not reach a pod"),
        "contiguous": lost("the scheduler knows no neighbours among nodes; a topology can stand for them"),
        "use-min-nodes": lost("one pod stands for one node, whatever its size"),
        "consolidate-segments": lost("the scheduler knows no segments"),
        "spread-segments": lost("the scheduler knows no segments"),
        "mail-type": lost("Run:ai has no mail for a workload; notifications are set in its UI, or by CI"),
        "mail-user": lost("Run:ai has no mail for a workload; notifications are set in its UI, or by CI"),
        "container-image": _image,
        "container-mounts": _mounts,
        "container-workdir": fixed(NEAR, "", "the script starts where --chdir or the settings say"),
        "container-env": fixed(NEAR, "", "the pod has one environment"),
        "container-name": fixed(NEAR, "", "the pod is the container"),
        "no-container-entrypoint": fixed(EXACT, "", "the manifest's command replaces the image's entrypoint"),
        "container-mount-home": fixed(NEAR, "", "volumes come from the site map"),
        "no-container-mount-home": fixed(EXACT, "", "no home folder is mounted"),
        "container": lost("an OCI bundle is a folder of the old cluster"),
        "container-id": lost("an OCI bundle is a folder of the old cluster"),
        "wrap": pod(EXACT, "containers[0].args", "the command of the container"),
        "no-kill": lost("a workload that loses a pod is not whole any more"),
        "wait-all-nodes": fixed(EXACT, "", "Run:ai starts the pods of a workload together"),
    }
)
