"""Scripts that a pull request brings nothing for are told in its text: each with the reason and what to do."""

import cmarkgfm  # type: ignore[import-untyped]
import pytest

from s2r_ci.model import Finding, Level, Location, Outcome, Question, Rule, Stage, Verdict
from s2r_ci.publish.groups import Group, grouped, key_of, without_a_group
from s2r_ci.publish.left_out import LeftOut, left_out, left_section, section_of
from s2r_ci.publish.proposal import Proposal
from s2r_ci.publish.pull_body import LONGEST, body_of
from s2r_ci.rules import HETEROGENEOUS_JOB, RULES

from .conftest import Project
from .stand_in import Fault
from .test_commands import answer, say
from .test_life_of_a_pull_request import branch_of
from .test_text_of_a_pull_request import HOSTILE, proposal

REFUSED = "#!/bin/bash\n#SBATCH --mem 3 4\nsrun x\n"
HETEROGENEOUS = "#!/bin/bash\n#SBATCH --gpus=1\n#SBATCH hetjob\n#SBATCH --gpus=2\nsrun x\n"
SECRET = (
    "#!/bin/bash\n#SBATCH --gpus=1\nexport WANDB_API_KEY=0123456789abcdef0123456789abcdef01234567\npython x.py\n"
)
HEAD = "### Without a manifest"


def rows(body: str) -> list[str]:
    """The rows of the section, without its head."""
    section = section_of(body)
    return [line for line in section.split("\n") if line.startswith("| `")]


def test_what_is_refused_or_no_single_workload_is_listed_with_reason_and_repair(project: Project) -> None:
    project.write("jobs/bad.sh", REFUSED)
    project.write("jobs/het.sh", HETEROGENEOUS)
    project.write("jobs/key.sh", SECRET)
    project.push()
    ran = project.pr(code=1)
    assert ran.operation == "created", ran.said
    body = project.github.pulls[1]["body"]
    told = rows(body)
    assert [row.split("|")[1].strip() for row in told] == ["`jobs/bad.sh:2`", "`jobs/het.sh`", "`jobs/key.sh:3`"]
    for row, rule in zip(told, ("script-refused", "heterogeneous-job", "secret-in-script"), strict=True):
        assert f"| {rule} |" in row
        assert RULES[rule].hint.split(",")[0].split(";")[0].split("`")[0].strip()[:20] in row
    assert "3 scripts belong to the same group" in body
    assert "0123456789abcdef" not in body
    assert project.pr(code=1).writes == []


def test_scripts_of_another_group_and_those_that_are_current_are_not_listed(project: Project) -> None:
    project.pr()
    github = project.github
    github.git("update-ref", "refs/heads/main", github.head(branch_of(project, 1)))
    github.pulls[1] |= {"state": "closed", "merged_at": "2026-01-02T03:04:05Z"}
    project.renew()
    project.script("jobs/next.sh")
    project.write("elsewhere/bad.sh", REFUSED)
    project.push()
    assert project.pr(code=1).numbers == [2]
    assert HEAD not in github.pulls[2]["body"]


@pytest.mark.parametrize("grouping", ["directory", "owner", "all"])
def test_every_grouping_lists_them_in_the_group_they_belong_to(project: Project, grouping: str) -> None:
    project.write("jobs/bad.sh", REFUSED)
    project.write(".github/CODEOWNERS", "/jobs/ @team/a\n")
    project.push()
    project.pr(f"--pr-grouping={grouping}", code=1)
    assert len(rows(project.github.pulls[1]["body"])) == 1


def test_one_that_was_put_right_leaves_the_list_and_joins_the_manifests(project: Project) -> None:
    project.write("jobs/bad.sh", REFUSED)
    project.push()
    project.pr(code=1)
    assert HEAD in project.github.pulls[1]["body"]
    project.script("jobs/bad.sh")
    project.push()
    assert project.pr().operation == "updated"
    assert HEAD not in project.github.pulls[1]["body"]
    assert "jobs/bad.sh.runai.yaml" in project.github.files(branch_of(project, 1))


def test_one_more_is_told_without_a_new_commit(project: Project) -> None:
    project.pr()
    head = project.github.head(branch_of(project, 1))
    project.write("jobs/bad.sh", REFUSED)
    project.push()
    ran = project.pr(code=1)
    assert (ran.operation, ran.writes) == ("updated", ["PATCH pulls/1"])
    assert project.github.head(branch_of(project, 1)) == head


def test_a_group_with_nothing_to_propose_opens_nothing(project: Project) -> None:
    project.write("elsewhere/bad.sh", REFUSED)
    project.push()
    assert project.pr(code=1).numbers == [1]


def test_a_command_keeps_the_section_of_scripts_that_it_did_not_look_at(project: Project) -> None:
    project.write("jobs/bad.sh", REFUSED)
    project.push()
    project.pr(code=1)
    before = rows(project.github.pulls[1]["body"])
    say(project, "/s2r memory 64G")
    answer(project)
    body = project.github.pulls[1]["body"]
    assert "64 Gi" in body
    assert rows(body) == before
    assert project.pr(code=1).writes == []


