"""Runs of the command with a service: what it plans, sends, writes, says, and how it ends."""

import json
from pathlib import Path

import pytest

from s2r_ci.runai.document import read_document
from tests.remote.conftest import Run, script
from tools import standin_service as standin
from tools.standin_service import Fault, StandIn


def converters(root: Path) -> list[str]:
    """Who wrote each manifest, in order of their names."""
    found = [read_document(path.read_bytes()) for path in sorted(root.glob("*.runai.yaml"))]
    return [document.stamp.converter if document else "?" for document in found]


def test_every_script_is_sent_once_and_written(run: Run, repository: Path) -> None:
    with StandIn() as service:
        ended = run(service, "write")
        assert (ended.code, len(service.seen)) == (0, 3)
        assert converters(repository) == ["service"] * 3
        assert "3 found: 0 current, 0 by rules, 3 to send" in ended.err
        assert "quota left today: 100 of 100" in ended.err
        assert "tokens, $" in ended.err
        assert "3 answered by the service" in ended.out.splitlines()[-1]


def test_current_manifests_cost_nothing(run: Run, repository: Path) -> None:
    with StandIn() as service:
        run(service, "write")
        before = len(service.seen)
        for words in (["check"], ["check", "--reverify"], ["write"], ["check", "--converter", "service"]):
            ended = run(service, *words)
            assert ended.code == 0, ended
            assert "3 current, 0 by rules, 0 to send" in ended.err
        assert len(service.seen) == before
        (repository / "job1.sh").write_text(script(11))
        assert run(service, "write").code == 0
        assert len(service.seen) == before + 1


def test_a_manifest_of_the_service_is_current_without_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork's pull request has no secret: it is checked offline, and said so."""
    with StandIn() as service:
        run(service, "write")
    monkeypatch.delenv("S2R_SHARED_SECRET")
    ended = run(None, "check", "--reverify")
    assert ended.code == 0
    assert "checked offline by rules" in ended.out
    assert run(None, "check", "--converter", "rules").code == 1  # a person wants rules, and only rules


def test_a_manifest_by_rules_is_current_for_auto_and_not_for_service(run: Run, repository: Path) -> None:
    assert run(None, "write").code == 0
    with StandIn() as service:
        assert run(service, "check").code == 0
        assert not service.seen
        ended = run(service, "check", "--converter", "service")
        assert ended.code == 1
        assert "converter-stale" in ended.out
        assert run(service, "write", "--converter", "service").code == 0
        assert converters(repository) == ["service"] * 3


def test_rules_are_used_where_they_are_asked_for(run: Run, repository: Path) -> None:
    with StandIn() as service:
        assert run(service, "write", "--converter", "rules").code == 0
        assert not service.seen
    assert converters(repository) == ["rules"] * 3


def test_a_folder_can_keep_its_scripts_at_home(run: Run, repository: Path) -> None:
    (repository / "private").mkdir()
    (repository / "private" / "s2r-ci.toml").write_text('converter = "rules"\n')
    (repository / "private" / "own.sh").write_text(script(9))
    with StandIn() as service:
        assert run(service, "write").code == 0
        assert sorted(each.name for each in service.seen) == ["job0.sh", "job1.sh", "job2.sh"]


def test_the_residue_is_what_rules_left_open(run: Run, repository: Path) -> None:
    (repository / "job1.sh").write_text(script(1).replace("#SBATCH --mem=32G\n", ""))
    with StandIn() as service:
        ended = run(service, "write", "--send", "residue")
        assert [each.name for each in service.seen] == ["job1.sh"]
        assert "2 by rules, 1 to send" in ended.err
    assert converters(repository) == ["rules", "service", "rules"]


def test_the_service_without_an_address_is_a_mistake(run: Run) -> None:
    ended = run(None, "check", "--converter", "service")
    assert ended.code == 2
    assert "api-endpoint" in ended.err


# --- before anything is sent -------------------------------------------------------------------------------


def test_a_dry_run_shows_what_would_travel_and_sends_nothing(run: Run, repository: Path) -> None:
    (repository / "s2r-ci.toml").write_text("")
    with StandIn() as service:
        ended = run(service, "--dry-run")
        assert (ended.code, service.seen) == (0, [])
        assert not list(repository.glob("*.runai.yaml"))
        shown = [json.loads(line) for line in ended.out.splitlines() if not line.startswith("#")]
        run(service, "write")
        sent = [json.loads(body) for body in service.bodies]
    for each in (*shown, *sent):
        assert len(each.pop("nonce")) == 22
    assert sorted(shown, key=lambda each: each["name"]) == sorted(sent, key=lambda each: each["name"])


