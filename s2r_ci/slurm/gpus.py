"""GPUs and other countable resources: what they mean for nodes, tasks and CPUs, and what sbatch refuses among them.

sbatch keeps one record for every pair of name and type, and looks at one record after the other: --gpus=h100:1 and
--gpus-per-node=a100:2 have nothing to do with each other.
"""

from s2r_ci.slurm import tres
from s2r_ci.slurm.options import Release
from s2r_ci.slurm.shape import Options, Shape, counts, topology
from s2r_ci.slurm.troubles import RefusedError

_ENTRIES = (("gpus", "gpus"), ("gpus-per-socket", "per_socket"), ("gpus-per-node", "per_node"))
_RANKS = frozenset({"ntasks-per-gpu", "ntasks-per-tres"})
_PER_GPU = frozenset({"ntasks-per-gpu", "ntasks-per-tres", "cpus-per-gpu", "mem-per-gpu"})
# These speak of whole GPUs.
_WHOLE = frozenset({"ntasks-per-gpu", "ntasks-per-tres", "cpus-per-gpu", "mem-per-gpu", "gpu-freq"})
_SHARES = frozenset({"shard", "mps"})
_SHORT, _LONG, _UNSAID = 0xFFFF, 0xFFFFFFFF, 0xFFFE  # numbers travel in 16 or 32 bits


class _Record:
    """One name and type, counted per job, node, socket and task; 0 where nothing is said."""

    __slots__ = ("job", "most", "name", "node", "socket", "task", "typed")

    def __init__(self, name: str, *, job: int = 0, typed: bool = False) -> None:
        self.name, self.typed = name, typed
        self.job, self.node, self.socket, self.task = job, 0, 0, 0
        self.most = 0  # a node's, where --gpus-per-node and --gres both say something; the later one is ``node``

    @property
    def asked(self) -> bool:
        """Some are asked for."""
        return bool(self.job or self.node or self.socket or self.task)


def count_gpus(shape: Shape, held: Options, release: Release) -> None:
    """Put the resources into the shape and let node, task and CPU counts follow. Raises RefusedError."""
    if release < (23, 2) and counts(held, "cpus-per-gpu") and _both_spoken(held):
        raise RefusedError("--cpus-per-task and --cpus-per-gpu exclude each other: keep one")
    _read_entries(shape, held, release)
    records = _records(shape)
    nodes, tasks = shape.least_nodes, shape.tasks if shape.tasks_said else 1
    if release < (25, 5) and shape.per_socket and _falls_over(shape, held):
        raise RefusedError("--ntasks-per-socket comes out as 0, by which sbatch divides the tasks")
    looked_at = _checked(records, shape, held)
    if not _PER_GPU.isdisjoint(held) or release >= (25, 5):
        gpus = [record for record in looked_at if record.name == "gpu" and record.asked]
        every = [_every(record, shape, held, nodes, tasks) for record in gpus]
        spoken = [number if _said(record) else 0 for record, number in zip(gpus, every, strict=True)]
        _per_gpu(shape, held, release, records, every, spoken)


def _both_spoken(held: Options) -> bool:
    """CPUs of a task and of a GPU, of the 16 bits that travel."""
    task = held["cpus-per-task"].data if "cpus-per-task" in held else _UNSAID
    return bool(held["cpus-per-gpu"].data & _SHORT) and task & _SHORT != _UNSAID


def _falls_over(shape: Shape, held: Options) -> bool:
    """Up to 24.11 sbatch divides the tasks by those of a socket, of which 16 bits are left."""
    said = held.get("ntasks-per-socket")
    return said is not None and not said.data & _SHORT and "ntasks" in held and not shape.nodes_said


def _read_entries(shape: Shape, held: Options, release: Release) -> None:
    for option, field in _ENTRIES:
        if option in held:
            setattr(shape, field, tres.read_gpus(held[option].data, release))
    if "gpus-per-task" in held and release < (24, 5):  # from then on it is a part of --tres-per-task
        shape.per_task = tres.read_gpus(held["gpus-per-task"].data, release) + shape.per_task
    if "gres" in held:
        shape.per_node += tres.read_gres(held["gres"].data, release)


def _checked(records: list[_Record], shape: Shape, held: Options) -> list[_Record]:
    """The records that sbatch takes into account. Raises RefusedError."""
    lenient = _overlooks(records, held)
    if not lenient:
        _check_entries(shape, held)
    for place, record in enumerate(records):
        if lenient and record.name in _SHARES and record.asked:  # what stands behind it is not looked at
            if not any(before.name == "gpu" and before.asked for before in records[:place]):
                raise RefusedError("gpu and shard or mps stand in one job: ask for whole GPUs or for shares")
            return records[:place]
        if record.job or record.socket or record.task:
            try:
                _check_order(record, held)
                _count(record, shape, held)
            except RefusedError:
                if not (lenient and place):
                    raise
                return records[:place]
    return records


