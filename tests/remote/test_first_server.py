"""Our client and a server of the first s2r: raw scripts, unsigned answers, nothing asked twice. Real HTTP."""

import json
import re
from pathlib import Path

import pytest

from s2r_ci.cli import main, single
from s2r_ci.convert.rules import RulesConverter
from s2r_ci.model import Script, Target
from s2r_ci.pipeline import convertible
from s2r_ci.remote.first import WARNING, is_first
from s2r_ci.remote.transport import Answer
from s2r_ci.runai.document import read_document
from s2r_ci.runai.yaml import write_yaml
from s2r_ci.settings import resolve
from tests.remote.conftest import KEY_ID, Ended, Run, script
from tests.remote.first_server import FirstServer
from tools.standin_service import SECRET, StandIn


def target() -> Target:
    """What the settings of the repository ask for: the model of the first s2r is lucky enough to guess it."""
    return resolve(".", {}, {}).target_for("job0.sh")


def by_rules(text: str, path: str = "job0.sh") -> str:
    """The manifest that a model writes which makes no mistake."""
    number = text.partition("train-")[2].partition("\n")[0]
    path = f"job{number}.sh" if number else path
    request = convertible(Script(path=path, data=text.encode()), target())
    assert request is not None
    return write_yaml(RulesConverter().convert(request).manifest.body)


def fenced(text: str) -> str:
    """Two blocks, as later versions answer: a manifest, and the commands for it."""
    return f"## Block 1\n\n```yaml\n{by_rules(text)}```\n\n## Block 2\n\n```bash\nrunai training submit\n```\n"


def one_gpu(text: str) -> str:
    """A careless model."""
    made = by_rules(text)
    careless = re.sub(r"(nvidia\.com/gpu: \"?)2", r"\g<1>1", made)
    assert careless != made
    return careless


def fails(text: str) -> str:
    raise RuntimeError("Bedrock API error: arn:aws:iam::123456789012:role/made-up")


