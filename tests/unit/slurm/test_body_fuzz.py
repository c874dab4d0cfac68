# ruff: noqa: E501 - a table
"""Whatever octets come in: an inventory comes out, and every place in it exists."""

import random
from pathlib import Path
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci.model import Body, Script
from s2r_ci.slurm.body import read_body

EXAMPLES: Final = [
    path.read_bytes() for path in sorted((Path(__file__).parents[2] / "examples" / "slurm").iterdir())
]
PIECES: Final = (
    b"$(", b"`", b"${", b"}", b'"', b"'", b"\\", b"\n", b"<<EOF\n", b"EOF\n", b"|", b"&", b"((", b"))", b"[[", b"]]", b"srun ",
    b"bash -c '", b"eval ", b"$SLURM_JOB_ID", b"\0", b"\xff", b"\xef\xbb\xbf", b"\r", b"case x in\n", b"for x\n", b"f() {\n", b"/a",
    b"module load ", b"source ", b"docker run ", b"ssh h ", b"#!/usr/bin/env python3\n", b"#!/bin/csh\n", b"-m", b"trap ", b"set -- ",
)  # fmt: skip


def holds(data: bytes) -> None:
    script = Script(path="x", data=data)
    body, items, findings = read_body(script)
    assert isinstance(body, Body)
    lines = script.text.split("\n")
    places = [*(item.location for item in items), *(step.location for step in body.steps)]
    for place in (*places, *(finding.location for finding in findings)):
        assert 1 <= place.line <= len(lines)
        assert 1 <= place.column <= len(lines[place.line - 1]) + 1
    assert body.understood or findings


@given(st.binary(max_size=400))
@settings(max_examples=400, deadline=None)
def test_any_octets_are_read(data: bytes) -> None:
    holds(data)


@given(
    st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join),
    st.sampled_from([b"#!/bin/bash\n", b"", b"#!/bin/zsh\n"]),
)
@settings(max_examples=600, deadline=None)
def test_any_pieces_of_shell_are_read(text: bytes, first: bytes) -> None:
    holds(first + text)


@given(st.sampled_from(EXAMPLES), st.integers(0, 2**32), st.integers(1, 6))
@settings(max_examples=600, deadline=None)
def test_any_mutation_of_an_example_is_read(data: bytes, seed: int, changes: int) -> None:
    dice = random.Random(seed)
    text = bytearray(data)
    for _ in range(changes):
        start = dice.randrange(len(text) + 1)
        end = min(len(text), start + dice.choice((0, 1, 1, 3, 40)))
        text[start:end] = dice.choice((b"", dice.choice(PIECES), dice.randbytes(2), dice.choice(EXAMPLES)[:80]))
    holds(bytes(text))
