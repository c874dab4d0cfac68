"""The option table, and how a word finds its option."""

from collections import Counter

import pytest

from s2r_ci.slurm.options import OPTIONS, UnknownOptionError, catalogue, parse_release
from s2r_ci.slurm.values import READERS


def test_the_table_holds_121_options_of_today_and_26_that_are_gone() -> None:
    assert Counter(option.in_script == "refused now" for option in OPTIONS) == {False: 121, True: 26}
    assert len({option.name for option in OPTIONS}) == len(OPTIONS)


def test_every_kind_of_value_has_a_reader() -> None:
    assert {option.kind for option in OPTIONS} <= READERS.keys()


@pytest.mark.parametrize(
    ("word", "release", "means"),
    [
        ("nodes", "24.11", "nodes"), ("job", "24.11", "job-name"), ("part", "24.11", "partition"),
        ("cpus-per-t", "24.11", "cpus-per-task"), ("ho", "24.11", "hold"), ("req", "24.11", "requeue"),
        ("tasks", "24.11", "ntasks-per-node"), ("tasks-per-node", "24.11", "ntasks-per-node"),
        ("cores", "24.11", "cores-per-socket"), ("threads", "24.11", "threads-per-core"), ("min", "24.11", "mincpus"),
        ("sockets", "24.11", "sockets-per-node"), ("cons", "24.11", "constraint"), ("res", "22.05", "reservation"),
        ("extra", "22.05", "extra-node-info"), ("extra", "24.11", "extra"), ("mem", "24.11", "mem"),
        ("cluster", "24.11", "cluster"), ("power", "22.05", "power"), ("container-image", "24.11", "container-image"),
    ],
)  # fmt: skip
def test_a_name_or_a_unique_beginning_finds_its_option(word: str, release: str, means: str) -> None:
    assert catalogue(release).find(word).means == means


@pytest.mark.parametrize(
    ("word", "release"),
    [
        ("node", "24.11"), ("me", "24.11"), ("tim", "24.11"), ("nt", "24.11"), ("gpus-per", "24.11"), ("excl", "24.11"),
        ("exp", "24.11"), ("acc", "24.11"), ("par", "24.11"), ("res", "24.11"), ("cons", "26.05"), ("clus", "24.11"),
    ],
)  # fmt: skip
def test_a_beginning_of_several_options_is_ambiguous(word: str, release: str) -> None:
    with pytest.raises(UnknownOptionError) as caught:
        catalogue(release).find(word)
    assert len(caught.value.candidates) > 1


@pytest.mark.parametrize(
    ("word", "release"),
    [
        ("memory", "24.11"), ("Nodes", "24.11"), ("ntasks_per_node", "24.11"), ("workdir", "24.11"), ("", "24.11"),
        ("power", "24.11"), ("tres-per-task", "22.05"), ("consolidate-segments", "24.11"), ("container-im", "24.11"),
    ],
)  # fmt: skip
def test_a_name_that_the_release_does_not_know_is_not_found(word: str, release: str) -> None:
    with pytest.raises(UnknownOptionError) as caught:
        catalogue(release).find(word)
    assert not caught.value.candidates


@pytest.mark.parametrize(
    ("text", "release"),
    [("24.11", (24, 11)), ("22.05.8", (22, 5)), ("nonsense", (24, 11)), ("", (24, 11)), ("9.9.9.9", (9, 9))],
)
def test_a_release_is_read_as_numbers(text: str, release: tuple[int, int]) -> None:
    assert parse_release(text) == release
