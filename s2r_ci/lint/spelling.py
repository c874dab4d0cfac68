"""Options that are shortened, that went, or that are srun's."""

from collections.abc import Iterable, Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.frozen import replace
from s2r_ci.lint.case import Case, found
from s2r_ci.model import Finding
from s2r_ci.patterns import lazy
from s2r_ci.slurm.options import GONE, OPTIONS, PLUGIN_OPTIONS, Release, catalogue, parse_release

_NAME: Final = lazy(r"--([A-Za-z][\w-]*)")
_CAME: Final = {option.name: option.since for option in OPTIONS}
# Which option does today what one that went did; only those that mean the same are put in by --fix.
SAME_MEANING: Final = {
    "workdir": "chdir", "share": "oversubscribe", "mem_bind": "mem-bind", "mincores": "cores-per-socket",
    "minsockets": "sockets-per-node", "minthreads": "threads-per-core", "job-mem": "mem", "task-mem": "mem-per-cpu",
    "tasks": "ntasks",
}  # fmt: skip
_CERTAIN: Final = frozenset({"workdir", "share", "mem_bind"})
_INSTEAD: Final = {
    "immediate": "give --immediate to srun or salloc",
    "x11": "give --x11 to srun or salloc",
    "cpu_bind": "give --cpu-bind to srun in the script",
    "jobid": "sbatch always makes a new job; srun --jobid starts a step in another one",
    "checkpoint": "let the program save checkpoints",
    "checkpoint-dir": "let the program save checkpoints",
    "geometry": "it was for Blue Gene", "no-rotate": "it was for Blue Gene", "conn-type": "it was for Blue Gene",
    "power": "take it away",
}  # fmt: skip
_SRUNS: Final = frozenset({
    "cpu-bind", "mpi", "pty", "x11", "overlap", "exact", "label", "unbuffered", "immediate", "kill-on-bad-exit",
    "multi-prog", "relative", "het-group", "pack-group", "task-epilog", "task-prolog", "epilog", "prolog", "threads",
    "whole", "jobid", "resv-port", "slurmd-debug", "accel-bind", "bcast", "disable-status", "interactive",
    "max-exit-timeout", "msg-timeout", "network-interface", "preserve-env", "quit-on-interrupt", "send-libs",
})  # fmt: skip


def named_anew(findings: Iterable[Finding], release: Release) -> Iterator[Finding]:
    """The reading's findings; of unknown options those that Slurm had once, or that are srun's, by their own rules."""
    for finding in findings:
        if finding.rule in (rules.UNKNOWN_DIRECTIVE, rules.REMOVED_OPTION):
            yield _named_anew(finding, release)
        else:
            yield finding


def _named_anew(finding: Finding, release: Release) -> Finding:
    name = finding.subject
    until = GONE.get(name, "")
    if until and parse_release(until) < release:
        instead = f"write --{SAME_MEANING[name]}" if name in SAME_MEANING else _INSTEAD.get(name, "take it away")
        message = f"Slurm {until} was the last release whose sbatch knows --{name}: {instead}"
        return replace(finding, rule=rules.REMOVED_OPTION, message=message)
    if name in _CAME and parse_release(_CAME[name]) > release:
        shown = ".".join(f"{part:02}" for part in release)
        return replace(
            finding, message=f"sbatch {shown} does not know --{name}, which came with Slurm {_CAME[name]}"
        )
    if name in _SRUNS:
        message = f"--{name} is an option of srun, not of sbatch: write `srun --{name}` in the script"
        return replace(finding, rule=rules.SRUN_ONLY_OPTION, message=message)
    return finding


def successor(name: str) -> str:
    """The option that means the same as one that went, or "" where none surely does."""
    return SAME_MEANING[name] if name in _CERTAIN else ""


def abbreviated_option(case: Case) -> Iterator[Finding]:
    """Names that are shorter than the option they are taken for."""
    known = catalogue(case.reading.header.slurm).names
    lines = case.lines
    told = {f.location for f in case.reading.findings if f.rule is rules.VALUE_MISLEADING}
    for part in case.reading.header.components:
        for directive in part.directives:
            place = directive.location
            if directive.origin != "script" or place in told or place.line > len(lines):
                continue
            word = _NAME.match(lines[place.line - 1], max(place.column - 1, 0))
            if word and word[1] not in known and word[1] not in PLUGIN_OPTIONS:
                message = f"--{word[1]} is read as --{directive.name} for now: write the name in full"
                yield found(rules.ABBREVIATED_OPTION, message, place, directive.name)
