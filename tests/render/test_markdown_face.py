"""GitHub's own Markdown reader makes nothing but tables and code of the Markdown face, whatever the names say."""

import re
from dataclasses import replace
from html import unescape

import cmarkgfm  # type: ignore[import-untyped]
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s2r_ci import rules
from s2r_ci.model import Location, Outcome, Question, Report, Verdict
from s2r_ci.render import Style, render
from s2r_ci.render.markdown import LARGEST, code
from s2r_ci.render.markdown import render as render_markdown
from s2r_ci.render.safe import printable
from tests.render.sample import REPORT, finding

ALLOWED = {"h2", "p", "table", "thead", "tbody", "tr", "th", "td", "code"}
HOSTILE = [
    pytest.param("`" * 40, id="backticks"),
    pytest.param("a|b\\|c\\\\|d", id="pipes"),
    pytest.param("<img src=x onerror=1>", id="html"),
    pytest.param("[x](javascript:1) ![y](z)", id="link and image"),
    pytest.param("@org/team fixes #1 GH-2 https://evil.example/x", id="mentions"),
    pytest.param("/merge\n\n# heading\n- list", id="command and blocks"),
    pytest.param("x`y\\", id="backslash at the end"),
    pytest.param(" ", id="blank"),
]


def report_of(text: str) -> Report:
    found = finding(rules.UNKNOWN_DIRECTIVE, text, text, 3)
    question = Question(key=text, text=text, location=Location(path=text), answer=text)
    verdict = Verdict(
        path=text, kind=text, manifest_path=text, outcome=Outcome.FAILED, findings=(found,), questions=(question,)
    )
    return Report(tool_version="1", verdicts=(verdict,), incomplete=text)


def check_inert(text: str) -> None:
    page = cmarkgfm.github_flavored_markdown_to_html(render("markdown", report_of(text), Style()))
    assert set(re.findall(r"</?([a-zA-Z][^\s/>]*)", page)) <= ALLOWED
    rows = [
        re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)
        for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    ]
    assert [len(row) for row in rows] == [4, 4, 4, 4, 5, 5]
    outside = re.sub(r"<code>.*?</code>", "", page, flags=re.DOTALL)
    assert "@" not in outside
    assert "evil" not in outside


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert(text: str) -> None:
    check_inert(text)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*"`|\\<>[]()!@#*_~-: \n", "``", "\\|", "a", "<b>", "&#64;"]), max_size=14).map(
        "".join
    )
)
@example("\\")
@example("`\\|`")
def test_no_text_leaves_its_cell(text: str) -> None:
    check_inert(text)


@pytest.mark.parametrize("text", ["a`b", "``", "x|y", "<b>", "&amp;", " a", "a ", "`"])
def test_a_code_span_shows_the_text(text: str) -> None:
    page = cmarkgfm.github_flavored_markdown_to_html(f"| h |\n| --- |\n| {code(text)} |\n")
    (cell,) = re.findall(r"<td><code>(.*?)</code></td>", page)
    assert unescape(cell) == printable(text)


def test_the_summary_stays_below_its_limit_and_says_that_it_was_cut() -> None:
    every = tuple(finding(rules.UNKNOWN_DIRECTIVE, "é" * 300, f"jobs/{n}.sh", n + 1) for n in range(10_000))
    report = replace(REPORT, verdicts=(replace(REPORT.verdicts[0], findings=every),))
    shown = render("markdown", report, Style())
    assert LARGEST - 10_000 < len(shown.encode()) <= LARGEST
    assert re.search(r"\nCut here: [0-9,]+ lines left out; the log of this step holds them all\.\n", shown)
    assert shown.endswith("checked offline by rules, incomplete\n")


@pytest.mark.parametrize(("scripts", "rows"), [(40, 42), (41, 0)], ids=["all listed", "all counted"])
def test_scripts_without_trouble_are_listed_only_where_they_are_few(scripts: int, rows: int) -> None:
    report = Report(tool_version="1", verdicts=tuple(Verdict(path=f"{n}.sh") for n in range(scripts)))
    shown = render("markdown", report, Style())
    assert sum(line.startswith("|") for line in shown.splitlines()) == rows
    assert ("41 scripts without trouble not shown." in shown) == (not rows)


def test_no_script_makes_no_table() -> None:
    assert render("markdown", Report(tool_version="1"), Style()) == (
        "## s2r-ci check: skipped\n\n\nno batch script was found (0 files examined)\n"
    )


def test_a_smaller_limit_is_kept_too() -> None:
    assert len(render_markdown(REPORT, Style(), limit=6_000).encode()) <= 6_000
