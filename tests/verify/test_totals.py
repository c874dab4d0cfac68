"""Sums over nodes: what each pod holds, what the ledger has to say of it, and that the judge sees either done wrongly.

The expected numbers are worked out by hand from sbatch(1): a total is spread over the nodes, the largest share counts.
"""

from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

import pytest

from benchmarks.judge.nodes import nodes as every_node
from benchmarks.judge.nodes import put
from s2r_ci.convert import load_converter
from s2r_ci.judging import rounded_silently, unaccounted
from s2r_ci.model import (
    ConversionRequest,
    ConversionResult,
    Disposition,
    Level,
    Manifest,
    Resources,
    Script,
    Target,
)
from s2r_ci.pipeline import walk
from s2r_ci.verify import read, verify
from s2r_ci.verify.totals import totals

TARGETS = ("kubernetes", "kai", "v2alpha1", "rest", "cli")


class Case(NamedTuple):
    """Options; pods; of one pod its GPUs, CPUs, MiB and tasks; the options of which it is said that pods hold more."""

    options: str
    pods: int
    gpus: int
    cpus: int
    memory: int
    tasks: int
    noted: str = ""


M = 1024  # MiB of a pod where the script says nothing: the settings' answer
CASES = (
    Case("--gpus=7", 1, 7, 1, M, 1),
    Case("-N 2 --gpus=8", 2, 4, 1, M, 1),
    Case("-N 2 --gpus=7", 2, 4, 1, M, 1, "gpus"),
    Case("-N 3 --gpus=7", 3, 3, 1, M, 1, "gpus"),
    Case("-N 3 --gpus=8", 3, 3, 1, M, 1, "gpus"),
    Case("-N 2 --gpus=a100:5", 2, 3, 1, M, 1, "gpus"),
    Case("-N 2 --gpus=v100:2,a100:3", 2, 3, 1, M, 1, "gpus"),
    Case("-N 2 -n 6", 2, 0, 3, M, 3),
    Case("-N 2 -n 5", 2, 0, 3, M, 3, "ntasks"),
    Case("-N 3 -n 7", 3, 0, 3, M, 3, "ntasks"),
    Case("-N 3 -n 5 -c 2", 3, 0, 4, M, 2, "ntasks cpus-per-task"),
    Case("-N 3 -n 6 -c 2", 3, 0, 4, M, 2),
    Case("-N 7 -n 100 -c 2 --mem-per-cpu=1G", 7, 0, 30, 30 * 1024, 15, "ntasks cpus-per-task mem-per-cpu"),
    Case("-N 2 -n 5 --mem-per-cpu=2G", 2, 0, 3, 6144, 3, "ntasks mem-per-cpu"),
    Case("-N 2 -n 5 --mem=8G", 2, 0, 3, 8192, 3, "ntasks"),
    Case("-N 2-4", 2, 0, 1, M, 1),
    Case("-N 1-3", 1, 0, 1, M, 1),
    Case("-N 2-4 --gpus=6", 2, 3, 1, M, 1),
    Case("-N 2-4 --gpus=7", 2, 4, 1, M, 1, "gpus"),
    Case("-N 2-4 -n 8", 2, 0, 4, M, 4),
    Case("-N 2-4 -n 3", 2, 0, 2, M, 2, "ntasks"),
    Case("-N 2-4 --ntasks-per-node=4", 2, 0, 4, M, 4),
    Case("-N 2-6:2", 2, 0, 1, M, 1),
    Case("--gpus=2 --cpus-per-gpu=4", 1, 2, 8, M, 1),
    Case("--gres=gpu:2 --cpus-per-gpu=3", 1, 2, 6, M, 1),
    Case("-N 2 --gpus-per-node=4 --cpus-per-gpu=4", 2, 4, 16, M, 1),
    Case("-N 2 --gpus=8 --cpus-per-gpu=4", 2, 4, 16, M, 1),
    Case("-N 2 --gpus=7 --cpus-per-gpu=4", 2, 4, 16, M, 1, "gpus cpus-per-gpu"),
    Case("-n 2 --gpus-per-task=2 --cpus-per-gpu=4", 1, 4, 16, M, 2),
    Case("--gpus=2 --mem-per-gpu=10G", 1, 2, 1, 20480, 1),
    Case("--gres=gpu:v100:3 --mem-per-gpu=10G", 1, 3, 1, 30720, 1),
    Case("-N 2 --gpus-per-node=4 --mem-per-gpu=10G", 2, 4, 1, 40960, 1),
    Case("-N 2 --gpus=7 --mem-per-gpu=10G", 2, 4, 1, 40960, 1, "gpus mem-per-gpu"),
    Case("--gpus=3 --mem-per-gpu=1500M --cpus-per-gpu=6", 1, 3, 18, 4500, 1),
    Case("-N 2 --gpus=5 --mem-per-gpu=1500M --cpus-per-gpu=6", 2, 3, 18, 4500, 1, "gpus mem-per-gpu cpus-per-gpu"),
    Case("--gpus=2 --cpus-per-gpu=4 --mem-per-cpu=2G", 1, 2, 8, 16384, 1),
    Case("-n 4 --gpus-per-task=1 --mem-per-gpu=10G", 1, 4, 4, 40960, 4),
    Case("-N 2 -n 5 --gpus-per-task=1", 2, 3, 3, M, 3, "ntasks gpus-per-task"),
    Case("-N 2 -n 5 --gpus-per-task=1 --mem-per-gpu=10G", 2, 3, 3, 30720, 3, "ntasks gpus-per-task mem-per-gpu"),
    Case("-N 3 -n 8 --gpus-per-task=2", 3, 6, 3, M, 3, "ntasks gpus-per-task"),
    Case("-N 3 -n 9 --gpus-per-task=1", 3, 3, 3, M, 3),
    Case("-N 2 -n 5 --tres-per-task=gres/gpu:1", 2, 3, 3, M, 3, "ntasks tres-per-task"),
    Case("--ntasks-per-node=3 -n 7", 3, 0, 3, M, 3, "ntasks"),
    Case("-N 2 --gpus=4 --ntasks-per-gpu=2", 2, 2, 4, M, 4),
)
ROUNDED = [case for case in CASES if case.noted]


