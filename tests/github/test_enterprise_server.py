"""GitHub Enterprise Server: the interface below ``/api/v3``, its own description, TLS by an authority of one's own."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.remote.wires import Certificates, certificates

from .conftest import Project
from .description import ENTERPRISE
from .stand_in import Fault, GitHubStandIn, served
from .test_commands import answer, say
from .test_life_of_a_pull_request import MANIFEST, branch_of

PREFIX = "/api/v3"


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def enterprise(tmp_path: Path, certs: Certificates, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A repository on a server of one's own, whose authority the environment names."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certs.authority))
    for name in ("GIT_SSL_CAINFO", "GIT_SSL_CAPATH"):
        monkeypatch.delenv(name, raising=False)
    bare = tmp_path / "jobs.git"
    bare.mkdir()
    github = GitHubStandIn(bare, ENTERPRISE)
    with served(github, PREFIX, certs.context("good")) as address:
        yield Project(tmp_path, github, address, PREFIX)
    assert github.wrong == [], "a request or an answer is not as GitHub Enterprise Server describes it"


def test_a_whole_life(enterprise: Project) -> None:
    assert enterprise.api.startswith("https://")
    given = ("--dashboard", "--labels=slurm", "--reviewers=robin")
    assert enterprise.pr(*given).operation == "created"
    assert enterprise.pr(*given).writes == []
    enterprise.script("jobs/train.sh", mem="64G")
    enterprise.push()
    assert enterprise.pr(*given).operation == "updated"
    assert "memory: 64Gi" in enterprise.github.files(branch_of(enterprise, 1))[MANIFEST]
    enterprise.renew()
    (enterprise.root / "jobs/train.sh").unlink()
    enterprise.push()
    assert enterprise.pr(*given).operation == "closed"
    assert not enterprise.github.head("s2r/jobs-f4ba3d4e")


def test_a_person_s_commit_and_a_no_count_here_too(enterprise: Project) -> None:
    enterprise.pr()
    enterprise.github.commit(branch_of(enterprise, 1), MANIFEST, "edited: by hand\n")
    enterprise.script("jobs/train.sh", mem="64G")
    enterprise.push()
    assert enterprise.pr().operation == "unchanged"
    assert len(enterprise.github.comments) == 1
    enterprise.github.pulls[1]["state"] = "closed"
    assert enterprise.pr().writes == []


def test_the_second_page_is_asked_for_below_the_prefix(enterprise: Project) -> None:
    enterprise.pr()
    enterprise.github.commit(branch_of(enterprise, 1), MANIFEST, "edited: by hand\n")
    for number in range(130):
        enterprise.github.comment(1, f"comment {number}", "robin")
    assert enterprise.pr().operation == "unchanged"
    said = enterprise.github.comments[-1]["body"]
    assert "left alone" in said
    assert enterprise.pr().writes == []  # found on the second page
    assert enterprise.github.calls.count("GET issues/1/comments") == 4


def test_where_the_interface_may_not_commit_git_pushes_over_tls(enterprise: Project) -> None:
    enterprise.github.faults.append(Fault("^POST git/trees$", status=403))
    ran = enterprise.pr()
    assert ran.operation == "created", ran.said
    assert MANIFEST in enterprise.github.files(branch_of(enterprise, 1))
    assert enterprise.pr().writes == []


def test_git_trusts_what_it_is_told_to_trust(
    enterprise: Project, certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certs.folder / "own.pem"))  # git's own word counts over ours
    enterprise.github.faults.append(Fault("^POST git/trees$", status=403))
    ran = enterprise.pr(code=5)
    assert re.search(r"git push failed: .*certificate", ran.said)


def test_a_command_in_a_comment_is_answered(enterprise: Project) -> None:
    enterprise.pr()
    assert say(enterprise, "/s2r memory 64G").operation == "updated"
    assert "committed to the branch" in answer(enterprise)


def test_an_authority_that_nobody_named_is_said_at_once(
    enterprise: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    ran = enterprise.pr(code=5)
    assert ran.calls == []
    assert "certificate of 127.0.0.1 cannot be trusted" in ran.said
    assert "REQUESTS_CA_BUNDLE" in ran.said


def test_the_address_of_the_web_site_is_no_address_of_the_interface(enterprise: Project) -> None:
    enterprise.api = enterprise.address
    ran = enterprise.pr(code=5)
    assert "no JSON" in ran.said
    assert "/api/v3" in ran.said
    enterprise.github.wrong.clear()
