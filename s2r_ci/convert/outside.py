"""What a script does outside of its own pod: sends jobs, asks Slurm, logs in elsewhere, serves, builds a cluster.

No manifest can do these for it, and leaving them out would change what the script does. So each is a question that
a person answers: by changing the script, or by accepting it as it is (``accepted = ["submits"]``).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from s2r_ci.convert import called, readonly
from s2r_ci.model import Item, ItemKind, Location
from s2r_ci.patterns import lazy
from s2r_ci.runai.distribution import Plan


class Reach(NamedTuple):
    """One way in which a script reaches outside: the key of its question, what to say, and where it shows.

    ``says`` is the text with a place for names, where several commands of a script may stand in one question.
    """

    key: str
    text: str
    location: Location | None = None
    says: str = ""
    name: str = ""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_COMMANDS: Final[Mapping[str, tuple[frozenset[str], str]]] = MappingProxyType(
    {
        "submits": (
            _words("sbatch salloc qsub qrsh bsub"),
            "the script sends jobs with {name}, which a pod has neither the command nor the right to do: "
            "who sends them now?",
        ),
        "workflow": (
            _words("snakemake nextflow cromwell"),
            "{name} sends jobs of its own to Slurm: which executor takes their place?",
        ),
        "remote-shell": (
            _words("ssh scp sftp pdsh pdcp rpdcp clush parallel-ssh pssh"),
            "the script logs in elsewhere with {name}, and pods have no logins and no keys: what does it need there?",
        ),
        "cluster-state": (
            _words(
                "squeue sacct sinfo scancel sstat sprio sreport sshare sacctmgr sattach strigger seff sbcast "
                "qstat qdel bjobs bkill"
            ),
            "the script calls {name}, and there is no Slurm to answer: does it work without?",
        ),
    }
)
_KEYS: Final = {name: key for key, (names, _) in _COMMANDS.items() for name in names}
_REQUEUE: Final = _words("requeue requeuehold update hold uhold release suspend resume top")
_REQUEUE_SAYS: Final = (
    "the script changes its own job with scontrol {verb}, which no pod can: ending with status 143 starts a job "
    "that may be requeued again; is that enough?"
)
_ENGINES: Final = _words("docker podman shifter enroot sarus charliecloud")
_ENGINE_SAYS: Final = (
    "{name} starts containers, which a pod may not: can its image be the image of the pod, and the script call the "
    "program without {name}?"
)
ENGINE_LOST: Final = (
    "{name} cannot start containers inside a pod, so this line fails there: let the script call the program itself, "
    "and name the container's image as the script's image"
)

_CLUSTERS: Final = (
    ("ray-cluster", "Ray", lazy(rb"\bray\s+(?:start|symmetric-run|up)\b|\bray\.init\(")),
    (
        "dask-cluster",
        "Dask",
        lazy(rb"\bdask[- ](?:scheduler|worker|mpi|ssh|cuda-worker)\b|\bdask_mpi\b|\bdask_cuda\b"),
    ),
    (
        "spark-cluster",
        "Spark",
        lazy(rb"\bstart-(?:master|worker|workers|slave|slaves|all)\.sh\b|\bspark-class\b|spark://"),
    ),
)
_CLUSTER_SAYS: Final = (
    "a {name} cluster over {nodes} nodes: its processes have to find each other by addresses that pods do not have; "
    "a {name} cluster of its own would be the way"
)
_SENDS_BY_LIBRARY: Final = lazy(rb"\b(?:submitit|dask_jobqueue|SLURMCluster|simple_slurm|pyslurm|executorlib)\b")
_SERVES: Final = (  # one of these is in all that _SERVICES finds, which is most of a start to compile
    b"jupyter", b"-m ", b"code", b"vnc", b"board", b"rserver", b"rstudio-server", b"ttyd", b"sshd", b"mlflow",
    b"streamlit", b"xpra",
)  # fmt: skip
_SERVICES: Final = lazy(
    rb"""(?:^|[\s;&|(/"'`])(?:
        (?P<jupyter>jupyter(?:[ -](?:lab|notebook|server|hub|voila)\b|hub-singleuser))
      | (?P<module>-m[ ]+(?:notebook|jupyterlab|jupyter[ ]+(?:lab|notebook)|tensorboard(?:\.main)?
          |http\.server|streamlit|visdom\.server))
      | (?P<name>code-server|openvscode-server|vncserver|Xvnc|x11vnc|tigervncserver|tensorboard|rserver|rstudio-server
          |ttyd|sshd|mlflow[ ]+(?:ui|server)|streamlit[ ]+run|code[ ]+tunnel|xpra[ ]+start)
    )(?=$|[\s;&|)"'`])""",
    re.VERBOSE | re.MULTILINE,
)
_SERVICE_SAYS: Final = "{name} waits for people to connect: how shall its port be reached in the cluster?"


def reaches(made: Plan) -> Iterator[Reach]:
    """Every way in which the script reaches outside, in the order in which it shows; a key may come again."""
    for item in made.job.inventory:
        reach = reach_of(item)
        if reach and item.kind is ItemKind.LAUNCHER and made.nodes == 1:
            continue
        if reach and not (reach.key == "requeue" and requeued_by_prelude(item, made)):
            yield reach
    for inner in made.job.called:
        if inner.needs:
            yield Reach(called.KEY, called.needs(inner), inner.location)
    for path, place in readonly.writes(made).items():
        yield Reach(readonly.KEY, readonly.text_of(path, made), place)
    code = _code(made)
    if found := _SENDS_BY_LIBRARY.search(code):
        yield _reach("submits", _COMMANDS["submits"][1].format(name=found[0].decode()), made, found)
    if any(word in code for word in _SERVES) and (found := _SERVICES.search(code)):
        name = found["jupyter"] or found["name"] or found["module"]
        yield _reach("service", _SERVICE_SAYS.format(name=" ".join(name.decode().split())), made, found)
    if made.nodes > 1:
        for key, name, pattern in _CLUSTERS:
            if found := pattern.search(code):
                yield _reach(key, _CLUSTER_SAYS.format(name=name, nodes=made.nodes), made, found)
        yield from _once(made)


def requeued_by_prelude(item: Item, made: Plan) -> bool:
    """Whether ``scontrol requeue`` works: the pod ends with a status after which it is started again."""
    return made.retries and item.name == "scontrol" and " requeue " in f" {item.value} "


def key_of(item: Item) -> str:
    """The question that an item of the inventory belongs to; empty for none."""
    reach = reach_of(item)
    return reach.key if reach else ""


def reach_of(item: Item) -> Reach | None:
    """The way in which one item of the inventory reaches outside, in words about this item alone."""
    return _OF_KIND.get(item.kind, _nothing)(item)


def together(found: Iterable[Reach]) -> Iterator[Reach]:
    """One for each key, at its first place; commands that raise the same question stand in it by their names."""
    first: dict[str, Reach] = {}
    names: dict[str, list[str]] = {}
    for each in found:
        reach = first.setdefault(each.key, each)
        if each.says == reach.says and each.name not in names.setdefault(each.key, []):
            names[each.key].append(each.name)
    for key, reach in first.items():
        every = names[key]
        if reach.says.startswith("the script") and len(every) > 1:
            listed = f"{', '.join(every[:-1])} and {every[-1]}"
            reach = reach._replace(text=reach.says.format(name=listed))
        yield reach


def _nothing(item: Item) -> Reach | None:
    return None


def _command(item: Item) -> Reach | None:
    if item.name == "scontrol":
        return _scontrol(item)
    key = _KEYS.get(item.name)
    return _calls(key, item.name, item) if key else None


def _calls(key: str, name: str, item: Item) -> Reach:
    says = _COMMANDS[key][1]
    return Reach(key, says.format(name=name), item.location, says, name)


def _scontrol(item: Item) -> Reach | None:
    """``show hostnames`` and ``show job`` are answered by the prelude's own."""
    words = [word for word in item.value.split()[1:] if not word.startswith("-")]
    verb = words[0] if words else ""
    if verb in _REQUEUE:
        return Reach("requeue", _REQUEUE_SAYS.format(verb=verb), item.location)
    if verb == "show" and words[1:2] and words[1].startswith(("host", "job")):
        return None
    return _calls("cluster-state", "scontrol", item)


def _container(item: Item) -> Reach | None:
    if item.name not in _ENGINES:
        return None
    return Reach("container-engine", _ENGINE_SAYS.format(name=item.name), item.location)


_BY_LOGIN: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "deepspeed": lazy(r"\s(?:-H|--hostfile|--force[_-]multi)(?![\w-])|\s--num[_-]nodes[= ](?!1\b)"),
        "horovodrun": lazy(r"\s(?:-H|--hosts|-?-hostfile)(?![\w-])"),
    }
)
_OTHERWISE: Final = lazy(r"\s--(?:no_ssh(?!_)|no-ssh(?!-)|(?:launcher[= ](?!pdsh)))")
_LAUNCHER_SAYS: Final = (
    "{name} starts its processes by ssh on the hosts that it is told, and pods have no logins: how do they start?"
)


