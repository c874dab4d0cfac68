"""What becomes of each option of sbatch: the table of the mapping, one row an option.

Rows stand in the order of the mapping page; an option that is missing here is a hint for placement or the client
and has no counterpart that matters.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from s2r_ci.convert.questions import exported
from s2r_ci.model import Disposition, Item, Question
from s2r_ci.runai import compute, manifest, output, scheduling
from s2r_ci.runai.distribution import MPI, PYTORCH, Plan
from s2r_ci.runai.prelude import signal_of

EXACT: Final = Disposition.EXACT
NEAR: Final = Disposition.APPROXIMATE
ASK: Final = Disposition.NEEDS_ANSWER
LOST: Final = Disposition.NOT_EXPRESSIBLE


class Answer(NamedTuple):
    """Where an item went, and why."""

    disposition: Disposition
    field: str
    reason: str


Row = Callable[[Item, Plan, Mapping[str, Question]], Answer]


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
    "ntasks-per-socket oversubscribe overcommit accel-bind cpu-bind contiguous use-min-nodes spread-job "
    "switches segment consolidate-segments spread-segments "
)
_CLIENT: Final = _set(
    "parsable quiet verbose help usage version test-only ignore-pbs wait acctg-freq profile mcs-label "
    "reboot delay-boot power batch kill-on-invalid-dep oom-kill-step resv-ports stepmgr extra comment "
    "wckey mail-type mail-user get-user-env propagate "
)


def _fixed(disposition: Disposition, field: str, reason: str) -> Row:
    answer = Answer(disposition, field, reason)
    return lambda item, made, asked: answer


def _pod(disposition: Disposition, field: str, reason: str) -> Row:
    """A field of the pod spec, wherever the kind keeps its template."""
    return lambda item, made, asked: Answer(disposition, f"{made.template}.spec.{field}", reason)


def _resource(name: str, reason: str) -> Row:
    return _pod(EXACT, f"containers[0].resources.limits.{name}", reason)


def _lost(reason: str) -> Row:
    return _fixed(LOST, "", reason)


def _mapped(prefix: str, names: Callable[[Plan], tuple[str, ...]], field: str, reason: str) -> Row:
    """Names that the site map translates: all of them known, or a question each."""

    def row(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
        where = field.format(template=made.template)
        for name in names(made):
            if question := asked.get(f"{prefix}.{name}"):
                return Answer(ASK, where, question.text)
        return Answer(NEAR, where, reason)

    return row


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
    for prefix, names in (
        ("gres", sorted(made.job.resources.other_gres)),
        ("gpu-model", [made.job.resources.gpu_model]),
    ):
        for name in names:
            if question := asked.get(f"{prefix}.{name}"):
                return Answer(ASK, field, question.text)
    if made.job.resources.gpu_model:
        return Answer(NEAR, field, "count exact; the site map's node labels stand for the model")
    if item.name == "gpus-per-task":
        return Answer(EXACT, field, "srun gives each task its own")
    if "per-socket" in item.name:
        return Answer(NEAR, field, "count exact; sockets are the node's")
    return Answer(EXACT, field, "per node and so per pod")


def _device(item: Item, made: Plan) -> str:
    """The field of what the option asks for: GPUs, or what the site map makes of another generic resource."""
    limits = f"{made.template}.spec.containers[0].resources.limits"
    others = compute.extended(made.request)
    if item.name == "gres" and "gpu" not in item.value.lower() and others:
        return f"{limits}.{next(iter(others))}"
    return f"{limits}.{compute.GPU_RESOURCE}" if made.gpus else ""


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


def _exclusive(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    field = f"{made.template}.spec.containers[0].resources"
    for key in ("whole-node", "memory"):
        if key in asked:
            return Answer(ASK, field, asked[key].text)
    return Answer(NEAR, field, "gets what it asks for; other pods may use the rest of the node")


def _constraint(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    if not scheduling.features(made.request):
        return Answer(LOST, "", "only features that all have to hold can be node labels; name one, or a node pool")
    return _FEATURES(item, made, asked)


def _hosts(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    field = f"{made.template}.spec.affinity.nodeAffinity"
    if not scheduling.expand_hosts(made.job.options.get(item.name, "")):
        return Answer(LOST, "", "the list of nodes cannot be read here")
    if item.name == "exclude":
        return Answer(EXACT, field, "these host names are left out")
    return Answer(NEAR, field, "any of these host names; Slurm takes all of them")


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
    if origin == "directive":
        return Answer(EXACT, field, "the pod runs this image")
    return Answer(NEAR, field, f"the image {named} of the settings stands for it")


def _tmp(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
    return Answer(
        NEAR, f"{made.template}.spec.containers[0].resources.requests.ephemeral-storage", "local space of the pod"
    )


_PARTITION: Final = _mapped(
    "partition",
    lambda made: scheduling.partitions(made.request),
    "{template}.metadata.annotations.runai-nodepools",
    "node pools in the order given; Slurm takes the earliest start",
)
_FEATURES: Final = _mapped(
    "constraint",
    lambda made: scheduling.features(made.request),
    "{template}.spec.nodeSelector",
    "node labels stand for it",
)
_QOS: Final = _mapped(
    "qos",
    lambda made: (made.job.options.get("qos", ""),),
    "metadata.labels.priorityClassName",
    "the site map says which priority stands for it",
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
        "partition": _PARTITION,
        "qos": _QOS,
        "nice": _lost("Run:ai knows seven priorities; the QOS chooses among them"),
        "priority": _lost("Run:ai knows seven priorities; the QOS chooses among them"),
        "nodes": _nodes,
        "ntasks": _tasks,
        "ntasks-per-node": _tasks,
        "tasks-per-node": _tasks,
        "ntasks-per-gpu": _tasks,
        "cpus-per-task": _resource("cpu", "times the tasks of a pod"),
        "mincpus": _resource("cpu", "at least so many a node"),
        "cpus-per-gpu": _resource("cpu", "times the GPUs of a pod"),
        "mem": _memory,
        "mem-per-cpu": _memory,
        "mem-per-gpu": _memory,
        "gres": _gpus,
        "gpus": _gpus,
        "gpus-per-node": _gpus,
        "gpus-per-task": _gpus,
        "gpus-per-socket": _gpus,
        "tres-per-task": _gpus,
        "tmp": _tmp,
        "time": _time,
        "time-min": _lost("a workload has one time limit"),
        "deadline": _lost("no kind of workload knows a time by which it must have ended"),
        "array": _array,
        "requeue": _requeue,
        "no-requeue": _requeue,
        "dependency": _lost("a workload waits for no other; order them in CI, or in a workflow engine"),
        "begin": _lost("a workload has no start time; let CI submit it then"),
        "hold": _hold,
        "exclusive": _exclusive,
        "constraint": _constraint,
        "prefer": _lost("preferred features are not written yet"),
        "nodelist": _hosts,
        "exclude": _hosts,
        "nodefile": _lost("the list of nodes lies in a file of the old cluster"),
        "reservation": _lost("a reservation has no counterpart; a node pool can stand for one"),
        "licenses": _lost("Run:ai counts no licences"),
        "bb": _lost("there is no burst buffer"),
        "bbf": _lost("there is no burst buffer"),
        "network": _lost("the network of a pod is the cluster's"),
        "clusters": _lost("the cluster is chosen at submission"),
        "cluster": _lost("the cluster is chosen at submission"),
        "output": _output,
        "error": _output,
        "open-mode": _output,
        "input": _input,
        "chdir": _chdir,
        "workdir": _chdir,
        "export": _export,
        "export-file": _lost("the file of variables lies on the old cluster"),
        "signal": _signal,
        "uid": _lost("who runs a pod is the cluster's to say"),
        "gid": _lost("who runs a pod is the cluster's to say"),
        "mail-type": _lost("Run:ai has no mail for a workload; notifications are set in its UI, or by CI"),
        "mail-user": _lost("Run:ai has no mail for a workload; notifications are set in its UI, or by CI"),
        "container-image": _image,
        "container-mounts": _fixed(NEAR, "", "volumes come from the site map; other bindings are not made"),
        "container-workdir": _fixed(NEAR, "", "the script starts where --chdir or the settings say"),
        "container-env": _fixed(NEAR, "", "the pod has one environment"),
        "container-name": _fixed(NEAR, "", "the pod is the container"),
        "no-container-entrypoint": _fixed(EXACT, "", "the manifest's command replaces the image's entrypoint"),
        "container-mount-home": _fixed(NEAR, "", "volumes come from the site map"),
        "no-container-mount-home": _fixed(EXACT, "", "no home folder is mounted"),
        "container": _lost("an OCI bundle is a folder of the old cluster"),
        "container-id": _lost("an OCI bundle is a folder of the old cluster"),
        "wrap": _pod(EXACT, "containers[0].args", "the command of the container"),
        "no-kill": _lost("a workload that loses a pod is not whole any more"),
        "wait-all-nodes": _fixed(EXACT, "", "Run:ai starts the pods of a workload together"),
    }
)