def made(case: Case, target: str) -> tuple[ConversionRequest, ConversionResult, list[str]]:
    """The request, what the rules made of it, and the rules of all errors of the walk."""
    text = f"#!/bin/bash\n#SBATCH {case.options}\n#SBATCH -t 5\nsrun python /opt/x.py\n"
    script = Script(path="a.sh", data=text.encode())
    to = Target(name=target, image="a.example/b:1", memory_mib=M, gpus=1, project="team")
    walked = walk(script, to, load_converter("rules"))
    assert walked.result is not None, walked.findings
    request = ConversionRequest(script=script, job=walked.reading.jobs[0], target=to)
    return request, walked.result, [f.rule.id for f in walked.findings if f.rule.level is Level.ERROR]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.options)
def test_pods_hold_the_largest_share_and_the_ledger_says_so(case: Case, target: str) -> None:
    request, result, errors = made(case, target)
    facts = read(request, result.manifest)
    assert errors == []
    assert facts.pods == case.pods
    for role in facts.workers:
        assert role.limits.get("nvidia.com/gpu", 0) == role.requests.get("nvidia.com/gpu", 0) == case.gpus
        assert role.limits["cpu"] == case.cpus
        assert role.limits["memory"] == case.memory * 1024**2
    if case.pods > 1 and target in ("kubernetes", "kai"):
        assert facts.processes_per_pod == str(case.tasks)
    assert {n.subject for n in result.notes if n.rule.id == "count-rounded-up"} == set(case.noted.split())
    exact = {entry.item.name for entry in result.ledger if entry.disposition is Disposition.EXACT}
    assert not exact & set(case.noted.split())
    assert ("nodes" in exact) <= (case.pods == 1 and "-N 1-" not in case.options)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", ROUNDED, ids=lambda case: case.options)
def test_the_judge_itself_demands_the_note(case: Case, target: str) -> None:
    request, result, _ = made(case, target)
    assert list(rounded_silently(request, result)) == []
    silent = replace(result, notes=())
    found = list(rounded_silently(request, silent))
    assert {f.subject for f in found} <= set(case.noted.split())
    assert found
    assert all(f.rule.id == "ledger-incomplete" and "no note says so" in f.message for f in found)
    ledger = tuple(replace(entry, disposition=Disposition.EXACT) for entry in result.ledger)
    found = list(rounded_silently(request, replace(result, ledger=ledger)))
    assert found
    assert all("calls that exact" in f.message for f in found)
    assert list(unaccounted(request.job, result)) == []


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", ROUNDED, ids=lambda case: case.options)
def test_pods_that_are_rounded_down_are_refused(case: Case, target: str) -> None:
    request, result, _ = made(case, target)
    for was, other, rule in _smaller(case):
        body = changed(result.manifest.body, was, other)
        if body != result.manifest.body:
            assert rule in {f.rule.id for f in verify(request, Manifest(body=body), "m")}, (was, other)


