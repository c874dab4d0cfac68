"""What several faces count and say alike: findings in order of gravity, the tally, questions put together."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from s2r_ci.frozen import replace
from s2r_ci.model import Candidate, Finding, Level, Outcome, Question, Report, ScriptClass, Verdict
from s2r_ci.render.safe import shown_path

WORST_FIRST: Final = (Outcome.ERRORED, Outcome.FAILED, Outcome.REVIEW, Outcome.PASSED, Outcome.SKIPPED)
CALM: Final = 40  # with more scripts than this, those without trouble are counted instead of listed

_CLASSES: Final = {
    ScriptClass.BATCH: ("batch script", "batch scripts"),
    ScriptClass.REFUSED: ("refused", "refused"),
    ScriptClass.TEMPLATE: ("template", "templates"),
    ScriptClass.DOCUMENTATION: ("documentation", "documentation"),
    ScriptClass.GENERATOR: ("generator", "generators"),
    ScriptClass.DRIVER: ("driver", "drivers"),
    ScriptClass.LOOK_ALIKE: ("look-alike", "look-alikes"),
    ScriptClass.MANIFEST: ("manifest", "manifests"),
    ScriptClass.UNREADABLE: ("unreadable", "unreadable"),
}


class Asked(NamedTuple):
    """One question that several scripts have in common: one answer serves them all."""

    question: Question
    scripts: int
    texts: int  # in how many wordings it is asked


def count(number: int, one: str, many: str = "") -> str:
    """
    >>> count(1, "script"), count(1200, "script")
    ('1 script', '1,200 scripts')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings that stand (nobody suppressed them), the gravest first, then by place."""
    return by_gravity(finding for finding in findings if not finding.suppression)


def by_gravity(findings: Iterable[Finding]) -> list[Finding]:
    """All findings, the gravest first, then by place: the same order whatever order they came in."""
    return sorted(findings, key=lambda f: (-f.level, f.location, f.rule.id, f.subject, f.message))


def with_occurrence(findings: Iterable[Finding]) -> list[tuple[Finding, str]]:
    """Each finding with a fingerprint that is its own: the second of two equal ones ends with ``:1``."""
    seen: Counter[str] = Counter()
    told = []
    for finding in findings:
        known = finding.fingerprint
        told.append((finding, f"{known}:{seen[known]}"))
        seen[known] += 1
    return told


def without_root(findings: Iterable[Finding], root: str) -> tuple[Finding, ...]:
    """The findings, with no message that says where the tree lies on this machine."""
    folder = root.rstrip("/") + "/"
    if folder == "/":
        return tuple(findings)
    return tuple(
        replace(finding, message=finding.message.replace(folder, "")) if folder in finding.message else finding
        for finding in findings
    )


def asked(verdicts: Sequence[Verdict]) -> list[Asked]:
    """Equal questions put together, those of most scripts first."""
    first: dict[str, Question] = {}
    scripts: Counter[str] = Counter()
    texts: dict[str, set[str]] = {}
    for verdict in verdicts:
        for question in verdict.questions:
            first.setdefault(question.key, question)
            texts.setdefault(question.key, set()).add(question.text)
        scripts.update({question.key for question in verdict.questions})
    order = sorted(first, key=lambda key: (-scripts[key], key))
    return [Asked(question=first[key], scripts=scripts[key], texts=len(texts[key])) for key in order]


def notes(findings: Iterable[Finding]) -> list[tuple[str, int]]:
    """How often each rule of level note was found; open questions are counted as questions, not here."""
    standing = (f.rule.id for f in findings if f.level <= Level.NOTE and not f.suppression)
    return sorted(Counter(rule for rule in standing if rule != "question-open").items())


def summary(report: Report) -> str:
    """The last line: how many scripts came to which outcome, and what else mentions ``#SBATCH``."""
    if not report.verdicts:
        looked = f"{count(report.examined, 'file')} examined" + (", incomplete" if report.incomplete else "")
        return f"no batch script was found ({looked}{'; ' + others(report.others) if report.others else ''})"
    made = Counter(verdict.outcome for verdict in report.verdicts)
    questions = sum(len(verdict.questions) for verdict in report.verdicts)
    review = f" ({count(questions, 'open question')})" if questions else ""
    parts = [
        f"{count(len(report.verdicts), 'script')}: {made[Outcome.PASSED]:,} passed, "
        f"{made[Outcome.REVIEW]:,} review{review}, {made[Outcome.FAILED]:,} failed, "
        f"{made[Outcome.SKIPPED]:,} skipped, {made[Outcome.ERRORED]:,} errored"
    ]
    if report.others:
        parts.append(others(report.others))
    parts.append((report.asked or "checked offline by rules") + (", incomplete" if report.incomplete else ""))
    return "; ".join(parts)


def others(candidates: Sequence[Candidate]) -> str:
    """``3 other files mention #SBATCH (2 templates, 1 driver)``."""
    classes = Counter(candidate.script_class for candidate in candidates)
    named = [count(classes[each], *words) for each, words in _CLASSES.items() if classes[each]]
    mention = "mentions" if len(candidates) == 1 else "mention"
    return f"{count(len(candidates), 'other file')} {mention} #SBATCH ({', '.join(named)})"


_NAMED: Final = 5  # files that one line names
_ASIDE: Final = (
    ScriptClass.TEMPLATE,
    ScriptClass.LOOK_ALIKE,
    ScriptClass.GENERATOR,
    ScriptClass.DRIVER,
    ScriptClass.DOCUMENTATION,
)


def left_alone(candidates: Sequence[Candidate]) -> str:
    """``job.sh (template), make.py (generator) and 3 more``: what was not converted, the likeliest scripts first; ""
    for none. Manifests of ours, and what has a finding of its own, are not among them.
    """
    aside = [each for script_class in _ASIDE for each in candidates if each.script_class is script_class]
    named = ", ".join(f"{shown_path(each.path)} ({each.script_class.value})" for each in aside[:_NAMED])
    return named + (f" and {len(aside) - _NAMED:,} more" if len(aside) > _NAMED else "")
