"""Lists of node names: counted, and folded as sbatch sends them. The answers are Slurm's own."""

import pytest

from s2r_ci.slurm.header import read_header
from s2r_ci.slurm.hosts import HostListError, count, first, folded, hosts, node_names, unique

NOW = (24, 11)
BEFORE = (22, 5)

COUNTED = [
    ("n1", 1), ("n[010-013]", 4), ("n1,n2,n1", 2), ("n1 n2", 2), ("n[1-3,5],m4", 5), ("n[1]m[2]", 1),
    ("n[1-2][3-4]", 4),
    ("n[1,1]", 1), ("n[1-40000],m[1-40000]", 80_000), ("a13,a1[3]", 2), ("n1a,n[1]a", 1), ("n[9-11],n[09-11]", 6),
]  # fmt: skip
FOLDED = [
    ("n1,n2", "n[1-2]"), ("n003,n001", "n[001,003]"), ("n[1-2,4],m7", "m7,n[1-2,4]"), ("a,b", "a,b"),
    ("a1b,a2b", "a1b,a2b"), ("x1y2,x1y3", "x1y[2-3]"), ("n1,n01", "n[1,01]"), ("n9,n10,n11", "n[9-11]"),
    ("n09,n10", "n[09-10]"), ("r1n1,r1n2,r2n1", "r1n[1-2],r2n1"),
    ("10,11", "[10-11]"), ("n1", "n1"), ("a[1-2][3-4]", "a1[3-4],a2[3-4]"), ("a[1-2]3", "a13,a23"), ("a1,a", "a,a1"),
    ("n1,n001,n2", "n[1-2,001]"), ("n[1-10],n[3-5],n[4-12]", "n[1-12]"), ("a10b1,a9b1", "a9b1,a10b1"),
    ("n00x1,n0x1", "n0x1,n00x1"), ("a01b1,a1b1,a2b1,a10b1", "a01b1,a1b1,a2b1,a10b1"), ("n[1[2]", "n[12"),
    ("n99999999999999999999", "n18446744073709551615"), ("n{1-3}", "n{1-3}"),
]  # fmt: skip
REFUSED = ["n[x]", "n[3-1]", "n[1-", "n[]", "n[1-99999999]"]


@pytest.mark.parametrize(("text", "number"), COUNTED, ids=[text for text, _ in COUNTED])
def test_node_names_are_counted(text: str, number: int) -> None:
    assert count(unique(hosts(text, NOW))) == node_names(text, NOW) == number


@pytest.mark.parametrize(("text", "expected"), FOLDED, ids=[text for text, _ in FOLDED])
def test_node_names_are_folded_as_sbatch_sends_them(text: str, expected: str) -> None:
    assert folded(unique(hosts(text, NOW))) == expected


def test_names_stay_in_order_and_repeated_until_they_are_made_unique() -> None:
    names = hosts("n2,n1,n2,m1", NOW)
    assert folded(names) == "n[2,1-2],m1"
    assert count(names) == 4
    assert folded(unique(names)) == "m1,n[1-2]"


def test_no_more_nodes_are_named_than_asked_for() -> None:
    assert folded(first(hosts("n[1-4],m[1-4]", NOW), 5)) == "n[1-4],m1"


@pytest.mark.parametrize("text", REFUSED)
def test_a_list_that_sbatch_cannot_read_is_refused(text: str) -> None:
    with pytest.raises(HostListError):
        hosts(text, NOW)
    assert node_names(text, NOW) == 0


def test_up_to_22_05_nothing_may_stand_behind_the_last_bracket() -> None:
    assert node_names("n[1-2]x", NOW) == 2
    with pytest.raises(HostListError):
        hosts("n[1-2]x", BEFORE)


def test_up_to_22_05_a_bracket_that_is_never_closed_closes_a_name() -> None:
    assert folded(unique(hosts("n[1-,m2", BEFORE))) == "m2,n]"


@pytest.mark.parametrize(
    ("release", "nodes", "told"), [("22.05", "n[1-", True), ("22.05", "n[1-2]", False), ("24.11", "n[1-2]", False)]
)
def test_such_a_bracket_is_told(release: str, nodes: str, told: bool) -> None:
    header = read_header(f"#!/bin/bash\n#SBATCH --nodelist={nodes}\n".encode(), "job.sh", release=release)
    assert header.stage == "accepted"
    assert any("never closed" in finding.message for finding in header.findings) is told


def test_from_23_02_on_a_set_of_nodes_cannot_be_counted() -> None:
    assert (node_names("n1,{rack}", BEFORE), node_names("n1,{rack}", NOW)) == (2, 0)
