"""The converted workload does what real Slurm did: the same files, the same text, the same ends."""

from pathlib import Path

import pytest

from s2r_ci.validate import validate
from s2r_ci.verify import verify
from tests.behaviour.cases import (
    TOLD,
    Case,
    cases,
    convert,
    differences,
    environment_differences,
    prepare,
    request_of,
)
from tests.behaviour.simulator import Simulator, namespaces
from tools.behaviour_table import PAGE, page

WAY = namespaces()
alone = pytest.mark.skipif(not WAY, reason="this machine gives nobody namespaces (unshare)")
CASES = list(cases())


def played(case: Case, folder: Path) -> list[str]:
    """What differs when the case is run in the simulator."""
    manifest = convert(case).manifest.body
    simulator = Simulator(folder, WAY)
    prepare(case, folder / "work")
    cancel = case.setup.get("cancel", {}).get("after", 0)
    outcome = simulator.run(manifest, cancel_after=cancel)
    found = differences(case, folder / "work", manifest, outcome)
    return found + environment_differences(case, folder, manifest)


@alone
@pytest.mark.parametrize("case", [case for case in CASES if not case.slow], ids=lambda case: case.name)
def test_the_workload_does_what_slurm_did(case: Case, tmp_path: Path) -> None:
    assert played(case, tmp_path) == []


@alone
@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case.slow], ids=lambda case: case.name)
def test_the_time_limit_does_what_slurm_did(case: Case, tmp_path: Path) -> None:
    assert played(case, tmp_path) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_schema_and_judge_have_nothing_against_a_case(case: Case) -> None:
    request, manifest = request_of(case), convert(case).manifest
    found = [*validate(manifest, case.name), *verify(request, manifest, case.name)]
    assert [f"{finding.rule.id}: {finding.message}" for finding in found] == []


def test_few_cases_may_differ_and_all_are_told() -> None:
    given = [case.name for case in CASES if case.path.parent.name == "cases"]
    own = [case.name for case in CASES if case.path.parent.name == "further"]
    assert (len(given), len(own) >= 40, TOLD.keys() <= {*given, *own}) == (16, True, True)
    assert len(TOLD.keys() & set(given)) <= 2
    assert len(TOLD.keys() & set(own)) <= len(own) / 10


def test_the_page_holds_the_list_of_cases() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(PAGE.read_text(encoding="utf-8"))


@alone
def test_a_task_on_another_node_cannot_start_steps_and_is_told_so(tmp_path: Path) -> None:
    """Under Slurm it can: docs/running.md names the difference. It must be an error, not a step that never ends."""
    text = "srun bash -c 'srun -n1 true; echo $SLURM_PROCID $? > end.$SLURM_PROCID'\n"
    script = f"#!/bin/bash\n#SBATCH -N 2\n#SBATCH -n 2\n{text}".encode()
    case = Case(tmp_path / "nested-far.sbatch", {"setup": {}})
    case.path.write_bytes(script)
    (tmp_path / "run").mkdir()
    simulator = Simulator(tmp_path / "run", WAY)
    prepare(case, tmp_path / "run" / "work")
    outcome = simulator.run(convert(case).manifest.body)
    assert (tmp_path / "run" / "work" / "end.1").read_text() == "1 1\n"
    assert "only the first node of the job starts steps" in outcome.of(0).log
