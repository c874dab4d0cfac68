"""``/s2r ...`` in a comment: read, allowed or not, tried on the head as data, judged, committed, answered."""

import contextlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from s2r_ci.cli import answer as answering
from s2r_ci.cli import at_the_door, pr
from s2r_ci.model import NOTHING
from s2r_ci.publish.answers_file import read_answers, write_answers
from s2r_ci.publish.commands import read_commands

from .conftest import Project, Ran
from .stand_in import NAME, OWNER, TOKEN

MANIFEST = "jobs/train.sh.runai.yaml"


def say(
    project: Project,
    text: str,
    who: str = "robin",
    *,
    code: int = 0,
    environ: Mapping[str, str] = NOTHING,
    **event: Any,
) -> Ran:
    """Somebody comments on pull request 1, and the workflow runs."""
    comment = project.github.comment(1, text, who)
    payload = {
        "action": "created",
        "issue": {"number": 1, "pull_request": {}},
        "comment": {"id": comment["id"], "body": text, "user": {"login": who, "type": "User"}},
        **event,
    }
    file = project.root.parent / "event.json"
    file.write_text(json.dumps(payload))
    now = [1_700_000_000.0]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT", "S2R_"))}
    outside = pr.Outside(
        environ={
            **kept,
            **environ,
            "S2R_TOKEN": TOKEN,
            "GITHUB_REPOSITORY": f"{OWNER}/{NAME}",
            "GITHUB_API_URL": project.api,
            "GITHUB_EVENT_PATH": str(file),
        },
        sleep=lambda seconds: now.append(now.pop() + seconds),
        clock=lambda: now[0],
    )
    result = project.root.parent / "result.json"
    result.unlink(missing_ok=True)
    before, said = len(project.github.calls), io.StringIO()
    elsewhere = project.root.parent / "empty"
    elsewhere.mkdir(exist_ok=True)
    with contextlib.chdir(elsewhere), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        done = at_the_door(lambda: answering.run("answer", [f"--result={result}"], outside))
    assert done == code, said.getvalue()
    told = json.loads(result.read_text()) if result.is_file() else {}
    return Ran(done, str(told.get("operation", "")), [], said.getvalue(), project.github.calls[before:])


def answer(project: Project) -> str:
    last: str = project.github.comments[-1]["body"]
    return last


def head(project: Project) -> dict[str, str]:
    return project.github.files(project.github.pulls[1]["head"]["ref"])


def test_an_amount_is_an_option_of_sbatch_that_the_judge_knows(project: Project) -> None:
    project.pr()
    ran = say(project, "looks good\n\n/s2r use 4 GPUs")
    assert ran.operation == "updated", answer(project)
    files = head(project)
    assert 'nvidia.com/gpu: "4"' in files[MANIFEST]
    assert files["jobs/train.sh"].count("gpu:2") == 1  # the script itself is as it was
    answers = read_answers(files["s2r-answers.toml"].encode())
    assert answers == {"jobs/train.sh": {"options": ["--gres=gpu:4"]}}
    assert "committed to the branch" in answer(project)
    assert "| 4 |" in project.github.pulls[1]["body"]


def test_a_later_run_of_the_bot_does_not_forget_it(project: Project) -> None:
    project.pr()
    say(project, "/s2r use 4 GPUs")
    assert project.pr().writes == []
    project.script("jobs/train.sh", mem="64G")
    project.push()
    assert project.pr().operation == "updated"
    files = head(project)
    assert 'nvidia.com/gpu: "4"' in files[MANIFEST]
    assert "64Gi" in files[MANIFEST]


def test_commands_add_up(project: Project) -> None:
    project.pr()
    say(project, "/s2r image=registry.example.com/ml/train:2.0")
    say(project, "/s2r memory 64G\n/s2r 2 hours")
    files = head(project)
    assert "image: registry.example.com/ml/train:2.0" in files[MANIFEST]
    assert "memory: 64Gi" in files[MANIFEST]
    assert "activeDeadlineSeconds: 7200" in files[MANIFEST]


def test_the_same_again_changes_nothing(project: Project) -> None:
    project.pr()
    say(project, "/s2r use 4 GPUs")
    again = say(project, "/s2r use 4 GPUs")
    assert again.writes == ["POST issues/1/comments"]
    assert "Nothing changes" in answer(project)


@pytest.mark.parametrize("who", ["stranger", "nobody-knows"])
def test_a_comment_of_a_stranger_does_nothing(project: Project, who: str) -> None:
    project.pr()
    ran = say(project, "/s2r use 4 GPUs", who)
    assert ran.writes == []
    assert all("permission" in call for call in ran.calls)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"action": "edited"}, id="an edit"),
        pytest.param({"action": "deleted"}, id="a deletion"),
        pytest.param({"issue": {"number": 1}}, id="an issue"),
    ],
)
def test_what_is_no_new_comment_of_a_pull_request_asks_nobody(project: Project, event: dict[str, Any]) -> None:
    project.pr()
    assert say(project, "/s2r use 4 GPUs", **event).calls == []


