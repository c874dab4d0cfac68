"""What Slurm makes of a script, in words for a person: every option with its line and what it becomes, what Slurm
does not read, what other releases would say, and what the program part does.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from s2r_ci import rules
from s2r_ci.model import (
    Component,
    Directive,
    Header,
    JobSpec,
    Level,
    Reading,
    Resources,
    Script,
)
from s2r_ci.render import Style
from s2r_ci.render.asked import count, mib, request_words, span
from s2r_ci.render.meaning import MEANINGS
from s2r_ci.render.program import row, short
from s2r_ci.render.safe import printable
from s2r_ci.render.text import paint
from s2r_ci.slurm.driver import Call
from s2r_ci.slurm.header import read_header
from s2r_ci.slurm.options import parse_release
from s2r_ci.slurm.troubles import RefusedError
from s2r_ci.slurm.words import cut

RELEASES: Final = ("22.05", "24.11", "26.05")
STAGES: Final = {
    "read": "sbatch refuses the file before it reads a directive",
    "parse": "sbatch refuses a directive",
    "verify": "sbatch reads all directives and refuses them together",
    "controller": "sbatch sends the job, the controller refuses it",
    "accepted": "sbatch accepts it",
}
# option -> field of the request, and its unit
_NUMBERS: Final = {
    "time": ("time_limit", "minutes"), "time-min": ("time_min", "minutes"), "mem": ("min_mem_per_node", "MiB a node"),
    "mem-per-cpu": ("min_mem_per_cpu", "MiB a CPU"), "tmp": ("pn_min_tmp_disk", "MiB a node"),
    "delay-boot": ("delay_boot", "seconds"), "begin": ("begin_time", "seconds since 1970"),
}  # fmt: skip
_UNREAD: Final = {
    rules.LATE_DIRECTIVE.id: "behind the first command",
    rules.NOT_A_DIRECTIVE.id: "a comment to sbatch",
    rules.DIRECTIVE_WITHOUT_EFFECT.id: "no effect in a script",
    rules.DIRECTIVE_CUT_SHORT.id: "the line ends before its end",
}
_ORIGINS: Final = {"pbs": "#PBS", "bsub": "#BSUB", "environment": "environment", "command-line": "command line"}
_WIDEST: Final = 34  # cells of the words and of the options


def options_table(component: Component, script: Script, header: Header, style: Style) -> Iterator[str]:
    """One line an option: its line, its words, the option where the words do not name it, and what it becomes."""
    lines = script.data.split(b"\n")
    refused = {(f.location.line, f.subject) for f in header.findings if f.level is Level.ERROR}
    rows = []
    for each in component.directives:
        words, said = _words(each, lines, header.slurm), _said(each)
        becomes, counts = _outcome(each, component)
        if (each.location.line, each.name) in refused and not each.overridden_by:
            becomes, counts = "refused", False
        rows.append(
            (_place(each), words, ", ".join(filter(None, [said if said != words else "", becomes])), counts)
        )
    width = min(max((len(words) for _, words, _, _ in rows), default=0), _WIDEST)
    for place, words, becomes, counts in rows:
        line = f"  {place:>12}  {words:<{width}}  {becomes}".rstrip()
        yield line if counts else paint(line, "2", style)


def _words(directive: Directive, lines: Sequence[bytes], slurm: str) -> str:
    """The words as they stand in the script; for an option from elsewhere, the option."""
    place = directive.location
    if directive.origin != "script" or not 0 < place.line <= len(lines):
        return _said(directive)
    text = lines[place.line - 1].decode("utf-8", "surrogateescape")[place.column - 1 :]
    try:
        pieces = [piece for piece, _, _ in cut(text.encode("utf-8", "surrogateescape"), parse_release(slurm))]
    except RefusedError:
        return _said(directive)
    words = [piece.decode("utf-8", "surrogateescape") for piece in pieces[:2]]
    glued = len(words) < 2 or not directive.value or "=" in words[0] or words[0].endswith(directive.value)
    return printable(" ".join(words[:1] if glued else words))


def _place(directive: Directive) -> str:
    if directive.location.line:
        return f"line {directive.location.line}"
    return _ORIGINS.get(directive.origin, "")


def _said(directive: Directive) -> str:
    name = f"--{directive.name}"
    return printable(f"{name}={directive.value}" if directive.value else name)


def _outcome(directive: Directive, component: Component) -> tuple[str, bool]:
    """What becomes of an option, and whether it counts."""
    spelled = str(component.options.get(directive.name, ""))
    if winner := directive.overridden_by:
        where = f"line {winner.line}" if winner.line else "the call or the environment"
        if directive.name == "mail-type" and set(directive.value.upper().split(",")) <= set(spelled.split(",")):
            return f"added to what {where} says", True
        return f"does not count: {where} says it again", False
    parts = [meaning(directive.value)] if (meaning := MEANINGS.get(directive.name)) else []
    field, unit = _NUMBERS.get(directive.name, ("", ""))
    number = component.request.get(field)
    amount = f"{number:,} {unit}" if isinstance(number, int) else ""
    if not any(parts) and amount and unit.startswith("MiB"):
        parts.append(amount)
    if not any(parts) and spelled not in ("", "set", directive.value, directive.name):
        parts.append(f"= {printable(spelled)}")
    if not any(parts) and str(number) != spelled:
        parts.append(amount)
    return ", ".join(filter(None, parts)), True


def summary(job: JobSpec) -> str:
    """What one job asks for, after Slurm's own arithmetic, in one line."""
    asked = job.resources
    processors = f"{count(asked.cpus_per_node, 'CPU')} a node"
    if asked.exclusive:
        processors = f"all CPUs of each node, at least {asked.cpus_per_node:,}"
    parts = [_nodes(asked), f"{count(asked.tasks, 'task')}", processors]
    if asked.gpus_per_node:
        model = f" {asked.gpu_model}" if asked.gpu_model else ""
        parts.append(f"{count(asked.gpus_per_node, 'GPU')}{model} a node")
    if asked.memory_per_node_mib is not None:
        amount = asked.memory_per_node_mib
        parts.append(f"{mib(amount)} a node" if amount else "all memory of each node")
    if job.time_limit_s is not None:
        parts.append(f"at most {span(job.time_limit_s)}" if job.time_limit_s else "no time limit")
    if job.array:
        throttle = f", {job.array.throttle} at once" if job.array.throttle else ""
        parts.append(f"{count(len(job.array.ids), 'time')}{throttle}")
    return ", ".join(parts)


