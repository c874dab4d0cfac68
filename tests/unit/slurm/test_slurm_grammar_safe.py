"""Characters that the grammar's scanner cannot bear do not reach it."""

import pytest

from s2r_ci.model import Script
from s2r_ci.slurm.body import read_body
from s2r_ci.slurm.grammar import parse

HIGH = ["\U0001f600", "\U0010ffff", "\U000e0041"]


@pytest.mark.parametrize("letter", HIGH, ids=ascii)
def test_no_character_above_the_basic_plane_reaches_the_scanner(letter: str) -> None:
    tree = parse(f"echo {letter}1 ${{{letter}}} <<{letter}\nx\n{letter}\n".encode())
    assert tree is not None
    assert not any(octet >= 0xF0 for octet in tree.root_node.text or b"")


@pytest.mark.parametrize("letter", HIGH, ids=ascii)
def test_a_script_with_such_a_character_is_read_like_any_other(letter: str) -> None:
    script = Script(path="a.sh", data=f"#!/bin/bash\n# {letter}\nsrun ./fit {letter}\ncp /data/x .\n".encode())
    body, items, _ = read_body(script)
    assert [step.launcher for step in body.steps] == ["srun"]
    assert "/data/x" in [item.name for item in items]


def test_other_letters_are_kept_as_they_are() -> None:
    tree = parse("cp /data/größe/中 .".encode())
    assert tree is not None
    assert (tree.root_node.text or b"").decode() == "cp /data/größe/中 ."