def _smaller(case: Case) -> list[tuple[str, str, str]]:
    """Which amount is written as the smaller share, and the rule that tells."""
    return [
        ("gpu", str(case.gpus - 1), "gpu-count-changed"),
        ("cpu", str(case.cpus - 1), "cpu-count-changed"),
        ("memory", f"{case.memory - 512}Mi", "memory-changed"),
    ]


def changed(body: Any, what: str, amount: str) -> Any:
    """All places of one amount, in the words of any form."""
    names = {
        "gpu": ("nvidia.com/gpu", "gpuDevices", "gpuDevicesRequest", "gpu-devices-request"),
        "cpu": ("cpu", "cpuLimit", "cpuCoreRequest", "cpuCoreLimit", "cpu-core-request", "cpu-core-limit"),
        "memory": ("memory", "memoryLimit", "cpuMemoryRequest", "cpuMemoryLimit", "cpu-memory-request"),
    }[what]
    for steps, value in list(every_node(body)):
        named = steps[-1] in names or (steps[-1] == "value" and steps[-2] in names)
        if named and not isinstance(value, dict):
            body = put(body, steps, type(value)(amount))
    return body


@pytest.mark.parametrize(
    ("options", "wrong", "rule"),
    [
        ("-N 2 --gpus=7", {"gpus_per_node": 3}, "gpu-count-changed"),
        ("-N 2 -n 5 --gpus-per-task=1", {"gpus_per_node": 2}, "gpu-count-changed"),
        ("-N 2 -n 5 --tres-per-task=gres/gpu:1", {"gpus_per_node": 2}, "gpu-count-changed"),
        ("-N 2 -n 5", {"tasks_per_node": 2}, "task-count-changed"),
        ("-N 3 -n 5 -c 2", {"cpus_per_node": 3}, "cpu-count-changed"),
        ("-N 2 --gpus=7 --cpus-per-gpu=4", {"cpus_per_node": 12}, "cpu-count-changed"),
        ("-N 2 -n 5 --mem-per-cpu=2G", {"memory_per_node_mib": 4096}, "memory-changed"),
        ("-N 2 --gpus=7 --mem-per-gpu=10G", {"memory_per_node_mib": 30720}, "memory-changed"),
    ],
)
def test_a_share_that_was_read_too_small_is_caught_too(options: str, wrong: dict[str, Any], rule: str) -> None:
    """The judge's sum is made from the option: a reading that rounds down betrays writer and judge alike else."""
    request, _, _ = made(Case(options, 0, 0, 0, 0, 0), "kubernetes")
    resources: Resources = replace(request.job.resources, **wrong)
    misread = replace(request, job=replace(request.job, resources=resources))
    body = load_converter("rules").convert(misread).manifest
    assert rule in {f.rule.id for f in verify(misread, body, "m")}


@pytest.mark.parametrize(
    ("options", "sums"),
    [
        ("-N 2 --gpus=v100:2,a100:3", {("gpus", "GPUs", 5)}),
        ("-N 2 --gpus=8 --gpus-per-node=4", set()),
        ("-N 2 -n 5 -c 3 --mincpus=9", {("ntasks", "tasks", 5)}),
        (
            "-N 2 -n 3 --mem-per-cpu=100K",
            {("ntasks", "tasks", 3), ("ntasks", "CPUs", 3), ("mem-per-cpu", "MiB", 3)},
        ),
        ("-N 2 --gpus=4 --ntasks-per-gpu=2", {("gpus", "GPUs", 4)}),
    ],
)
def test_the_sums_are_those_of_the_options(options: str, sums: set[tuple[str, str, int]]) -> None:
    text = f"#!/bin/bash\n#SBATCH {options} -t 5\nsrun x\n"
    script = Script(path="a.sh", data=text.encode())
    walked = walk(script, Target(), load_converter("rules"))
    request = ConversionRequest(script=script, job=walked.reading.jobs[0], target=Target())
    assert {(one.option, one.what, one.asked) for one in totals(request)} == sums


def test_an_amount_is_a_fraction_until_it_is_compared() -> None:
    request, result, _ = made(Case("-N 2 -n 5 --mem-per-cpu=2G", 2, 0, 3, 6144, 3), "kubernetes")
    assert all(isinstance(role.limits["memory"], Fraction) for role in read(request, result.manifest).workers)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "options",
    ["-N 4 --gres=gpu:4 --gpus-per-task=2", "-N 4-4 -n 10 --mincpus=10 --exclusive", "-N 2-5 --gpus=13 -c 2"],
)
def test_silent_where_the_cpus_of_all_nodes_are_not_those_of_the_tasks(options: str, target: str) -> None:
    _, _, errors = made(Case(options, 0, 0, 0, 0, 0), target)
    assert errors == []
