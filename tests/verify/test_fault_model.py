"""A sample of the fault model, and the published table: every promise holds its target."""

from collections import Counter

import pytest

from benchmarks.judge.__main__ import BEGIN, END, PAGE
from benchmarks.judge.corpus import good
from benchmarks.judge.faults import MIXED, faults
from benchmarks.judge.measure import OVERALL, ROWS, WHOLE_ROWS, Score, Strength, measure, table, troubles
from benchmarks.judge.promises import HARMLESS, PROMISES, excuse, promise_of

SAMPLE = 40  # each so many-th manifest


@pytest.fixture(scope="module")
def strength() -> Strength:
    return measure(SAMPLE, seed=7)


def test_no_target_is_missed_in_a_sample(strength: Strength) -> None:
    few = {f"{rule} was broken in {len(ways)} ways only" for rule, ways in strength.rules.items()}
    assert set(troubles(strength)) - few == set()
    assert sum(score.faults for score in strength.scores.values()) > 3000
    assert strength.spelled > 100


def test_the_judge_can_be_blind_and_the_measure_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.judge.measure.verify", lambda *given: [])
    monkeypatch.setattr("benchmarks.judge.measure.validate", lambda *given: [])
    blind = measure(200, seed=7)
    assert blind.rate == 0
    assert len(list(troubles(blind))) > 5


def test_every_promise_has_faults() -> None:
    kinds = ("own/mpi answered", "own/torch answered", "own/requeue-array answered", "own/held answered")
    found = {fault.promise for one in good() if one.name in kinds for fault in faults(one)}
    assert found == set(PROMISES)


def test_the_operators_are_those_of_the_model() -> None:
    one = next(one for one in good() if one.name == "own/mpi answered")
    operators = {fault.operator.partition(",")[0] for fault in faults(one)}
    assert {
        "drop", "half", "double", "one more", "one less", "unit", "wrong level", "said twice", "sibling", "invented",
    } <= operators  # fmt: skip


def test_every_excuse_is_used_and_has_a_reason() -> None:
    every = [fault for one in good()[::3] for fault in faults(one) if fault.harmless]
    unused = [row for row in HARMLESS if not any(excuse(fault.operator, fault.place) == row for fault in every)]
    assert unused == []
    assert all(len(reason) > 15 for _, _, reason in HARMLESS)


@pytest.mark.parametrize(
    ("place", "promise"),
    [
        ("spec.template.spec.containers.0.resources.limits.nvidia.com/gpu", "GPUs"),
        ("spec.template.spec.containers.0.resources.limits.example.com/fpga", "generic resources"),
        ("spec.template.spec.containers.0.env[SLURM_NTASKS].value", "tasks and ranks"),
        ("spec.template.spec.containers.0.env[S2R_ARRAY_IDS].value", "array"),
        ("spec.template.spec.containers.0.env[MODE].value", "environment"),
        ("spec.runPolicy.activeDeadlineSeconds", "time limit"),
        ("spec.somethingNew", "other fields"),
    ],
)
def test_a_place_belongs_to_its_promise(place: str, promise: str) -> None:
    assert promise_of(place) == promise


def test_the_published_table_is_whole_and_keeps_its_targets() -> None:
    page = PAGE.read_text(encoding="utf-8")
    figures = page[page.index(BEGIN) + len(BEGIN) : page.index(END)]
    rows = {
        cells[0].strip("* "): [cell.strip() for cell in cells[1:]]
        for line in figures.splitlines()
        if line.startswith("| ") and len(cells := line.strip("| ").split(" | ")) == 6
    }
    assert {*ROWS, "all"} <= set(rows)
    for name in (*ROWS, "all"):
        faults_, caught = (int(cell.replace(",", "")) for cell in rows[name][:2])
        assert caught <= faults_
        assert caught == faults_ if name in WHOLE_ROWS else caught >= OVERALL * faults_
    assert "False alarms on good manifests: 0 of" in figures
    scores = {name: Score() for name in ROWS}
    head = list(table(Strength(scores=scores, rules={}, unnamed=Counter())))[:2]
    assert [line for line in head if line not in figures] == []


def test_the_mixed_up_are_counted(strength: Strength) -> None:
    assert strength.scores[MIXED].faults > 5