FALSE_ALARM = (
    "export WANDB_API_KEY=4f2b8c1d9e7a6053b4c8d2e1f0a9b8c7d6e5f403  # s2r: ignore[secret-in-script] rotated\n"
)
VALUE = "4f2b8c1d9e7a6053b4c8d2e1f0a9b8c7d6e5f403"


def test_what_looks_like_a_secret_stays_here(run: Run, repository: Path) -> None:
    (repository / "job1.sh").write_text(script(1, FALSE_ALARM))
    with StandIn() as service:
        shown = run(service, "--dry-run")
        ended = run(service, "write")
        assert VALUE not in shown.out
        assert "1 secrets left out" in shown.out
        assert not [body for body in service.bodies if VALUE.encode() in body]
        sent = {each.name: each.script for each in service.seen}
        assert "WANDB_API_KEY=S2R_REDACTED_1__" in sent["job1.sh"]
    manifest = (repository / "job1.sh.runai.yaml").read_text()
    assert "secret-redacted" in manifest
    assert "S2R_REDACTED_1__" not in manifest.partition("apiVersion")[2]
    assert ended.code == 0


def test_refuse_sends_no_script_with_a_secret(run: Run, repository: Path) -> None:
    (repository / "job1.sh").write_text(script(1, FALSE_ALARM))
    with StandIn() as service:
        ended = run(service, "write", "--redact", "refuse")
        assert sorted(each.name for each in service.seen) == ["job0.sh", "job2.sh"]
        assert "1 by rules, 2 to send" in ended.err
    assert "not-sent" in (repository / "job1.sh.runai.yaml").read_text()
    assert converters(repository) == ["service", "rules", "service"]
    with StandIn() as service:  # and it is not asked about again and again
        assert run(service, "check", "--redact", "refuse", "--converter", "service").code == 0
        assert not service.seen


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(script(1, "# " + "x" * 52_000).encode(), "octets", id="too large"),
        pytest.param(script(1, "# caf\udce9").encode("utf-8", "surrogateescape"), "not UTF-8", id="not UTF-8"),
    ],
)
def test_what_cannot_be_sent_is_done_by_rules_and_said(run: Run, repository: Path, data: bytes, why: str) -> None:
    (repository / "job1.sh").write_bytes(data)
    with StandIn() as service:
        ended = run(service, "write", "--verbose")
        assert len(service.seen) == 2
    assert ended.code == 0
    assert "not-sent" in ended.out
    assert why in ended.out
    assert "1 not sent" in ended.out.splitlines()[-1]


def test_a_script_with_a_secret_is_never_sent(run: Run, repository: Path) -> None:
    (repository / "job1.sh").write_text(script(1, FALSE_ALARM.partition("  #")[0] + "\n"))
    with StandIn() as service:
        ended = run(service, "write")
        assert sorted(each.name for each in service.seen) == ["job0.sh", "job2.sh"]
    assert ended.code == 1
    assert "secret-in-script" in ended.out


# --- limits ------------------------------------------------------------------------------------------------


def test_a_quota_keeps_what_there_is_and_the_next_run_goes_on(run: Run, repository: Path) -> None:
    with StandIn(limit=2) as service:
        ended = run(service, "write", "--in-flight", "1")
        assert ended.code == 6
        assert "1 left for the next run" in ended.out.splitlines()[-1]
        assert sorted(converters(repository)) == ["rules", "service", "service"]
        assert "not-verified" in ended.out
        service.limit = 3
        again = run(service, "write")
        assert "2 current, 0 by rules, 1 to send" in again.err
        assert again.code == 0
        assert converters(repository) == ["service"] * 3
        assert len(service.charged) == 3


def test_what_was_left_is_asked_first(run: Run, repository: Path) -> None:
    """A check writes nothing, so only the journal knows where the last run stopped."""
    with StandIn(limit=2) as service:
        run(service, "check", "--in-flight", "1")
        service.limit = 4
        (repository / "aaa.sh").write_text(script(7))
        before = len(service.seen)
        run(service, "check", "--in-flight", "1")
        assert service.seen[before].name == "job2.sh"


@pytest.mark.parametrize(
    "limit",
    [pytest.param(("--max-requests", "2"), id="requests"), pytest.param(("--max-cost", "0.02"), id="cost")],
)
def test_a_limit_of_the_run_leaves_the_rest(run: Run, repository: Path, limit: tuple[str, str]) -> None:
    with StandIn() as service:
        ended = run(service, "write", "--in-flight", "1", *limit)
        assert (ended.code, len(service.seen)) == (6, 2)
        assert "1 left for the next run" in ended.out
        assert run(service, "write").code == 0
        assert converters(repository) == ["service"] * 3


