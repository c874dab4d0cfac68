"""Logs: where they go, and whether they survive."""

from collections.abc import Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.lint.case import Case, found
from s2r_ci.model import Directive, Finding
from s2r_ci.patterns import lazy

_PATTERN: Final = lazy(r"%(\d*)(.?)")
_KNOWN: Final = frozenset("%AabJjNnstux")
_OWN: Final = lazy(r"%\d*[ajJ]")
_MAKES: Final = lazy(r"(?:^|[\s;&|({])mkdir\s+([^;&|]*)")


def _logs(case: Case) -> Iterator[Directive]:
    """--output and --error, where they name a file."""
    for name in ("output", "error"):
        said = case.directives.get(name)
        if said and said.value and said.value not in ("/dev/null", "none"):
            yield said


def _folder(said: Directive) -> str:
    """The folder of a log as far as it is the same for every job, or ""."""
    folder, slash, _ = said.value.rpartition("/")
    if not slash or "%" in folder or "$" in folder or "~" in folder or "\\" in folder:
        return ""
    folder = folder.removeprefix("./").rstrip("/")
    return "" if folder in ("", ".", "..") else folder


def output_folder_late(case: Case) -> Iterator[Finding]:
    """``mkdir logs`` in the script whose log goes to logs."""
    if not case.shell or "mkdir" not in case.body.commands:
        return
    folders = {_folder(said): said for said in _logs(case)}
    folders.pop("", None)
    for command in case.commands if folders else ():
        for making in _MAKES.finditer(command.text):
            made = {word.strip("\"'").removeprefix("./").rstrip("/") for word in making[1].split()}
            for folder in made & folders.keys():
                said = folders.pop(folder)
                message = (
                    f"Slurm opens `{said.value}` before line {command.line} makes {folder}: in the first job, the log "
                    "is lost and the job fails"
                )
                yield found(rules.OUTPUT_FOLDER_LATE, message, said.location, said.name)


def output_folder_missing(case: Case) -> Iterator[Finding]:
    """A folder for the log that the repository does not hold."""
    if case.around is None or case.says("chdir"):
        return
    told: set[str] = set()
    for said in _logs(case):
        folder = _folder(said)
        if folder and folder not in told and not folder.startswith("/"):
            told.add(folder)
            if case.around.folder(case.path, folder) is False:
                message = f"there is no folder {folder} for `{said.value}`, and Slurm makes none"
                yield found(rules.OUTPUT_FOLDER_MISSING, message, said.location, folder)


def output_overwritten(case: Case) -> Iterator[Finding]:
    """One log for all tasks of an array."""
    job = case.job
    if job is None or job.array is None or len(job.array.ids) < 2:
        return
    mode = job.options.get("open-mode", "")
    for said in _logs(case):
        if not _OWN.search(said.value) and not mode.startswith("a") and "\\" not in said.value:
            message = f"all {len(job.array.ids)} tasks write to `{said.value}`: put %a into the name"
            yield found(rules.OUTPUT_OVERWRITTEN, message, said.location, said.name)


def output_pattern_unknown(case: Case) -> Iterator[Finding]:
    """``%d``, ``%J%t`` and their like."""
    for name in ("output", "error", "input"):
        said = case.directives.get(name)
        if said is None or "%" not in said.value or "\\" in said.value:
            continue
        for match in _PATTERN.finditer(said.value):
            if match[2] not in _KNOWN or not match[2]:
                message = f"sbatch knows no pattern `{match[0]}`: it stays in the name of the file"
                yield found(rules.OUTPUT_PATTERN_UNKNOWN, message, said.location, said.name)
                break


def requeue_truncates_output(case: Case) -> Iterator[Finding]:
    """--requeue without --open-mode=append."""
    job = case.job
    if job and job.requeue and case.says("requeue") and not case.says("open-mode"):
        message = "when the job is queued again it writes over its log: add --open-mode=append"
        yield found(rules.REQUEUE_TRUNCATES_OUTPUT, message, case.at("requeue"), "requeue")
