"""``/s2r ...`` refined by the conversion service: the real one on loopback, and one that lies or is not there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from s2r_ci.publish.answers_file import read_answers
from s2r_ci.runai.document import read_document
from tests.remote.test_real_service import serving
from tools.standin_service import SECRET, StandIn, problem

from .conftest import Project
from .test_commands import MANIFEST, answer, head, say

FREE = "/s2r could it perhaps run on 4 GPUs"


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("random.random", lambda: 0.0)
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A service that says what a test tells it to say."""
    with StandIn() as standin:
        monkeypatch.setenv("S2R_SHARED_SECRET", SECRET.decode())
        yield standin


def told(project: Project, service: StandIn, text: str, **event: Any) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("S2R_API_ENDPOINT", service.address)
        patch.setenv("S2R_SHARED_SECRET", SECRET.decode())
        return say(project, text, environ=dict(_named(service.address)), **event)


def _named(address: str) -> Iterator[tuple[str, str]]:
    yield "S2R_API_ENDPOINT", address
    yield "S2R_SHARED_SECRET", SECRET.decode()


def gpus(project: Project) -> str:
    found = yaml.safe_load(head(project)[MANIFEST])["spec"]["template"]["spec"]["containers"][0]["resources"]
    return str(found["limits"]["nvidia.com/gpu"])


def writer(project: Project) -> str:
    document = read_document(head(project)[MANIFEST].encode() + b"\n")
    return document.stamp.converter if document else "?"


