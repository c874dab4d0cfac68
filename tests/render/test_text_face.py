"""The face for people stays calm, says everything in its last line, and lets nothing move the terminal."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci import rules
from s2r_ci.model import Candidate, Outcome, Report, ScriptClass, Verdict
from s2r_ci.render import Style, render
from s2r_ci.render.safe import octets, printable, shown_path
from tests.render.sample import EMPTY, REPORT, finding, image

MANY = Report(
    tool_version="1",
    verdicts=(
        *(Verdict(path=f"jobs/{n}.sh", kind="Job") for n in range(400)),
        *(
            Verdict(path=f"ask/{n}.sh", outcome=Outcome.REVIEW, questions=(image(f"ask/{n}.sh"),))
            for n in range(99)
        ),
        Verdict(
            path="bad.sh",
            outcome=Outcome.FAILED,
            findings=(finding(rules.UNKNOWN_DIRECTIVE, "--gpsu is unknown", "bad.sh", 2),),
        ),
    ),
    examined=900,
)


ASK = image("a.sh")


def shown(report: Report, verbose: int = 0) -> list[str]:
    return render("text", report, Style(verbose=verbose)).splitlines()


def test_a_run_over_500_scripts_fits_on_a_screen() -> None:
    lines = shown(MANY)
    assert len(lines) < 15
    assert any(line.startswith("bad.sh") for line in lines)
    assert "499 scripts without trouble not shown (--verbose shows all)" in lines
    assert any("image: 99 scripts" in line for line in lines)


def test_all_is_shown_where_all_is_asked_for() -> None:
    lines = shown(MANY, verbose=1)
    assert sum(line.startswith(("jobs/", "ask/", "bad.sh  ")) for line in lines) == 500


def test_a_warning_keeps_its_script_in_a_long_list() -> None:
    late = finding(rules.LATE_DIRECTIVE, "late", "jobs/7.sh", 9)
    warned = replace(MANY.verdicts[7], findings=(late,))
    lines = shown(replace(MANY, verdicts=(*MANY.verdicts[:7], warned, *MANY.verdicts[8:])))
    assert "  jobs/7.sh:9: warning[late-directive]: late" in lines
    assert "498 scripts without trouble not shown (--verbose shows all)" in lines


def test_quiet_shows_trouble_and_the_last_line() -> None:
    lines = shown(MANY, verbose=-1)
    assert [line.split()[0] for line in lines] == ["bad.sh", "bad.sh:2:", "hint:", "500"]


@pytest.mark.parametrize("verbose", [-1, 0, 1])
def test_the_last_line_counts_everything(verbose: int) -> None:
    assert shown(REPORT, verbose=verbose)[-1] == (
        "7 scripts: 1 passed, 2 review (3 open questions), 2 failed, 1 skipped, 1 errored; 3 other files mention "
        "#SBATCH (2 templates, 1 documentation); checked offline by rules, incomplete"
    )


def test_many_different_questions_are_cut_unless_all_are_asked_for() -> None:
    asking = Verdict(
        path="a.sh", outcome=Outcome.REVIEW, questions=tuple(replace(ASK, key=f"q{n}") for n in range(33))
    )
    report = Report(tool_version="1", verdicts=(asking,))
    assert "  13 further questions (--verbose shows all)" in shown(report)
    assert sum("answer in the settings" in line for line in shown(report, verbose=1)) == 33


def test_no_script_is_said_in_one_line() -> None:
    assert shown(EMPTY) == ["no batch script was found (4 files examined)"]


def test_no_script_but_a_template_is_named() -> None:
    other = Candidate(path="a.j2", script_class=ScriptClass.TEMPLATE)
    assert shown(replace(EMPTY, others=(other,))) == [
        "left alone: a.j2 (template) (--verbose says why)",
        "no batch script was found (4 files examined; 1 other file mentions #SBATCH (1 template))",
    ]


def test_notes_and_ignored_findings_are_shown_on_demand_only() -> None:
    calm, all_of_it = "\n".join(shown(REPORT)), "\n".join(shown(REPORT, verbose=1))
    assert "note[" not in calm
    assert "late-directive" not in calm
    assert "note[not-expressible]: --mail-type has no counterpart" in all_of_it
    assert "ignored: kept | so" in all_of_it


def test_colour_only_where_it_is_wanted() -> None:
    coloured = render("text", REPORT, Style(color=True))
    plain = render("text", REPORT, Style())
    assert "\x1b[31m" in coloured
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


@settings(max_examples=300)
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=20))
def test_what_is_shown_is_one_printable_line_and_can_be_encoded(text: str) -> None:
    for safe in (printable(text), shown_path(text)):
        assert safe.isprintable()
        safe.encode("utf-8")


@settings(max_examples=300)
@given(st.text(alphabet='ab"\\ \n\x1b\udcff', max_size=8), st.text(alphabet='ab"\\ \n\x1b\udcff', max_size=8))
def test_two_paths_never_look_alike(one: str, other: str) -> None:
    assert (shown_path(one) == shown_path(other)) == (one == other)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        pytest.param("\x1b[2J\a", "\\x1b[2J\\x07", id="terminal"),
        pytest.param("\u202egpj", "\\u202egpj", id="bidi"),
        pytest.param("a\u200bb\ufeff", "a\\u200bb\\ufeff", id="zero width"),
        pytest.param("\U000e0041", "\\U000e0041", id="tag"),
        pytest.param("\x85\u2028", "\\u0085\\u2028", id="line ends"),
        pytest.param("\udcc3", "\\xc3", id="octet"),
        pytest.param("\ud800", "\\ud800", id="lone surrogate"),
        pytest.param("a\u3164b\ufe0f", "a\\u3164b\\ufe0f", id="fillers"),
        pytest.param("é 中", "é 中", id="letters stay"),
    ],
)
def test_hidden_characters_are_shown(text: str, safe: str) -> None:
    assert printable(text) == safe


def test_octets_never_fail() -> None:
    assert octets("a\udcff") == b"a\xff"
    assert octets("\ud800") == b"\xed\xa0\x80"
