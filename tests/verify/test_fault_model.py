"""A sample of the fault model, and the published table: every promise holds its target."""

import re

import pytest

from benchmarks.judge import native
from benchmarks.judge.__main__ import BEGIN, END, PAGE, README
from benchmarks.judge.corpus import good
from benchmarks.judge.faults import MIXED, faults
from benchmarks.judge.measure import (
    OVERALL,
    ROWS,
    TARGETS,
    WHOLE_ROWS,
    Strength,
    measure,
    table,
    targets_table,
    together,
    troubles,
)
from benchmarks.judge.promises import HARMLESS, PROMISES, excuse, promise_of

SAMPLE = 240  # each so many-th manifest


@pytest.fixture(scope="module")
def found() -> dict[str, Strength]:
    return measure(SAMPLE, seed=7)


@pytest.mark.parametrize("target", TARGETS)
def test_no_target_is_missed_in_a_sample(found: dict[str, Strength], target: str) -> None:
    few = re.compile(r".* was broken in \d ways only")
    assert [each for each in troubles({target: found[target]}) if not few.fullmatch(each)] == []
    assert found[target].whole.faults > 400
    assert found[target].spelled > 10


def test_the_judge_can_be_blind_and_the_measure_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.judge.measure.verify", lambda *given: [])
    monkeypatch.setattr("benchmarks.judge.measure.validate", lambda *given, **options: [])
    blind = measure(200, seed=7, targets=["kubernetes", "cli"])
    assert [each.rate for each in blind.values()] == [0, 0]
    assert len(list(troubles(blind))) > 10


def test_every_promise_has_faults() -> None:
    kinds = ("own/mpi answered", "own/torch answered", "own/requeue-array answered", "own/held answered")
    found = {fault.promise for one in good() if one.name in kinds for fault in faults(one)}
    assert found == set(PROMISES)


@pytest.mark.parametrize("target", native.FORMS)
def test_every_promise_that_a_form_can_keep_has_faults(target: str) -> None:
    kinds = ("own/mpi answered", "own/torch answered", "own/requeue-array answered", "own/held answered")
    said = {fault.promise for one in good(target) if one.name in kinds for fault in faults(one)}
    cannot = {"array", "generic resources", "ephemeral storage"} if target == "v2alpha1" else set()
    assert said >= set(PROMISES) - cannot - ({"hold"} if target != "v2alpha1" else set())


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
    assert all(len(reason) > 15 for _, _, reason in (*HARMLESS, *native.HARMLESS))


def test_every_excuse_of_a_native_form_is_used() -> None:
    used = {
        excuse(fault.operator, fault.place, target=target)
        for target in native.FORMS
        for one in good(target)[::5]
        for fault in faults(one)
        if fault.harmless
    }
    assert [row for row in native.HARMLESS if row not in used] == []


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


@pytest.mark.parametrize(
    ("place", "promise"),
    [
        ("spec.compute.gpuDevicesRequest", "GPUs"),
        ("masterSpec.cpuLimit.value", "CPU"),
        ("flags.master-cpu-memory-limit", "memory"),
        ("flags.environment-variable[SLURM_NTASKS]", "tasks and ranks"),
        ("spec.environment.items.SLURM_GPUS_ON_NODE.value", "GPUs"),
        ("spec.environmentVariables[MODE].value", "environment"),
        ("words.4", "command"),
        ("indexes", "array"),
        ("spec.somethingNew", "other fields"),
    ],
)
def test_a_place_of_a_native_form_belongs_to_its_promise(place: str, promise: str) -> None:
    assert promise_of(place, "rest") == promise


def rows(path: str, width: int) -> dict[str, list[str]]:
    """The published rows of this width, by what stands first."""
    figures = path[path.index(BEGIN) + len(BEGIN) : path.index(END)]
    cells = [line.strip("| ").split(" | ") for line in figures.splitlines() if line.startswith("| ")]
    return {row[0].strip("*` "): [cell.strip() for cell in row[1:]] for row in cells if len(row) == width}


def test_the_published_table_is_whole_and_keeps_its_targets() -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = rows(page, 6)
    assert {*ROWS, "all"} <= set(found)
    for name in (*ROWS, "all"):
        faults_, caught = (int(cell.replace(",", "")) for cell in found[name][:2])
        assert caught <= faults_
        assert caught == faults_ if name in WHOLE_ROWS else caught >= OVERALL * faults_
    assert "False alarms on good manifests: 0 of" in page
    blank = {target: Strength() for target in TARGETS}
    assert [line for line in [*table(blank)][:2] if line not in page] == []


def test_each_target_keeps_its_targets_in_the_published_table() -> None:
    blank = {target: Strength(spelled=1) for target in TARGETS}
    head, *_ = targets_table(blank)
    pages = [path.read_text(encoding="utf-8") for path in (PAGE, README)]
    width = head.count(" | ") + 1
    found = rows(pages[0], width)
    assert all(head in page for page in pages)
    assert found == rows(pages[1], width)
    assert set(TARGETS) <= set(found)
    for target in TARGETS:
        whole, *every, alarms, misread = (parts(cell) for cell in found[target])
        assert whole is not None
        assert whole[0] >= OVERALL * whole[1] > 0
        assert all(each is None or each[0] == each[1] for each in every)
        assert (alarms or (1, 0))[0] == 0
        assert (misread or (1, 0))[0] == 0


def parts(cell: str) -> tuple[int, int] | None:
    """``1,234 of 5,678``; None where the form has no word for it."""
    if cell == "none there":
        return None
    one, _, other = cell.replace(",", "").partition(" of ")
    return int(one), int(other)


def test_the_mixed_up_are_counted(found: dict[str, Strength]) -> None:
    assert together(found).scores[MIXED].faults > 5
