"""Logs: where they go, and whether they survive."""

from collections.abc import Collection, Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.lint.case import Case, found
from s2r_ci.model import Directive, Finding
from s2r_ci.patterns import lazy

_PATTERN: Final = lazy(r"%(\d*)(.?)")
_KNOWN: Final = frozenset("%AabJjNnstux")
_OWN: Final = lazy(r"%\d*[ajJ]")
_INDEX: Final = lazy(r"%\d*a")
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


def _made(case: Case, folders: Collection[str]) -> dict[str, int]:
    """Which of the folders the script makes, each with the first line that does."""
    made: dict[str, int] = {}
    if not folders or not case.shell or "mkdir" not in case.body.commands:
        return made
    for command in case.commands:
        for making in _MAKES.finditer(command.text):
            for word in making[1].split():
                folder = word.strip("\"'").removeprefix("./").rstrip("/")
                if folder in folders:
                    made.setdefault(folder, command.line)
    return made


def _by_folder(case: Case) -> dict[str, Directive]:
    """Folder of a log -> the first option that names it."""
    folders: dict[str, Directive] = {}
    for said in _logs(case):
        if folder := _folder(said):
            folders.setdefault(folder, said)
    return folders


def output_folder_late(case: Case) -> Iterator[Finding]:
    """``mkdir logs`` in the script whose log goes to logs, a folder that the repository does not hold."""
    folders = _by_folder(case)
    for folder, line in _made(case, folders).items():
        if case.around is not None and not case.says("chdir") and case.around.folder(case.path, folder):
            continue
        said = folders[folder]
        message = (
            f"Slurm opens `{said.value}` before line {line} makes {folder}: in the first job, the log is lost and "
            "the job fails"
        )
        yield found(rules.OUTPUT_FOLDER_LATE, message, said.location, said.name)


def output_folder_missing(case: Case) -> Iterator[Finding]:
    """A folder for the log that neither the repository holds nor the script makes."""
    if case.around is None or case.says("chdir"):
        return
    folders = {folder: said for folder, said in _by_folder(case).items() if not folder.startswith("/")}
    for folder in folders.keys() - _made(case, folders).keys():
        said = folders[folder]
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


def output_without_array(case: Case) -> Iterator[Finding]:
    """``%a`` in a script that nothing makes an array of."""
    job = case.job
    if job is None or job.array is not None or "SLURM_ARRAY_" in case.script.text or "--array" in case.script.text:
        return
    if case.late("-a") or (case.around is not None and case.around.sent_with(case.path, "--array", "-a")):
        return
    for said in _logs(case):
        if _INDEX.search(said.value):
            message = (
                f"`{said.value}` has 4294967294 for %a, because the job is no array: write %j, or give --array"
            )
            yield found(rules.OUTPUT_WITHOUT_ARRAY, message, said.location, said.name)
            return


def requeue_truncates_output(case: Case) -> Iterator[Finding]:
    """--requeue without --open-mode=append."""
    job = case.job
    if job and job.requeue and case.says("requeue") and not case.says("open-mode"):
        message = "when the job is queued again it writes over its log: add --open-mode=append"
        yield found(rules.REQUEUE_TRUNCATES_OUTPUT, message, case.at("requeue"), "requeue")
