"""Totals that the nodes do not divide: the ledger says what equal pods hold instead."""

import pytest

from s2r_ci.convert import load_converter
from s2r_ci.model import Disposition, LedgerEntry, Script, Target
from s2r_ci.pipeline import walk

EXACT, NEAR, LOST = Disposition.EXACT, Disposition.APPROXIMATE, Disposition.NOT_EXPRESSIBLE


def entry(options: str, name: str, target: str) -> LedgerEntry:
    text = f"#!/bin/bash\n#SBATCH {options} -t 5\nsrun python /opt/x.py\n"
    script = Script(path="a.sh", data=text.encode())
    made = walk(script, Target(name=target, image="a/b:1", memory_mib=1024), load_converter("rules"))
    assert made.result is not None, made.findings
    return next(each for each in made.result.ledger if each.item.name == name)


@pytest.mark.parametrize("target", ["kubernetes", "rest", "cli"])
@pytest.mark.parametrize(
    ("options", "name", "said"),
    [
        ("-N 2 --gpus=7", "gpus", "8 GPUs instead of 7"),
        ("-N 3 --gpus=7", "gpus", "9 GPUs instead of 7"),
        ("--ntasks=8 --gpus-per-task=1 --nodes=3", "gpus-per-task", "9 GPUs instead of 8"),
        ("--ntasks=8 --gpus-per-task=1 --nodes=3", "ntasks", "9 tasks instead of 8"),
        ("-n 5 -N 3 -c 2", "cpus-per-task", "12 CPUs instead of 10"),
        ("-n 5 -N 3 -c 2 --mem-per-cpu=1G", "mem-per-cpu", "12 CPUs instead of 10"),
        ("--ntasks=3 -N 2", "ntasks", "4 tasks instead of 3"),
    ],
)
def test_equal_pods_that_hold_more_are_not_called_exact(options: str, name: str, said: str, target: str) -> None:
    found = entry(options, name, target)
    if name == "ntasks" and target != "kubernetes":  # these have no field for the tasks of a PyTorchJob
        assert found.disposition is LOST
        return
    assert found.disposition is NEAR
    assert said in found.reason


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ("-N 2 --gpus=8", "gpus"),
        ("--gpus=7", "gpus"),
        ("--ntasks=9 --gpus-per-task=1 --nodes=3", "gpus-per-task"),
        ("-n 6 -N 3 -c 2", "cpus-per-task"),
        ("-N 3 --ntasks-per-node=2 -c 2", "cpus-per-task"),
        ("--ntasks=4 -N 2", "ntasks"),
    ],
)
def test_what_the_nodes_divide_is_exact(options: str, name: str) -> None:
    assert entry(options, name, "kubernetes").disposition is EXACT


def test_what_pods_hold_too_much_is_a_note() -> None:
    script = Script(path="a.sh", data=b"#!/bin/bash\n#SBATCH -N 2 --gpus=7 -t 5\nsrun python /opt/x.py\n")
    walked = walk(script, Target(image="a/b:1", memory_mib=1024), load_converter("rules"))
    (note,) = (each for each in walked.findings if each.rule.id == "count-rounded-up")
    assert (str(note.location), note.message) == ("a.sh:2:14", "--gpus=7: equal pods hold 8 GPUs instead of 7")
