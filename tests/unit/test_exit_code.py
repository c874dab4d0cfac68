"""From a report to an exit code: 70 > 4 > 3 > 6 > 5 > 1 > 0."""

from itertools import combinations

import pytest

from s2r_ci.cli.verdict import exit_code, gravest
from s2r_ci.model import Finding, Level, Location, Outcome, Report, Rule, Stage, Verdict

ORDER = (70, 4, 3, 6, 5, 1, 0)


def finding(level: Level, stage: Stage = Stage.PARSE, suppression: str = "") -> Finding:
    rule = Rule(id="made-up", summary="s", stage=stage, level=level, hint="h")
    return Finding(rule=rule, message="m", location=Location(path="a.sh"), suppression=suppression)


ERROR, WARNING = finding(Level.ERROR), finding(Level.WARNING)
REFUSED = finding(Level.ERROR, Stage.POLICY)
COVERED = finding(Level.ERROR, Stage.POLICY, "known")


@pytest.mark.parametrize(("graver", "other"), list(combinations(ORDER, 2)))
def test_the_graver_code_wins(graver: int, other: int) -> None:
    assert gravest(graver, other) == gravest(other, graver) == graver


@pytest.mark.parametrize(
    ("findings", "elsewhere", "outcome", "incomplete", "fail_on", "code"),
    [
        pytest.param((), (), Outcome.PASSED, "", Level.ERROR, 0, id="nothing"),
        pytest.param((), (), Outcome.REVIEW, "", Level.ERROR, 0, id="an open question"),
        pytest.param((WARNING,), (), Outcome.PASSED, "", Level.ERROR, 0, id="below fail-on"),
        pytest.param((WARNING,), (), Outcome.FAILED, "", Level.WARNING, 1, id="at fail-on"),
        pytest.param((ERROR,), (), Outcome.FAILED, "", Level.WARNING, 1, id="above fail-on"),
        pytest.param((), (ERROR,), Outcome.PASSED, "", Level.ERROR, 1, id="of no script"),
        pytest.param((REFUSED, ERROR), (), Outcome.FAILED, "", Level.ERROR, 4, id="policy"),
        pytest.param((COVERED,), (), Outcome.PASSED, "", Level.ERROR, 0, id="covered by a reason"),
        pytest.param((), (), Outcome.PASSED, "2 files could not be read", Level.ERROR, 3, id="incomplete"),
        pytest.param((ERROR,), (), Outcome.ERRORED, "", Level.ERROR, 3, id="a script that could not be checked"),
        pytest.param((REFUSED,), (ERROR,), Outcome.ERRORED, "no", Level.ERROR, 4, id="policy over incomplete"),
    ],
)
def test_a_report_has_the_gravest_of_its_codes(
    findings: tuple[Finding, ...],
    elsewhere: tuple[Finding, ...],
    outcome: Outcome,
    incomplete: str,
    fail_on: Level,
    code: int,
) -> None:
    verdict = Verdict(path="a.sh", outcome=outcome, findings=findings)
    report = Report(
        tool_version="1", verdicts=(verdict,), findings_elsewhere=elsewhere, incomplete=incomplete, fail_on=fail_on
    )
    assert exit_code(report) == code
