"""Autofix: what is repaired says what was meant, stays as it is when repaired again, and nothing else is touched."""

import pytest

from s2r_ci.lint.fixes import fix
from s2r_ci.model import Script
from s2r_ci.slurm.header import read_header
from s2r_ci.slurm.job import read_script
from tests.lint.judged import job

BODY = "set -e\n#SBATCH --late=1\n# Sbatch --mem = 4G\n./run -p=gpu --mem = 4G \u2013nodes # text\u00e9\n"


def options(data: bytes) -> dict[str, str]:
    header = read_header(data, "a.sh")
    assert header.stage == "accepted", [finding.message for finding in header.findings]
    return dict(header.components[0].options)


@pytest.mark.parametrize(
    ("line", "better", "means"),
    [
        pytest.param("#SBATCH --mem = 4G", "#SBATCH --mem=4G", {"mem": "4G"}, id="blanks around the equals sign"),
        pytest.param("#SBATCH --mem= 4G", "#SBATCH --mem=4G", {"mem": "4G"}, id="a blank behind it"),
        pytest.param("#SBATCH --mem =4G", "#SBATCH --mem=4G", {"mem": "4G"}, id="a blank before it"),
        pytest.param(
            "#SBATCH --mem\t=\t4G  -N 1", "#SBATCH --mem=4G  -N 1", {"mem": "4G", "nodes": "1"}, id="tabs, and more"
        ),
        pytest.param("#SBATCH -p=gpu", "#SBATCH -p gpu", {"partition": "gpu"}, id="an equals sign behind a letter"),
        pytest.param(
            "#SBATCH -n=4 -N=1 # two", "#SBATCH -n 4 -N 1 # two", {"ntasks": "4", "nodes": "1"}, id="two of them"
        ),
        pytest.param("#SBATCH --job=a", "#SBATCH --job-name=a", {"job-name": "a"}, id="a shortened name"),
        pytest.param(
            "#SBATCH --cpus-per-t 4 --part=x",
            "#SBATCH --cpus-per-task 4 --partition=x",
            {"cpus-per-task": "4", "partition": "x"},
            id="two shortened names",
        ),
        pytest.param("#SBATCH --workdir=/a", "#SBATCH --chdir=/a", {"chdir": "/a"}, id="workdir"),
        pytest.param("#SBATCH --share", "#SBATCH --oversubscribe", {"oversubscribe": "oversubscribe"}, id="share"),
        pytest.param(
            "#SBATCH --time=1:00:00 (one hour)",
            "#SBATCH --time=1:00:00 # (one hour)",
            {"time": "01:00:00"},
            id="a remark in parentheses",
        ),
        pytest.param(
            "#SBATCH -N 2 <- nodes", "#SBATCH -N 2 # <- nodes", {"nodes": "2"}, id="a remark with an arrow"
        ),
        pytest.param(
            "#SBATCH --nodes=2#two", "#SBATCH --nodes=2 #two", {"nodes": "2"}, id="no blank before a remark"
        ),
        pytest.param("#SBATCH \u2013nodes=2", "#SBATCH --nodes=2", {"nodes": "2"}, id="an en dash"),
        pytest.param("#SBATCH \u2014nodes=2", "#SBATCH --nodes=2", {"nodes": "2"}, id="an em dash"),
        pytest.param("#SBATCH -\u2013nodes=2", "#SBATCH --nodes=2", {"nodes": "2"}, id="a hyphen and an en dash"),
        pytest.param("#SBATCH \u2013N 2", "#SBATCH -N 2", {"nodes": "2"}, id="an en dash before a letter"),
        pytest.param(
            "#SBATCH \u2013job = a \u2014nodes=2",
            "#SBATCH --job-name=a --nodes=2",
            {"job-name": "a", "nodes": "2"},
            id="several slips at once",
        ),
    ],
)
def test_a_line_is_repaired(line: str, better: str, means: dict[str, str]) -> None:
    before = job("--time-min=10", body=f"{line}\n{BODY}").encode()
    fixed = fix(before)
    assert fixed.data == before.replace(line.encode() + b"\n", better.encode() + b"\n", 1)
    assert means.items() <= options(fixed.data).items()
    assert {change.line for change in fixed.changes} == {3}
    assert fix(fixed.data) == (fixed.data, ())


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("#SBATCH --time=2 (hours)", id="a remark that is the unit"),
        pytest.param("#SBATCH --mem 4 G", id="a unit apart"),
        pytest.param("#SBATCH --job-name=my run", id="a name of two words"),
        pytest.param("#SBATCH --mail-user=kim@physics.test when it ends", id="a remark that could be anything"),
        pytest.param("#SBATCH --job-name=a#b", id="a hash that may belong to the name"),
        pytest.param("#SBATCH --time=1:00:00#SBATCH -c 4", id="two directives on a line"),
        pytest.param("#SBATCH --comment= --nodes=2", id="an empty value"),
        pytest.param("#SBATCH --tasks=4", id="a name that may be meant otherwise"),
        pytest.param("#SBATCH --cpus=4", id="a name that fits several"),
        pytest.param("#SBATCH --cpu-per-task=4", id="a slip of the pen"),
        pytest.param("#SBATCH --checkpoint=60", id="gone without successor"),
        pytest.param("##SBATCH --mem=4G", id="switched off"),
        pytest.param("#Sbatch --mem=4G", id="capitals: sbatch ignored it so far"),
        pytest.param("#sbatch   -N 2", id="small letters"),
        pytest.param("# SBATCH --mem=4G", id="a blank behind the hash"),
        pytest.param("  #SBATCH -N 2", id="blanks before the hash"),
        pytest.param("#SBTACH --mem=4G", id="a keyword that is no keyword"),
        pytest.param("# SBATCH --memm=4G", id="not right when it is a directive"),
        pytest.param("# SBATCH --time-min=30", id="says what another line says"),
        pytest.param("# SBATCH --job-name my run", id="would be refused"),
        pytest.param("#SBATCH --job-name='a = b' --mem-per-c=1G", id="a line with quotes"),
        pytest.param("#SBATCH --mem = 4G # s2r: ignore[script-refused] a test of ours", id="someone wants it so"),
        pytest.param("#SBATCH -J=-a", id="a value that begins with a dash"),
    ],
)
def test_what_is_not_certain_stays(line: str) -> None:
    before = job("--time-min=10", body=f"{line}\n{BODY}").encode()
    assert fix(before) == (before, ())


