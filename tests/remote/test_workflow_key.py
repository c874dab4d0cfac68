"""A run whose key is bought with the workflow's token: the real service as a process, an issuer on loopback."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from s2r_ci.cli import main, single
from s2r_ci.errors import ConversionError
from s2r_ci.remote import workflow
from s2r_ci.remote.access import Access, Secret
from s2r_ci.remote.client import Client, Clock
from s2r_ci.remote.failures import AttemptError
from s2r_ci.remote.patience import Patience
from s2r_ci.remote.workflow import Session, session
from tests.remote.conftest import Run
from tests.remote.test_real_service import folder, serving, wrote
from tests.service.tokens import REPOSITORY, RUNNER, IssuerServer
from tools.standin_service import SECRET, StandIn

__all__ = ["folder"]
KEYS = json.dumps([{"kid": "issuer", "secret": "made-up-issuing-secret-0123456789abcdef", "state": "issuer"}])


@contextmanager
def deployed(folder: Path, issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The service, taking the issuer's tokens, and the environment of a workflow job that may have one."""
    environ = {
        "S2R_SERVICE_KEYS": KEYS, "S2R_OIDC_REPOSITORIES": REPOSITORY, "S2R_OIDC_ISSUER": issuer.url,
    }  # fmt: skip
    with serving(folder, environ) as address:
        monkeypatch.setenv("S2R_API_ENDPOINT", address)
        monkeypatch.setenv("S2R_KEY_ID", "oidc")
        for name, value in issuer.environ.items():
            monkeypatch.setenv(name, value)
        yield address


def test_a_workflow_without_a_secret_converts(
    repository: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with IssuerServer() as issuer, deployed(folder, issuer, monkeypatch) as address:
        assert main(["write", "--dry-run"]) == 0
        assert issuer.asked == [], "a look sends nothing"
        assert main(["write"]) == 0
        assert wrote(repository) == ["service"] * 3
        asked = [each for each in issuer.asked if each[0].startswith("/token")]
        assert len(asked) == 1, "one key for the whole run"
        assert asked[0][1] == f"bearer {RUNNER}"
        assert f"audience={address.replace(':', '%3A').replace('/', '%2F')}" in asked[0][0]
        assert main(["doctor"]) == 0
        assert "accepted; 97 of 100" in capsys.readouterr().out
        for path in repository.glob("*.runai.yaml"):
            path.unlink()
        assert main(["write"]) == 0
        assert "(3 of them stored)" in capsys.readouterr().out, "another key of the same repository"


def test_another_repository_gets_no_key(
    repository: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with IssuerServer(repository_id="666") as issuer, deployed(folder, issuer, monkeypatch):
        assert main(["write"]) == 3
    said = capsys.readouterr()
    assert "the repository is not allowed" in said.out
    assert wrote(repository) == ["rules"] * 3
    assert len([each for each in issuer.asked if each[0].startswith("/token")]) == 1, "not asked once a script"


def test_without_the_permission_rules_do_it_and_who_wants_the_service_is_told(
    run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(workflow.URL, raising=False)
    monkeypatch.setenv("S2R_KEY_ID", "oidc")
    monkeypatch.setenv("S2R_API_ENDPOINT", "https://service.example.com")
    assert run(None, "write").code == 0
    assert wrote(repository) == ["rules"] * 3
    ended = run(None, "check", "--converter", "service")
    assert ended.code == 2
    assert "id-token: write" in ended.err


@pytest.mark.parametrize("github", ["true", ""], ids=["in a workflow", "at a desk"])
def test_a_workflow_job_without_the_permission_is_told_so_and_a_person_is_not(
    run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch, github: str
) -> None:
    monkeypatch.delenv(workflow.URL, raising=False)
    monkeypatch.setenv("GITHUB_ACTIONS", github)
    monkeypatch.setenv("S2R_KEY_ID", "oidc")
    monkeypatch.setenv("S2R_API_ENDPOINT", "https://service.example.com")
    for words in (["check", "--allow-missing"], ["write"], ["check"]):
        ended = run(None, *words)
        assert ended.code == 0, "the run goes on"
        last = ended.out.splitlines()[-1]
        assert "checked offline by rules" in last
        assert ("permission id-token: write" in last) is bool(github)
    assert wrote(repository) == ["rules"] * 3
    assert "id-token" not in run(None, "check", "--converter", "rules").out, "who asks for rules wants no token"
    told = json.loads(run(None, "check", "--format", "json").out)
    assert ("service" in told) is bool(github)


def test_one_script_alone_says_it_too(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(workflow.URL, raising=False)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("S2R_KEY_ID", "oidc")
    monkeypatch.setenv("S2R_API_ENDPOINT", "https://service.example.com")
    script = min(repository.glob("*.sh"))
    assert single.main([str(script)]) == 0
    assert "id-token: write" in capsys.readouterr().err
    assert single.main([str(script), "--converter", "rules"]) == 0
    assert "id-token" not in capsys.readouterr().err


# --- one exchange ----------------------------------------------------------------------------------------------


def environ(issuer: IssuerServer, **changed: str) -> Mapping[str, str]:
    return {**issuer.environ, **changed}


@pytest.mark.parametrize(
    "changed",
    [
        {workflow.TOKEN: "wrong"},
        {workflow.URL: "http://runner.example.com/token"},
        {workflow.URL: "https://user@runner.example.com/token"},
        {workflow.URL: "nonsense"},
        {workflow.URL: "http://127.0.0.1:9/token"},
    ],
    ids=str,
)
def test_a_runner_that_gives_no_token_is_said(changed: dict[str, str]) -> None:
    with IssuerServer() as issuer, pytest.raises(AttemptError) as caught:
        session("https://service.example.com", environ(issuer, **changed), now_s=0.0)
    assert "the runner gives no token" in caught.value.error.what
    assert "id-token: write" in caught.value.error.hint
    assert RUNNER not in str(caught.value.error)


def test_a_service_that_sells_no_keys_is_no_service_of_ours() -> None:
    with IssuerServer() as issuer, StandIn() as service, pytest.raises((AttemptError, ConversionError)):
        session(service.address, environ(issuer), now_s=0.0)


def test_a_key_is_bought_anew_before_it_ends() -> None:
    bought: list[float] = []
    now = [1_000_000.0]

    def buy() -> Session:
        bought.append(now[0])
        return Session(Access(service.address, "ci", Secret(SECRET)), int(now[0]) + 900)

    with StandIn() as service:
        clock = Clock(now_ns=lambda: int(now[0] * 1e9), steady_s=lambda: 0.0)
        patience = Patience(1, clock.steady_s, lambda: 0.0)
        access = Access(service.address, "oidc", Secret(b""))
        service.skew_s = 0
        service.now_ns = lambda: int(now[0] * 1e9)  # type: ignore[method-assign]  # both live in the same hour
        client = Client(access, patience, until_s=900.0, clock=clock, buy=buy)
        for moment in (1_000_000.0, 1_000_800.0, 1_000_841.0, 1_001_000.0):
            now[0] = moment + 10**9
            assert client.ask(client.envelope("GET", "/v1/quota")).status == 200
    assert [each - 10**9 for each in bought] == [1_000_000.0, 1_000_841.0]
    assert client.access.key_id == "ci"


def test_the_environment_of_a_runner_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "a secret" not in repr(Access("https://a.example", "oidc", Secret(b"a secret")))
    assert os.environ.get(workflow.TOKEN) != RUNNER
