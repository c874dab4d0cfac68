"""Masks, outputs and summary: read back by a port of the runner's own parsers, whatever stands in them."""

import base64
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci.errors import ConfigurationError, PublishError
from s2r_ci.publish.github import LARGEST_OUTPUTS, LARGEST_SUMMARY, masks, write_outputs, write_summary
from s2r_ci.render.summary import MOST_PAIRS, Pair, side_by_side
from tests.render.runner_parser import commands, file_commands

VALUES = [
    pytest.param("a\nb", id="two lines"),
    pytest.param("ghadelimiter_x\n<<EOF\nEOF\nname=value", id="what looks like the format"),
    pytest.param("", id="empty"),
    pytest.param("%0A::error::x", id="a command"),
    pytest.param("\r\nx\r", id="carriage returns"),
]


@pytest.mark.parametrize("value", VALUES)
def test_an_output_comes_back_as_it_was(value: str, tmp_path: Path) -> None:
    file = tmp_path / "output"
    file.write_text("before=1\n")
    write_outputs({"first": value, "second": "2"}, {"GITHUB_OUTPUT": str(file)})
    kept = file_commands(file.read_bytes().decode())
    assert kept == {"before": "1", "first": value, "second": "2"}


@settings(max_examples=300)
@given(value=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_output_comes_back(value: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("x") / "output"
    write_outputs({"name": value}, {"GITHUB_OUTPUT": str(file)})
    assert file_commands(file.read_bytes().decode()) == {"name": value}


def test_outside_of_actions_nothing_is_written(tmp_path: Path) -> None:
    write_outputs({"name": "value"}, {})
    write_summary("text", {})
    write_outputs({"name": "value"}, {"GITHUB_OUTPUT": ""})


@pytest.mark.parametrize("kind", ["folder", "link", "nowhere"])
def test_a_place_that_cannot_be_written_is_said(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "output"
    if kind == "folder":
        file.mkdir()
    elif kind == "link":
        file.symlink_to(tmp_path / "elsewhere")
    else:
        file = tmp_path / "no" / "such" / "folder"
    with pytest.raises(PublishError, match="GITHUB_OUTPUT"):
        write_outputs({"name": "value"}, {"GITHUB_OUTPUT": str(file)})
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["a\nb", "a<<b", "a=b"])
def test_a_name_that_would_be_misread_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(PublishError):
        write_outputs({name: "value"}, {"GITHUB_OUTPUT": str(tmp_path / "output")})


def test_outputs_above_the_runners_limit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="report-json"):
        write_outputs({"a": "x" * LARGEST_OUTPUTS}, {"GITHUB_OUTPUT": str(tmp_path / "output")})


def test_a_summary_never_grows_above_its_limit(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    environ = {"GITHUB_STEP_SUMMARY": str(file)}
    for _ in range(6):
        write_summary("é line of text\n" * 20_000, environ)
    assert file.stat().st_size <= LARGEST_SUMMARY
    text = file.read_text()
    assert "Cut here" in text
    assert text.endswith("\n")


SECRETS = [
    pytest.param("a-made-up-secret", id="plain"),
    pytest.param("two-made-up\nlines-of-one\n", id="two lines"),
    pytest.param("100%-made-up%0A", id="percent"),
    pytest.param("ünïcode-made-up", id="not ASCII"),
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_hidden_whole_by_line_and_in_its_usual_spellings(secret: str) -> None:
    told = list(commands("\n".join(masks(secret, "shared-secret"))))
    assert {command.name for command in told} == {"add-mask"}
    hidden = {command.data for command in told}
    assert set(secret.splitlines()) <= hidden
    assert {base64.b64encode(secret.encode()).decode(), secret.encode().hex()} <= hidden


@pytest.mark.parametrize("secret", ["true", "1234567", "a\nb"])
def test_a_secret_that_would_riddle_the_log_is_refused(secret: str) -> None:
    with pytest.raises(ConfigurationError):
        list(masks(secret, "token"))


def test_only_ten_pairs_are_shown_and_the_rest_is_counted() -> None:
    pairs = [Pair(f"{number}.sh", "failed", "x\n", "y\n") for number in range(MOST_PAIRS + 3)]
    text = side_by_side(pairs)
    assert text.count("<details>") == MOST_PAIRS
    assert "3 more are in the report" in text
    assert side_by_side([]) == ""


@settings(max_examples=200)
@given(script=st.text(max_size=60), path=st.text(min_size=1, max_size=30))
def test_no_text_of_a_script_leaves_its_fence(script: str, path: str) -> None:
    text = side_by_side([Pair(path, "failed", f"```\n{script}", "")])
    fence = text.split("bash\n", 1)[0].rpartition("\n")[2]
    inside = text.split("bash\n", 1)[1].split(f"\n{fence}\n", 1)[0]
    assert fence not in inside
    title = text.split("<summary>", 1)[1].split("</summary>", 1)[0]
    assert not set(title.replace("&#", "")) & set("<>`@[]*_") - {"_"}