def test_dos_line_ends_and_byte_order_mark_go() -> None:
    before = b"\xef\xbb\xbf#!/bin/bash\r\n#SBATCH -p=gpu\r\n\r\necho 'a\rb' \xff\r\n"
    fixed = fix(before)
    assert fixed.data == b"#!/bin/bash\n#SBATCH -p gpu\n\necho 'a\rb' \xff\n"
    assert options(fixed.data) == {"partition": "gpu"}
    assert [change.line for change in fixed.changes] == [1, 1, 2]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"#SBATCH -p=gpu\r\n", id="no first line"),
        pytest.param(b"#!/bin/bash\r\n#SBATCH -p=gpu\r\n\0\r\n", id="a NUL"),
        pytest.param("#!/bin/bash\n#SBATCH -p=gpu\n".encode("utf-16"), id="UTF-16"),
        pytest.param(b"#!/bin/bash\r\necho SBATC\r\n", id="no directive"),
        pytest.param(b"#!/bin/bash\n#SBATCH -p=gpu\n" + b"x" * 1_048_576, id="too long for a person"),
        pytest.param(b"\xef\xbb\xbfno script #SBATCH\n", id="a mark before a text"),
    ],
)
def test_what_is_no_script_stays(data: bytes) -> None:
    assert fix(data) == (data, ())


def test_an_older_release_keeps_what_it_knows() -> None:
    before = job("--workdir=/a").encode()
    assert fix(before, release="18.08").changes == ()
    assert fix(before, release="24.11").data == job("--chdir=/a").encode()


def test_a_repair_that_brings_another_refusal_is_taken_back() -> None:
    before = job("--mem-per-cpu=1G", body="# SBATCH --mem=4G\npython a.py").encode()
    assert fix(before) == (before, ())


def test_a_script_is_read_better_after_repair() -> None:
    before = job("--job-name = a", "\u2013mem=4G", "-p=gpu", "--workdir=/a", "--time=60", body="./a").encode()
    reading = read_script(Script(path="a.sh", data=fix(before).data))
    assert not reading.refused
    (spec,) = reading.jobs
    assert (spec.name, spec.time_limit_s, spec.resources.memory_per_node_mib) == ("a", 3600, 4096)
    assert spec.options["partition"] == "gpu"
    assert spec.options["chdir"] == "/a"
