"""100,000 spoilt scripts: no foreign exception, and no script takes longer than its share."""

import random
import time
from pathlib import Path

import pytest

from s2r_ci.lint import lint
from s2r_ci.model import Script
from s2r_ci.rules import RULES
from s2r_ci.slurm.header import read_header
from s2r_ci.slurm.job import read_script
from tests.lint.judged import Repository
from tools.slurm_oracle.headers import Made, headers

CASES = Path(__file__).parents[2] / "oracle" / "cases"
EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = 100_000
MOST_SECONDS = 0.05  # for one script, of processor time


def spoilt(rng: random.Random, data: bytes) -> bytes:
    """A script with a few octets taken out, put in, doubled or changed."""
    text = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randint(0, len(text))
        kind = rng.randint(0, 3)
        if kind == 0:
            del text[at : at + rng.randint(1, 8)]
        elif kind == 1:
            text[at:at] = rng.randbytes(rng.randint(1, 6))
        elif kind == 2:
            text[at:at] = text[max(at - rng.randint(1, 60), 0) : at]
        else:
            text[at:at] = rng.choice(
                [b"\n#SBATCH ", b'"', b"'", b"$(", b"`", b"{", b"<<E\n", b"\\", b"#", b"\0", b"[", b"\r\n"]
            )
    return bytes(text)


def drawn(rng: random.Random, number: int, given: list[bytes], made: list[bytes]) -> bytes:
    if number % 10 == 0:
        return rng.randbytes(rng.randint(0, 600))
    if number % 10 == 1:
        return b"#!/bin/bash\n#SBATCH " + rng.randbytes(rng.randint(0, 200))
    return spoilt(rng, rng.choice(given if number % 2 else made))


RELEASES = ("22.05", "24.11", "26.05")


def scripts_to_spoil() -> tuple[list[bytes], list[Made]]:
    given = [
        path.read_bytes() for folder in (CASES, EXAMPLES) for path in sorted(folder.rglob("*")) if path.is_file()
    ]
    given = [data for data in given if data.startswith(b"#!") and len(data) < 20_000]
    assert len(given) > 50
    return given, list(headers(2000, 9))


@pytest.mark.slow
def test_spoilt_headers_are_read_in_time_and_without_a_foreign_exception() -> None:
    """With the environment and the command line of a generated header, whatever the script."""
    rng = random.Random(7)
    given, made = scripts_to_spoil()
    texts = [each.data for each in made]
    slow = []
    for number in range(SCRIPTS):
        data, call, release = drawn(rng, number, given, texts), rng.choice(made), RELEASES[number % 3]
        taken = seconds_of_header(data, call, release)
        if taken > MOST_SECONDS:  # the collector may have been at work: twice slow is slow
            again = seconds_of_header(data, call, release)
            if again > MOST_SECONDS:
                slow.append((again, len(data), data[:200]))
    assert not slow


def seconds_of_header(data: bytes, call: Made, release: str) -> float:
    began = time.process_time()
    header = read_header(data, "a.sh", release=release, environ=call.environ, arguments=call.arguments)
    taken = time.process_time() - began
    assert header.stage
    return taken


@pytest.mark.slow
def test_spoilt_scripts_are_read_in_time_and_without_a_foreign_exception() -> None:
    rng = random.Random(3)
    given, made = scripts_to_spoil()
    texts = [each.data for each in made]
    around = Repository()
    slow = []
    for number in range(SCRIPTS):
        data = drawn(rng, number, given, texts)
        script = Script(path="a.sh", data=data)
        began = time.process_time()
        reading = read_script(script, release=RELEASES[number % 3])
        found = lint(script, reading, around)
        taken = time.process_time() - began
        assert reading.header.stage
        assert all(finding.rule.id in RULES for finding in found)
        if taken > MOST_SECONDS:  # the collector may have been at work: twice slow is slow
            began = time.process_time()
            lint(script, read_script(script), around)
            again = time.process_time() - began
            if again > MOST_SECONDS:
                slow.append((again, len(data), data[:200]))
    assert not slow