def _nodes(asked: Resources) -> str:
    return f"{asked.nodes} to {asked.nodes_max} nodes" if asked.nodes_max else count(asked.nodes, "node")


# --- what is not read --------------------------------------------------------------------------------------


def unread(script: Script, header: Header) -> Iterator[str]:
    """The lines that name SBATCH and do not count, with the reason."""
    lines = script.text.split("\n")
    reasons = {f.location.line: _UNREAD[f.rule.id] for f in header.findings if f.rule.id in _UNREAD}
    for number, line in enumerate(lines, 1):
        if number not in reasons and line.lstrip().startswith("##SBATCH"):
            reasons[number] = "switched off by the second #"
        elif number not in reasons and line.startswith("# SBATCH -"):
            reasons[number] = _UNREAD[rules.NOT_A_DIRECTIVE.id]
    for number, reason in sorted(reasons.items()):
        if 0 < number <= len(lines):
            yield f"  {f'line {number}':>12}  {short(lines[number - 1].strip(), 60)}  ({reason})"


def releases(script: Script, header: Header) -> Iterator[str]:
    """What differs in the other releases: how far sbatch comes, and options that it holds otherwise."""
    for release in RELEASES:
        if release == header.slurm:
            continue
        other = read_header(script.data, script.path, release=release)
        told = list(_differences(header, other))
        yield f"  {release:>12}  {'; '.join(told) if told else 'the same'}"


def _differences(header: Header, other: Header) -> Iterator[str]:
    if other.stage != header.stage:
        why = next((f.message for f in other.findings if f.level is Level.ERROR and f not in header.findings), "")
        yield STAGES.get(other.stage, other.stage) + (f" ({short(why, 90)})" if why else "")
        return
    here, there = _refusals(header), _refusals(other)
    yield from (f"line {line}: {short(there[line, name], 90)}" for line, name in sorted(there.keys() - here.keys()))
    yield from (f"line {line}: {printable(name)} is taken" for line, name in sorted(here.keys() - there.keys()))
    for ours, theirs in zip(header.components, other.components, strict=False):
        for name in sorted({*ours.options, *theirs.options}):
            a, b = ours.options.get(name), theirs.options.get(name)
            if a != b and _plain(a) != _plain(b):
                yield f"--{name} is {printable(str(b))}" if b is not None else f"--{name} is not set"
        for name in sorted({*ours.request, *theirs.request} & _TOLD):
            a, b = ours.request.get(name), theirs.request.get(name)
            if a != b:
                yield f"sends {request_words({name: b})[0]}" if b is not None else f"does not send {name}"


def _refusals(header: Header) -> dict[tuple[int, str], str]:
    return {(f.location.line, f.subject): f.message for f in header.findings if f.level is Level.ERROR}


_TOLD: Final = frozenset({"num_tasks", "min_nodes", "max_nodes", "min_cpus", "cpus_per_task", "time_limit"})


def _plain(text: str | None) -> str | None:
    """A prefix that only the releases spell differently."""
    return text.replace("gres:", "gres/") if text else text


# --- a program that sends jobs -----------------------------------------------------------------------------


def sent(calls: Sequence[tuple[Call, Reading | None]]) -> Iterator[str]:
    """Each sbatch call: its line, its words, and what the script it sends asks for then."""
    for call, reading in calls:
        target = printable(call.script) if call.script else _unnamed(call)
        options = " ".join(map(printable, call.options)) or "no options of its own"
        yield row(f"line {call.line}", f"sends {target} with {options}")
        if left_open := call.left_open[_itself(call) :]:
            yield row("", f"decided only when it runs: {', '.join(map(printable, left_open))}")
        if reading is None:
            continue
        if not reading.jobs:
            yield row("", STAGES.get(reading.header.stage, reading.header.stage))
        yield from (row("", summary(job)) for job in reading.jobs)


def _unnamed(call: Call) -> str:
    if call.wrapped is not None:
        return f"the command `{short(call.wrapped, 40)}`"
    return "this script itself" if _itself(call) else "a script whose name is decided when it runs"


def _itself(call: Call) -> bool:
    return bool(call.left_open) and call.left_open[0].strip("\"'") in ("$0", "${0}", "$BASH_SOURCE")
