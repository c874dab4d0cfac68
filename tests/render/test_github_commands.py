"""The runner's own parser reads what the GitHub face prints: ours come back exactly, and nothing else is a command."""

import random
import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s2r_ci import rules
from s2r_ci.model import Candidate, Location, Outcome, Question, Report, ScriptClass, Verdict
from s2r_ci.render import Style, github, render
from s2r_ci.render.safe import printable, shown_path
from tests.render.runner_parser import WHITE, Command, commands, file_commands
from tests.render.sample import REPORT, finding

NAMES = [
    pytest.param("::error::x.sh", id="command as a name"),
    pytest.param("  ::add-mask::a", id="blanks before"),
    pytest.param("\xa0::error::x", id="no-break space before"),
    pytest.param("\u2003::ERROR::x", id="em space and capitals"),
    pytest.param("##[add-mask]x.sh", id="older form"),
    pytest.param("x%0A::error::y.sh", id="percent"),
    pytest.param("x\n::error::y.sh", id="line feed"),
    pytest.param("x\r::error::y.sh", id="carriage return"),
    pytest.param("x\v\f\x85\u2028::error::y.sh", id="other line ends"),
    pytest.param("a,title=b::c%25", id="property"),
    pytest.param("%", id="percent alone"),
    pytest.param("$(id).sh", id="shell"),
    pytest.param("-rf.sh", id="option"),
    pytest.param("a'b\"c.sh", id="quotes"),
    pytest.param("\udcff.sh", id="not UTF-8"),
    pytest.param("\x1b]8;;x\x07.sh", id="terminal link"),
    pytest.param("\u202egpj.sh", id="bidi"),
    pytest.param("blank ", id="blank at the end"),
]


def report_of(path: str, message: str, line: int = 3) -> Report:
    found = finding(rules.UNKNOWN_DIRECTIVE, message, path, line, 9)
    question = Question(key=message, text=message, location=Location(path=path), answer=message)
    verdict = Verdict(
        path=path,
        outcome=Outcome.FAILED,
        findings=(found,),
        kind=message,
        manifest_path=path,
        questions=(question,),
    )
    other = Candidate(path=path, script_class=ScriptClass.DRIVER, reason=message)
    return Report(tool_version="1", verdicts=(verdict,), others=(other,), incomplete=message)


def check(report: Report, path: str, message: str) -> None:
    log = render("github", report, Style(verbose=1))
    (command,) = commands(log)
    assert command.name == "error"
    where = "" if "file" in command.properties else f"{shown_path(path)}:3: "
    assert command.data == f"{github.defused(where + printable(message))}\nhint: {rules.UNKNOWN_DIRECTIVE.hint}"
    assert command.properties.get("file", path) == path
    assert command.properties["title"] == "unknown-directive"
    assert "##[" not in log
    assert not re.search(r"[\r\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]", log)
    assert all(line.startswith(("::error ", "s2r: ")) for line in log.removesuffix("\n").split("\n"))


@pytest.mark.parametrize("path", NAMES)
def test_a_hostile_name_is_a_name(path: str) -> None:
    check(report_of(path, "trouble"), path, "trouble")


@pytest.mark.parametrize("message", NAMES)
def test_a_hostile_message_is_a_message(message: str) -> None:
    check(report_of("jobs/a.sh", message), "jobs/a.sh", message)


