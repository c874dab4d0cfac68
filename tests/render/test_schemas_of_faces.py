"""SARIF and JUnit against the published schemas, with what only the specification says checked beside it."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import jsonschema
import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci import rules
from s2r_ci.model import Outcome, Report, Verdict
from s2r_ci.render import Style, render
from s2r_ci.render.sarif import MOST_RESULTS, uri
from tests.render.sample import EMPTY, HOSTILE, REPORT, finding

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "tests" / "vendor"
SARIF = json.loads((VENDOR / "sarif" / "sarif-schema-2.1.0.json").read_bytes())
JUNIT = xmlschema.XMLSchema(str(VENDOR / "junit" / "junit-10.xsd"))
REPORTS = [pytest.param(REPORT, id="rich"), pytest.param(EMPTY, id="empty")]

_ANY = st.text(alphabet=st.characters(exclude_categories=()), max_size=12).filter(
    lambda text: not any("\ud800" <= letter < "\udc80" or "\udcff" < letter <= "\udfff" for letter in text)
)


def hostile(path: str, message: str) -> Report:
    found = finding(rules.SCRIPT_REFUSED, message, path, 1, 1, suppression="")
    return Report(
        tool_version="1",
        verdicts=(Verdict(path=path, outcome=Outcome.FAILED, kind=message, findings=(found,)),),
        findings_elsewhere=(finding(rules.MANIFEST_ORPHANED, message, path),),
        incomplete=message,
    )


def sarif_run(report: Report) -> dict[str, Any]:
    log = json.loads(render("sarif", report, Style()))
    jsonschema.Draft4Validator(SARIF).validate(log)
    run: dict[str, Any] = log["runs"][0]
    return run


@pytest.mark.parametrize("file", sorted(VENDOR.glob("*/*")), ids=lambda file: file.name)
def test_a_published_schema_is_what_was_published(file: Path) -> None:
    assert sha256(file.read_bytes()).hexdigest() in (VENDOR / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("report", REPORTS)
def test_sarif_is_valid(report: Report) -> None:
    assert sarif_run(report)["tool"]["driver"]["name"] == "s2r-ci"


def test_the_sarif_schema_refuses_what_is_wrong() -> None:
    log = json.loads(render("sarif", REPORT, Style()))
    log["runs"][0]["results"][0]["level"] = "grave"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(SARIF).validate(log)


def test_sarif_results_point_at_their_rules_and_are_told_apart() -> None:
    run = sarif_run(REPORT)
    listed = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(listed[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    prints = [result["partialFingerprints"]["s2r/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints) == len(REPORT.findings)
    assert run["invocations"][0]["executionSuccessful"] is False
    assert sum("suppressions" in result for result in run["results"]) == 1


def test_a_clean_run_is_called_successful() -> None:
    assert sarif_run(EMPTY)["invocations"][0]["executionSuccessful"] is True


def test_sarif_holds_at_most_5000_results_and_says_what_it_left_out() -> None:
    every = tuple(finding(rules.LATE_DIRECTIVE, "late", "a.sh", n + 1) for n in range(MOST_RESULTS + 7))
    grave = (finding(rules.UNKNOWN_DIRECTIVE, "unknown", "z.sh", 1),)
    run = sarif_run(Report(tool_version="1", verdicts=(Verdict(path="a.sh", findings=every + grave),)))
    assert len(run["results"]) == MOST_RESULTS
    assert run["results"][0]["ruleId"] == "unknown-directive"
    assert "8 further results" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


@pytest.mark.parametrize("path", [HOSTILE, "a b#c?d%e.sh", "x:y/z.sh", "//host/x", "[a]@b"])
def test_a_sarif_uri_is_relative_and_comes_back_as_the_path(path: str) -> None:
    assert not urlsplit(uri(path)).scheme
    assert unquote_to_bytes(uri(path)) == path.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("report", REPORTS)
def test_junit_is_valid(report: Report) -> None:
    JUNIT.validate(render("junit", report, Style()))


def test_the_junit_schema_refuses_what_is_wrong() -> None:
    shown = render("junit", REPORT, Style()).replace("<failure", "<mishap").replace("</failure", "</mishap")
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        JUNIT.validate(shown)


def test_junit_counts_what_it_shows() -> None:
    shown = render("junit", REPORT, Style())
    assert shown.count("<testcase ") == 9
    assert 'tests="9" failures="2" errors="2" skipped="1"' in shown
    assert (shown.count("<failure"), shown.count("<error"), shown.count("<skipped")) == (2, 2, 1)


@settings(max_examples=150, deadline=None)
@given(path=_ANY, message=_ANY)
def test_any_text_gives_valid_sarif_junit_gitlab_and_json(path: str, message: str) -> None:
    report = hostile(path, message)
    assert len(sarif_run(report)["results"]) == 2
    JUNIT.validate(render("junit", report, Style()))
    assert len(json.loads(render("gitlab", report, Style()))) == 2
    assert json.loads(render("json", report, Style()))["verdicts"][0]["outcome"] == "failed"


def test_gitlab_entries_have_fingerprints_of_their_own() -> None:
    entries = json.loads(render("gitlab", REPORT, Style()))
    standing = [f for f in REPORT.findings if not f.suppression]
    assert len({entry["fingerprint"] for entry in entries}) == len(entries) == len(standing)
    assert {entry["severity"] for entry in entries} == {"major", "minor", "info"}
    assert all(entry["location"]["lines"]["begin"] >= 1 for entry in entries)


@pytest.mark.parametrize("report", REPORTS)
def test_the_json_face_keeps_its_shape(report: Report) -> None:
    shown = json.loads(render("json", report, Style()))
    jsonschema.validate(shown, json.loads((ROOT / "schemas" / "report.v1.schema.json").read_bytes()))
    assert list(shown)[:5] == ["version", "tool", "verb", "outcome", "fail_on"]
    assert list(shown)[5:] == ["examined", "incomplete", "tally", "verdicts", "others", "findings"]
    assert sum(shown["tally"].values()) == len(shown["verdicts"]) == len(report.verdicts)
    assert len(shown["findings"]) == len(report.findings)