def test_where_a_write_is_lost_the_list_is_still_right(project: Project) -> None:
    project.pr()
    project.write("jobs/bad.sh", REFUSED)
    project.push()
    project.github.faults.append(Fault("^PATCH pulls/1$", lost=True))
    assert project.pr(code=1).operation == "updated"
    assert project.pr(code=1).writes == []


# --- the text -----------------------------------------------------------------------------------------------


def _finding(message: str, rule: Rule = HETEROGENEOUS_JOB, line: int = 3, path: str = "a.sh") -> Finding:
    return Finding(rule=rule, message=message, location=Location(path=path, line=line))


NOTE = Rule(id="x-note", summary="", stage=Stage.CONVERT, level=Level.NOTE, hint="h")


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        pytest.param(
            Verdict(path="a.sh", outcome=Outcome.FAILED, findings=(_finding("w"), _finding("n", NOTE))),
            LeftOut("a.sh", 3, "heterogeneous-job", "w", HETEROGENEOUS_JOB.hint),
            id="the gravest finding",
        ),
        pytest.param(
            Verdict(path="a.sh", outcome=Outcome.FAILED, findings=(_finding("w"), _finding("x", line=9))),
            LeftOut("a.sh", 3, "heterogeneous-job", "w", HETEROGENEOUS_JOB.hint, 1),
            id="two as grave",
        ),
        pytest.param(
            Verdict(path="a.sh", outcome=Outcome.FAILED, findings=(_finding("w", path="a.sh.runai.yaml"),)),
            LeftOut("a.sh", 0, "heterogeneous-job", "w", HETEROGENEOUS_JOB.hint),
            id="a finding in the manifest",
        ),
        pytest.param(
            Verdict(
                path="a.sh",
                outcome=Outcome.REVIEW,
                questions=(Question(key="image", text="which", location=Location("a.sh", 2), answer="image = x"),),
            ),
            LeftOut("a.sh", 2, "question-open", "which", "image = x"),
            id="a question",
        ),
        pytest.param(
            Verdict(path="a.sh", outcome=Outcome.PASSED),
            LeftOut("a.sh", 0, "", "no manifest was made", "`s2r-scan explain` says more"),
            id="nothing said",
        ),
    ],
)
def test_the_reason_of_one_script(verdict: Verdict, told: LeftOut) -> None:
    assert list(left_out([verdict], ())) == [told]
    assert list(left_out([verdict], {"a.sh"})) == []


def many(number: int, why: str = "w" * 60) -> tuple[LeftOut, ...]:
    return tuple(LeftOut(f"jobs/{each:04}.sh", 1, "script-refused", why, "put it right") for each in range(number))


def test_a_long_list_ends_with_a_number_and_leaves_room_for_what_follows() -> None:
    body = body_of(proposal("a.sh")._replace(left=many(300)), "0" * 40)
    shown = len(rows(body))
    assert 50 < shown <= 100
    assert f"{300 - shown} more scripts without a manifest" in body
    assert "To be done by hand" in body
    assert "Cut here" not in body


def test_long_reasons_do_not_crowd_out_the_rest() -> None:
    body = body_of(proposal("a.sh")._replace(left=many(90, "w" * 2_000)), "0" * 40)
    assert 0 < len(rows(body)) < 10
    assert "To be done by hand" in body
    assert len(body) <= LONGEST


def test_a_group_of_the_largest_size_stays_within_the_limit() -> None:
    scripts = [f"jobs/{'a-folder-of-a-long-name-' * 3}/script-{number:04}.sh" for number in range(200)]
    body = body_of(proposal(*scripts, text="x" * 900)._replace(left=many(5_000)), "0" * 40)
    assert len(body) <= LONGEST


@pytest.mark.parametrize("text", HOSTILE)
def test_what_stands_in_a_script_is_inert_here_too(text: str) -> None:
    left = (LeftOut(f"jobs/{text}.sh", 1, "script-refused", text, text),)
    section = "".join(left_section(left))
    html = cmarkgfm.github_flavored_markdown_to_html(section)
    import re

    outside = re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)
    assert not [word for word in ("<img", "<a ", "@org", "fixes #1") if word in outside]
    assert section_of(section) == section


def test_a_text_without_the_section_keeps_none() -> None:
    assert section_of("about\n") == ""
    assert section_of("<!-- /s2r-ci without a manifest --> <!-- s2r-ci without a manifest -->") == ""
    assert "".join(left_section(())) == ""
    assert HEAD not in body_of(Proposal(Group("k", "t", ()), ()), "0" * 40)


def test_keys_are_those_of_the_groups() -> None:
    scripts = [f"jobs/{number:04}.sh" for number in range(450)]
    for grouping in ("script", "directory", "all"):
        found = without_a_group(["jobs/bad.sh"], grouping)
        assert len(found) == 1
        wanted = "jobs/bad.sh" if grouping == "script" else "jobs"
        assert list(found) == [key_of(wanted, grouping)]
        if grouping != "script":
            assert grouped(scripts, grouping)[0].key in found