def _overlooks(records: list[_Record], held: Options) -> bool:
    """With --cpus-per-gpu, several records, and a type for every GPU, sbatch complains of a record behind the first
    and goes on without it.
    """
    if len(records) < 2 or not counts(held, "cpus-per-gpu"):
        return False
    gpus = [record for record in records if record.name == "gpu"]
    return any(record.job or record.node for record in gpus) and all(record.typed for record in gpus)


def _records(shape: Shape) -> list[_Record]:
    found: dict[tuple[str, str], _Record] = {}
    for field, entries in (
        ("job", shape.gpus), ("node", shape.per_node), ("socket", shape.per_socket), ("task", shape.per_task),
    ):  # fmt: skip
        for name, type_, number in entries:
            key = (name, type_.strip())
            record = found.get(key)
            if record is None:
                record = found[key] = _Record(name, typed=bool(type_))
            if number:  # none of it takes nothing away
                setattr(record, field, number)
            record.most = max(record.most, record.node)
    return list(found.values())


def _check_entries(shape: Shape, held: Options) -> None:
    """A type for all or none, and shared GPUs never beside whole ones."""
    entries = (*shape.per_node, *shape.gpus, *shape.per_task, *shape.per_socket)
    types = {bool(each.type) for each in entries if each.name == "gpu" and each.number and each.type != " "}
    if "cpus-per-gpu" in held and held["cpus-per-gpu"].data == -1:
        types.add(True)  # up to 22.05 a number past 31 bits could come out so, which is read as a type
    if len(types) > 1:
        raise RefusedError("GPUs with and without a type stand in one list: name the type of all, or of none")
    names = {entry.name for entry in entries if entry.number}
    if names.isdisjoint(_SHARES):
        return
    if "gpu" in names or any(counts(held, name) for name in _WHOLE):
        raise RefusedError("gpu and shard or mps stand in one job: ask for whole GPUs or for shares")


def _check_order(record: _Record, held: Options) -> None:
    """The job has at least what a node has, a node at least what a socket or a task has."""
    job, node, socket, task = record.job, record.node, record.socket, record.task
    if job and max(node, socket, task) > job:
        raise RefusedError(
            f"{job} {record.name} for the job are fewer than {max(node, socket, task)} for a part of it"
        )
    if node and max(socket, task) > node:
        raise RefusedError(f"{node} {record.name} a node are fewer than {max(socket, task)} for a part of it")
    if socket and topology(held)[0] in (None, _UNSAID):
        raise RefusedError("--gpus-per-socket needs --sockets-per-node")


def _count(record: _Record, shape: Shape, held: Options) -> None:
    if record.job:
        _nodes_of_job(record.job, shape)
    if record.job and record.node:
        _nodes_of_node(record.job, record.node, shape)
    if record.node and record.socket:
        _sockets(record.node, record.socket, held)
    if record.socket and record.task:
        said = held["ntasks-per-socket"].data if "ntasks-per-socket" in held else 0
        shape.tasks_per_socket = _tasks_a_part("socket", record.socket, record, said, shape)
    if record.task:
        _tasks_of_task(record, shape, held)
    if record.task and record.node:
        shape.tasks_per_node = _tasks_a_part("node", record.node, record, shape.tasks_per_node, shape)


def _nodes_of_job(total: int, shape: Shape) -> None:
    if not shape.nodes_said:
        return
    if total < shape.least_nodes:
        raise RefusedError(f"{total} GPUs are less than one for each of {shape.least_nodes} nodes")
    if shape.most_nodes > total:
        shape.most_nodes = total


def _nodes_of_node(total: int, node: int, shape: Shape) -> None:
    if total % node:
        raise RefusedError(f"{total} GPUs for the job are no multiple of the {node} of each node")
    needed = total // node & _LONG
    if needed == _LONG and not shape.nodes_said:
        raise RefusedError(f"{total} GPUs with {node} a node need more nodes than sbatch can count")
    if shape.nodes_said and not shape.least_nodes <= needed <= (shape.most_nodes or needed):
        raise RefusedError(f"{total} GPUs with {node} a node need {needed} nodes, --nodes says otherwise")
    if needed == _LONG - 1:  # the number that stands for "not said"
        return
    shape.least_nodes = shape.most_nodes = needed
    shape.nodes_said = shape.most_said = True


def _sockets(node: int, socket: int, held: Options) -> None:
    if node % socket:
        raise RefusedError(f"{node} GPUs a node are no multiple of the {socket} of each socket")
    if node // socket != topology(held)[0]:
        raise RefusedError(f"{node} GPUs a node with {socket} a socket need {node // socket} sockets")


def _tasks_of_task(record: _Record, shape: Shape, held: Options) -> None:
    if not record.job:
        if not shape.tasks_said and held.keys().isdisjoint(_RANKS):  # which say it later
            raise RefusedError("GPUs per task need a task count: give --ntasks, or --gpus for all of the job")
        return
    if record.job % record.task:
        raise RefusedError(f"{record.job} GPUs for the job are no multiple of the {record.task} of each task")
    needed = record.job // record.task
    if shape.tasks_said and shape.tasks != needed:
        raise RefusedError(f"{record.job} GPUs with {record.task} a task need {needed} tasks, not {shape.tasks}")
    if needed & _LONG != _LONG - 1:  # the number that stands for "not said"
        shape.tasks, shape.tasks_said = needed, True


