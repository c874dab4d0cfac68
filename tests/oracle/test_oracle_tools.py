"""The oracle's own parts that need no Slurm: the directed headers, and what is explained away and what never is."""

import json
from typing import Any

import pytest

from tools.slurm_oracle.dense import FAMILIES, dense
from tools.slurm_oracle.differing import differences, looked_into, read
from tools.slurm_oracle.explained import Difference, explanation
from tools.slurm_oracle.headers import KNOWN, Made

_GENERIC = ["error: Invalid generic resource (gres) specification"]
_VERIFY = "stage accepted for verify: Invalid generic resource "


def differing(group: str, theirs: Any, holds: str, release: str = "24.11") -> Difference:
    return Difference(group, 0, release, [], theirs, holds)


FIRES = [
    pytest.param(_VERIFY, _GENERIC, "holds gres=gres/nosuch:1", id="gres"),
    pytest.param("stage accepted for verify", ["error: 'a' can't be reached now"], "holds clusters=a", id="clusters"),
    pytest.param(
        "stage accepted for parse: Invalid --gpu-bind argument",
        ["error: Invalid --gpu-bind argument: verbose,map:0"], "holds gpu-bind=verbose,map:0", id="past the end",
    ),
    pytest.param("request array_inx", "\ufffd", "het holds array=1-4 holds ntasks=2", id="freed"),
    pytest.param("request exc_nodes", "n[1-2]", "holds exclude=./nodes.txt", id="excluded by a file"),
]  # fmt: skip
SILENT = [
    pytest.param(_VERIFY, _GENERIC, "holds gres=gres/gpu:a100:1", id="gpu"),
    pytest.param(_VERIFY, _GENERIC, "holds gpus=2", id="no gres"),
    pytest.param("stage accepted for verify", ["error: invalid number of nodes (-N 4-2)"], "holds nodes=2", id="nodes"),
    pytest.param(
        "stage accepted for parse: Invalid --gpu-bind argument",
        ["error: Invalid --gpu-bind argument: verbose,map:0123x"], "holds gpu-bind=verbose,map:0123x", id="a long list",
    ),
    pytest.param("request array_inx", "1-3", "holds array=1-4", id="an array of one component"),
    pytest.param("request exc_nodes", "n[1-2]", "holds exclude=n[1-3]", id="excluded by name"),
    pytest.param("request min_nodes", 4, "holds nodefile=nodes.txt", id="a file is read, not explained away"),
    pytest.param("option nodes", "2", "holds nodes=3", id="a plain mistake"),
]  # fmt: skip


@pytest.mark.parametrize(("group", "theirs", "holds"), FIRES)
def test_what_only_the_site_knows_is_explained(group: str, theirs: Any, holds: str) -> None:
    assert explanation(differing(group, theirs, holds))


@pytest.mark.parametrize(("group", "theirs", "holds"), SILENT)
def test_a_mistake_is_never_explained(group: str, theirs: Any, holds: str) -> None:
    assert not explanation(differing(group, theirs, holds))


def test_the_same_seed_gives_the_same_directed_headers() -> None:
    assert list(dense(40, 7)) == list(dense(40, 7))
    assert list(dense(40, 7)) != list(dense(40, 8))


def test_a_directed_header_keeps_to_the_options_of_one_family() -> None:
    families = [set(family.names) for family in FAMILIES.values()]
    for made in dense(200, 1):
        lines = [line for line in made.data.decode().split("\n") if line.startswith("#SBATCH --")]
        names = {line[len("#SBATCH --") :].partition("=")[0] for line in lines}
        assert names <= set(KNOWN)
        assert any(names <= family for family in families), names


def answer(stage: str, *components: dict[str, Any]) -> dict[str, Any]:
    return {"stage": stage, "messages": [], "components": list(components)}


NAMED = Made(b"#!/bin/bash\n#SBATCH --nodefile=./nodes.txt\necho\n", {}, [])
CUT = Made(b"#!/bin/bash\n#SBATCH --bbf=bb.txt\n#SBATCH hetjob\n#SBATCH --comment=abcdefghijklm\n", {}, [])


@pytest.mark.parametrize(("nodes", "explained"), [(4, True), (3, False)], ids=["as the file says", "otherwise"])
def test_a_file_of_nodes_is_read_in_its_place(nodes: int, explained: bool) -> None:
    request = {"name": "h00000.sh", "std_in": "/dev/null", "environment": {}, "min_nodes": nodes, "min_cpus": nodes}
    request |= {"req_nodes": "n[001-002,005-006]"}
    theirs = answer(
        "accepted",
        {"tokens": ["--nodefile=./nodes.txt"], "options": {"nodefile": "./nodes.txt"}, "request": request},
    )
    header = read(NAMED, 0, "24.11", None)
    new = looked_into(list(differences(0, header, theirs)), NAMED, header, theirs)
    assert all(map(explanation, new)) is explained


@pytest.mark.parametrize(("word", "explained"), [("abcdefgh", True), ("abcdefg", False)])
def test_a_script_that_a_burst_buffer_cuts_short_is_read_shorter(word: str, explained: bool) -> None:
    options = {"bbf": "bb.txt", "comment": word}
    theirs = answer(
        "parse", {"tokens": ["--bbf=bb.txt"], "options": {"bbf": "bb.txt"}}, {"tokens": [f"--comment={word}"]}
    )
    theirs["stage"] = "accepted"
    theirs["components"][1]["options"] = options
    header = read(CUT, 0, "24.11", None)
    new = looked_into(list(differences(0, header, theirs)), CUT, header, theirs)
    assert all(map(explanation, new)) is explained


def test_an_answer_can_be_written_down() -> None:
    made = next(dense(1, 1))
    assert Made(made.data, *json.loads(json.dumps([made.environ, made.arguments]))) == made
