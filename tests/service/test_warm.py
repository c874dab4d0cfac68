"""The warm-up command, against the stand-in."""

import pytest

from s2r_service.model.warm import main, warm
from s2r_service.standin.server import Standin
from tests.service.offices import CATALOGUE, standin


@pytest.mark.parametrize(
    ("faults", "code", "says"),
    [
        ("ok", 0, "sonnet: strict\n"),
        ("strict-refused *", 1, "sonnet: not strict"),
        ("500 *", 1, "sonnet: not strict"),
    ],
)
def test_each_model_is_said(faults: str, code: int, says: str) -> None:
    lines: list[str] = []
    with standin(faults) as (server, model):
        assert warm(model, CATALOGUE, ["sonnet"], lines.append) == code
    assert lines[0].startswith(says)
    assert server.asked[0]["toolConfig"]["tools"][0]["toolSpec"]["strict"] is True


def test_the_command_takes_the_default_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Standin() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url)
        assert main([]) == 0
    assert capsys.readouterr().out == "sonnet: strict\n"


def test_an_alias_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gpt"]) == 2
    assert "no model is called" in capsys.readouterr().err
