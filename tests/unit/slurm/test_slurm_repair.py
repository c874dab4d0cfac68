"""Refused directives with one evident meaning are read as meant, and still fail; the others are left alone."""

import pytest

from s2r_ci.model import Level, Reading, Script
from s2r_ci.slurm.job import read_script

# directive line, what it is read as, an option that then holds
EVIDENT = [
    ("--job-name = x", "--job-name=x", ("job-name", "x")),
    ("--mem = 4G", "--mem=4G", ("mem", "4G")),
    ("--nodes= 2", "--nodes=2", ("nodes", "2")),
    ("--nodes =2", "--nodes=2", ("nodes", "2")),
    ("-N=2", "-N 2", ("nodes", "2")),
    ("\u2013nodes=2", "--nodes=2", ("nodes", "2")),
    ("\u2014mem=4G", "--mem=4G", ("mem", "4G")),
    ("\u2013N 2", "-N 2", ("nodes", "2")),
    ("-nodes=2", "--nodes=2", ("nodes", "2")),
    ("--Nodes=2", "--nodes=2", ("nodes", "2")),
    ("--ntasks_per_node=4", "--ntasks-per-node=4", ("ntasks-per-node", "4")),
    ("--cpu-per-task=4", "--cpus-per-task=4", ("cpus-per-task", "4")),
    ("--gpu=2", "--gpus=2", ("gpus", "2")),
    ("--workdir=/x", "--chdir=/x", ("chdir", "/x")),
    ("--mem=1.5G", "--mem=1536M", ("mem", "1536")),
    ("--mem=16Gi", "--mem=16G", ("mem", "16G")),
    ("--mem=16GiB", "--mem=16G", ("mem", "16G")),
    ("--mem=4 GB", "--mem=4GB", ("mem", "4G")),
    ("--mem=1P", "--mem=1024T", ("mem", "1P")),
    ("--time=4h", "--time=0-04:00:00", ("time", "04:00:00")),
    ("-t 1h30m", "-t 0-01:30:00", ("time", "01:30:00")),
    ("--time=2d", "--time=2-00:00:00", ("time", "2-00:00:00")),
    ("--nodes=2 two of them", "--nodes=2", ("nodes", "2")),
    ("-N 2 (both)", "-N 2", ("nodes", "2")),
    ("-n 2;", "-n 2", ("ntasks", "2")),
    ("--exclusive user", "--exclusive=user", ("exclusive", "user")),
    ("--hold=yes", "--hold", ("hold", "set")),
    ("--exclusive=yes", "--exclusive", ("exclusive", "exclusive")),
]
UNCLEAR = [
    "--time=2 days", "--bogus=1", "--mem=1.3G", "--hold no", "-n 4 8", "--mpi=pmix", "N=2", "--mem=4,000",
    "--array=1, 2", "--comment=a b", "-J my job", "--mail-type=END, FAIL", "--mem", "--nodes=two", "--gres=gpu:2:a100",
    '--comment="open', "--mem=4G --mem-per-cpu=2G", "--mem-per-gpu=4Gi",
]  # fmt: skip
KERNEL = [b"#!/bin/bash\r\n#SBATCH -N 2\r\n", b"\xef\xbb\xbf#!/bin/bash\n#SBATCH -N 2\n", b"#SBATCH -N=2\n", b""]


def read(line: str) -> Reading:
    return read_script(
        Script(path="job.sh", data=f"#!/bin/bash\n#SBATCH -A lab\n#SBATCH {line}\nsrun x\n".encode())
    )


@pytest.mark.parametrize(("line", "meant", "option"), EVIDENT, ids=[line for line, _, _ in EVIDENT])
def test_what_is_evident_is_read_as_meant_and_still_fails(line: str, meant: str, option: tuple[str, str]) -> None:
    reading = read(line)
    assert reading.refused
    assert reading.header.stage == "parse"
    errors = [finding for finding in reading.findings if finding.level is Level.ERROR]
    assert errors
    assert all(finding.message.endswith(f"Read here as `#SBATCH {meant}`") for finding in errors)
    (job,) = reading.jobs
    assert job.options[option[0]] == option[1]
    assert job.options["account"] == "lab"
    assert job.inventory[1].location.line == 3


@pytest.mark.parametrize("line", UNCLEAR)
def test_what_is_not_evident_gives_no_job(line: str) -> None:
    reading = read(line)
    assert reading.refused
    assert not reading.jobs
    assert not any("Read here" in finding.message for finding in reading.findings)


@pytest.mark.parametrize("data", KERNEL, ids=["crlf", "bom", "no shebang", "empty"])
def test_a_file_that_no_kernel_would_start_is_not_repaired(data: bytes) -> None:
    reading = read_script(Script(path="job.sh", data=data))
    assert reading.header.stage == "read"
    assert not reading.jobs


def test_a_line_that_sbatch_takes_is_left_as_it_is_beside_a_repaired_one() -> None:
    data = b"#!/bin/bash\n#SBATCH -p=gpu --comment =x\n#SBATCH -N=2\n"
    (job,) = read_script(Script(path="job.sh", data=data)).jobs
    assert dict(job.options) == {"partition": "=gpu", "comment": "=x", "nodes": "2"}


def test_a_script_without_fault_is_read_once_and_says_nothing_of_repairs() -> None:
    reading = read("-N 2")
    assert not reading.refused
    assert not any("Read here" in finding.message for finding in reading.findings)
