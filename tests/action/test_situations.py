"""What each event may do, as a table; and what a payload that lies or says nothing is worth."""

import json
from pathlib import Path
from typing import Any

import pytest

from s2r_ci.action.inputs import addresses, given
from s2r_ci.action.situation import read_event, situation_of
from s2r_ci.errors import ConfigurationError

from .conftest import HERE, pull_request

ENVIRON = {"GITHUB_REPOSITORY": HERE, "GITHUB_ACTOR": "robin"}


def situation(
    event: str, mode: str, payload: dict[str, Any] | None = None, **environ: str
) -> tuple[str, str, bool]:
    found = situation_of(mode, {**ENVIRON, "GITHUB_EVENT_NAME": event, **environ}, payload)
    return found.word, found.mode, found.offline


@pytest.mark.parametrize(
    ("event", "mode", "payload", "expected"),
    [
        pytest.param("push", "check", None, ("push", "check", False), id="a push"),
        pytest.param("push", "pr", None, ("push", "pr", False), id="a push that opens a pull request"),
        pytest.param("schedule", "pr", None, ("manual", "pr", False), id="a schedule"),
        pytest.param("workflow_dispatch", "write", None, ("manual", "write", False), id="by hand"),
        pytest.param("merge_group", "check", None, ("merge-queue", "check", False), id="a merge queue"),
        pytest.param("merge_group", "pr", None, ("merge-queue", "check", False), id="a merge queue opens nothing"),
        pytest.param("", "pr", None, ("outside", "pr", False), id="outside of GitHub"),
        pytest.param(
            "pull_request", "check", pull_request(), ("same-repository", "check", False), id="the same repository"
        ),
        pytest.param(
            "pull_request", "pr", pull_request(), ("same-repository", "check", False), id="no pull request for one"
        ),
        pytest.param("pull_request", "write", pull_request(fork=True), ("fork", "check", True), id="a fork"),
        pytest.param(
            "pull_request", "lint", pull_request(fork=True), ("fork", "lint", True), id="a fork is linted"
        ),
        pytest.param("issue_comment", "command", {}, ("comment", "command", False), id="a comment"),
    ],
)
def test_what_an_event_may_do(
    event: str, mode: str, payload: dict[str, Any] | None, expected: tuple[str, str, bool]
) -> None:
    assert situation(event, mode, payload) == expected


def _without(payload: dict[str, Any], *names: str) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(payload))
    at = changed
    for name in names[:-1]:
        at = at[name]
    del at[names[-1]]
    return changed


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(None, id="no payload"),
        pytest.param({}, id="an empty one"),
        pytest.param({"pull_request": None}, id="null"),
        pytest.param({"pull_request": []}, id="a list"),
        pytest.param(
            _without(pull_request(), "pull_request", "head", "repo"), id="the head's repository was deleted"
        ),
        pytest.param(_without(pull_request(), "pull_request", "head", "repo", "fork"), id="fork is not said"),
        pytest.param(_without(pull_request(), "pull_request", "base"), id="no base"),
    ],
)
def test_what_is_not_said_counts_as_a_fork(payload: dict[str, Any] | None) -> None:
    assert situation("pull_request", "write", payload) == ("fork", "check", True)


def test_a_name_in_another_case_is_another_repository() -> None:
    assert situation("pull_request", "check", pull_request(), GITHUB_REPOSITORY="Team/jobs")[0] == "fork"


def test_dependabot_is_known_by_actor_and_by_author() -> None:
    assert situation("pull_request", "check", pull_request(), GITHUB_ACTOR="dependabot[bot]")[0] == "dependabot"
    assert situation("pull_request", "check", pull_request(author="dependabot[bot]"))[0] == "dependabot"


@pytest.mark.parametrize("event", ["pull_request_target", "workflow_run", "issue_comment"])
@pytest.mark.parametrize("mode", ["check", "write", "pr", "audit", "lint"])
def test_privileged_events_are_refused(event: str, mode: str) -> None:
    with pytest.raises(ConfigurationError):
        situation(event, mode, pull_request())


@pytest.mark.parametrize("event", ["push", "pull_request", "pull_request_target", "discussion_comment", ""])
def test_commands_come_from_comments_only(event: str) -> None:
    with pytest.raises(ConfigurationError, match="answers comments"):
        situation(event, "command", pull_request())


@pytest.mark.parametrize("mode", ["write", "pr"])
def test_inspect_only_writes_nothing_and_asks_nobody(mode: str) -> None:
    environ = {**ENVIRON, "GITHUB_EVENT_NAME": "pull_request_target"}
    found = situation_of(mode, environ, pull_request(), inspect_only=True)
    assert (found.mode, found.offline) == ("check", True)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[1]", id="a list"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"\xff\xfe{}", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="nested"),
        pytest.param(b" " * 26_214_401, id="far too large"),
    ],
)
def test_a_payload_that_cannot_be_read_is_none(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_bytes(data)
    assert read_event({"GITHUB_EVENT_PATH": str(file)}) is None


def test_no_payload_is_none(tmp_path: Path) -> None:
    assert read_event({}) is None
    assert read_event({"GITHUB_EVENT_PATH": str(tmp_path)}) is None
    assert read_event({"GITHUB_EVENT_PATH": str(tmp_path / "nowhere")}) is None


@pytest.mark.parametrize(
    ("api", "server"),
    [
        pytest.param("https://api.github.com", "https://github.com", id="github.com"),
        pytest.param("https://api.octo.ghe.com/", "https://octo.ghe.com", id="with data residency"),
        pytest.param("https://git.example.org/api/v3", "https://git.example.org", id="Enterprise Server"),
        pytest.param("https://api.example.org/api/v3/", "https://api.example.org", id="a server called api"),
        pytest.param("http://127.0.0.1:8080", "http://127.0.0.1:8080", id="loopback"),
    ],
)
def test_git_pushes_to_the_host_of_the_interface(api: str, server: str) -> None:
    assert addresses(api) == {"GITHUB_API_URL": api.rstrip("/"), "GITHUB_SERVER_URL": server}


@pytest.mark.parametrize(
    "api", ["git.example.org", "https://", "https://x@git.example.org", "https://[x", "https://h/?q"]
)
def test_what_is_no_address_is_refused(api: str) -> None:
    with pytest.raises(ConfigurationError, match="no address"):
        addresses(api)


def test_an_empty_input_is_its_default() -> None:
    assert given({"S2R_MODE": " "})["mode"] == "check"
    assert given({"S2R_MODE": "lint", "S2R_PATHS": "a\nb"})["paths"] == "a\nb"
    assert given({})["token"] == ""
