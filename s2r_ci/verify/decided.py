"""decision-refused, decision-made, script-patched: what a manifest says that a model decided.

A decision may answer what script and settings leave open, with what script and settings offer, and nothing else: an
image of the operator's list, a value that stands in the script's own code for a variable that nothing sets, a volume
of the site map, a line that starts the same program by another launcher. The rest of the judge then looks at the
manifest as if a person had given these answers; the lines that were written anew are applied to the script, and the
octets compared.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from s2r_ci import rules
from s2r_ci.frozen import replace
from s2r_ci.model import Change, ConversionRequest, Decisions, Item, ItemKind, Rule, Step
from s2r_ci.patterns import lazy
from s2r_ci.verify.breach import Breach
from s2r_ci.verify.expected import settable
from s2r_ci.verify.facts import Facts
from s2r_ci.verify.image_changed import named_by_script

ANNOTATION: Final = "s2r-ci/decisions"
NOTHING: Final = ":"
RULES: Final = frozenset({rules.DECISION_REFUSED, rules.DECISION_MADE, rules.SCRIPT_PATCHED})

_STEPS: Final = ("metadata", "annotations", ANNOTATION)
_LONGEST: Final = 8192
_MOST: Final = 32
_VALUE: Final = lazy(r"[A-Za-z0-9_./:=,+@%-]{1,256}")
_OURS: Final = ("SLURM", "S2R_", "SBATCH", "CUDA_")
_MODULE: Final = lazy(r"(?:module|ml)(?:\s+[\w+./=-]+)+")
_LAUNCHERS: Final = lazy(
    r"(?:torchrun|deepspeed|accelerate launch|python3? -m torch\.distributed\.run|mpirun|mpiexec|srun)(?= |$)"
)
_PLAIN: Final = lazy(r" (?:--standalone|--multi_gpu|--node[-_]rank=\$\{?SLURM_NODEID\}?)(?= |$)")
_COUNTED: Final = lazy(r" (--[a-z][a-z_-]*=|--?(?:np?|N|c) )(\$\{?\w+\}?|[a-z]+|[0-9]{1,6})(?= |$)")
_NODES: Final = frozenset({"nodes"})
_PER_NODE: Final = frozenset({"tasks_per_node", "gpus_per_node"})
_ALL: Final = frozenset({"tasks", "gpus"})
_AMOUNTS: Final[Mapping[str, frozenset[str]]] = {
    "--nnodes=": _NODES,
    "--num_machines=": _NODES,
    "--nproc-per-node=": _PER_NODE,
    "--nproc_per_node=": _PER_NODE,
    "--num_gpus=": frozenset({"gpus_per_node"}),
    "--num_processes=": _ALL,
    "--ntasks=": _ALL,
    "-n ": _ALL,
    "-np ": _ALL,
    "--np ": _ALL,
    "-N ": _NODES | _PER_NODE,  # srun counts nodes with it, mpirun processes of a node
    "--cpus-per-task=": frozenset({"cpus_per_task"}),
    "-c ": frozenset({"cpus_per_task"}),
}
"""What each option of a launcher counts, in the words of Resources. ``gpu`` is torchrun's word for all of a node."""

_VARIABLES: Final[Mapping[str, str]] = {
    "SLURM_NNODES": "nodes",
    "SLURM_NTASKS": "tasks",
    "SLURM_NTASKS_PER_NODE": "tasks_per_node",
    "SLURM_GPUS_ON_NODE": "gpus_per_node",
    "SLURM_CPUS_PER_TASK": "cpus_per_task",
    "gpu": "gpus_per_node",
}
_PYTHON: Final = lazy(r"python[0-9.]*")


