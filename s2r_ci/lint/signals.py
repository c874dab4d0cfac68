"""Signals before the end: who hears them."""

import re
from collections.abc import Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.lint.case import Case, found
from s2r_ci.model import Finding
from s2r_ci.patterns import lazy

_BATCH: Final = lazy(r"^(?:R?B|BR):", re.IGNORECASE)
_IGNORED: Final = lazy(r"^(?:[RB]+:)?(?:SIG)?(?:CONT|CHLD|WINCH|URG|18|17)(?:@|$)", re.IGNORECASE)


def signal_unheard(case: Case) -> Iterator[Finding]:
    """B: without trap, or with a trap that has to wait for the program; no B: and nothing that srun started."""
    said = case.directives.get("signal")
    if said is None or case.job is None or not case.shell or _IGNORED.match(said.value):
        return
    traps = "trap" in case.body.commands
    if _BATCH.match(said.value):
        message = _for_the_shell(case, said.value, traps)
    elif not case.body.steps and not _execs(case):
        message = f"--signal={said.value} goes to steps alone, and srun starts nothing here: write --signal=B:..."
    elif traps and _traps(case, said.value):
        message = f"--signal={said.value} goes to steps alone, and the script traps it in its own shell: write B:"
    else:
        message = ""
    if message:
        yield found(rules.SIGNAL_UNHEARD, message, said.location, "signal")


def _traps(case: Case, value: str) -> bool:
    """Whether a trap names this signal, and nothing in the script sends it there."""
    name = value.partition("@")[0].rpartition(":")[2].upper().removeprefix("SIG")
    if not name or re.search(rf"kill\s[^\n]*{re.escape(name)}", case.code):
        return False
    return re.search(rf"\btrap\s[^\n]*\b(?:SIG)?{re.escape(name)}\b", case.code) is not None


def _for_the_shell(case: Case, value: str, traps: bool) -> str:
    if _execs(case) or (not traps and not {"source", "."}.isdisjoint(case.body.commands)):
        return ""
    if not traps:
        return f"--signal={value} ends the shell of the script at once, because no trap catches it"
    if "wait" not in case.body.commands:
        return (
            f"--signal={value}: the shell runs its trap only when the program has ended; start it with & and wait"
        )
    return ""


def _execs(case: Case) -> bool:
    """The shell becomes the program, or hands on."""
    return any(name == "exec" or "$" in name for name in case.body.commands)
