"""A script, read: header, program and secrets, put together into one JobSpec a component.

The arithmetic turns what sbatch would send into what one node gets, because one node becomes one pod.
"""

from collections.abc import Iterator, Mapping, Sequence
from os.path import basename
from typing import Final

from s2r_ci import rules
from s2r_ci.frozen import replace
from s2r_ci.model import (
    NOTHING,
    Array,
    Body,
    Component,
    Finding,
    Header,
    Inner,
    Item,
    ItemKind,
    JobSpec,
    Level,
    Location,
    Reading,
    Resources,
    Script,
)
from s2r_ci.secrets import find_secrets
from s2r_ci.slurm import exports, tres, units
from s2r_ci.slurm.body import read_body
from s2r_ci.slurm.components import Part
from s2r_ci.slurm.header import read_parts
from s2r_ci.slurm.options import DEFAULT_RELEASE, catalogue
from s2r_ci.slurm.shape import Held, Shape, counts, topology
from s2r_ci.slurm.tres import Gres

# Which options an answer can come from; the last one named that is held gives the line.
_SUBJECTS: Final = {
    "name": ("job-name",),
    "nodes": ("nodelist", "nodes"),
    "tasks": ("ntasks-per-gpu", "ntasks-per-node", "ntasks"),
    "cpus": ("mincpus", "cpus-per-gpu", "tres-per-task", "cpus-per-task"),
    "memory": ("mem-per-gpu", "mem-per-cpu", "mem"),
    "time": ("time",),
    "array": ("array",),
    "partition": ("partition",),
    "account": ("account",),
    "qos": ("qos",),
    "constraint": ("prefer", "constraint"),
    "environment": ("export",),
    "working-directory": ("chdir",),
    "output": ("output",),
    "error": ("error",),
    "requeue": ("no-requeue", "requeue"),
    "hold": ("hold",),
    "signal": ("signal",),
    "tmp": ("tmp",),
}
_SUBJECT_OF: Final = [(name, subject) for subject, names in _SUBJECTS.items() for name in names]
_new: Final = tuple.__new__  # a named tuple's own constructor takes twice as long
_GPU_OPTIONS: Final = (
    "ntasks-per-tres", "ntasks-per-gpu", "tres-per-task", "gpus-per-socket", "gpus-per-task", "gpus", "gres",
    "gpus-per-node",
)  # fmt: skip


def read_script(
    script: Script,
    *,
    release: str = DEFAULT_RELEASE,
    environ: Mapping[str, str] = NOTHING,
    arguments: Sequence[str] = (),
) -> Reading:
    """Read a whole script. One that sbatch refuses gets no jobs, but all its findings; where a refused directive has
    one evident meaning (``repair``) the jobs are those that were meant, and the finding stays.
    """
    header, parts = read_parts(script.data, script.path, release=release, environ=environ, arguments=arguments)
    body, items, troubles = read_body(script)
    inners: tuple[Inner, ...] = ()
    if script.called:
        from s2r_ci.slurm.inner import with_called  # few scripts call others

        body, items, inners = with_called(script, body, items)
    if header.stage == "parse":
        header, parts = _as_meant(script, header, parts, environ, arguments)
    findings = (*header.findings, *troubles, *_secrets(script))
    jobs: tuple[JobSpec, ...] = ()
    if header.stage in ("accepted", "parse"):
        jobs = tuple(_job(script.path, part, part.shape, body, items) for part in parts if part.shape)
        jobs = tuple(replace(job, called=inners) for job in jobs) if inners else jobs
    return Reading(header=header, jobs=jobs, findings=findings)


def _as_meant(
    script: Script, header: Header, parts: list[Part], environ: Mapping[str, str], arguments: Sequence[str]
) -> tuple[Header, list[Part]]:
    """The header as sbatch has it, with each refusal saying what is read instead, and the parts that it gives then.

    Where no repair is evident, or sbatch would refuse the repaired script too, everything stays as it is.
    """
    from s2r_ci.slurm.repair import repair  # only where something is wrong

    repaired = repair(script.data, header.findings, catalogue(header.slurm))
    if repaired is None:
        return header, parts
    again, meant = read_parts(
        repaired.data, script.path, release=header.slurm, environ=environ, arguments=arguments
    )
    if again.stage != "accepted":
        return header, parts
    findings = tuple(
        replace(f, message=_and_meant(f.message, repaired.lines[f.location.line]))
        if f.level is Level.ERROR and f.location.line in repaired.lines
        else f
        for f in header.findings
    )
    return replace(header, findings=findings), meant


def _and_meant(message: str, line: str) -> str:
    return f"{message}{'' if message.endswith('?') else '.'} Read here as `{line}`"


def _secrets(script: Script) -> Iterator[Finding]:
    """One finding a hit; the value itself is never repeated."""
    seen: dict[str, int] = {}
    for secret in find_secrets(script.text):
        seen[secret.kind] = number = seen.get(secret.kind, 0) + 1
        yield Finding(
            rule=rules.SECRET_IN_SCRIPT,
            message=f"this line holds what looks like a secret ({secret.kind}): read it from a Kubernetes Secret",
            location=Location(path=script.path, line=secret.line, column=secret.column),
            subject=f"{secret.kind} {number}",
        )


