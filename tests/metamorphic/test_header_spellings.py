"""However a header is spelled, the manifest is the same; and a JobSpec written as a header reads as the same JobSpec.

What may differ in a manifest is what holds the script itself: the carried text, the digests of the file's header, and
the line numbers and spellings in its comments. Everything else is the same octets.
"""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.judge.corpus import SCRIPTS as OWN
from benchmarks.judge.corpus import answered, scripts
from s2r_ci.convert.rules import RulesConverter
from s2r_ci.errors import ConversionError
from s2r_ci.model import ConversionRequest, Item, ItemKind, JobSpec, Location, Script, Target
from s2r_ci.runai.yaml import write_yaml
from s2r_ci.slurm.job import read_script
from tests.metamorphic.respell import (
    components,
    directives,
    header_of,
    respelled,
    respelled_components,
    with_header,
)

SCRIPTS = {name: script for name, script in scripts() if directives(script) is not None}
SEEDS = range(6)
NOWHERE = Location(path="")


def job_of(script: Script) -> JobSpec:
    return read_script(script).jobs[0]


def without_places(job: JobSpec) -> JobSpec:
    """The job without the lines on which it was said, and without the spellings of its directives."""
    steps = tuple(step._replace(location=NOWHERE) for step in job.body.steps)
    items = tuple(item._replace(location=NOWHERE) for item in job.inventory if item.kind is not ItemKind.DIRECTIVE)
    names = sorted(item.name for item in job.inventory if item.kind is ItemKind.DIRECTIVE)
    told = tuple(Item(kind=ItemKind.DIRECTIVE, name=name, value="", location=NOWHERE) for name in names)
    options = dict(sorted(job.options.items()))
    return replace(job, body=replace(job.body, steps=steps), inventory=(*items, *told), options=options, origins={})


def manifest_of(script: Script, target: Target) -> str | None:
    """The manifest's octets, but for the text of the script."""
    request = ConversionRequest(script=script, job=job_of(script), target=target)
    try:
        body = RulesConverter().convert(request).manifest.body
    except ConversionError:
        return None
    return write_yaml(_without(body, script.text))


def _without(value: Any, text: str) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, text) for key, item in value.items()}
    if isinstance(value, list):
        kept = [_without(item, text) for item in value]
        return [*kept[:2], "THE SCRIPT", *kept[3:]] if kept[1:2] == [_name(value)] and len(kept) > 2 else kept
    return value


def _name(words: list[Any]) -> Any:
    """The second of the arguments, where they are the container's: prelude, name, text."""
    return words[1] if len(words) > 2 and isinstance(words[0], str) and "slurm_script" in words[0] else None


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_header_in_another_spelling_gives_the_same_manifest(name: str) -> None:
    script = SCRIPTS[name]
    found = directives(script)
    assert found is not None
    job = job_of(script)
    for target in (Target(), answered(job), answered(job, "kai")):
        wanted = manifest_of(script, target)
        for seed in SEEDS:
            other = respelled(script, found, seed)
            assert without_places(job_of(other)) == without_places(job), other.text
            assert manifest_of(other, target) == wanted, other.text


def _heterogeneous() -> dict[str, Script]:
    """Those of the collections, and each two of our own scripts in one allocation, but for arrays, which cannot be."""
    found = {name: script for name, script in scripts() if components(script)}
    plain = {name: text for name, text in OWN.items() if "-a " not in text and "--array" not in text}
    for first, one in plain.items():
        for second, other in plain.items():
            header = [line for line in one.split("\n") if line.startswith("#SBATCH")]
            behind = [line for line in other.split("\n") if line.startswith("#SBATCH")]
            text = "\n".join(["#!/bin/bash", *header, "#SBATCH hetjob", *behind, "srun --het-group=0,1 ./x", ""])
            script = Script(path="het.sh", data=text.encode())
            if components(script):
                found[f"{first} and {second}"] = script
    return found


HETEROGENEOUS = _heterogeneous()


@pytest.mark.parametrize("name", HETEROGENEOUS)
def test_components_in_another_spelling_are_the_same_jobs_and_manifests(name: str) -> None:
    script = HETEROGENEOUS[name]
    found = components(script)
    assert found is not None
    jobs = read_script(script).jobs
    assert len(jobs) == len(found)
    for seed in SEEDS:
        other = respelled_components(script, found, seed)
        again = read_script(other).jobs
        assert [without_places(job) for job in again] == [without_places(job) for job in jobs], other.text
        for one, two in zip(jobs, again, strict=True):
            for target in ("kubernetes", "kai"):
                assert _component(other, two, target) == _component(script, one, target), other.text


def _component(script: Script, job: JobSpec, target: str) -> str | None:
    """What a component alone would become."""
    request = ConversionRequest(script=script, job=job, target=answered(job, target))
    try:
        return write_yaml(_without(RulesConverter().convert(request).manifest.body, script.text))
    except ConversionError:
        return None


