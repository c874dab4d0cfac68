"""Two independent readers: the judge shares no code with those who write a manifest.

A fault in the writer's arithmetic must not be in the judge's as well, so ``verify`` may import nothing that works out
what a manifest says. One module is the exception, because it holds texts and no decisions: the catalogue of a
prelude's parts, which says how a part is spelled.
"""

import pytest

from tests.architecture.test_floors import MODULES, imports

JUDGE = sorted(name for name in MODULES if name.startswith("s2r_ci.verify"))
WRITERS = sorted(name for name in MODULES if name.startswith(("s2r_ci.runai", "s2r_ci.convert")))
TEXTS = {"s2r_ci.runai.parts"}  # how a part of a prelude is spelled; which parts a script needs is decided twice
NUMBERS = {"s2r_ci.slurm", "s2r_ci.validate", "s2r_ci.standing", "s2r_ci.judging"}


@pytest.mark.parametrize("module", JUDGE)
def test_the_judge_imports_nothing_that_works_out_a_manifest(module: str) -> None:
    assert {name for name in imports(MODULES[module]) if name in WRITERS} <= TEXTS
    assert not [name for name in imports(MODULES[module]) if name.startswith(tuple(NUMBERS))]


@pytest.mark.parametrize("module", WRITERS)
def test_no_writer_imports_the_judge(module: str) -> None:
    assert not [name for name in imports(MODULES[module]) if name.startswith("s2r_ci.verify")]


def test_the_texts_decide_nothing() -> None:
    texts = {f"s2r_ci.runai.{name}" for name in ("shims", "srun", "srun_options", "srun_step", "prelude_texts")}
    for module in TEXTS:
        assert {name for name in imports(MODULES[module]) if name in WRITERS} <= texts
    for module in texts:  # texts and nothing else: they do not even know of a job
        assert {name for name in imports(MODULES[module]) if name.startswith("s2r_ci")} == set()


def test_both_sides_are_there() -> None:
    assert {"s2r_ci.verify.facts", "s2r_ci.verify.expected"} <= set(JUDGE)
    assert {"s2r_ci.runai.compute", "s2r_ci.runai.quantities", "s2r_ci.convert.rules"} <= set(WRITERS)
