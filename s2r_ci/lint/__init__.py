"""The linter: what is wrong with a batch script, whether or not it ever moves.

What Slurm's reading finds comes first; the checks below look at what Slurm takes and the author did not mean. Each
check is a function of a ``Case``; a rule's id is the name of its check with dashes, which a test holds.
"""

from collections.abc import Callable, Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.lint import (
    arrays,
    gpus,
    mail,
    memory,
    outputs,
    places,
    signals,
    slips,
    spelling,
    steps,
    tasks,
    times,
    variables,
)
from s2r_ci.lint.case import Around, Case
from s2r_ci.model import Finding, Reading, Script, Stage
from s2r_ci.slurm.inline import apply_ignores, read_ignores

__all__ = ["CHECKS", "Around", "Case", "checked", "lint"]

Check = Callable[[Case], Iterator[Finding]]

CHECKS: Final[tuple[Check, ...]] = (
    spelling.abbreviated_option,
    times.time_in_minutes,
    times.time_limit_missing,
    times.time_limit_long,
    memory.memory_without_unit,
    gpus.gpus_said_twice,
    gpus.gpu_not_requested,
    gpus.gpu_unused,
    gpus.gpu_list_too_long,
    gpus.processes_exceed_gpus,
    arrays.array_index_unused,
    arrays.array_not_requested,
    arrays.array_off_by_one,
    arrays.array_misses_lines,
    arrays.array_ids_high,
    outputs.output_folder_late,
    outputs.output_folder_missing,
    outputs.output_overwritten,
    outputs.output_pattern_unknown,
    outputs.requeue_truncates_output,
    outputs.output_without_array,
    variables.variable_unset,
    variables.variable_unknown,
    variables.environment_cut_off,
    tasks.tasks_without_launcher,
    tasks.nodes_without_launcher,
    tasks.threads_mismatch,
    tasks.exclusive_small,
    steps.step_larger_than_job,
    steps.step_loses_cpus,
    steps.interactive_step,
    steps.background_without_wait,
    steps.launcher_twice,
    steps.rank_expanded_early,
    signals.signal_unheard,
    mail.mail_without_type,
    mail.mail_without_user,
    mail.placeholder_value,
    places.tilde_in_directive,
    places.tilde_in_quotes,
    places.nodelist_pinned,
    places.dependency_pinned,
    slips.script_folder_spooled,
    slips.continuation_cut,
    slips.assignment_spaced,
    slips.counts_as_number,
)

_CONVERTED: Final = (memory.memory_without_unit, gpus.processes_exceed_gpus)
_OF_ARRAYS: Final = (arrays.array_off_by_one,)


def checked(script: Script, reading: Reading) -> list[Finding]:
    """What a manifest would carry on in silence: amounts and ids that surely are not those that were meant.

    The few checks of the linter that a conversion makes as well; ignore comments are the walk's to apply.
    """
    if len(reading.jobs) != 1:
        return []
    case = Case(script, reading)
    several = reading.jobs[0].array is not None
    return [found for check in (*_CONVERTED, *(_OF_ARRAYS if several else ())) for found in check(case)]


def lint(script: Script, reading: Reading, around: Around | None = None) -> list[Finding]:
    """All that is wrong with a script, by line; ignore comments are applied.

    ``around`` answers what the repository says about paths that the script names.
    """
    case = Case(script, reading, around)
    read = spelling.named_anew(reading.findings, case.release)
    every = [finding for finding in read if not times.minutes_are_meant(case, finding)]
    for check in CHECKS:
        every.extend(check(case))
    if ignores := read_ignores(script.text):
        every = [f for f in apply_ignores(every, ignores, script.path, linted=True) if not _of_another_verb(f)]
    return sorted(every, key=lambda finding: (finding.location.line, finding.location.column))


def _of_another_verb(finding: Finding) -> bool:
    """An ignore comment seems unused because only ``check`` looks for its rule."""
    if finding.rule is not rules.IGNORE_UNUSED:
        return False
    named = [rules.RULES.get(name) for name in finding.subject.split(", ")]
    return any(rule is not None and rule.stage is not Stage.PARSE for rule in named)
