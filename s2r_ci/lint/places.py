"""Paths that nobody expands; nodes and jobs that are named for good."""

from collections.abc import Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.lint.case import Case, found
from s2r_ci.model import Finding
from s2r_ci.patterns import lazy

_PATHS: Final = ("output", "error", "input", "chdir", "export-file", "nodefile", "bbf")
_QUOTED: Final = lazy(r"(?:^|[\s=(])([\"'])(~(?:/[\w.@%+/-]*)?)(?=\1|/|\$)")
_TALKS: Final = lazy(r"\s*(?:echo|printf|ssh|alias|scp|rsync|trap|sed|awk|grep|git|mail)\b")
_ID: Final = lazy(r"\d{2,}")


def tilde_in_directive(case: Case) -> Iterator[Finding]:
    """``--output=~/log.txt``."""
    for name in _PATHS:
        said = case.directives.get(name)
        if said and said.value.startswith("~") and said.value[:2] in ("~", "~/"):
            message = f"--{name}={said.value}: sbatch does not expand ~, it looks for a folder of that name"
            yield found(rules.TILDE_IN_DIRECTIVE, message, said.location, name)


def tilde_in_quotes(case: Case) -> Iterator[Finding]:
    """``cd "~/data"``."""
    if not case.shell or ('"~' not in case.code and "'~" not in case.code):
        return
    for command in case.commands:
        quoted = _QUOTED.search(command.text) if "~" in command.text else None
        if quoted and not _TALKS.match(command.text) and "eval" not in command.text and "<<" not in case.code:
            message = f"in quotes `{quoted[2]}` is not the home folder: write $HOME"
            yield found(rules.TILDE_IN_QUOTES, message, case.place(command.line), quoted[2][:40])
            return


def nodelist_pinned(case: Case) -> Iterator[Finding]:
    """--nodelist=node12."""
    said = case.directives.get("nodelist")
    if said and "/" not in said.value and "$" not in said.value:
        message = f"the job runs on {said.value} or not at all, and waits while that is down"
        yield found(rules.NODELIST_PINNED, message, said.location, "nodelist")


def dependency_pinned(case: Case) -> Iterator[Finding]:
    """--dependency=afterok:123456."""
    said = case.directives.get("dependency")
    if said and "$" not in said.value and (job := _ID.search(said.value)):
        message = f"--dependency={said.value} waits for job {job[0]}, which the next run does not mean"
        yield found(rules.DEPENDENCY_PINNED, message, said.location, "dependency")
