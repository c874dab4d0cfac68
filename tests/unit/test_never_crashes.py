"""Whatever octets a script is made of, the walk ends with findings or with one of our own errors."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s2r_ci.convert import load_converter
from s2r_ci.errors import S2rError
from s2r_ci.model import Script, Site, Target
from s2r_ci.pipeline import walk
from s2r_ci.walked import document_of, refusal

TESTS = Path(__file__).parents[1]
SEEDS = [
    path.read_bytes()
    for folder in ("examples/slurm", "oracle/cases")
    for path in sorted((TESTS / folder).iterdir())
    if path.is_file() and path.suffix not in (".json", ".jsonl", ".md") and path.stat().st_size < 20_000
]
ANSWERED = Target(
    project="team",
    namespace="team-ns",
    image="registry.example.com/team/train:1",
    working_directory="/workspace",
    memory_mib=8192,
    gpus=1,
    arguments=("a b", "$(x)", "é"),
    site=Site(partitions={"gpu": ("a100", "h100")}, modules={"cuda": "registry.example.com/cuda:12"}),
)
TARGETS = (Target(), ANSWERED, Target(image="x:1", working_directory="/w", body_delivery="mounted"))
CONVERTER = load_converter("rules")
WORDS = (
    b"#SBATCH ", b"#SBATCH --", b"--array=", b"--time=", b"--mem=", b"--gres=gpu:", b"--nodes=", b"--export=",
    b"hetjob", b":", b"=", b"-", b"99999999999999999999", b"0", b"%", b"\n", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"'", b'"', b"\\\n", b"$(", b"`", b"<<EOF\n", b"EOF\n", b"${", b"}", b"|", b"# s2r: ignore[", b"srun ", b"mpirun ",
    b"torchrun ", b"module load ", b"export A=", b"SLURM_JOB_ID", b"/scratch/", b"#!", b"#PBS -l ", b"#BSUB ", b"\t",
)  # fmt: skip
NAMES = (
    b"array begin chdir constraint container cpus-per-task dependency exclusive export gpus gpus-per-task gres "
    b"job-name licenses mem mem-per-cpu nodes ntasks ntasks-per-node open-mode output partition qos "
    b"account requeue signal time tmp wrap"
).split()
VALUES = (
    *b"1 -1 0 1-4 1-4%0 0-2147483647 1:2:3:4:5 99999999999999999999 1- gpu:a100:2 gpu:0 ALL NONE NIL A=b,C".split(),
    *b"a&b|c %j%% 1e9 4G".split(),
    b"",
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real script with up to eight cuts, doublings and strange words."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 8))):
        at, end = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
        end = min(end, at + draw(st.sampled_from((0, 1, 4, 40, 400))))
        middle = draw(
            st.one_of(
                st.just(b""),
                st.sampled_from(WORDS),
                st.binary(max_size=8),
                st.just(data[at:end] * draw(st.integers(1, 3))),
            )
        )
        data = data[:at] + middle + data[end:]
    return data


@st.composite
def made_up(draw: st.DrawFn) -> bytes:
    """A header of strange options, and a body of strange words."""
    names = st.sampled_from(NAMES)
    values = st.one_of(st.sampled_from(VALUES), st.binary(max_size=12), st.text(max_size=8).map(str.encode))
    lines = draw(st.lists(st.tuples(names, values), max_size=8))
    header = b"".join(b"#SBATCH --" + name + b"=" + value + b"\n" for name, value in lines)
    body = b"".join(draw(st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=10)), max_size=12)))
    return (
        draw(st.sampled_from((b"#!/bin/bash\n", b"#!/usr/bin/env python3\n", b"#!/bin/csh\n", b""))) + header + body
    )


def holds(data: bytes, target: Target) -> None:
    """The whole walk of one script, and the document of it."""
    try:
        walked = walk(Script(path="jobs/x.sh", data=data), target, CONVERTER)
    except S2rError:
        return
    if walked.writable:
        assert document_of(walked, target, "jobs/x.sh.runai.yaml").endswith(walked.yaml_text.encode())
    else:
        assert str(refusal(walked))
    assert not [f for f in walked.findings if f.rule.id == "ledger-incomplete"]


def swept(examples: int) -> Callable[[Callable[[bytes, Target], None]], Callable[[], None]]:
    """Run a function on so many scripts, half of them mutated, half made up, and random octets."""
    scripts = st.one_of(mutated(), mutated(), made_up(), made_up(), st.binary(max_size=400))
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

    def wrap(function: Callable[[bytes, Target], None]) -> Callable[[], None]:
        limits = settings(max_examples=examples, deadline=None, suppress_health_check=slow)
        made: Callable[[], None] = limits(given(scripts, st.sampled_from(TARGETS))(function))
        return made

    return wrap


def test_there_are_scripts_to_start_from() -> None:
    assert len(SEEDS) > 100


def test_no_script_ends_the_walk_with_a_bug() -> None:
    swept(200)(holds)()


@pytest.mark.slow
def test_no_script_of_twenty_thousand_ends_the_walk_with_a_bug() -> None:
    swept(20_000)(holds)()


@pytest.mark.parametrize("target", TARGETS, ids=["bare", "answered", "mounted"])
def test_no_example_ends_the_walk_with_a_bug(target: Target) -> None:
    for data in SEEDS:
        holds(data, target)
