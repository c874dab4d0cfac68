"""One run over one repository: where it takes place, what it finds, and what an earlier report already knew."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from s2r_ci import ConversionError, convert_slurm_to_runai
from s2r_ci.baseline import REASON, against_baseline
from s2r_ci.errors import ConfigurationError, PublishError
from s2r_ci.model import Finding, Location, Outcome, Report, Target, Verdict
from s2r_ci.publish.report import Wanted, publish, wanted
from s2r_ci.repository import found_in, place_of
from s2r_ci.rules import RULES
from s2r_ci.session import check, incomplete

TEXT = """#!/bin/bash
#SBATCH --job-name=fit
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=1:00:00
python fit.py
"""
IMAGE = "registry.example.com/team/fit:1"


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Path]:
    """A repository with three scripts in two folders, and the working directory in it."""
    root = tmp_path / "repository"
    for name in ("a/one.sh", "a/two.sh", "b/three.sh"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(TEXT.replace("=fit\n", f"={Path(name).stem}\n"))
    (root / "s2r-ci.toml").write_text(f'image = "{IMAGE}"\nworking-directory = "/workspace"\n')
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    before = Path.cwd()
    os.chdir(root)
    yield root
    os.chdir(before)


def names(given: dict[str, object]) -> list[str]:
    return [candidate.path for candidate in found_in(place_of(given)).scripts]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        pytest.param({}, ["a/one.sh", "a/two.sh", "b/three.sh"], id="the whole repository"),
        pytest.param({"paths": ["a"]}, ["a/one.sh", "a/two.sh"], id="a folder"),
        pytest.param({"paths": ["b/three.sh", "a/one.sh"]}, ["a/one.sh", "b/three.sh"], id="files"),
        pytest.param({"exclude": ["a/*"]}, ["b/three.sh"], id="without a glob"),
    ],
)
def test_paths_narrow_the_run(repository: Path, given: dict[str, object], found: list[str]) -> None:
    assert names(given) == found


def test_the_paths_of_the_settings_count_where_none_is_given(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (repository / "s2r-ci.toml").open("a") as settings:
        settings.write('paths = ["b"]\n')
    assert names({}) == ["b/three.sh"]
    assert names({"paths": ["a/one.sh"]}) == ["a/one.sh"]
    (repository / "list").write_bytes(b"a/two.sh\0")
    assert names({"files-from": "list"}) == ["a/two.sh"]
    monkeypatch.chdir(repository / "a")
    assert names({}) == ["b/three.sh"], "they count from the settings file"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"paths": ["nowhere"]}, "no such file", id="missing"),
        pytest.param({"paths": ["a", "nowhere"]}, "no such file", id="the second is missing"),
        pytest.param({"paths": ["a", "/"]}, "lies outside", id="another place"),
        pytest.param({"max-scripts": 2}, "more than max-scripts", id="too many"),
        pytest.param({"files-from": "nowhere"}, "No such file", id="no list"),
    ],
)
def test_a_wrong_place_is_a_matter_of_configuration(repository: Path, given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        names(given)
    assert caught.value.hint


def test_check_write_and_an_orphan(repository: Path) -> None:
    assert {verdict.state for verdict in check({}).verdicts} == {"missing"}
    assert check({}, verb="write").outcome is Outcome.PASSED
    report = check({})
    assert ({verdict.state for verdict in report.verdicts}, report.findings) == ({"current"}, ())
    (repository / "a/one.sh").unlink()
    (orphan,) = check({}).findings_elsewhere
    assert (orphan.rule.id, orphan.location.path) == ("manifest-orphaned", "a/one.sh.runai.yaml")
    assert [other.script_class.value for other in check({}).others] == ["manifest"] * 3


def test_incomplete_counts_what_could_not_be_read() -> None:
    unread = Finding(rule=RULES["file-unreadable"], message="no", location=Location(path="x"))
    large = Finding(rule=RULES["file-too-large"], message="no", location=Location(path="y"))
    assert incomplete([unread, large, unread]) == "2 files could not be read"
    assert incomplete([large]) == ""


# --- what is known ------------------------------------------------------------------------------------------


def report_with(*lines: int) -> Report:
    findings = tuple(
        Finding(
            rule=RULES["unknown-directive"], message="m", location=Location(path="a.sh", line=line), subject="x"
        )
        for line in lines
    )
    return Report(tool_version="1", verdicts=(Verdict(path="a.sh", outcome=Outcome.FAILED, findings=findings),))


def baseline(tmp_path: Path, *lines: int) -> str:
    known = [{"fingerprint": finding.fingerprint} for finding in report_with(*lines).findings]
    file = tmp_path / "baseline.json"
    file.write_text(json.dumps({"version": 1, "findings": known}))
    return str(file)


def test_what_the_baseline_knows_does_not_fail(tmp_path: Path) -> None:
    report = against_baseline(report_with(5), baseline(tmp_path, 3))
    assert [finding.suppression for finding in report.findings] == [REASON]
    assert report.outcome is Outcome.SKIPPED  # known, and still without a manifest


def test_a_baseline_covers_as_often_as_it_says(tmp_path: Path) -> None:
    report = against_baseline(report_with(5, 6), baseline(tmp_path, 3))
    assert [finding.suppression for finding in report.findings] == [REASON, ""]
    assert report.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 1, "findings": 3}', '{"version": 2, "findings": []}', "[" * 100_000],
    ids=len,
)
def test_a_wrong_baseline_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError):
        against_baseline(report_with(5), str(file))
    with pytest.raises(ConfigurationError, match="No such file"):
        against_baseline(report_with(5), str(tmp_path / "nothing"))


# --- where reports go ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formats", "asked"),
    [
        pytest.param((), [("text", "")], id="nothing asked"),
        pytest.param(("json",), [("json", "")], id="one"),
        pytest.param(("sarif=r.sarif",), [("text", ""), ("sarif", "r.sarif")], id="a file, and text for people"),
        pytest.param(("github", "json=a=b.json"), [("github", ""), ("json", "a=b.json")], id="two places"),
    ],
)
def test_formats_go_where_they_are_asked_for(formats: tuple[str, ...], asked: list[tuple[str, str]]) -> None:
    assert wanted(formats) == tuple(Wanted(word=word, file=file) for word, file in asked)


@pytest.mark.parametrize("formats", [("json", "sarif"), ("json=x", "sarif=x")])
def test_two_reports_cannot_have_one_place(formats: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError):
        wanted(formats)


def test_a_report_replaces_a_file_as_a_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "report.txt"
    file.write_text("old")
    publish("new é \udcff", str(file))
    assert file.read_bytes() == b"new \xc3\xa9 \\udcff"
    assert [path.name for path in tmp_path.iterdir()] == ["report.txt"]
    publish("shown\n", "")
    assert capsys.readouterr().out == "shown\n"


def test_a_report_that_has_no_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="could not be written"):
        publish("x", str(tmp_path / "nowhere" / "report.txt"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(PublishError):
        publish("x", str(tmp_path / "folder"))
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


# --- the Python interface -----------------------------------------------------------------------------------


def test_scan_is_the_command_as_a_function(repository: Path) -> None:
    from s2r_ci import scan

    assert scan(["a"], write=True).outcome is Outcome.PASSED
    assert (repository / "a/one.sh.runai.yaml").is_file()
    assert not (repository / "b/three.sh.runai.yaml").exists()
    assert scan(["b"], allow_missing=True).findings == ()
    with pytest.raises(ConfigurationError, match="fail-onn"):
        scan(fail_onn="warning")


def test_text_in_text_out() -> None:
    text = convert_slurm_to_runai(TEXT, image=IMAGE, working_directory="/workspace")
    assert text.startswith("# s2r-ci manifest\n")
    assert f"image: {IMAGE}" in text
    assert convert_slurm_to_runai(TEXT.encode(), target=Target(image=IMAGE, working_directory="/workspace")) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(TEXT.replace("--time", "--tmie"), "tmie", id="an unknown option"),
        pytest.param("", "the file is empty", id="nothing"),
        pytest.param(b"\xff\xfe\x00", "UTF-16", id="no text"),
    ],
)
def test_what_cannot_be_converted_is_an_error(text: str | bytes, said: str) -> None:
    with pytest.raises(ConversionError, match=said):
        convert_slurm_to_runai(text)


def test_an_answer_nobody_asked_for_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no such answer"):
        convert_slurm_to_runai(TEXT, imagge="x")