def take(request: ConversionRequest, facts: Facts) -> tuple[ConversionRequest, list[tuple[Rule, Breach]]]:
    """The request with the decisions of the manifest as answers, and what is to be said of them.

    Where one is refused none counts, so that the manifest is judged as if it had no right to any.
    """
    decisions = read(facts.annotations.get(ANNOTATION, ""))
    if decisions is None:
        message = f"the annotation {ANNOTATION} does not read as decisions that this tool writes"
        return request, [(rules.DECISION_REFUSED, Breach(message, "decisions", _STEPS))]
    refused = [Breach(message, "decisions", _STEPS) for message in refusals(request, decisions)]
    if refused:
        return request, [(rules.DECISION_REFUSED, breach) for breach in refused]
    told = [(rules.DECISION_MADE, Breach(message, "decisions", _STEPS)) for message in _made(decisions)]
    told += [(rules.SCRIPT_PATCHED, _patched(request, change)) for change in decisions.changes]
    return _with(request, decisions), told


def read(text: str) -> Decisions | None:
    """Decisions in the one spelling that they have, or None."""
    if len(text) > _LONGEST:
        return None
    try:
        value = json.loads(text)
        again = json.dumps(value, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return None
    return _shaped(value) if again == text and isinstance(value, dict) and value else None


def _shaped(value: Mapping[str, Any]) -> Decisions | None:
    image, mounts = value.get("image", ""), value.get("mounts", [])
    variables, changes = value.get("variables", {}), value.get("changes", [])
    fine = (
        set(value) <= {"image", "mounts", "variables", "changes"}
        and all(value.values())
        and isinstance(image, str)
        and _texts(mounts)
        and isinstance(variables, dict)
        and _texts(list(variables.values()))
        and isinstance(changes, list)
        and len(changes) <= _MOST
        and all(_is_change(change) for change in changes)
    )
    if not fine:
        return None
    made = tuple(Change(line=line, text=text) for line, text in changes)
    return Decisions(image=image, mounts=tuple(mounts), variables=variables, changes=made)


def _texts(values: object) -> bool:
    return isinstance(values, list) and len(values) <= _MOST and all(isinstance(each, str) for each in values)


def _is_change(value: object) -> bool:
    pair = isinstance(value, list) and len(value) == 2
    return pair and type(value[0]) is int and value[0] > 0 and _is_encodable(value[1])  # type: ignore[index]


def _is_encodable(value: object) -> bool:
    """A text that can stand in a script: a lone half of a character only as an octet that was no UTF-8 there."""
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


# --- what may be decided -----------------------------------------------------------------------------------


def refusals(request: ConversionRequest, decisions: Decisions) -> Iterator[str]:
    """What no model may decide here, one sentence each; nothing where all of it is left open."""
    if decisions.image and (said := _image(request, decisions.image)):
        yield said
    for name, value in decisions.variables.items():
        if said := _variable(request, name, value):
            yield said
    for path in decisions.mounts:
        if path not in request.target.site.volumes:
            yield f"the site map has no volume for {path[:120]!r}"
    lines = [change.line for change in decisions.changes]
    if len(set(lines)) != len(lines):
        yield "a line is changed twice"
    for change in decisions.changes:
        if said := _change(request, change):
            yield f"line {change.line}: {said}"


def _image(request: ConversionRequest, image: str) -> str:
    target = request.target
    if target.image or target.default_image or any(named_by_script(request)):
        return "the image is not open: script, settings or site map name one"
    offered = {*target.image_allow, *target.site.modules.values()}
    return "" if image in offered else f"the image {image[:120]!r} is not one that the settings offer"


def _variable(request: ConversionRequest, name: str, value: str) -> str:
    asked = {
        item.name.strip("${}")
        for item in request.job.inventory
        if item.kind is ItemKind.ARGUMENT and not item.value
    }
    known = name in request.target.variables or name in request.job.environment
    if name not in asked or known or name.startswith(_OURS) or not settable(name, request):
        return f"the variable {name[:80]!r} is not open: the script does not read it, or it has its value"
    if not _VALUE.fullmatch(value) or not _stands(value, request):
        return f"the value of {name} does not stand in the script's own code"
    return ""


def _stands(value: str, request: ConversionRequest) -> bool:
    """As a whole word, in a line that is no comment: what a comment says is no reason to set a variable."""
    word = re.compile(rf"(?<![\w./-]){re.escape(value)}(?![\w/-])")
    code = (
        line.partition(" #")[0] for line in request.script.text.split("\n") if not line.lstrip().startswith("#")
    )
    return any(word.search(line) for line in code)


def _change(request: ConversionRequest, change: Change) -> str:
    lines = request.script.data.split(b"\n")
    if change.line > len(lines):
        return "the script has no such line"
    old = lines[change.line - 1]
    before = lines[change.line - 2] if change.line > 1 else b""
    if old.endswith((b"\\", b"\r")) or before.endswith(b"\\"):
        return "only a command that stands on one line can be written anew"
    text = old.decode("utf-8", "surrogateescape").strip()
    if change.text == NOTHING:
        return "" if _may_go(request, change.line, text) else "only a command that needs Slurm can be left out"
    step = next((s for s in request.job.body.steps if s.location.line == change.line), None)
    if step is None or list(step.words) != text.split():
        return "it does not start a program, or not only one"
    return (
        "" if _same_program(request, step, change.text) else "it would start another program, or start it unasked"
    )


def _may_go(request: ConversionRequest, line: int, text: str) -> bool:
    """A ``module`` line, or a command to a cluster that is not there, alone on its line."""
    items = [item for item in request.job.inventory if item.location.line == line]
    return any(_alone(item, text) for item in items)


def _alone(item: Item, text: str) -> bool:
    if item.kind is ItemKind.MODULE:
        return bool(_MODULE.fullmatch(text))
    return item.kind is ItemKind.COMMAND and text.split() == item.value.split()


def _same_program(request: ConversionRequest, step: Step, text: str) -> bool:
    """Another launcher with options of the table, then the words of the same program."""
    words, program = text.split(" "), list(step.program)
    forms = [program]
    while len(program) > 1 and (_PYTHON.fullmatch(program[0]) or program[0] == "-u"):
        program = program[1:]
        forms.append(program)
    for form in forms:
        cut = len(words) - len(form)
        if form and cut > 0 and words[cut:] == form and _launches(request, " ".join(words[:cut])):
            return True
    return False


def _launches(request: ConversionRequest, text: str) -> bool:
    found = _LAUNCHERS.match(text)
    rest = text[found.end() :] if found else "?"
    while rest:
        option = _PLAIN.match(rest) or _counted(request, rest)
        if option is None:
            return False
        rest = rest[option.end() :]
    return True


def _counted(request: ConversionRequest, text: str) -> re.Match[str] | None:
    option = _COUNTED.match(text)
    return option if option and _is_asked(request, option[1], option[2]) else None


def _is_asked(request: ConversionRequest, option: str, said: str) -> bool:
    """Whether the number is the script's own, of the very thing that the option counts."""
    counts = _AMOUNTS.get(option, frozenset())
    if not said.isdecimal():
        return _VARIABLES.get(said.strip("${}"), "") in counts
    return any(str(getattr(request.job.resources, name)) == said for name in counts)


# --- what they make of the request -------------------------------------------------------------------------


def _with(request: ConversionRequest, decisions: Decisions) -> ConversionRequest:
    target = request.target
    lines = request.script.data.split(b"\n")
    for change in decisions.changes:
        old = lines[change.line - 1]
        lines[change.line - 1] = old[: len(old) - len(old.lstrip())] + change.text.encode(
            "utf-8", "surrogateescape"
        )
    return replace(
        request,
        script=replace(request.script, data=b"\n".join(lines)),
        target=replace(
            target,
            image=target.image or decisions.image,
            variables={**decisions.variables, **target.variables},
            mounts=(*target.mounts, *decisions.mounts),
            decisions=decisions,
        ),
    )


def _made(decisions: Decisions) -> Iterator[str]:
    if decisions.image:
        yield f"the image is {decisions.image}, of those that the settings offer"
    for name, value in decisions.variables.items():
        yield f"${name} is {value}, which stands in the script"
    for path in decisions.mounts:
        yield f"the volume for {path} is mounted as well"


def _patched(request: ConversionRequest, change: Change) -> Breach:
    old = request.script.text.split("\n")[change.line - 1].strip()
    now = "left out" if change.text == NOTHING else f"`{change.text[:160]}`"
    return Breach(f"line {change.line}, `{old[:160]}`, is {now} in the manifest", "decisions", _STEPS)