def _job(path: str, part: Part, shape: Shape, body: Body, items: tuple[Item, ...]) -> JobSpec:
    held = part.held
    export = str(held["export"].data) if "export" in held else "ALL"
    return JobSpec(
        name=str(held["job-name"].data if "job-name" in held else "") or basename(path),
        body=body,
        resources=resources_of(held, shape),
        time_limit_s=_time_limit(held),
        array=_array(held),
        requeue=_requeue(held),
        hold="hold" in held or ("priority" in held and held["priority"].data == 0),
        environment=exports.exported(export),
        export=export.upper() if export.upper() in ("ALL", "NONE", "NIL") else export,
        options=part.component.options,
        inventory=(*_directives(part.component), *items),
        origins=_origins(path, held, body),
    )


def _directives(component: Component) -> Iterator[Item]:
    for name, value, path, line, column, *_ in component.directives:
        yield _new(Item, (ItemKind.DIRECTIVE, name, value, _new(Location, (path, line, column))))


def _requeue(held: Mapping[str, Held]) -> bool | None:
    said = held.get("requeue") or held.get("no-requeue")
    return bool(said.data) if said else None


def _time_limit(held: Mapping[str, Held]) -> int | None:
    if "time" not in held:
        return None
    total: int = held["time"].data
    return 0 if total == units.UNLIMITED else total * 60


def _array(held: Mapping[str, Held]) -> Array | None:
    if "array" not in held or not held["array"].data:
        return None
    text: str = held["array"].data
    ids, throttle = units.array_ids(text)
    return Array(ids=ids, throttle=throttle, text=text)


def _origins(path: str, held: Mapping[str, Held], body: Body) -> dict[str, Location]:
    found: dict[str, Location] = {}
    for name, subject in _SUBJECT_OF:
        if name in held:
            said = held[name]
            found[subject] = _new(Location, (path, said.line, said.column))
    for name in _GPU_OPTIONS:
        if name in held and (name not in ("gres", "tres-per-task") or "gpu" in str(held[name].data)):
            said = held[name]
            found["gpus"] = found["gpu-model"] = Location(path=path, line=said.line, column=said.column)
    found["command"] = body.steps[0].location if body.steps else Location(path=path, line=1)
    return found


# --- what one node gets ------------------------------------------------------------------------------------


def resources_of(held: Mapping[str, Held], shape: Shape) -> Resources:
    """What each node of a component gets. A node range counts with its least, which is what Slurm starts with."""
    nodes = max(shape.least_nodes, 1)
    tasks = shape.tasks if shape.tasks_said else max(shape.tasks, nodes * (shape.tasks_per_node or 1))
    per_node = -(-tasks // nodes)
    if "ntasks" not in held and shape.tasks_per_node:
        per_node = shape.tasks_per_node
    gpus = _gpus_per_node(held, shape, nodes, tasks, per_node)
    cpus = _cpus_per_node(held, shape, per_node, gpus)
    return Resources(
        nodes=nodes,
        nodes_max=shape.most_nodes if shape.most_nodes > nodes else 0,
        tasks=tasks,
        tasks_per_node=per_node,
        cpus_per_task=shape.cpus_per_task or 1,
        cpus_per_node=cpus,
        gpus_per_node=gpus,
        gpu_model=_gpu_model(shape),
        memory_per_node_mib=_memory(held, cpus, gpus),
        tmp_per_node_mib=held["tmp"].data if "tmp" in held else 0,
        other_gres=_other_gres(shape, per_node),
        exclusive="exclusive" in held and held["exclusive"].data == 0,
    )


def _gpus_per_node(held: Mapping[str, Held], shape: Shape, nodes: int, tasks: int, per_node: int) -> int:
    """The first that is said: per node, in all, per task, per socket, from the tasks."""
    if node := tres.count(shape.per_node):
        if "gpus-per-node" in held and "gres" in held:
            return max(tres.count((entry,)) for entry in shape.per_node)
        return node
    if total := tres.count(shape.gpus):
        return -(-total // nodes)
    if task := tres.count(shape.per_task):
        return task * per_node
    if socket := tres.count(shape.per_socket):
        return socket * (topology(held)[0] or 1)
    ranks = held.get("ntasks-per-gpu") or held.get("ntasks-per-tres")
    return -(-tasks // (ranks.data * nodes)) if ranks else 0


def _cpus_per_node(held: Mapping[str, Held], shape: Shape, per_node: int, gpus: int) -> int:
    if "overcommit" in held:
        cpus = 1
    elif counts(held, "cpus-per-gpu"):
        cpus = gpus * held["cpus-per-gpu"].data
    else:
        cpus = per_node * (shape.cpus_per_task or 1)
    return max(cpus, held["mincpus"].data if "mincpus" in held else 1, 1)


def _gpu_model(shape: Shape) -> str:
    """The type asked for; several in one job stay a list, because no one of them would do."""
    entries = (*shape.per_node, *shape.gpus, *shape.per_task, *shape.per_socket)
    types = dict.fromkeys(entry.type.lower() for entry in entries if entry.name == "gpu" and entry.type.strip())
    return ",".join(types)


def _memory(held: Mapping[str, Held], cpus: int, gpus: int) -> int | None:
    for name, factor in (("mem", 1), ("mem-per-cpu", cpus), ("mem-per-gpu", gpus)):
        if counts(held, name):
            mib: int = held[name].data
            return mib * factor
    return None


def _other_gres(shape: Shape, per_node: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for entries, factor in ((shape.per_node, 1), (shape.per_task, per_node)):
        for entry in _without_gpus(entries):
            found[entry.name] = found.get(entry.name, 0) + entry.number * factor
    return found


def _without_gpus(entries: tuple[Gres, ...]) -> Iterator[Gres]:
    return (entry for entry in entries if entry.name != "gpu")
