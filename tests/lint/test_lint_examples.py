"""Every rule that the linter can report has an example, and the example is found."""

import pytest

from s2r_ci.lint import CHECKS
from s2r_ci.lint.examples import EXAMPLES
from s2r_ci.model import Stage
from s2r_ci.rules import LINT_ONLY, RULES
from tests.lint.judged import Repository, findings

AROUND = Repository(samples_txt=96)
TOLD_BY_THE_WALK = {"answer-unusable"}  # an answer in the script, which the settings have to take
TOLD_BY_READING = {"removed-option", "srun-only-option"}  # an unknown directive, told by a rule of its own


@pytest.mark.parametrize("rule", EXAMPLES)
def test_the_rule_is_found_on_the_line_that_is_shown(rule: str) -> None:
    example = EXAMPLES[rule]
    found = findings(example.script, release=example.release, around=AROUND, rule=rule)
    assert found, findings(example.script, release=example.release)
    line = found[0].location.line
    assert (example.script.split("\n")[line - 1] if line else "") == example.line


def test_every_rule_about_scripts_has_an_example() -> None:
    assert set(EXAMPLES) == {rule.id for rule in RULES.values() if rule.stage is Stage.PARSE} - TOLD_BY_THE_WALK


def test_there_are_at_least_thirty() -> None:
    assert len(EXAMPLES) >= 30


def test_a_check_has_the_name_of_its_rule() -> None:
    assert {check.__name__.replace("_", "-") for check in CHECKS} == LINT_ONLY - TOLD_BY_READING
