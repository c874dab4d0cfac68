"""Ignore comments: what they cover, what they need, and what they may not silence."""

import pytest

from s2r_ci import rules
from s2r_ci.model import Finding, Location, Rule
from s2r_ci.slurm.inline import apply_ignores, read_ignores

PATH = "job.sh"


def finding(rule: Rule, line: int, path: str = PATH) -> Finding:
    return Finding(rule=rule, message="m", location=Location(path=path, line=line), subject="s")


def outcome(text: str, *findings: Finding) -> list[tuple[str, int, str]]:
    done = apply_ignores(findings, read_ignores(text), PATH)
    return [(f.rule.id, f.location.line, f.suppression) for f in done]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("#SBATCH -t 5 # s2r: ignore[late-directive] on purpose\n", 1, id="behind the line"),
        pytest.param("# s2r: ignore[late-directive] on purpose\n#SBATCH -t 5\n", 2, id="on the line before"),
        pytest.param(
            "# s2r: ignore[late-directive] on purpose\n# s2r: ignore[other] x\n#SBATCH -t 5\n", 3, id="two above"
        ),
        pytest.param("#s2r:ignore[late-directive]on purpose\n", 0, id="alone covers the file"),
        pytest.param("x # s2r: ignore[a, late-directive] on purpose\n", 1, id="one of several"),
    ],
)
def test_a_reason_silences_a_finding(text: str, line: int) -> None:
    done = outcome(text, finding(rules.LATE_DIRECTIVE, line))
    assert ("late-directive", line, "on purpose") in done


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("x # s2r: ignore[late-directive]\n", "ignore-without-reason", id="no reason"),
        pytest.param("x # s2r: ignore[unknown-directive] because\n", "ignore-unused", id="another rule"),
        pytest.param("\n\nx # s2r: ignore[late-directive] because\n", "ignore-unused", id="another line"),
        pytest.param("x # s2r: ignore[] because\n", "ignore-unused", id="no rule"),
        pytest.param("x # s2r: ignore[late-directivve] because\n", "ignore-unused", id="no such rule"),
    ],
)
def test_a_comment_that_silences_nothing_is_a_finding(text: str, complaint: str) -> None:
    done = outcome(text, finding(rules.LATE_DIRECTIVE, 1))
    assert done[0] == ("late-directive", 1, "")
    assert [rule for rule, _, _ in done[1:]] == [complaint]


@pytest.mark.parametrize("rule", [rules.POLICY_VIOLATED, rules.SECRET_IN_MANIFEST, rules.MANIFEST_INVALID])
def test_a_script_cannot_silence_policy_or_schema(rule: Rule) -> None:
    done = outcome(f"x # s2r: ignore[{rule.id}] please\n", finding(rule, 1))
    assert done[0] == (rule.id, 1, "")


def test_a_finding_about_another_file_is_not_silenced() -> None:
    done = outcome("x # s2r: ignore[late-directive] because\n", finding(rules.LATE_DIRECTIVE, 1, "other.sh"))
    assert done[0] == ("late-directive", 1, "")


def test_text_without_comments_gives_none() -> None:
    assert read_ignores("#!/bin/bash\n# ignore[x] y\necho s2r: ignore[x]\n") == ()


def test_one_comment_does_not_silence_every_question_of_a_file() -> None:
    done = outcome("# s2r: ignore[question-open] later\nx\n", finding(rules.QUESTION_OPEN, 0))
    assert done[0] == ("question-open", 0, "")


def test_a_comment_for_the_linter_is_no_trouble_where_it_did_not_run() -> None:
    ignores = read_ignores("x # s2r: ignore[time-limit-missing] runs on a queue of its own\n")
    assert apply_ignores([], ignores, PATH) == []
    assert [f.rule.id for f in apply_ignores([], ignores, PATH, linted=True)] == ["ignore-unused"]