def _launcher(item: Item) -> Reach | None:
    """DeepSpeed and Horovod reach other nodes by ssh, unless told otherwise; torchrun and the like never do."""
    reaching = _BY_LOGIN.get(item.name)
    if reaching is None or not reaching.search(item.value) or _OTHERWISE.search(item.value):
        return None
    return Reach("remote-shell", _LAUNCHER_SAYS.format(name=item.name), item.location)


def logs_in(item: Item, made: Plan) -> bool:
    """Whether a launcher reaches the other nodes of the job by ssh."""
    return made.nodes > 1 and _launcher(item) is not None


_OF_KIND: Final[Mapping[ItemKind, Callable[[Item], Reach | None]]] = {
    ItemKind.COMMAND: _command,
    ItemKind.CONTAINER: _container,
    ItemKind.LAUNCHER: _launcher,
}


def _once(made: Plan) -> Iterator[Reach]:
    """Nodes on which nothing is started, as far as the script was read: Slurm leaves them idle, and so do the pods."""
    if not made.job.body.steps:
        text = (
            f"the script asks for {made.nodes} nodes and starts nothing on them: all pods but the first would be idle; "
            "how many nodes does it need?"
        )
        yield Reach("steps", text)


def _code(made: Plan) -> bytes:
    """The script with its comment lines blanked, so that places stay the same."""
    lines = made.request.script.data.split(b"\n")
    return b"\n".join(b" " * len(line) if line.lstrip()[:1] == b"#" else line for line in lines)


def _reach(key: str, text: str, made: Plan, found: re.Match[bytes]) -> Reach:
    start = next(
        (found.start(number) for number in range(1, len(found.groups()) + 1) if found[number]), found.start()
    )
    line = found.string.count(b"\n", 0, start) + 1
    return Reach(key, text, Location(path=made.request.script.path, line=line))