def _tasks_a_part(part: str, number: int, record: _Record, said: int, shape: Shape) -> int:
    """How many tasks the GPUs of a node or socket are for, which what is said of it has to agree with."""
    if number % record.task:
        raise RefusedError(f"{number} GPUs a {part} are no multiple of the {record.task} of each task")
    needed = number // record.task
    said &= _SHORT
    if said and said != needed:
        raise RefusedError(f"{said} tasks a {part} with {record.task} GPUs each are not {number} GPUs a {part}")
    if needed & _SHORT not in (0, _UNSAID, needed):
        shape.unsent = f"{needed} tasks a {part} travel as {needed & _SHORT}, which does not fit the GPUs"
    return needed


def _per_gpu(
    shape: Shape, held: Options, release: Release, records: list[_Record], every: list[int], spoken: list[int]
) -> None:
    """--ntasks-per-gpu, --cpus-per-gpu and --mem-per-gpu; ``every`` is how many GPUs each record comes to, ``spoken``
    the same without the number that stands for "not said", which only tasks are not counted by.
    """
    gpus = [record for record in records if record.name == "gpu" and record.asked]
    ranks = held.get("ntasks-per-gpu") or held.get("ntasks-per-tres")
    if ranks:
        strict = bool(records) or counts(held, "cpus-per-gpu") or counts(held, "mem-per-gpu")
        made = _ranks(shape, held, ranks.data & _SHORT, spoken, strict=strict)
        if made and not gpus:
            gpus, every = [_Record("gpu", job=made)], [made]
    others = counts(held, "cpus-per-gpu") or any(record.asked for record in records)
    if counts(held, "mem-per-gpu") and (held["mem-per-gpu"].data or others) and not gpus:  # 0 asks for nothing
        raise RefusedError("--mem-per-gpu needs GPUs: give --gpus, --gpus-per-node or --gres=gpu:N")
    if counts(held, "cpus-per-gpu"):
        cpus: int = held["cpus-per-gpu"].data
        for record in gpus:
            if record.task and not record.typed:
                shape.cpus_per_task = record.task * (cpus & _SHORT)
        if release < (23, 2):
            return
        if not gpus:
            raise RefusedError("--cpus-per-gpu needs GPUs: give --gpus, --gpus-per-node or --gres=gpu:N")
        shape.cpus = max(shape.cpus, sum(every) * cpus & _LONG)
    if release >= (25, 5) and (gpus or records) and shape.cpus_per_task and shape.tasks_said:
        shape.cpus = max(shape.cpus, shape.tasks * (shape.cpus_per_task & _SHORT))


def _said(record: _Record) -> bool:
    return tres.UNSAID not in (record.job, record.most)


def _every(record: _Record, shape: Shape, held: Options, nodes: int, tasks: int) -> int:
    """All that the job gets of one record, the most that anything says; nodes and tasks count as they were before the
    GPUs had a say.
    """
    by_node = record.most * nodes
    if record.job:
        return max(record.job, by_node)
    by_task = record.task * tasks if shape.tasks_said else 0
    return max(by_task, by_node or record.socket * (topology(held)[0] or 1) * nodes)


def _ranks(shape: Shape, held: Options, ranks: int, gpus: list[int], *, strict: bool) -> int:
    """Let the task count follow from the GPUs, or the other way round; how many GPUs that are."""
    if ranks in (0, _UNSAID):  # what is left of the number says nothing
        if not ranks and not gpus and not shape.tasks_said and "nodes" in held and shape.fixed:
            shape.tasks, shape.tasks_said = 0, True
        return 0
    if gpus:
        if not sum(gpus):
            raise RefusedError("--ntasks-per-gpu needs GPUs, and none are left to count")
        shape.tasks, shape.tasks_said = (sum(gpus) & _LONG) * ranks & _LONG, True
        if shape.tasks % ranks:
            raise RefusedError(f"{sum(gpus)} GPUs are more than sbatch can count tasks for")
        return sum(gpus)
    if shape.tasks_said and shape.tasks:
        if shape.tasks % ranks and (strict or shape.tasks > ranks):
            raise RefusedError(f"{shape.tasks} tasks are no multiple of the {ranks} of each GPU")
        made = shape.tasks // ranks
        if made:
            _nodes_of_job(made, shape)
        return made
    if shape.tasks_said or not (shape.bounded(held) and shape.fixed) or not shape.least_nodes:
        raise RefusedError("--ntasks-per-gpu needs a GPU count or a task count")
    shape.tasks, shape.tasks_said = shape.least_nodes * ranks, True
    return shape.least_nodes
