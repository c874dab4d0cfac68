"""The SARIF 2.1.0 face, for code scanning."""

import json
from collections.abc import Sequence
from typing import Any, Final

from s2r_ci.model import Finding, Outcome, Report, Rule
from s2r_ci.render import Style
from s2r_ci.render.safe import octets, printable
from s2r_ci.render.words import by_gravity, with_occurrence
from s2r_ci.rules import RULES

MOST_RESULTS: Final = 5_000
BASE: Final = "SRCROOT"  # the root of the scanned tree; where that lies is no business of the report's

_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")


def render(report: Report, style: Style) -> str:
    """One SARIF log with one run; the gravest findings first, at most 5,000 of them."""
    log = {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [_run(report)],
    }
    return json.dumps(log, indent=1) + "\n"


def _run(report: Report) -> dict[str, Any]:
    findings = by_gravity(report.findings)
    kept = findings[:MOST_RESULTS]
    known = {finding.rule.id: finding.rule for finding in kept}
    rules = [RULES.get(id, rule) for id, rule in sorted(known.items())]
    indexes = {rule.id: index for index, rule in enumerate(rules)}
    return {
        "tool": {"driver": _driver(report, rules)},
        "automationDetails": {"id": "s2r-ci/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {BASE: {"description": {"text": "the root of the scanned tree"}}},
        "invocations": [_invocation(report, len(findings) - len(kept))],
        "results": [_result(f, mark, indexes[f.rule.id]) for f, mark in with_occurrence(kept)],
    }


def _driver(report: Report, rules: Sequence[Rule]) -> dict[str, Any]:
    return {"name": "s2r-ci", "version": report.tool_version, "rules": [_rule(rule) for rule in rules]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.hint},
        "defaultConfiguration": {"level": rule.level.word},
        "properties": {"tags": [rule.stage.value]},
    }


def _invocation(report: Report, left_out: int) -> dict[str, Any]:
    done = not report.incomplete and report.outcome is not Outcome.ERRORED
    told = []
    if report.incomplete:
        told.append({"level": "error", "message": {"text": printable(report.incomplete)}})
    if left_out:
        message = f"{left_out:,} further results are left out; the JSON report holds them all"
        told.append({"level": "warning", "message": {"text": message}})
    return {"executionSuccessful": done, "toolExecutionNotifications": told}


def _result(finding: Finding, fingerprint: str, index: int) -> dict[str, Any]:
    result = {
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": finding.level.word,
        "message": {"text": printable(finding.message)},
        "locations": [{"physicalLocation": _place(finding)}],
        "partialFingerprints": {"s2r/v1": fingerprint},
    }
    if finding.suppression:
        result["suppressions"] = [{"kind": "inSource", "justification": printable(finding.suppression)}]
    return result


def _place(finding: Finding) -> dict[str, Any]:
    line, column = finding.location.line, finding.location.column
    place: dict[str, Any] = {"artifactLocation": {"uri": uri(finding.location.path), "uriBaseId": BASE}}
    if line > 0:
        place["region"] = {"startLine": line} | ({"startColumn": column} if column > 0 else {})
    return place


def uri(path: str) -> str:
    r"""The path as a relative URI: every octet that is not plain is percent-encoded.

    >>> uri("jobs/a b:c.sh"), uri("caf\u00e9\udcff")
    ('jobs/a%20b%3Ac.sh', 'caf%C3%A9%FF')
    """
    return "".join(chr(octet) if octet in _PLAIN else f"%{octet:02X}" for octet in octets(path))
