"""Lists of node names: counted, and folded as sbatch sends them. The answers are Slurm's own."""

import pytest

from s2r_ci.slurm.hosts import HostListError, folded, hosts, node_names

COUNTED = [
    ("n1", 1), ("n[010-013]", 4), ("n1,n2,n1", 2), ("n1 n2", 2), ("n[1-3,5],m4", 5), ("n[1]m[2]", 1),
    ("n[1-2][3-4]", 4),
    ("n[1,1]", 1),
]  # fmt: skip
FOLDED = [
    ("n1,n2", "n[1-2]"), ("n003,n001", "n[001,003]"), ("n[1-2,4],m7", "m7,n[1-2,4]"), ("a,b", "a,b"),
    ("a1b,a2b", "a1b,a2b"), ("x1y2,x1y3", "x1y[2-3]"), ("n1,n01", "n[1,01]"), ("n9,n10,n11", "n[9-11]"),
    ("n09,n10", "n[09-10]"), ("r1n1,r1n2,r2n1", "r1n[1-2],r2n1"),
    ("10,11", "[10-11]"), ("n1", "n1"),
]  # fmt: skip
REFUSED = ["n[x]", "n[3-1]", "n[1-", "n[]", "n[1-99999999]"]


@pytest.mark.parametrize(("text", "count"), COUNTED, ids=[text for text, _ in COUNTED])
def test_node_names_are_counted(text: str, count: int) -> None:
    assert len(hosts(text)) == node_names(text) == count


@pytest.mark.parametrize(("text", "expected"), FOLDED, ids=[text for text, _ in FOLDED])
def test_node_names_are_folded_as_sbatch_sends_them(text: str, expected: str) -> None:
    assert folded(hosts(text)) == expected


def test_no_more_nodes_are_named_than_asked_for() -> None:
    assert folded(hosts("n[1-4]"), 3) == "n[1-3]"


@pytest.mark.parametrize("text", REFUSED)
def test_a_list_that_sbatch_cannot_read_is_refused(text: str) -> None:
    with pytest.raises(HostListError):
        hosts(text)
    assert node_names(text) == 0