def test_the_real_service_refines_in_one_conversation_and_charges_a_comment_once(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    project.pr()
    with serving(folder, {"S2R_DAILY_LIMIT": "5"}) as address:
        environ = {"S2R_API_ENDPOINT": address, "S2R_SHARED_SECRET_FILE": str(folder / "secret")}
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        ran = say(project, "/s2r use 4 GPUs", environ=environ)
        assert ran.operation == "updated", answer(project)
        assert (gpus(project), writer(project)) == ("4", "service")
        assert "refined by the conversion service" in answer(project)
        say(project, "/s2r memory 64G\n/s2r 2 hours", environ=environ)
        # two conversions and three turns are the five of today; the same words again would be a sixth
        refused = say(project, "/s2r use 2 GPUs", environ=environ)
        assert "rules read the words" in answer(project), answer(project)
        assert refused.operation == "updated"
        answers = read_answers(head(project)["s2r-answers.toml"].encode())
        assert answers == {"jobs/train.sh": {"options": ["--mem=64G", "--time=120", "--gres=gpu:2"]}}
    for name in environ:
        monkeypatch.delenv(name)
    assert project.pr().writes == []  # a run without the service leaves it as it is


def test_a_workflow_that_is_run_again_asks_the_same_and_changes_nothing(project: Project, service: StandIn) -> None:
    project.pr()
    service.answers = {"options": ["--gres=gpu:4"]}
    told(project, service, "/s2r use 4 GPUs")
    first = [each.idem for each in service.chats]
    branch = str(project.github.pulls[1]["head"]["ref"])
    project.github.git("update-ref", f"refs/heads/{branch}", project.github.head(branch) + "~1")
    event = {"id": 1, "body": "/s2r use 4 GPUs", "user": {"login": "robin", "type": "User"}}
    told(project, service, "/s2r use 4 GPUs", comment=event)  # the commit was lost, the comment is the same
    assert [each.idem for each in service.chats] == first * 2
    assert len(set(service.charged)) == 1
    assert gpus(project) == "4"


def test_free_words_need_the_service(project: Project, service: StandIn) -> None:
    project.pr()
    say(project, FREE)
    assert "Not understood" in answer(project)
    service.answers = {"options": ["--gres=gpu:4"]}
    assert told(project, service, FREE).operation == "updated", answer(project)
    assert (gpus(project), writer(project)) == ("4", "service")


def test_sessions_are_those_of_the_pull_request(project: Project, service: StandIn) -> None:
    project.pr()
    service.answers = {"options": ["--gres=gpu:4"]}
    told(project, service, "/s2r use 4 GPUs")
    asked = [each.idem for each in service.seen]
    project.github.pulls[2] = {**project.github.pulls.pop(1), "number": 2}
    branch = str(project.github.pulls[2]["head"]["ref"])
    project.github.git("update-ref", f"refs/heads/{branch}", project.github.head(branch) + "~1")
    told(project, service, "/s2r use 4 GPUs", issue={"number": 2, "pull_request": {}})
    assert asked[0] not in [each.idem for each in service.seen[1:]]


HOSTILE = [
    pytest.param({"options": ["--gres=gpu:64"]}, id="more than was said"),
    pytest.param({"options": ["--gres=gpu:4"], "image": "evil.example/x:1"}, id="an image besides"),
    pytest.param({"options": ["--gres=gpu:4", "--wrap=id"]}, id="an option besides"),
    pytest.param({"variables": {"LD_PRELOAD": "/x.so"}}, id="a variable"),
    pytest.param({"options": ["--gres=gpu:4"], "accepted": ["cluster-state"]}, id="a question waved through"),
    pytest.param({"site": {"volumes": {"/": {"claim": "root"}}}, "mounts": ["/"]}, id="a mount"),
    pytest.param({"scripts": "**", "options": ["--gres=gpu:4"]}, id="for other scripts too"),
    pytest.param({"nonsense": 1}, id="no answer at all"),
    pytest.param({}, id="nothing"),
]


@pytest.mark.parametrize("answers", HOSTILE)
def test_answers_that_nobody_said_change_nothing(
    project: Project, service: StandIn, answers: dict[str, Any]
) -> None:
    project.pr()
    before = head(project)
    service.answers = answers
    ran = told(project, service, FREE)
    assert ran.writes == ["POST issues/1/comments"]
    assert head(project) == before
    assert "Nothing" in answer(project) or "nothing was done" in answer(project)
    assert "evil.example" not in answer(project)


def test_where_the_words_are_plain_rules_read_them_instead_of_a_lie(project: Project, service: StandIn) -> None:
    project.pr()
    service.answers = {"options": ["--gres=gpu:4"], "image": "evil.example/x:1"}
    assert told(project, service, "/s2r use 4 GPUs").operation == "updated"
    assert (gpus(project), writer(project)) == ("4", "rules")
    assert "evil.example" not in "".join(head(project).values()) + answer(project)
    assert "rules read the words" in answer(project)


def test_a_manifest_that_the_judge_refuses_is_not_committed_and_ends_the_conversation(
    project: Project, service: StandIn
) -> None:
    project.pr()
    before = head(project)
    service.answers = {"options": ["--gres=gpu:4"]}
    service.manifest = lambda envelope, text: text.replace("memory: 32Gi", "memory: 1Gi")
    assert told(project, service, FREE).writes == ["POST issues/1/comments"]
    assert head(project) == before
    assert len(service.rejected) == 1
    service.manifest = None
    assert told(project, service, FREE).operation == "updated", answer(project)
    assert {each.session_id for each in service.chats[1:]}.isdisjoint(service.rejected)


def test_a_service_that_is_not_there_is_said(project: Project, service: StandIn) -> None:
    project.pr()
    service.always = problem("quota-exceeded", retry_after="3600")
    before = head(project)
    assert told(project, service, FREE).writes == ["POST issues/1/comments"]
    assert head(project) == before
    assert told(project, service, "/s2r use 4 GPUs").operation == "updated"
    assert "no usable answer" in answer(project)
    assert (gpus(project), writer(project)) == ("4", "rules")


def test_a_stranger_asks_nobody(project: Project, service: StandIn) -> None:
    project.pr()
    assert told(project, service, "/s2r use 4 GPUs", who="stranger").writes == []
    assert service.seen == service.chats == []


def test_the_files_of_a_branch_do_not_say_who_is_asked(project: Project, service: StandIn) -> None:
    project.pr()
    branch = str(project.github.pulls[1]["head"]["ref"])
    settings = head(project)["s2r-ci.toml"]
    project.github.commit(branch, "s2r-ci.toml", f'{settings}\napi-endpoint = "{service.address}"\n')
    assert say(project, "/s2r use 4 GPUs").operation == "updated"
    assert service.seen == service.chats == []


def test_gpus_divide_over_the_nodes_that_an_earlier_comment_asked_for(project: Project) -> None:
    project.pr()
    say(project, "/s2r 2 nodes")
    say(project, "/s2r use 8 GPUs")
    answers = read_answers(head(project)["s2r-answers.toml"].encode())
    assert answers["jobs/train.sh"]["options"] == ["--nodes=2", "--gres=gpu:4"]


def test_mode_pr_asks_the_service_for_what_needs_a_manifest(
    project: Project, service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S2R_API_ENDPOINT", service.address)
    ran = project.pr()
    assert (ran.operation, writer(project)) == ("created", "service")
    assert "converter `service`" in project.github.pulls[1]["body"]
    assert project.pr().writes == []


def test_mode_pr_says_which_scripts_the_service_did_not_see(
    project: Project, service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S2R_API_ENDPOINT", service.address)
    service.always = problem("quota-exceeded", retry_after="3600")
    ran = project.pr(code=6)
    assert (ran.operation, writer(project)) == ("created", "rules")  # nothing is lost, and the code is not 0
