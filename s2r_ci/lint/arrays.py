"""Job arrays: an index that is not used, not there, or points beside its list."""

import re
from collections.abc import Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.lint.case import Case, found
from s2r_ci.lint.variables import guarded
from s2r_ci.model import Array, Finding
from s2r_ci.patterns import lazy

_INDEX: Final = r"\$\{?SLURM_ARRAY_TASK_ID\}?"
_LINE: Final = (
    lazy(rf"sed\s+-n\s+[\"']?\s*{_INDEX}p[\"']?\s+(?:<\s*)?(?P<file>[^\s|;)`&<>]*)"),
    lazy(rf"awk\s+[\"']*NR\s*==\s*[\"'\\]*{_INDEX}(?:[^|;\"']*[\"'])*\s+(?P<file>[^\s|;)`&<>]*)"),
    lazy(rf"head\s+(?:-n\s*)?-?[\"']?{_INDEX}[\"']?\s+(?P<file>[^\s|;)`&<>]+)\s*\|\s*tail\s+(?:-n\s*)?-?1\b"),
)
_ALIAS: Final = lazy(rf"^[ \t]*(?:export[ \t]+)?(\w+)=[\"']?{_INDEX}[\"']?\s*;?$", re.MULTILINE)
_LISTED: Final = lazy(
    r"^[ \t]*(?:declare[ \t]+-a[ \t]+|local[ \t]+-a[ \t]+)?([A-Za-z_]\w*)=\(([^()$`*?{]*)\)[ \t]*;?$", re.MULTILINE
)
_WORDS: Final = lazy(r"\"[^\"]*\"|'[^']*'|[^\s\"']+")
_ELEMENT: Final = r"\$\{{{name}\[\s*\$?\{{?(?:SLURM_ARRAY_TASK_ID|{alias})\}}?\s*\]\}}"
_CALLED: Final = lazy(r"(?<![\w./$%{}-])[\w./-]+\.(?:py|R|r|jl|m|pl|sh|bash|do|sas|nf|smk)\b(?![/\w.])")
_MANY: Final = 1000  # MaxArraySize is 1001 unless the site sets it


def array_index_unused(case: Case) -> Iterator[Finding]:
    """An array whose script never names the index."""
    job = case.job
    if job is None or job.array is None or job.array.throttle == 1 or len(job.array.ids) < 2:
        return
    if b"ARRAY_TASK" in case.script.data or b"%a" in _body(case):
        return
    called = list(dict.fromkeys(_CALLED.findall(case.code)))
    if case.around is not None and any(case.around.holds(case.path, name, b"ARRAY_TASK") for name in called):
        return
    message = f"--array={job.array.text} runs the script {len(job.array.ids)} times, and nothing " + (
        f"in it names the index: unless `{called[0][-40:]}` reads SLURM_ARRAY_TASK_ID, all do the same"
        if called
        else "uses the index"
    )
    yield found(rules.ARRAY_INDEX_UNUSED, message, case.at("array"), "array")


def _body(case: Case) -> bytes:
    return case.code.encode("utf-8", "surrogateescape")


def array_not_requested(case: Case) -> Iterator[Finding]:
    """SLURM_ARRAY_TASK_ID in a script without --array."""
    if case.job is None or case.says("array") or case.late("--array", "-a"):
        return
    if case.around is not None and case.around.sent_with(case.path, "--array", "-a"):
        return
    name = next((name for name in case.variables if name.startswith("SLURM_ARRAY_")), "")
    if name and not guarded(case, name):
        message = f"{name} is set only when the script is sent with --array"
        yield found(rules.ARRAY_NOT_REQUESTED, message, case.variables[name], "array")


def array_ids_high(case: Case) -> Iterator[Finding]:
    """Ids that a controller with default settings refuses."""
    job = case.job
    if job and job.array and job.array.ids and (most := job.array.ids[-1]) > _MANY:
        message = f"--array={job.array.text} goes up to {most}; with the default MaxArraySize of 1001 it is refused"
        yield found(rules.ARRAY_IDS_HIGH, message, case.at("array"), "array")


def array_off_by_one(case: Case) -> Iterator[Finding]:
    """Line 0 of a file; an element that a bash array in the script does not have."""
    job = case.job
    if job is None or job.array is None or not job.array.ids or "SLURM_ARRAY_TASK_ID" not in case.variables:
        return
    if job.array.ids[0] == 0:
        yield from _line_zero(case, job.array)
    yield from _past_the_end(case, job.array)


def _line_zero(case: Case, array: Array) -> Iterator[Finding]:
    for command in case.commands:
        if any(pattern.search(command.text) for pattern in _LINE):
            message = f"--array={array.text} begins with 0, and a file has no line 0: begin with 1"
            yield found(rules.ARRAY_OFF_BY_ONE, message, case.place(command.line), "array")
            return


def _past_the_end(case: Case, array: Array) -> Iterator[Finding]:
    code = case.code
    if "=(" not in code:
        return
    alias = "|".join(sorted({re.escape(name) for name in _ALIAS.findall(code)})) or "SLURM_ARRAY_TASK_ID"
    for name, inside in _LISTED.findall(code):
        size = len(_WORDS.findall(inside))
        if not size or array.ids[-1] < size or code.count(f"{name}=") > 1 or f"{name}+=" in code:
            continue
        use = re.compile(_ELEMENT.format(name=name, alias=alias))
        line = next((command.line for command in case.commands if use.search(command.text)), 0)
        if line:
            last = array.ids[-1]
            message = (
                f"`{name}` has {size} elements, 0 to {size - 1}, and --array={array.text} asks for number {last}"
            )
            yield found(rules.ARRAY_OFF_BY_ONE, message, case.place(line), name)


def array_misses_lines(case: Case) -> Iterator[Finding]:
    """A file of the repository with more or fewer lines than the array has ids."""
    job = case.job
    if case.around is None or job is None or job.array is None or not job.array.ids:
        return
    if job.array.ids[0] != 1 or list(job.array.ids) != list(range(1, len(job.array.ids) + 1)):
        return
    for command in case.commands:
        read = next((match for pattern in _LINE if (match := pattern.search(command.text))), None)
        name = read["file"].strip("\"'") if read else ""
        count = case.around.lines(case.path, name) if name and "$" not in name else None
        if count is not None and count != len(job.array.ids):
            message = f"{name} has {count} lines, and --array={job.array.text} makes {len(job.array.ids)} tasks"
            yield found(rules.ARRAY_MISSES_LINES, message, case.at("array"), name)
