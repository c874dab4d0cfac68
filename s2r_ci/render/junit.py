"""The JUnit face: one test case a script, for CI systems that show tests."""

from collections.abc import Sequence
from html import escape
from typing import Final

from s2r_ci.model import Finding, Level, Outcome, Report, Verdict
from s2r_ci.render import Style
from s2r_ci.render.safe import printable, shown_path
from s2r_ci.render.text import finding_lines
from s2r_ci.render.words import by_gravity, count, gravest_first

_ELEMENTS: Final = {Outcome.FAILED: "failure", Outcome.ERRORED: "error", Outcome.SKIPPED: "skipped"}


def render(report: Report, style: Style) -> str:
    """A suite of scripts; findings of no script are cases of their own, named after the file."""
    cases = [_case(verdict, style) for verdict in report.verdicts]
    elsewhere = _elsewhere(report)
    cases += [_other(path, findings, report.fail_on, style) for path, findings in elsewhere.items()]
    outcomes = [verdict.outcome for verdict in report.verdicts]
    outcomes += [_outcome(findings, report.fail_on) for findings in elsewhere.values()]
    if report.incomplete:
        outcomes.append(Outcome.ERRORED)
        cases.append(_element("incomplete", "error", report.incomplete, "s2r-ci", ""))
    counts = f'tests="{len(cases)}" failures="{outcomes.count(Outcome.FAILED)}" '
    counts += f'errors="{outcomes.count(Outcome.ERRORED)}"'
    suite = f'<testsuite name="s2r-ci {_attribute(report.verb)}" {counts} '
    suite += f'skipped="{outcomes.count(Outcome.SKIPPED)}">'
    body = "".join(cases)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<testsuites name="s2r-ci" {counts}>\n{suite}\n{body}</testsuite>\n</testsuites>\n'


def _case(verdict: Verdict, style: Style) -> str:
    findings = gravest_first(verdict.findings)
    element = _ELEMENTS.get(verdict.outcome, "")
    message, rule = _headline(findings)
    if not element and verdict.questions:
        return _element(verdict.path, "system-out", "", "", "\n".join(_questions(verdict)))
    return _element(verdict.path, element, message, rule, _detail(findings, style))


def _questions(verdict: Verdict) -> list[str]:
    head = count(len(verdict.questions), "open question")
    return [head, *(f"{printable(q.key)}: {printable(q.text)}" for q in verdict.questions)]


def _headline(findings: Sequence[Finding]) -> tuple[str, str]:
    if not findings:
        return "", ""
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return findings[0].message + more, findings[0].rule.id


def _detail(findings: Sequence[Finding], style: Style) -> str:
    calm = Style(width=style.width)
    return "\n".join(finding_lines([f for f in findings if f.level >= Level.WARNING], calm))


def _elsewhere(report: Report) -> dict[str, list[Finding]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in by_gravity(f for f in report.findings_elsewhere if not f.suppression):
        grouped.setdefault(finding.location.path, []).append(finding)
    return dict(sorted(grouped.items()))


def _outcome(findings: Sequence[Finding], fail_on: Level) -> Outcome:
    return Outcome.FAILED if any(finding.level >= fail_on for finding in findings) else Outcome.PASSED


def _other(path: str, findings: Sequence[Finding], fail_on: Level, style: Style) -> str:
    failed = _outcome(findings, fail_on) is Outcome.FAILED
    message, rule = _headline(findings)
    return _element(path, "failure" if failed else "system-out", message, rule, _detail(findings, style))


def _element(path: str, element: str, message: str, type: str, detail: str) -> str:
    head = f'<testcase classname="{_folder(path)}" name="{_attribute(shown_path(path))}"'
    if not element or (element == "system-out" and not detail):
        return f"{head}/>\n"
    attributes = ""
    if element != "system-out":
        attributes = f' message="{_attribute(message)}" type="{_attribute(type)}"' if message else ""
    return f"{head}><{element}{attributes}>{escape(detail, quote=False)}</{element}></testcase>\n"


def _folder(path: str) -> str:
    return _attribute(shown_path(path.rpartition("/")[0] or "."))


def _attribute(text: str) -> str:
    return escape(printable(text))
