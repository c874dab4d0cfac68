"""Slips of the pen that the shell takes for something else, and that a job finds out hours later.

Where quotes and here-documents begin and end is counted, which is enough for lines that look like commands.
"""

import re
from collections.abc import Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.lint.case import Case, Command, found
from s2r_ci.model import Finding
from s2r_ci.patterns import lazy

_OWN: Final = r"\$(?:0\b|\{0\}|BASH_SOURCE\b|\{BASH_SOURCE(?:\[0\])?\})"
_OWN_FOLDER: Final = lazy(
    rf"\b(?:dirname|realpath|readlink)\s+(?:-\S+\s+)*[\"']?{_OWN}|\$\{{(?:0|BASH_SOURCE(?:\[0\])?)%/"
)
# The script knows where it runs, or tells a batch job from a call by hand.
_KNOWS: Final = lazy(
    r"scontrol\s+(?:-\S+\s+)*show\s+job|\$\{SLURM_\w+:?[-+=]|-[nzv]\s+[\"']?\$?\{?SLURM_|\bSLURM_SUBMIT_DIR\b.*\bdirname\b"
)
_TOLD: Final = lazy(r"\s*(?:echo|printf|logger)\b")
_CUT: Final = lazy(r"(?:^|[ \t])\\[ \t]+$", re.MULTILINE)
_SPACED: Final = lazy(r"^[ \t]*([A-Za-z_]\w*)[ \t]+=(?![=~])", re.MULTILINE)
_COMPARES: Final = frozenset(
    ("test", "expr", "let", "set", "export", "local", "declare", "typeset", "readonly", "alias")
)
_PLAIN: Final = lazy(r"[\"']")
_HERE: Final = lazy(r"<<-?\s*[\"'\\]?(\w+)")


def script_folder_spooled(case: Case) -> Iterator[Finding]:
    """``cd $(dirname $0)``: slurmd runs a copy of the script, which lies in its spool folder."""
    text = case.script.text
    if not case.shell or ("$0" not in text and "{0" not in text and "BASH_SOURCE" not in text):
        return
    if _OWN_FOLDER.search(case.code) is None or _KNOWS.search(case.code):
        return
    for command in _outside_of_quotes(case):
        own = _OWN_FOLDER.search(command.text)
        if own and not _TOLD.match(command.text):
            message = (
                f"`{_PLAIN.sub('', own[0])[:40]}` is the folder where slurmd keeps its copy of the script, not the "
                "one of the repository: use $SLURM_SUBMIT_DIR"
            )
            yield found(rules.SCRIPT_FOLDER_SPOOLED, message, case.place(command.line), "folder")
            return


def continuation_cut(case: Case) -> Iterator[Finding]:
    r"""``mpirun \ `` and its arguments in the next line."""
    if not case.shell or _CUT.search(case.script.text) is None:
        return
    for command in _outside_of_quotes(case):
        if not _CUT.search(command.text) or _left_open(command.text, ""):
            continue
        line = next(at for at in range(command.line, len(case.lines) + 1) if not case.lines[at - 1].endswith("\\"))
        following = case.lines[line].strip() if line < len(case.lines) else ""
        if following and not following.startswith("#"):
            message = (
                f"the blank behind the \\ ends the command here, and line {line + 1} is a command of its own: delete "
                "the blank"
            )
            yield found(
                rules.CONTINUATION_CUT, message, case.place(line, len(case.lines[line - 1])), "continuation"
            )


def assignment_spaced(case: Case) -> Iterator[Finding]:
    """``THREADS = 8``, in a script that uses $THREADS."""
    if not case.shell or _SPACED.search(case.script.text) is None:
        return
    for command in _outside_of_quotes(case):
        spaced = _SPACED.match(command.text)
        if not spaced or spaced[1] in _COMPARES:
            continue
        name = spaced[1]
        if re.search(rf"\$\{{?{name}\b", case.code):
            message = f"the shell looks for a command {name} and sets nothing: write {name}= without blanks"
            yield found(rules.ASSIGNMENT_SPACED, message, case.place(command.line), name)


def _outside_of_quotes(case: Case) -> Iterator[Command]:
    """The commands that begin outside of quotes and here-documents."""
    quote, ends = "", ""
    for command in case.commands:
        if ends:
            ends = "" if command.text.strip() == ends else ends
            continue
        if not quote:
            yield command
            here = _HERE.search(command.text)
            ends = here[1] if here and "<<<" not in command.text else ""
        quote = _left_open(command.text, quote)


def _left_open(text: str, quote: str) -> str:
    """The quote that is open behind a text which began with ``quote`` open, "" for none."""
    skip = False
    for letter in text:
        if skip:
            skip = False
        elif letter == "\\" and quote != "'":
            skip = True
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
    return quote


_COUNTS: Final = {"SLURM_TASKS_PER_NODE": "SLURM_NTASKS_PER_NODE", "SLURM_JOB_CPUS_PER_NODE": "SLURM_CPUS_ON_NODE"}
_COUNT: Final = "(SLURM_TASKS_PER_NODE|SLURM_JOB_CPUS_PER_NODE)"
_AS_NUMBER: Final = lazy(
    r"(?:\b\w{0,40}(?:threads|nprocs?|ntasks|workers|cores|ncpus|world_size|ppn)\w{0,40}=|"
    r"\s--\w[\w-]{0,40}(?:proc|task|thread|worker|core)[\w-]{0,40}[ =]|"
    r"\b(?:srun|mpirun|mpiexec|orterun|prterun)\b[^|;&]{0,400}\s-(?:np?|c)[ =]?)"
    rf"[\"']?\$(?:\{{{_COUNT}\}}|{_COUNT}\b)[\"']?(?:$|[\s;&|)])",
    re.IGNORECASE,
)
_RECKONED: Final = lazy(rf"(?:\(\([^()]*|\blet\s[^;|&()]{{0,200}})\b{_COUNT}\b(?![%/#:,])")
_CUT_OFF: Final = lazy(r"%\\?\(|-d *[\"']?\(|s/\\?\(|%%\[")


def counts_as_number(case: Case) -> Iterator[Finding]:
    """``4(x2)``, what SLURM_TASKS_PER_NODE holds on two nodes, where a number has to stand."""
    job = case.job
    if job is None or not case.shell or job.resources.nodes < 2 or case.variables.keys().isdisjoint(_COUNTS):
        return
    if _CUT_OFF.search(case.code):
        return
    for command in case.commands:
        match = _AS_NUMBER.search(command.text) or _RECKONED.search(command.text)
        name = next(filter(None, match.groups())) if match else ""
        if name in _COUNTS and name not in case.body.sets and name not in case.body.exports:
            message = (
                f"{name} is a list like 4(x{job.resources.nodes}) on {job.resources.nodes} nodes, and no number"
            )
            meant = _COUNTS[name]
            if meant != "SLURM_NTASKS_PER_NODE" or case.says("ntasks-per-node"):
                message += f": did you mean {meant}?"
            yield found(rules.COUNTS_AS_NUMBER, message, case.place(command.line), name)
            return
