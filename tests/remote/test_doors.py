"""``s2r``, the doctor and the Python interface with a service."""

import os
from pathlib import Path
from typing import Any

import pytest

from s2r_ci import convert_slurm_to_runai
from s2r_ci.cli import main, single
from s2r_ci.errors import ConversionError, ConverterUnavailableError
from s2r_ci.runai.document import read_document
from tests.remote.conftest import KEY_ID, Run, script
from tools import standin_service as standin
from tools.standin_service import SECRET, StandIn


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, repository: Path) -> StandIn:
    """A stand-in that the environment names; to be entered."""
    made = StandIn()
    monkeypatch.setenv("S2R_API_ENDPOINT", made.address)
    monkeypatch.setenv("S2R_SHARED_SECRET", SECRET.decode())
    monkeypatch.setenv("S2R_KEY_ID", KEY_ID)
    return made


def wrote(text: str) -> str:
    """The converter in a manifest's header."""
    document = read_document(text.encode())
    return document.stamp.converter if document else ""


def test_s2r_asks_the_service_and_names_the_session(service: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    with service:
        assert single.main(["job0.sh"]) == 0
        said = capsys.readouterr()
        assert wrote(said.out) == "service"
        assert f"s2r chat {standin.session_of(service.seen[0])}" in said.err


def test_s2r_writes_where_it_is_told(service: StandIn, repository: Path) -> None:
    with service:
        assert single.main(["job0.sh", "out.yaml"]) == 0
    assert wrote((repository / "out.yaml").read_text()) == "service"


@pytest.mark.parametrize(
    ("problem", "words", "code", "converter"),
    [
        pytest.param("store-unavailable", [], 3, "rules", id="down, by rules"),
        pytest.param("store-unavailable", ["--on-service-failure", "fail"], 3, "", id="down, fail"),
        pytest.param("quota-exceeded", [], 6, "rules", id="no quota, by rules"),
        pytest.param("quota-exceeded", ["--on-service-failure", "fail"], 6, "", id="no quota, fail"),
    ],
)
def test_s2r_without_an_answer_is_no_success(
    service: StandIn, capsys: pytest.CaptureFixture[str], problem: str, words: list[str], code: int, converter: str
) -> None:
    service.always = standin.problem(problem)
    with service:
        assert single.main(["job0.sh", *words]) == code
    said = capsys.readouterr()
    assert wrote(said.out) == converter
    assert converter == "" or "NOT verified against the service" in said.err


def test_s2r_by_rules_asks_nobody(service: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    with service:
        assert single.main(["job0.sh", "--converter", "rules"]) == 0
        assert not service.headers
    assert wrote(capsys.readouterr().out) == "rules"


def test_a_script_that_sbatch_refuses_is_not_sent(service: StandIn, repository: Path) -> None:
    (repository / "job0.sh").write_text("#!/bin/bash\n#SBATCH --no-such-option=1\ndate\n")
    with service:
        assert single.main(["job0.sh"]) == 1
        assert not service.headers


def test_the_python_interface_asks_the_service(service: StandIn) -> None:
    with service:
        assert wrote(convert_slurm_to_runai(script())) == "service"
        assert wrote(convert_slurm_to_runai(script(), converter="rules")) == "rules"
        assert len(service.seen) == 1
        service.always = standin.problem("store-unavailable")
        with pytest.raises(ConverterUnavailableError):
            convert_slurm_to_runai(script(1))
        service.always = standin.problem("quota-exceeded")
        with pytest.raises(ConversionError, match="quota"):
            convert_slurm_to_runai(script(2))


def test_the_python_interface_falls_back_where_the_environment_says_so(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S2R_ON_SERVICE_FAILURE", "rules")
    service.always = standin.problem("store-unavailable")
    with service:
        text = convert_slurm_to_runai(script())
    assert wrote(text) == "rules"
    assert "not-verified" in text


# --- a conversation about a conversion -----------------------------------------------------------------------


@pytest.mark.parametrize("by", ["session", "path"])
def test_a_chat_refines_is_judged_and_says_what_to_keep(
    service: StandIn, capsys: pytest.CaptureFixture[str], repository: Path, by: str
) -> None:
    service.answers = {"options": ["--gres=gpu:4"]}
    with service:
        assert single.main(["job0.sh"]) == 0
        name = standin.session_of(service.seen[0]) if by == "session" else "job0.sh"
        capsys.readouterr()
        assert single.main(["chat", name, "use 4 GPUs", "out.yaml"]) == 0
        said = capsys.readouterr()
    text = (repository / "out.yaml").read_text()
    assert wrote(text) == "service"
    assert 'nvidia.com/gpu: "4"' in text
    kept = said.err.replace("s2r:   ", "").partition("s2r-ci.toml:\n")[2]
    assert kept == '[[answers]]\nscripts = "job0.sh"\noptions = ["--gres=gpu:4"]\n'
    settings = (repository / "s2r-ci.toml").read_text()
    (repository / "s2r-ci.toml").write_text(settings + kept)
    (repository / "job0.sh.runai.yaml").write_text(text)
    assert main(["check", "job0.sh"]) == 0  # with the answers in the settings, the refined manifest is current


def test_a_change_without_its_answer_is_refused(service: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody answers for is not in the manifest: the judge knows script and answers, and nothing else."""
    with service:
        assert single.main(["job0.sh"]) == 0
        service.manifest = lambda envelope, text: text.replace('gpu: "2"', 'gpu: "4"')
        assert single.main(["chat", "job0.sh", "use 4 GPUs"]) == 1
    assert "the script asks for 2 GPUs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answers", "code", "said"),
    [
        pytest.param({"image": "evil.example/x:1"}, 0, "evil.example/x:1", id="an image that a person asked for"),
        pytest.param({"gpus": "many"}, 3, "a whole number", id="an answer that is none"),
        pytest.param({"hostPath": "/"}, 3, "unknown setting", id="an answer that nobody knows"),
        pytest.param(["x"], 3, "no table", id="no answers"),
        pytest.param({"options": ["--no-such-option"]}, 1, "no-such-option", id="an option that sbatch refuses"),
    ],
)
def test_answers_are_read_as_strictly_as_settings(
    service: StandIn, capsys: pytest.CaptureFixture[str], answers: Any, code: int, said: str
) -> None:
    with service:
        assert single.main(["job0.sh"]) == 0
        session = standin.session_of(service.seen[0])
        if "image" in answers:
            service.answers = answers
        else:  # a service that says one thing and does another
            made = service._made(service.seen[0], answers=answers)
            service._chat = lambda envelope: made  # type: ignore[method-assign]
        assert single.main(["chat", session, "do it"]) == code
    assert said in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["chat", "s-unknown", "use 4 GPUs"], 2, "no conversion of this session", id="unknown session"),
        pytest.param(["chat", "job0.sh", " "], 2, "an instruction has", id="empty"),
        pytest.param(["chat", "job0.sh", "x" * 2001], 2, "an instruction has", id="too long"),
        pytest.param(["chat", "job0.sh"], 2, "TEXT", id="no instruction"),
    ],
)
def test_a_chat_about_nothing_is_a_mistake(
    service: StandIn, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    with service:
        assert single.main(["job0.sh"]) == 0
        assert single.main(words) == code
    assert said in capsys.readouterr().err


def test_a_script_that_changed_since_is_not_talked_about(
    service: StandIn, capsys: pytest.CaptureFixture[str], repository: Path
) -> None:
    with service:
        assert single.main(["job0.sh"]) == 0
        (repository / "job0.sh").write_text(script(77))
        assert single.main(["chat", "job0.sh", "use 4 GPUs"]) == 3
    assert "another script" in capsys.readouterr().err


def test_the_doctor_reports_a_service_that_answers(run: Run) -> None:
    with StandIn(skew_s=700) as service:
        ended = run(service, "doctor")
    lines = {line.partition("  ")[0]: line for line in ended.out.splitlines()}
    assert ended.code == 0
    assert service.address in lines["service"]
    assert KEY_ID in lines["key id"]
    assert "set (not shown)" in lines["secret"]
    assert "+700 s" in lines["clock"] or "+699 s" in lines["clock"]
    assert "accepted; 100 of 100" in lines["key"]


def test_the_doctor_ends_with_3_where_the_service_does_not_answer(run: Run) -> None:
    ended = run("http://127.0.0.1:1", "doctor")
    assert ended.code == 3
    assert "NO: the service cannot be reached: connection refused" in ended.out


def test_the_doctor_ends_with_2_for_a_key_that_the_service_does_not_take(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn() as service:
        monkeypatch.setattr("tests.remote.conftest.SECRET", b"another-secret-made-up-for-tests-0123456789")
        ended = run(service, "doctor")
    assert "NOT accepted: the signature is wrong" in ended.out
    assert "set (not shown)" in ended.out
    assert ended.code == 2


def test_the_doctor_without_a_service(run: Run) -> None:
    assert "no service is asked" in run(None, "doctor").out
    assert not [name for name in os.environ if name.startswith("S2R_")]
