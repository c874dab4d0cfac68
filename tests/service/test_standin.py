"""The stand-in itself: the wire as botocore knows it, its list of faults, its manual."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from s2r_service.conversion import warm_up_prompt
from s2r_service.model.bedrock import Bedrock, client
from s2r_service.standin.faults import NAMES, REFUSALS, STOPS, Fault, Script, WrongScriptError
from s2r_service.standin.minds import MINDS
from s2r_service.standin.server import HEADER, Standin
from tests.service.offices import SONNET, converted, standin

ROOT = Path(__file__).parents[2]
MANUAL = ROOT / "docs" / "standin.md"


def asked(url: str, method: str = "GET", body: bytes = b"", **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(url, data=body or None, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_what_it_answers_is_what_the_sdk_describes() -> None:
    """Every member and every error code stands in botocore's own model of Converse."""
    import botocore.session

    operation: Any = botocore.session.get_session().get_service_model("bedrock-runtime").operation_model("Converse")
    codes = {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in operation.error_shapes}
    assert {refusal.code: refusal.status for refusal in REFUSALS.values()} == codes
    assert set(STOPS.values()) <= set(operation.output_shape.members["stopReason"].enum)
    with standin() as (server, _):
        found = client(endpoint=server.url).converse(**_question())
    assert set(found) - {"ResponseMetadata"} <= set(operation.output_shape.members)
    assert set(found["usage"]) <= set(operation.output_shape.members["usage"].members)


def _question() -> Any:
    with standin() as (server, model):
        model.decide(warm_up_prompt(), model_id=SONNET, timeout_s=30.0)
    return server.asked[0]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        pytest.param({"toolConfig": None}, "missing", id="no tool"),
        pytest.param({"inferenceConfig": {"temperature": 0.0}}, "maxTokens", id="no limit"),
        pytest.param({"toolChoice": {"auto": {}}}, "forced", id="not forced"),
        pytest.param({"strict": {"type": "object", "properties": {}}}, "closed", id="strict and open"),
        pytest.param({"strict": {"type": "string", "maxLength": 3}}, "closed", id="a keyword that strict lacks"),
    ],
)
def test_a_request_that_the_real_service_would_not_take_is_refused(changed: dict[str, Any], says: str) -> None:
    from botocore.exceptions import ClientError

    question = _question()
    if "toolChoice" in changed:
        question["toolConfig"]["toolChoice"] = changed["toolChoice"]
    elif "strict" in changed:
        spec = question["toolConfig"]["tools"][0]["toolSpec"]
        spec["strict"], spec["inputSchema"] = True, {"json": changed["strict"]}
    else:
        question |= changed
    with standin() as (server, _), pytest.raises(ClientError, match=says):
        client(endpoint=server.url).converse(**{name: value for name, value in question.items() if value})


def test_an_unsigned_request_is_refused() -> None:
    with Standin() as server:
        status, body = asked(f"{server.url}/model/{SONNET}/converse", "POST", b"{}")
    assert (status, server.calls) == (403, 0)
    assert "not signed" in body["message"]


def test_faults_are_set_and_calls_counted_over_http() -> None:
    with standin() as (server, model):
        assert asked(f"{server.url}/standin/faults", "PUT", b"throttled x1\n")[0] == 200
        assert converted(model).usage.calls == 2
        assert asked(f"{server.url}/standin/calls") == (200, {"calls": 2})
        assert asked(f"{server.url}/standin/faults", "PUT", b"burn\n")[0] == 400
        assert asked(f"{server.url}/other")[0] == 404


def test_a_header_sets_the_fault_of_one_request() -> None:
    with Standin() as server:
        sdk = client(endpoint=server.url)

        def add(request: Any, **_: object) -> None:
            request.headers[HEADER] = "truncated"

        sdk.meta.events.register("before-sign.bedrock-runtime.Converse", add)
        assert sdk.converse(**_question())["stopReason"] == "max_tokens"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["ok", "ok"]),
        ("throttled", ["throttled", "ok"]),
        ("throttled x2\n500", ["throttled", "throttled", "500", "ok"]),
        ("slow 2.5 # a remark\n\n# more\nnever *", ["slow 2.5", "never", "never", "never"]),
        ("ok x0\n503", ["503", "ok"]),
    ],
)
def test_a_list_of_faults_is_worked_off(text: str, faults: list[str]) -> None:
    script = Script(text)
    found = [script.next() for _ in faults]
    assert [f"{fault.name} {fault.argument}".strip() for fault in found] == faults


@pytest.mark.parametrize("text", ["burn", "throttled twice", "throttled x", "slow -1", "x3", "ok ok"])
def test_a_list_that_does_not_read_says_which_line(text: str) -> None:
    with pytest.raises(WrongScriptError, match="line 2"):
        Script(f"ok\n{text}")
    assert Script().next() == Fault()


def test_the_command_prints_where_it_listens_and_ends_when_told(tmp_path: Path) -> None:
    faults = tmp_path / "faults.txt"
    faults.write_text("throttled x1\n")
    command = [sys.executable, "-m", "s2r_service.standin", "--faults", str(faults)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'lambda'}"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        name, _, url = process.stdout.readline().strip().partition("=")
        assert name == "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"
        made = converted(Bedrock(client(endpoint=url)))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert (made.usage.calls, made.model) == (2, SONNET)


def test_the_variable_alone_sends_the_sdk_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with Standin() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url)
        assert converted(Bedrock(client())).model == SONNET
        assert server.calls == 1


def test_a_wrong_list_ends_the_command_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "faults.txt").write_text("burn\n")
    command = [sys.executable, "-m", "s2r_service.standin", "--faults", str(tmp_path / "faults.txt")]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'lambda'}"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert "line 1: no such fault" in done.stderr


def test_the_manual_names_every_fault_and_every_mind() -> None:
    named = set(re.findall(r"^\| `([a-z0-9-]+)", MANUAL.read_text(encoding="utf-8"), re.MULTILINE))
    assert named == {*NAMES, *MINDS}