def test_fail_means_no_manifest_by_rules(run: Run, repository: Path) -> None:
    with StandIn(limit=2) as service:
        ended = run(service, "write", "--in-flight", "1", "--on-service-failure", "fail")
        assert ended.code == 6
        assert converters(repository) == ["service"] * 2
        service.limit, service.always = 3, standin.problem("store-unavailable")
        assert run(service, "write", "--on-service-failure", "fail").code == 3
        assert len(converters(repository)) == 2


def test_requests_in_flight_are_bounded(run: Run, repository: Path) -> None:
    for number in range(3, 20):
        (repository / f"job{number}.sh").write_text(script(number))
    with StandIn(latency_s=0.05) as service:
        assert run(service, "write", "--in-flight", "4").code == 0
        assert 2 <= service.most_in_flight <= 4


# --- faults: what is promised, what is charged, how it ends ---------------------------------------------------

DOWN: list[object] = [
    pytest.param(standin.problem("model-throttled"), id="F-02 model throttled"),
    pytest.param(standin.problem("model-timeout"), id="F-03 model timeout"),
    pytest.param(standin.dropped, id="F-04 connection reset"),
    pytest.param(standin.problem("model-output-invalid"), id="F-05 F-06 output invalid"),
    pytest.param(standin.problem("model-unavailable"), id="F-07 F-08 model unavailable"),
    pytest.param(standin.problem("store-unavailable"), id="F-11 F-16 store"),
    pytest.param(standin.problem("internal"), id="internal"),
    pytest.param(standin.problem("invalid-signature", signed=False), id="wrong key"),
    pytest.param(standin.problem("clock-skew", server_time=0), id="F-25 a clock that cannot be right"),
    pytest.param(standin.problem("content-blocked"), id="blocked"),
    pytest.param(standin.says(b"<html>log in</html>", kind="text/html", signed=False), id="F-35 portal"),
    pytest.param(standin.says(b"", status=502, kind="text/html", signed=False), id="gateway"),
]


@pytest.mark.parametrize("fault", DOWN)
def test_without_an_answer_rules_stand_in_and_it_is_no_success(run: Run, repository: Path, fault: Fault) -> None:
    with StandIn(always=fault) as service:
        ended = run(service, "write")
        assert ended.code == 3, ended
        assert converters(repository) == ["rules"] * 3
        assert "3 NOT verified against the service" in ended.out.splitlines()[-1]
        assert "warning[not-verified]" in ended.out
        assert not service.charged
        service.always = None
        again = run(service, "check")  # the manifest itself remembers
        assert again.code == 1
        assert "converter-stale" in again.out
        assert run(service, "write").code == 0
        assert converters(repository) == ["service"] * 3


def test_nobody_there(run: Run, repository: Path) -> None:
    with StandIn() as service:
        address = service.address
    ended = run(address, "write")
    assert ended.code == 3
    assert "connection refused" in ended.out
    assert converters(repository) == ["rules"] * 3


PASSING: list[object] = [
    pytest.param(standin.problem("model-throttled"), id="F-01 throttled once"),
    pytest.param(standin.problem("store-unavailable"), id="F-12 store comes back"),
    pytest.param(standin.lost, id="F-21 answer lost"),
    pytest.param(standin.twice, id="F-22 octets sent twice"),
    pytest.param(standin.problem("model-output-invalid"), id="output invalid once"),
    pytest.param(standin.problem("internal"), id="internal once"),
    pytest.param(standin.says(b"", status=503, kind="text/plain", signed=False), id="gateway once"),
]


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_overcome_and_charged_once(run: Run, repository: Path, fault: Fault) -> None:
    with StandIn(faults=[fault]) as service:
        ended = run(service, "write")
        assert ended.code == 0, ended
        assert converters(repository) == ["service"] * 3
        assert sorted(service.charged) == sorted({each.idem for each in service.seen})
        assert len(service.charged) == 3
        assert len(service.seen) == 4
        assert len({each.nonce for each in service.seen}) == 4


@pytest.mark.parametrize("skew_s", [-900, -301, -299, 0, 299, 301, 900])
def test_a_clock_that_differs_is_corrected_once(run: Run, skew_s: int) -> None:
    """F-25: the answer to the first question (the quota) tells the time, and it is kept for the rest of the run."""
    with StandIn(skew_s=skew_s) as service:
        ended = run(service, "write")
        assert (ended.code, len(service.charged)) == (0, 3)


def test_a_wrong_secret_is_asked_with_once(run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn() as service:
        monkeypatch.setattr("tests.remote.conftest.SECRET", b"another-secret-made-up-for-tests-0123456789")
        ended = run(service, "write")
        assert (ended.code, service.seen) == (3, [])
        assert "both sides hold the same secret" in ended.out
