"""One report, one expected file per face. ``--update-faces`` is not needed: UPDATE_FACES=1 rewrites them."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from s2r_ci.errors import ConfigurationError
from s2r_ci.model import Report
from s2r_ci.render import RENDERERS, Style, load_renderer, render
from tests.render.sample import EMPTY, REPORT

EXPECTED = Path(__file__).parent / "expected"
SUFFIXES = {"text": "txt", "github": "log", "sarif": "sarif", "junit": "xml", "markdown": "md"}


@pytest.mark.parametrize("word", RENDERERS)
def test_a_face_looks_as_expected(word: str) -> None:
    shown = render(word, REPORT, Style())
    file = EXPECTED / f"{word}.{SUFFIXES.get(word, 'json')}"
    if os.environ.get("UPDATE_FACES"):
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("report", [pytest.param(REPORT, id="rich"), pytest.param(EMPTY, id="empty")])
@pytest.mark.parametrize("word", RENDERERS)
def test_every_face_can_be_encoded_and_ends_with_a_line_feed(word: str, report: Report) -> None:
    shown = render(word, report, Style())
    assert shown.endswith("\n")
    assert shown.encode("utf-8").decode("utf-8") == shown


@pytest.mark.parametrize("word", RENDERERS)
def test_no_face_depends_on_the_order_of_findings_within_a_place(word: str) -> None:
    turned = replace(REPORT, verdicts=tuple(replace(v, findings=v.findings[::-1]) for v in REPORT.verdicts))
    if word == "json":
        turned_findings = render(word, turned, Style()).split('"findings": [\n')[-1]
        assert turned_findings == render(word, REPORT, Style()).split('"findings": [\n')[-1]
    else:
        assert render(word, turned, Style()) == render(word, REPORT, Style())


@pytest.mark.parametrize(("wrong", "right"), [("sarfi", "sarif"), ("JSON", "json"), ("juint", "junit")])
def test_an_unknown_face_names_the_nearest_one(wrong: str, right: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_renderer(wrong)
    assert wrong in caught.value.what
    assert f"'{right}'" in caught.value.hint


def test_an_unknown_face_lists_all_where_none_is_near() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_renderer("\x1b[2J")
    assert "\\x1b" in caught.value.what
    assert all(word in caught.value.hint for word in RENDERERS)


def test_a_face_from_outside_is_found_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "outside_face.py").write_text("def render(report, style):\n    return report.verb.upper()\n")
    told = tmp_path / "outside_face-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: outside-face\nVersion: 1\n")
    points = "[s2r_ci.renderers]\nloud = outside_face:render\nlost = outside_face:nothing\n"
    (told / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert render("loud", REPORT, Style()) == "CHECK"
    with pytest.raises(ConfigurationError, match="'lost' cannot be loaded"):
        load_renderer("lost")


@pytest.mark.parametrize("word", RENDERERS)
def test_no_face_shows_where_the_tree_lies(word: str) -> None:
    first = REPORT.verdicts[-1].findings[0]
    told = replace(first, message="cannot open /home/ann/proj/jobs/broken.sh")
    report = replace(REPORT, verdicts=(replace(REPORT.verdicts[-1], findings=(told,)),))
    shown = render(word, report, Style(root="/home/ann/proj"))
    assert "jobs/broken.sh" in shown
    assert "/home/ann" not in shown
