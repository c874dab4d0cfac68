"""The converted workload does what real Slurm did: the same files, the same text, the same ends."""

from pathlib import Path

import pytest

from tests.behaviour.cases import Case, cases, convert, differences, environment_differences, prepare
from tests.behaviour.simulator import Simulator, namespaces

WAY = namespaces()
pytestmark = pytest.mark.skipif(not WAY, reason="this machine gives nobody namespaces (unshare)")
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


@pytest.mark.parametrize("case", [case for case in CASES if not case.slow], ids=lambda case: case.name)
def test_the_workload_does_what_slurm_did(case: Case, tmp_path: Path) -> None:
    assert played(case, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case.slow], ids=lambda case: case.name)
def test_the_time_limit_does_what_slurm_did(case: Case, tmp_path: Path) -> None:
    assert played(case, tmp_path) == []