def test_a_robot_is_not_answered(project: Project) -> None:
    project.pr()
    robot = {"id": 1, "body": "/s2r explain", "user": {"login": "x[bot]", "type": "Bot"}}
    assert say(project, "/s2r explain", comment=robot).calls == []


def test_what_is_not_understood_is_said_and_nothing_is_done(project: Project) -> None:
    project.pr()
    before = head(project)
    ran = say(project, "/s2r make it so\n/s2r use 4 GPUs")
    assert ran.writes == ["POST issues/1/comments"]
    assert "`make it so`" in answer(project)
    assert head(project) == before


def test_skip_closes_and_is_a_no(project: Project) -> None:
    project.pr()
    assert say(project, "/s2r skip").operation == "closed"
    assert project.github.pulls[1]["state"] == "closed"
    assert project.pr().writes == []


def test_explain_says_where_everything_went(project: Project) -> None:
    project.pr()
    ran = say(project, "/s2r explain")
    assert ran.writes == ["POST issues/1/comments"]
    assert "`--gres=gpu:2`" in answer(project)
    assert "| exact |" in answer(project)


def test_what_sbatch_would_refuse_is_not_committed(project: Project) -> None:
    project.script("jobs/two.sh")
    project.push()
    project.pr()
    ran = say(project, "/s2r 3 nodes and 4 GPUs")  # four do not divide over three
    assert ran.writes == ["POST issues/1/comments"]
    assert "divide evenly" in answer(project)


def test_a_pull_request_of_others_is_left_alone(project: Project) -> None:
    project.pr()
    project.github.pulls[1]["body"] = "a pull request of a person"
    ran = say(project, "/s2r use 4 GPUs")
    assert ran.writes == ["POST issues/1/comments"]
    assert "no open pull request of s2r-ci" in answer(project)


def test_a_mount_without_its_claim_in_the_site_map_is_asked_for(project: Project) -> None:
    project.pr()
    ran = say(project, "/s2r mount /data from claim datasets")
    assert ran.writes == ["POST issues/1/comments"]
    assert 'volumes."/data"' in answer(project)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("/s2r use 4 GPUs", ["wish"], id="a wish"),
        pytest.param("/s2r", ["help"], id="nothing"),
        pytest.param("  /s2r  explain  ", ["explain"], id="blanks"),
        pytest.param("/s2r accept cluster-state", ["accept"], id="accept"),
        pytest.param("/s2r rm -rf /", [""], id="something else"),
        pytest.param("see /s2r explain", [], id="not at the beginning"),
        pytest.param("> /s2r explain", [], id="quoted"),
        pytest.param("```\n/s2r explain\n```", [], id="in code"),
        pytest.param("/s2rexplain", [], id="another word"),
        pytest.param("\r\n/s2r retry\r\n", ["retry"], id="line ends of a browser"),
        pytest.param("/s2r retry\n" * 30, ["retry"] * 10, id="at most ten"),
    ],
)
def test_commands_are_lines_that_begin_with_the_word(text: str, words: list[str]) -> None:
    assert [each.word for each in read_commands(text)] == words


ANSWERS = [
    pytest.param({"jobs/a.sh": {"image": "x/y:1", "options": ["--gres=gpu:4"]}}, id="plain"),
    pytest.param({"jobs/[a]*?.sh": {"memory": "4G"}}, id="glob signs in a name"),
    pytest.param({'a"b\\c\n.sh': {"variables": {"A B": 'c"d\x7f'}}}, id="quotes and controls"),
    pytest.param({"é😀.sh": {"arguments": ["😀", ""]}}, id="beyond ASCII"),
]


@pytest.mark.parametrize("answers", ANSWERS)
def test_answers_come_back_as_they_were(answers: dict[str, Any]) -> None:
    assert read_answers(write_answers(answers)) == answers
    assert write_answers({}) == b""


def test_the_file_of_answers_is_read_as_settings_and_holds_nothing_else(tmp_path: Path) -> None:
    from s2r_ci.errors import ConfigurationError
    from s2r_ci.settings import resolve

    (tmp_path / "s2r-ci.toml").write_text('image = "a/b:1"\n')
    (tmp_path / "s2r-answers.toml").write_bytes(write_answers({"jobs/a.sh": {"image": "c/d:2"}}))
    tree = resolve(tmp_path, {}, {})
    assert tree.target_for("jobs/a.sh").image == "c/d:2"
    assert tree.target_for("jobs/b.sh").image == ""
    (tmp_path / "s2r-answers.toml").write_text('image = "c/d:2"\n')
    with pytest.raises(ConfigurationError, match="unknown"):
        resolve(tmp_path, {}, {})