def test_there_are_components_that_become_manifests() -> None:
    assert len(HETEROGENEOUS) > 20
    made = [_component(script, job, "kai") for script in HETEROGENEOUS.values() for job in read_script(script).jobs]
    assert sum(one is not None for one in made) > 30


def test_the_spellings_differ() -> None:
    for script in SCRIPTS.values():
        found = directives(script)
        assert found is not None
        if len(found) > 2:
            assert len({respelled(script, found, seed).data for seed in SEEDS} | {script.data}) > 3


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_job_written_as_a_header_reads_as_the_same_job(name: str) -> None:
    script = SCRIPTS[name]
    found = directives(script)
    assert found is not None
    job = job_of(script)
    other = job_of(with_header(script, found, list(header_of(job))))
    assert fields(other) == fields(job)


def fields(job: JobSpec) -> JobSpec:
    """Everything but places and directives: those are written from the fields, and so each is there once."""
    plain = without_places(job)
    items = tuple(item for item in plain.inventory if item.kind is not ItemKind.DIRECTIVE)
    array = replace(plain.array, ids=tuple(plain.array.ids), text="") if plain.array else None
    options = {
        name: text for name, text in plain.options.items() if name not in ("array", "mem", "tmp", "job-name")
    }
    return replace(plain, inventory=items, array=array, options=options)


COUNTS = st.integers(1, 64)


@st.composite
def jobs(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "nodes": draw(st.integers(1, 8)), "per_node": draw(st.integers(1, 16)), "cpus": draw(COUNTS),
        "gpus": draw(st.integers(0, 8)), "model": draw(st.sampled_from(["", "a100", "h100"])),
        "memory": draw(st.none() | st.integers(1, 2**20)), "minutes": draw(st.none() | st.integers(0, 20000)),
        "ids": draw(st.none() | st.sets(st.integers(0, 500), min_size=1, max_size=12)),
        "throttle": draw(st.integers(0, 20)), "tmp": draw(st.integers(0, 4096)),
        "requeue": draw(st.sampled_from([None, True, False])), "hold": draw(st.booleans()),
        "environment": draw(st.dictionaries(st.sampled_from(["A", "B_1", "LR"]), st.sampled_from(["1", "x", "0.1"]))),
    }  # fmt: skip


@given(jobs())
@settings(deadline=None, max_examples=150)
def test_what_a_header_asks_is_what_is_read(asked: dict[str, Any]) -> None:
    """From numbers to a header and back: the arithmetic of the reading, both ways."""
    lines = [f"-N {asked['nodes']}", f"--ntasks-per-node={asked['per_node']}", f"-c{asked['cpus']}"]
    if asked["gpus"]:
        model = f"{asked['model']}:" if asked["model"] else ""
        lines.append(f"--gres=gpu:{model}{asked['gpus']}")
    lines += [f"--mem={asked['memory']}"] if asked["memory"] else []
    lines += [f"--time={asked['minutes']}"] if asked["minutes"] is not None else []
    lines += [f"--tmp={asked['tmp']}"] if asked["tmp"] else []
    if asked["ids"]:
        lines.append(
            f"-a {','.join(map(str, asked['ids']))}" + (f"%{asked['throttle']}" if asked["throttle"] else "")
        )
    if asked["requeue"] is not None:
        lines.append("--requeue" if asked["requeue"] else "--no-requeue")
    lines += ["--hold"] if asked["hold"] else []
    if asked["environment"]:
        lines.append("--export=" + ",".join(f"{name}={value}" for name, value in asked["environment"].items()))
    text = "#!/bin/sh\n" + "".join(f"#SBATCH {line}\n" for line in lines) + "./x\n"
    script = Script(path="a.sh", data=text.encode())
    job = job_of(script)
    found = job.resources
    assert (found.nodes, found.tasks_per_node, found.cpus_per_task) == (
        asked["nodes"],
        asked["per_node"],
        asked["cpus"],
    )
    assert found.tasks == asked["nodes"] * asked["per_node"]
    assert found.cpus_per_node == asked["per_node"] * asked["cpus"]
    assert (found.gpus_per_node, found.memory_per_node_mib, found.tmp_per_node_mib) == (
        asked["gpus"],
        asked["memory"],
        asked["tmp"],
    )
    assert job.time_limit_s == (None if asked["minutes"] is None else 60 * asked["minutes"])
    assert (job.requeue, job.hold, dict(job.environment)) == (asked["requeue"], asked["hold"], asked["environment"])
    assert (tuple(job.array.ids) if job.array else None) == (tuple(sorted(asked["ids"])) if asked["ids"] else None)
    again = job_of(
        Script(
            path="a.sh", data=("#!/bin/sh\n" + "".join(f"{line}\n" for line in header_of(job)) + "./x\n").encode()
        )
    )
    assert fields(again) == fields(job)
