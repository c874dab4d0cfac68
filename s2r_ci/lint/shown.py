"""An example of a rule as a person sees it: the script, what the linter says of which line, what ``--fix`` writes."""

from typing import NamedTuple

from s2r_ci.lint import lint
from s2r_ci.lint.examples import EXAMPLES
from s2r_ci.lint.fixes import fix
from s2r_ci.model import Script
from s2r_ci.secrets import redact
from s2r_ci.slurm.job import read_script


class Shown(NamedTuple):
    """``line`` counts from 1; 0 where the rule speaks of the whole script. ``repaired`` is the line after ``--fix``,
    None where that is left to a person.
    """

    script: tuple[str, ...]
    line: int
    message: str
    repaired: str | None


def shown(rule: str) -> Shown | None:
    """The example of a rule, linted here and now; None for a rule that the linter does not report."""
    example = EXAMPLES.get(rule)
    if example is None:
        return None
    script = Script(path="job.sh", data=example.script.encode())
    reading = read_script(script, release=example.release)
    finding = next(each for each in lint(script, reading, _Samples()) if each.rule.id == rule)
    line = finding.location.line
    before, after = _lines(example.script), _lines(fix(script.data, release=example.release).data.decode())
    changed = bool(line) and len(before) == len(after) and before[line - 1] != after[line - 1]
    return Shown(
        script=_lines(redact(example.script).text),  # the line shows where a secret stands, never one
        line=line,
        message=finding.message,
        repaired=after[line - 1] if changed else None,
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.removesuffix("\n").split("\n"))


class _Samples:
    """The repository of the examples: one file of 96 lines and no folder."""

    def folder(self, script: str, path: str) -> bool | None:
        return False

    def lines(self, script: str, path: str) -> int | None:
        return 96 if path == "samples.txt" else None

    def holds(self, script: str, path: str, text: bytes) -> bool | None:
        return None

    def sent_with(self, script: str, *spelled: str) -> bool:
        return False
