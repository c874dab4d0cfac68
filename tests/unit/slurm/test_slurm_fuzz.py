"""Whatever the bytes are, reading ends with an answer."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci.model import Header
from s2r_ci.slurm.header import read_header

CASES = Path(__file__).parents[2] / "oracle" / "cases"
SCRIPTS = sorted(path.read_bytes() for path in CASES.glob("*.sbatch"))
STAGES = {"read", "parse", "verify", "controller", "accepted"}
RELEASES = st.sampled_from(["22.05", "24.11", "26.05", "", "x.y"])
PIECES = st.sampled_from(
    ["--nodes=", "-N ", "--gres=gpu:", "--gpus=", "--mem=", "-t ", "--array=", "--signal=", "-w ",
     "hetjob", '"', "'", "\\",
     "#", ":", "=", "--", "-", "--tres-per-task=cpu=", "--mail-type=", "-B ",
     "--begin=", "--cpus-per-gpu=", "-n ",
     "--gpus-per-task=", "--ntasks-per-gpu=", "--export=", "--distribution=", "--cpu-freq=", "--switches=",
     "--dependency=",
     "%", ",", "@",
     "[", "]", "/", "1", "0", "99999999999999999999", "a100:2", "\n#SBATCH ", "\n#PBS -", "\n#BSUB -", " "]
)  # fmt: skip


def holds(header: Header) -> None:
    assert header.stage in STAGES
    refused = {found.rule.id for found in header.findings} & {"script-refused", "unknown-directive"}
    assert bool(refused) == (header.stage != "accepted")


@given(st.binary(max_size=400), RELEASES)
def test_any_bytes_are_read(data: bytes, release: str) -> None:
    holds(read_header(data, "a.sh", release=release))
    holds(read_header(b"#!/bin/sh\n#SBATCH " + data, "a.sh", release=release))


@settings(max_examples=300)
@given(st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=12), RELEASES)
def test_any_pieces_of_directives_are_read(pieces: list[str], release: str) -> None:
    data = ("#!/bin/sh\n#SBATCH " + "".join(pieces) + "\n").encode("utf-8", "surrogatepass")
    holds(read_header(data, "a.sh", release=release))


@given(st.sampled_from(SCRIPTS), st.data())
def test_a_changed_script_is_read(script: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(script)))
    end = draw.draw(st.integers(at, min(len(script), at + 6)))
    holds(read_header(script[:at] + draw.draw(st.binary(max_size=4)) + script[end:], "a.sh"))


@given(
    st.dictionaries(
        st.sampled_from(["SBATCH_TIMELIMIT", "SBATCH_EXCLUSIVE", "SBATCH_GRES", "SBATCH_REQ_SWITCH"]), st.text()
    ),
    st.lists(st.text(max_size=8), max_size=4),
)
def test_any_environment_and_command_line_are_read(environ: dict[str, str], arguments: list[str]) -> None:
    holds(read_header(b"#!/bin/sh\n", "a.sh", environ=environ, arguments=arguments))


@given(st.text(max_size=12))
def test_a_quoted_value_comes_back_as_it_was(text: str) -> None:
    kept = "".join(letter for letter in text if letter not in "\n\r\0")
    line = kept.replace("\\", "\\\\").replace('"', '\\"')
    data = f'#!/bin/sh\n#SBATCH --comment="{line}"\n'.encode("utf-8", "surrogatepass")
    if b"\r\n" in data:
        return
    header = read_header(data, "a.sh")
    shown = kept.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    assert header.components[0].options["comment"] == shown
