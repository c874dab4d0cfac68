"""Every bug of the first s2r can still be put back (``make mutants`` then shows that the suite notices)."""

import pytest

from tools.mutants import MUTANTS, Mutant, is_killed, mutated


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.bug)
def test_a_mutant_applies(mutant: Mutant) -> None:
    assert mutated(mutant)


def test_every_known_bug_has_one() -> None:
    assert {f"B{n:02d}" for n in range(1, 27)} <= {mutant.bug for mutant in MUTANTS}


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.bug)
def test_the_suite_kills_it(mutant: Mutant) -> None:
    assert is_killed(mutant)
