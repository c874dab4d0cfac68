"""Mutated manifests end in findings, never in an exception; ``make bench`` takes their time."""

import pytest

from benchmarks.judge.yaml_fuzz import mutants
from s2r_ci.judging import judge


def look(count: int, seed: int) -> tuple[int, int]:
    """How many texts were judged, and how many of them mean the same as before."""
    seen = same = 0
    for one, text in mutants(count, seed):
        found = judge(one.request, text, "m.yaml")
        assert all("\n" not in finding.message for finding in found)
        seen, same = seen + 1, same + (not found)
    return seen, same


def test_a_mutated_text_raises_nothing() -> None:
    seen, same = look(600, seed=5)
    assert seen == 600
    assert 0 < same < 300


@pytest.mark.slow
def test_a_hundred_thousand_mutated_texts_raise_nothing() -> None:
    assert look(100_000, seed=11)[0] == 100_000
