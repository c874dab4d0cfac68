"""``--baseline FILE``: what an earlier JSON report already knew does not fail a run again."""

import json
from collections import Counter
from typing import Any

from s2r_ci.errors import ConfigurationError
from s2r_ci.frozen import replace
from s2r_ci.judging import outcome_of
from s2r_ci.model import Finding, Outcome, Report, Verdict

REASON = "known from the baseline"


def against_baseline(report: Report, file: str) -> Report:
    """The report with every finding of the baseline suppressed: as often as it stands there, and no more."""
    left = _fingerprints(file)

    def known(finding: Finding) -> Finding:
        if finding.suppression or left[finding.fingerprint] < 1:
            return finding
        left[finding.fingerprint] -= 1
        return replace(finding, suppression=REASON)

    def verdict(old: Verdict) -> Verdict:
        findings = tuple(map(known, old.findings))
        if findings == old.findings:
            return old
        outcome = outcome_of(findings, bool(old.questions), report.fail_on)
        if outcome is Outcome.PASSED and not old.kind:
            outcome = Outcome.SKIPPED  # known, and still without a manifest: nothing that could have passed
        return replace(old, findings=findings, outcome=min(old.outcome, outcome))

    return replace(
        report,
        verdicts=tuple(map(verdict, report.verdicts)),
        findings_elsewhere=tuple(map(known, report.findings_elsewhere)),
    )


def _fingerprints(file: str) -> Counter[str]:
    hint = "make one with `s2r-scan --format json=FILE`"
    try:
        with open(file, "rb") as source:
            report: Any = json.load(source)
        if report["version"] != 1:
            raise ConfigurationError("the baseline is of another version", where=file, hint=hint)
        return Counter(str(finding["fingerprint"]) for finding in report["findings"])
    except OSError as error:
        raise ConfigurationError(error.strerror or str(error), where=file, hint=hint) from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ConfigurationError("this is not a JSON report of s2r-scan", where=file, hint=hint) from error