_PIECES = st.sampled_from(
    ["::", "##[", "]", "error", "add-mask", "stop-commands", "%", "%25", "%0A", ",", "=", ";", "\n", "\r", "title="]
)
_HOSTILE = st.lists(
    st.one_of(_PIECES, st.sampled_from(WHITE), st.text(max_size=4), st.sampled_from("\udc80\udcff\u202e\x1b")),
    max_size=12,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(path=_HOSTILE, message=_HOSTILE)
@example(path="##[error]", message="##[error]boom")
def test_no_text_becomes_a_command(path: str, message: str) -> None:
    check(report_of(path, message), path, message)


def test_the_oracle_sees_both_forms_of_commands() -> None:
    log = "\u2003::ERROR file=a%2Cb,line=3::x%0Ay\rabc ##[add-mask a=b;c=d]secret\n::unknown::x\n ##[nope]"
    assert commands(log) == [
        Command("error", "x\ny", {"file": "a,b", "line": "3"}),
        Command("add-mask", "secret", {"a": "b", "c": "d"}),
    ]


def test_the_oracle_obeys_stop_commands() -> None:
    found = commands("::stop-commands::word\n::error::no\n::word::\n::error::yes")
    assert [command.name for command in found] == ["stop-commands", "word", "error"]


def test_many_findings_become_nine_annotations_a_level_and_the_last_says_how_many_more() -> None:
    every = tuple(finding(rules.UNKNOWN_DIRECTIVE, f"number {n}", "a.sh", n + 1) for n in range(10_000))
    notes = tuple(finding(rules.NOT_EXPRESSIBLE, f"note {n}", "a.sh", n + 1) for n in range(9))
    report = Report(tool_version="1", verdicts=(Verdict(path="a.sh", findings=every + notes),))
    found = commands(render("github", report, Style()))
    assert [command.name for command in found] == ["error"] * 9 + ["notice"] * 9
    assert found[0].data.startswith("number 0\n")
    assert found[8].data.startswith("9,992 further errors:")


def test_a_long_message_is_cut_below_the_runners_own_limit() -> None:
    report = Report(tool_version="1", findings_elsewhere=(finding(rules.FILE_UNREADABLE, "x%" * 4_000, "a.sh"),))
    (command,) = commands(render("github", report, Style()))
    assert len(command.data) == github.LONGEST
    assert command.data.endswith("…")


def test_what_is_suppressed_is_not_annotated() -> None:
    known = finding(rules.LATE_DIRECTIVE, "late", "a.sh", 3, suppression="known")
    assert commands(render("github", Report(tool_version="1", findings_elsewhere=(known,)), Style())) == []


def test_colour_never_reaches_the_log() -> None:
    assert "\x1b" not in render("github", REPORT, Style(color=True))


def test_only_known_commands_can_be_given() -> None:
    with pytest.raises(ValueError, match="set-env"):
        github.command("set-env", "x")


def test_a_finding_without_a_line_is_put_on_the_file() -> None:
    bare = finding(rules.FILE_UNREADABLE, "no", "a.sh")
    (command,) = commands(render("github", Report(tool_version="1", findings_elsewhere=(bare,)), Style()))
    assert command.properties == {"file": "a.sh", "title": "file-unreadable"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("a=b=c\n", {"a": "b=c"}, id="one line"),
        pytest.param("a<<END\nx\n\ny=z\nEND\nb=1", {"a": "x\n\ny=z", "b": "1"}, id="block"),
        pytest.param("a=x<<END\n", {"a": "x<<END"}, id="equals first"),
        pytest.param("a<<END=\nEND\nEND=\n", {"a": "END"}, id="delimiter with equals"),
        pytest.param("\n\na<<E\nE\n", {"a": ""}, id="empty block"),
    ],
)
def test_the_oracle_reads_output_files(text: str, read: dict[str, str]) -> None:
    assert file_commands(text) == read


@pytest.mark.parametrize("text", ["word", "=x", "a<<\nx", "<<END\nx\nEND", "a<<END\nx\nENDE"])
def test_the_oracle_refuses_broken_output_files(text: str) -> None:
    with pytest.raises(ValueError, match=r"invalid format|must not be empty|not found"):
        file_commands(text)


def test_the_order_is_that_of_gravity_then_place() -> None:
    turned = replace(REPORT, verdicts=REPORT.verdicts[::-1])
    first, second = (commands(render("github", report, Style())) for report in (REPORT, turned))
    assert first == second


PIECES = (
    *(
        "::",
        "::error",
        "::add-mask::",
        "::stop-commands::x",
        "##[",
        "##[error]",
        "]",
        "%0A",
        "%25",
        "%",
        "\n",
        "\r",
        "\r\n",
    ),
    *(
        "\x85",
        "\u2028",
        "\u2029",
        "\x1b[31m",
        "\u202e",
        "\udcff",
        "file=",
        ",title=",
        ";",
        "a",
        " ",
        "\xa0",
        "\u3000",
        "\x1c",
    ),
)


def test_twenty_thousand_strings_make_no_foreign_command() -> None:
    """As names and messages of findings, fifty a report: what the runner carries out are our annotations alone."""
    rng = random.Random(11)
    for _ in range(400):
        texts = ["".join(rng.choices(PIECES, k=rng.randint(1, 9))) for _ in range(50)]
        found = tuple(finding(rules.UNKNOWN_DIRECTIVE, text, text, 3, 9) for text in texts)
        verdict = Verdict(
            path=texts[0], outcome=Outcome.FAILED, findings=found, kind=texts[1], manifest_path=texts[2]
        )
        log = render("github", Report(tool_version="1", verdicts=(verdict,)), Style())
        told = commands(log)
        assert len(told) == github.ANNOTATIONS
        assert {command.name for command in told} == {"error"}
        assert "##[" not in log
