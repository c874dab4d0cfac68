"""Y-01 to Y-30: no text that readers understand differently passes the judge, and none does harm."""

from collections import Counter

import pytest

from benchmarks.judge.hostile import cases, subject
from s2r_ci.judging import judge
from s2r_ci.model import Level
from s2r_ci.runai.yaml import write_yaml

EVERY = list(cases())
STRICT = {"manifest-unreadable", "manifest-invalid", "manifest-inconsistent", "policy-violated"}
READ_AS = {"Y-10", "Y-11", "Y-12", "Y-13", "Y-14", "Y-15", "Y-16", "Y-22", "Y-25", "Y-29", "Y-30"}
"""Where the text may be read as Kubernetes reads it, so that it is the value that is refused."""


def test_the_subject_itself_is_good() -> None:
    assert judge(subject().request, write_yaml(subject().body).encode(), "m.yaml") == []


@pytest.mark.parametrize(("id", "name", "data"), EVERY, ids=[f"{id} {name}" for id, name, _ in EVERY])
def test_refused_in_one_line(id: str, name: str, data: bytes) -> None:
    found = judge(subject().request, data, "m.yaml")
    graves = [finding for finding in found if finding.rule.level is Level.ERROR]
    assert graves, f"{id} {name} passes"
    assert all("\n" not in finding.message and len(finding.message) < 500 for finding in found)
    if id not in READ_AS:
        assert {finding.rule.id for finding in graves} & STRICT


def test_every_case_is_there() -> None:
    count = Counter(id for id, _, _ in EVERY)
    assert set(count) == {f"Y-{number:02}" for number in range(1, 31)}
