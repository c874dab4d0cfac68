"""Whatever the octets are, the linter answers, and a repair leaves the program part alone."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci.lint import lint
from s2r_ci.lint.examples import EXAMPLES
from s2r_ci.lint.fixes import fix
from s2r_ci.model import Script
from s2r_ci.rules import RULES
from s2r_ci.slurm.header import read_header
from s2r_ci.slurm.job import read_script
from s2r_ci.slurm.options import parse_release
from s2r_ci.slurm.troubles import Troubles
from s2r_ci.slurm.words import read_words
from tests.lint.judged import Repository

CASES = Path(__file__).parents[1] / "oracle" / "cases"
SCRIPTS = sorted(
    {path.read_bytes() for path in CASES.glob("*.sbatch")} | {e.script.encode() for e in EXAMPLES.values()}
)
RELEASES = st.sampled_from(["22.05", "24.11", "26.05", "x"])
PIECES = st.sampled_from(
    ["#SBATCH ", "\n#SBATCH ", "\n# SBATCH ", "\n#sbatch ", "--mem", " = ", "=", "4G", "-p=gpu", "\u2013nodes=2",
     "--job=a", "--workdir=/a", "--share", "(one)", "#x", " # ", "'", '"', "\\", "\r\n", "\n", "\ufeff", "\0", "\t",
     "--array=0-9 ", "\nsrun -n 8 a &", "${SLURM_ARRAY_TASK_ID}", "\nsed -n \"$SLURM_ARRAY_TASK_ID", "p\" f",
     "\na=(1 2)", "\ntrap x USR1", "--signal=B:USR1@9 ", "--output=%", "--gres=gpu:", "<<EOF\n", "\nEOF\n", "$(", ")",
     "\n# s2r: ignore[", "script-refused] why", "hetjob", "-n", " 4", "--", "\nOMP_NUM_THREADS=4 "]
)  # fmt: skip
BREAK = b"\n"


def holds(data: bytes, release: str) -> None:
    script = Script(path="a.sh", data=data)
    found = lint(script, read_script(script, release=release), Repository())
    lines = data.count(BREAK) + 2
    assert all(finding.rule.id in RULES and 0 <= finding.location.line <= lines for finding in found)
    fixed = fix(data, release=release)
    assert bool(fixed.changes) == (fixed.data != data)
    if fixed.changes:
        assert body(fixed.data, release) == body(
            data.replace(b"\r\n", BREAK).removeprefix(b"\xef\xbb\xbf"), release
        )
        if b"\r\n" not in data and not data.startswith(b"\xef\xbb\xbf"):  # these hide all the rest
            assert refusals(fixed.data, release) <= refusals(data, release)
        assert fix(fixed.data, release=release).changes == ()


def body(data: bytes, release: str) -> bytes:
    """What stands behind the directives, to compare."""
    while b"\r\n" in data:
        data = data.replace(b"\r\n", BREAK)
    words = read_words(data, parse_release(release), Troubles("a.sh"), lambda raw, line: None)
    return data[words.end :] if not words.fatal else b""


def refusals(data: bytes, release: str) -> int:
    found = read_header(data, "a.sh", release=release).findings
    return sum(finding.rule.id in ("script-refused", "unknown-directive") for finding in found)


@given(st.binary(max_size=300), RELEASES)
def test_any_octets(data: bytes, release: str) -> None:
    holds(data, release)
    holds(b"#!/bin/bash\n#SBATCH " + data, release)


@settings(max_examples=400)
@given(st.lists(st.one_of(PIECES, PIECES, st.text(max_size=3)), max_size=14), RELEASES)
def test_any_pieces(pieces: list[str], release: str) -> None:
    holds(("#!/bin/bash\n#SBATCH " + "".join(pieces)).encode("utf-8", "surrogatepass"), release)


@settings(max_examples=300)
@given(st.sampled_from(SCRIPTS), st.data(), RELEASES)
def test_a_changed_script(script: bytes, draw: st.DataObject, release: str) -> None:
    at = draw.draw(st.integers(0, len(script)))
    end = draw.draw(st.integers(at, min(len(script), at + 6)))
    put = draw.draw(st.one_of(st.binary(max_size=4), PIECES.map(str.encode)))
    holds(script[:at] + put + script[end:], release)


REPEATED = [
    " # ", "a=(", "=(1 ", "sed -n ", "awk 'NR==", "mkdir ", "head -n $SLURM_ARRAY_TASK_ID ", "\\\n", " \n", "'~/",
    "CUDA_VISIBLE_DEVICES=", "0,", "--threads ", "$SLURM_PROCID ", "trap x\t", "${SLURM_NTASKS", '"', "& ",
]  # fmt: skip


@pytest.mark.parametrize("piece", REPEATED)
def test_long_and_strange_texts_end(piece: str) -> None:
    header = "#!/bin/bash\n#SBATCH --array=0-9 --signal=USR1@9 -n 4\n"
    holds((header + piece * 600).encode(), "24.11")
    holds((header + "#SBATCH " + piece * 600).encode(), "24.11")
