"""Whole processes: killed and run again, interrupted, and searched for the secret and for script text."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from s2r_ci.runai.document import read_document
from tests.remote.conftest import KEY_ID, script
from tools import standin_service as standin
from tools.standin_service import SECRET, StandIn

ROOT = Path(__file__).parents[2]


def environment(service: StandIn, tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("S2R_", "GITHUB_", "GIT_"))}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "S2R_API_ENDPOINT": service.address,
        "S2R_SHARED_SECRET": SECRET.decode(),
        "S2R_KEY_ID": KEY_ID,
    }


def started(folder: Path, environ: dict[str, str], *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "s2r_ci", *words], cwd=folder, env=environ, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def gate(service: StandIn, after: int) -> tuple[threading.Event, threading.Event]:
    """The service stops answering after so many conversions: set when that is so; to be set to go on."""
    reached, go_on = threading.Event(), threading.Event()

    def fault(handler: standin.Handler, envelope: object) -> bool:
        if len(service.charged) >= after:
            reached.set()
            go_on.wait(60)
        return False

    service.always = fault
    return reached, go_on


@pytest.mark.parametrize("after", [5, *(pytest.param(n, marks=pytest.mark.slow) for n in (0, 1, 8, 11))])
def test_a_run_that_is_killed_goes_on_and_is_charged_once(repository: Path, tmp_path: Path, after: int) -> None:
    """kill -9 at a known place: nothing is torn, and what was charged is not charged again."""
    for number in range(3, 12):
        (repository / f"job{number}.sh").write_text(script(number))
    with StandIn() as service:
        environ = environment(service, tmp_path)
        reached, go_on = gate(service, after)
        process = started(repository, environ, "write", "--in-flight", "3")
        assert reached.wait(60)
        process.kill()
        process.communicate()
        go_on.set()
        service.always = None
        for path in repository.glob("*.runai.yaml"):
            document = read_document(path.read_bytes())
            assert document is not None
            assert document.intact
        again = started(repository, environ, "write", "--in-flight", "3")
        out, err = again.communicate(timeout=120)
        assert again.returncode == 0, out + err
        assert len(service.charged) == len(set(service.charged)) == 12
    assert len(list(repository.glob("*.runai.yaml"))) == 12
    assert not [path for path in repository.rglob("*.tmp") if ".git" not in path.parts]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_interrupted_ends_at_once_and_keeps_what_it_has(
    repository: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """F-39: requests that are under way do not hold it up."""
    with StandIn() as service:
        reached, go_on = gate(service, 1)
        process = started(repository, environment(service, tmp_path), "write", "--in-flight", "1")
        assert reached.wait(60)
        while not list(repository.glob("*.runai.yaml")):
            time.sleep(0.01)  # until the one that was answered is on disk
        process.send_signal(number)
        out, err = process.communicate(timeout=20)  # not the 65 s of the request
        go_on.set()
        assert process.returncode == code, out + err
    assert len(list(repository.glob("*.runai.yaml"))) == 1
    assert not [path for path in repository.rglob("*.tmp") if ".git" not in path.parts]


CANARY = "export HF_TOKEN=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  # s2r: ignore[secret-in-script] revoked long ago\n"
VALUE = "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"


@pytest.mark.parametrize(
    "always",
    [
        pytest.param(None, id="all well"),
        pytest.param(standin.problem("invalid-signature", signed=False), id="refused", marks=pytest.mark.slow),
        pytest.param(standin.says(b"<html>", kind="text/html", signed=False), id="portal", marks=pytest.mark.slow),
        pytest.param(standin.dropped, id="dropped"),
    ],
)
def test_the_secret_is_nowhere(repository: Path, tmp_path: Path, always: standin.Fault | None) -> None:
    """T09: not in output, files, URL, headers, bodies or arguments, in no spelling; nor is a script's own."""
    (repository / "job1.sh").write_text(script(1, CANARY))
    with StandIn(always=always) as service:
        environ = {**environment(service, tmp_path), "S2R_DEADLINE": "3"}
        said = ""
        for words in (["write", "--verbose"], ["check", "--format", "json"], ["--dry-run"], ["doctor"]):
            process = started(repository, environ, *words)
            arguments = Path(f"/proc/{process.pid}/cmdline")
            if arguments.exists():
                assert SECRET not in arguments.read_bytes()
            said += "".join(process.communicate(timeout=120))
        sent = b"".join(service.bodies) + str(service.headers).encode()
    files = [path for path in (*repository.rglob("*"), *(tmp_path / "cache").rglob("*")) if path.is_file()]
    written = b"".join(path.read_bytes() for path in files)
    assert any("asked-" in path.name for path in files)
    for spelling in _spellings(SECRET):
        assert spelling not in said.encode() + sent + written
    assert VALUE.encode() not in sent + said.encode()
    journal = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*.jsonl"))
    assert b"SBATCH" not in journal
    assert b"train.py" not in journal
    assert VALUE.encode() not in journal


def _spellings(secret: bytes) -> list[bytes]:
    from base64 import b64encode, urlsafe_b64encode

    return [secret, b64encode(secret)[:40], urlsafe_b64encode(secret)[:40], secret.hex().encode(), secret[::-1]]
