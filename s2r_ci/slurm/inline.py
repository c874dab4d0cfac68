"""Comments of a script that speak to s2r-ci: ``# s2r: ignore[rule] reason``.

A comment behind something covers its own line. A comment that stands alone covers the next line that is not such a
comment, and the findings about the file as a whole. Without a reason it covers nothing.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from s2r_ci import rules
from s2r_ci.frozen import replace
from s2r_ci.model import Finding, Location, Rule, Stage
from s2r_ci.rules import LINT_ONLY, RULES

_WORD: Final = "s2r:"
_COMMENT: Final = re.compile(r"(?:^|\s)#[ \t]*s2r:[ \t]*ignore\[([^\]\n]*)\][ \t]*([^\r\n]*)")
_NEVER: Final = frozenset(
    {Stage.POLICY, Stage.VALIDATE, Stage.DISCOVER, Stage.CURRENT}
)  # not the script's to silence


def may_be_ignored(rule: Rule) -> bool:
    """Whether a comment can silence the findings of a rule."""
    return rule.stage not in _NEVER


class Ignore(NamedTuple):
    """One comment: which rules it silences, on which line, and why."""

    rules: tuple[str, ...]
    reason: str
    line: int  # of the comment
    covers: int  # the line it speaks about
    alone: bool

    def silences(self, finding: Finding) -> bool:
        """Whether this comment covers the finding."""
        if not may_be_ignored(finding.rule) or finding.rule.id not in self.rules:
            return False
        if finding.rule is rules.QUESTION_OPEN and not finding.location.line:
            return False  # of the whole file there may be several: each is answered, or accepted, by its key
        return finding.location.line == self.covers or (self.alone and finding.location.line == 0)


def read_ignores(text: str) -> tuple[Ignore, ...]:
    """All ignore comments of a script, in order of lines."""
    if _WORD not in text:
        return ()
    lines = text.split("\n")
    return tuple(_ignores(lines))


def _ignores(lines: list[str]) -> Iterator[Ignore]:
    for number, line in enumerate(lines, 1):
        found = _COMMENT.search(line)
        if not found:
            continue
        alone = not line[: found.start()].strip()
        names = tuple(name.strip() for name in found[1].split(",") if name.strip())
        yield Ignore(
            rules=names,
            reason=found[2].strip(),
            line=number,
            covers=_next_line(lines, number) if alone else number,
            alone=alone,
        )


def _next_line(lines: list[str], number: int) -> int:
    while number < len(lines) and _COMMENT.search(lines[number]):
        number += 1
    return number + 1


def apply_ignores(
    findings: Iterable[Finding], ignores: tuple[Ignore, ...], path: str, *, linted: bool = False
) -> list[Finding]:
    """Carry the reasons into the findings they cover, and report comments that lack a reason or cover nothing.

    ``linted``: the linter ran, so a comment for one of its rules can be seen to cover nothing.
    """
    findings = list(findings)
    if not ignores:
        return findings
    valid = [ignore for ignore in ignores if ignore.reason]
    used: set[int] = set()
    for place, finding in enumerate(findings):
        for ignore in valid:
            if finding.location.path == path and ignore.silences(finding):
                findings[place] = replace(finding, suppression=ignore.reason)
                used.add(ignore.line)
                break
    left = [ignore for ignore in ignores if ignore.line not in used]
    return findings + [_complaint(ignore, path) for ignore in left if linted or not _for_the_linter(ignore)]


def _for_the_linter(ignore: Ignore) -> bool:
    return bool(ignore.reason) and bool(LINT_ONLY.intersection(ignore.rules))


def _complaint(ignore: Ignore, path: str) -> Finding:
    names = ", ".join(ignore.rules) or "no rule"
    unknown = [name for name in ignore.rules if name not in RULES]
    rule = rules.IGNORE_UNUSED if ignore.reason else rules.IGNORE_WITHOUT_REASON
    if not ignore.reason:
        message = f"this comment ignores {names}, and does not say why"
    elif unknown:
        message = f"there is no rule {unknown[0]}: `s2r-scan rule` lists them all"
    else:
        message = f"this comment ignores {names}, which is not found here"
    return Finding(rule=rule, message=message, location=Location(path=path, line=ignore.line), subject=names)