@pytest.fixture
def first(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command against a server of the first s2r: a secret and an address, no key id."""

    def command(server: FirstServer, *words: str) -> Ended:
        monkeypatch.setenv("S2R_SHARED_SECRET", SECRET.decode())
        monkeypatch.setenv("S2R_API_ENDPOINT", server.address)
        return run(None, *words)

    return command


def manifests(root: Path) -> list[str]:
    return sorted(path.name for path in root.glob("*.runai.yaml"))


def converters(root: Path) -> list[str]:
    documents = [read_document(path.read_bytes()) for path in sorted(root.glob("*.runai.yaml"))]
    return [document.stamp.converter if document else "?" for document in documents]


@pytest.mark.parametrize("gateway", [False, True], ids=["Function URL", "API Gateway"])
@pytest.mark.parametrize("model", [by_rules, fenced])
def test_scripts_travel_raw_signed_as_the_first_clients_sign(
    first: Run, repository: Path, model: object, gateway: bool
) -> None:
    assert callable(model)
    with FirstServer(model, secret=SECRET, behind_gateway=gateway) as server:
        ended = first(server, "write")
    assert ended.code == 0, ended.out + ended.err
    assert sorted(server.scripts) == sorted(script(number) for number in range(3))
    assert server.charged == 3
    for asked in server.asked:
        if asked.method == "POST":
            assert asked.path == "/"
            assert asked.headers["content-type"].startswith("text/plain")
            assert "x-s2r-key-id" not in asked.headers
    assert [asked.path for asked in server.asked if asked.method == "GET"] == ["/healthz"]
    assert converters(repository) == ["service"] * 3
    assert ended.err.count(WARNING) == 1
    assert "quota unknown (a server of the first s2r" in ended.err
    assert "3 answered by the service" in ended.out


def test_what_is_current_costs_nothing_the_next_time(first: Run, repository: Path) -> None:
    with FirstServer(by_rules, secret=SECRET) as server:
        assert first(server, "write").code == 0
        assert first(server, "check").code == 0
    assert server.charged == 3


def test_every_manifest_says_where_it_came_from(first: Run, repository: Path) -> None:
    with FirstServer(by_rules, secret=SECRET) as server:
        first(server, "write")
    document = read_document((repository / "job0.sh.runai.yaml").read_bytes())
    assert document is not None
    assert any("not signed" in finding.message for finding in document.notes.findings)


def test_a_careless_manifest_is_judged_like_every_other(first: Run, repository: Path) -> None:
    with FirstServer(one_gpu, secret=SECRET) as server:
        ended = first(server, "write")
    assert ended.code == 1
    assert "gpu-count-changed" in ended.out
    assert manifests(repository) == []


@pytest.mark.parametrize(
    "text",
    ["Error: No content in response", "runai training submit --gpu-devices-request 2", "", "```bash\nls\n```\n"],
    ids=["B20", "commands", "nothing", "commands in a fence"],
)
def test_what_is_no_manifest_is_not_taken(first: Run, repository: Path, text: str) -> None:
    with FirstServer(lambda _: text, secret=SECRET) as server:
        ended = first(server, "write")
    assert ended.code == 3
    assert "holds no manifest" in ended.out
    assert converters(repository) == ["rules"] * 3


def test_a_failure_is_not_asked_again_because_it_was_charged(first: Run, repository: Path) -> None:
    with FirstServer(fails, secret=SECRET) as server:
        ended = first(server, "write")
    assert ended.code == 3
    assert len(server.scripts) == len(set(server.scripts)) == server.charged == 3
    assert "123456789012" not in ended.out + ended.err
    assert "the server of the first s2r failed" in ended.out


def test_a_wrong_secret_ends_the_asking(first: Run, repository: Path) -> None:
    with FirstServer(by_rules, secret=SECRET + b"!") as server:
        ended = first(server, "write", "--in-flight", "1")
    assert ended.code == 3
    assert len(server.scripts) == 1
    assert "refuses the signature" in ended.out


def test_a_clock_that_is_wrong_is_refused_and_not_guessed(first: Run, repository: Path) -> None:
    with FirstServer(by_rules, secret=SECRET, skew_s=400) as server:
        ended = first(server, "write", "--in-flight", "1")
    assert ended.code == 3
    assert server.charged == 0


def test_a_quota_that_is_used_up_leaves_the_rest(first: Run, repository: Path) -> None:
    with FirstServer(by_rules, secret=SECRET, limit=2) as server:
        ended = first(server, "write", "--in-flight", "1")
        assert ended.code == 6
        assert len(server.scripts) == 3
        assert sorted(converters(repository)) == ["rules", "service", "service"]
        server.limit = 3
        assert first(server, "write").code == 0
    assert server.charged == 3
    assert converters(repository) == ["service"] * 3


def test_money_is_counted_as_estimated_because_it_tells_no_tokens(first: Run, repository: Path) -> None:
    with FirstServer(by_rules, secret=SECRET) as server:
        ended = first(server, "write", "--max-cost", "0.015", "--in-flight", "1")
    assert ended.code == 6
    assert server.charged == 1


def test_secrets_do_not_travel_there_either(first: Run, repository: Path) -> None:
    token = "ghp_" + "A1b2C3d4" * 4 + "wxyz"
    (repository / "job0.sh").write_text(script(0, f"export GITHUB_TOKEN={token}  # s2r: ignore[secret-in-script]"))
    with FirstServer(by_rules, secret=SECRET) as server:
        first(server, "write")
    assert token not in "".join(server.scripts)


def test_with_a_key_id_no_script_travels_raw(run: Run, repository: Path) -> None:
    """Only our service knows key ids: who sets one is not led to unsigned answers."""
    with FirstServer(lambda _: "kind: Job\n", secret=SECRET) as server:
        ended = run(server.address, "write")
    assert KEY_ID
    assert ended.code == 3
    assert all(json.loads(body)["s2r"] == 1 for body in server.scripts)
    assert "/healthz" not in {asked.path for asked in server.asked}
    assert WARNING not in ended.err
    assert converters(repository) == ["rules"] * 3


def test_s2r_and_the_doctor_know_it(
    first: Run, repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with FirstServer(by_rules, secret=SECRET) as server:
        ended = first(server, "doctor")
        assert ended.code == 0
        assert "yes, a server of the first s2r" in ended.out
        assert server.charged == 0
        assert single.main(["job0.sh"]) == 0
        said = capsys.readouterr()
        assert WARNING in said.err
        assert "kind:" in said.out
        monkeypatch.setenv("S2R_KEY_ID", KEY_ID)
        assert main(["doctor"]) == 2
        assert "unset key-id" in capsys.readouterr().out


def test_a_chat_is_refused_before_anything_is_sent(
    first: Run, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FirstServer(by_rules, secret=SECRET) as server:
        first(server, "write")
        before = server.charged
        assert single.main(["chat", "job0.sh", "use 4 GPUs"]) != 0
    assert server.charged == before
    assert "s2r:" in capsys.readouterr().err


def test_our_own_service_is_never_taken_for_it(run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn() as service:
        monkeypatch.setenv("S2R_API_ENDPOINT", service.address)
        monkeypatch.setenv("S2R_SHARED_SECRET", SECRET.decode())
        ended = run(None, "write")
    assert ended.code == 0
    assert WARNING not in ended.err
    assert len(service.seen) == 3


HEALTH = [
    pytest.param(401, b'{"error": "Invalid signature or expired timestamp"}', True, id="Function URL"),
    pytest.param(404, b'{"message":"Not Found"}', True, id="API Gateway"),
    pytest.param(200, b'{"s2r":[1],"time":1763650000}', False, id="our service"),
    pytest.param(200, b'{"error": "x"}', False, id="200"),
    pytest.param(401, b'{"type":"urn:s2r-ci:problem:invalid-signature","error":"x"}', False, id="our problem"),
    pytest.param(401, b'{"error": {"code": 7}}', False, id="somebody else's error"),
    pytest.param(401, b"<html>log in</html>", False, id="a portal"),
    pytest.param(403, b'{"Message":"Forbidden"}', False, id="AWS"),
    pytest.param(404, b"not found", False, id="a web server"),
    pytest.param(404, b'{"message":"Not Found","status":404}', False, id="an API"),
    pytest.param(401, b"[]", False, id="a list"),
]


@pytest.mark.parametrize(("status", "body", "first_s2r"), HEALTH)
def test_it_is_told_by_its_answer_alone(status: int, body: bytes, first_s2r: bool) -> None:
    assert is_first(Answer(status, {}, body), "https://service.example.com") == first_s2r
