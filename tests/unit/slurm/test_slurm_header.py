"""How far sbatch comes, with which options, and what is told about it."""

from collections.abc import Mapping, Sequence

import pytest

from s2r_ci.model import NOTHING, Header
from s2r_ci.slurm.header import read_header


def read(
    *lines: str, release: str = "24.11", environ: Mapping[str, str] = NOTHING, arguments: Sequence[str] = ()
) -> Header:
    text = "#!/bin/bash\n" + "".join(f"{line}\n" for line in lines) + "echo hello\n"
    return read_header(text.encode(), "jobs/train.sh", release=release, environ=environ, arguments=arguments)


def directives(*words: str, release: str = "24.11") -> Header:
    return read(*(f"#SBATCH {line}" for line in words), release=release)


def rules(header: Header) -> list[str]:
    return [found.rule.id for found in header.findings]


def options(header: Header) -> dict[str, str]:
    return dict(header.components[0].options)


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        (b"", 0, "empty"), (b" \n\t\n", 0, "blanks"), (b"echo\n", 1, "#!"), (b"\n#!/bin/sh\n", 1, "#!"),
        (b" #!/bin/sh\n", 1, "#!"), (b"\xef\xbb\xbf#!/bin/sh\n", 1, "byte order mark"),
        (b"\xff\xfe#\0!\0", 1, "UTF-16"), (b"#!/bin/sh\n\na\0b\n", 3, "NUL"), (b"#!/bin/sh\n\r\n", 2, "DOS"),
    ],
)  # fmt: skip
def test_a_file_is_refused_before_any_directive(data: bytes, line: int, what: str) -> None:
    header = read_header(data, "a.sh")
    assert header.stage == "read"
    assert [(found.rule.id, found.location.line) for found in header.findings] == [("script-refused", line)]
    assert what in header.findings[0].message


@pytest.mark.parametrize("data", [b"#!", b"#!/bin/bash", b"#! /bin/bash -l\n", b"#!/usr/bin/env Rscript\n\xff\n"])
def test_the_interpreter_is_not_looked_at(data: bytes) -> None:
    assert read_header(data, "a.sh").stage == "accepted"


@pytest.mark.parametrize(
    ("line", "rule", "what"),
    [
        ("--memory=4G", "unknown-directive", "does not know --memory"),
        ("--cpu-per-task=4", "unknown-directive", "did you mean --cpus-per-task"),
        ("--gpus-per=1", "unknown-directive", "ambiguous"),
        ("-nodes=2", "script-refused", "--ntasks=odes=2"),
        ("--pty", "unknown-directive", "srun"),
        ("--hold=yes", "script-refused", "flag"),
        ("--hold yes", "script-refused", "flag"),
        ("--no-kill off", "script-refused", "--no-kill=off"),
        ("\u2013nodes=2", "script-refused", "typographic dash"),
        ("--nodes = 2", "script-refused", "equals sign"),
        ("--nodes 2 nodes", "script-refused", "`nodes` is no option"),
        ("-- -n 2", "script-refused", "follow"),
        ("--time=4h", "script-refused", "--time=4h"),
        ("--mem=16Gi", "script-refused", "no Ki, Mi, Gi"),
        ("--uid=0", "script-refused", "root"),
        ("--gres=help", "script-refused", "leave"),
        ("-n", "script-refused", "no value"),
        ("-N 6-3", "script-refused", "fewer"),
    ],
)
def test_a_directive_is_refused_with_the_reason(line: str, rule: str, what: str) -> None:
    header = directives(line)
    assert header.stage == "parse"
    assert not options(header)
    told = [found for found in header.findings if found.rule.id == rule]
    assert told
    assert what in told[0].message
    assert told[0].location.line == 2
    assert told[0].location.column > 1


def test_one_run_names_all_that_is_wrong() -> None:
    header = directives("--nodes 2 stray", "--memory=4G", "--time=4h")
    assert sorted(rules(header)) == ["script-refused", "script-refused", "unknown-directive"]
    assert sorted(found.location.line for found in header.findings) == [2, 3, 4]


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (["--mem=1G", "--mem-per-cpu=1G"], "exclude each other"),
        (["--exclusive", "-s"], "exclude each other"),
        (["--gpus=5 --gpus-per-node=2"], "no multiple"),
        (["--gpus=8 -N 2 --gpus-per-node=2"], "4 nodes"),
        (["--gpus=8 --gpus-per-task=2 -n 3"], "need 4 tasks, not 3"),
        (["--gpus-per-task=2"], "--ntasks"),
        (["--gres=gpu:2:two"], "type comes before"),
        (["--gres=gpu:1,gpu:a100:1"], "with and without a type"),
        (["--gres=gpu:1,shard:2"], "shard"),
        (["--mem-per-gpu=2G"], "needs GPUs"),
        (["--cpus-per-gpu=2"], "needs GPUs"),
        (["--gpus-per-socket=2"], "--sockets-per-node"),
        (["-c 2 --cpus-per-gpu=2 --gpus=1"], "exclude"),
        (["--core-spec=1 --thread-spec=1"], "exclude"),
        (["--hint=x"], "--hint takes"),
        (["--begin=2033-01-01 --deadline=2032-01-01"], "before the begin"),
        (["--ntasks-per-core=2 --threads-per-core=1"], "more than"),
        (["-m arbitrary"], "--nodelist"),
        (["-N ,2"], "no number of nodes"),
    ],
)
def test_options_are_refused_together(lines: list[str], what: str) -> None:
    header = directives(*lines)
    assert header.stage == "verify"
    assert options(header)
    assert any(what in found.message for found in header.findings)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("--array=5-2", "`5-2` is no array index"),
        ("--dependency=afterok:$X", "no dependency"), ("--nice=-5", "operators"),
        ("--reboot", "operators"), ("--test-only", "no job is made"), ("--time=3 --time-min=5", "more than"),
        ("--tres-per-task=gpu=1 -n 1", "none of cpu"), ("--array=0-1000000", "more than"),
    ],
)  # fmt: skip
def test_the_controller_refuses(line: str, what: str) -> None:
    header = directives(line)
    assert header.stage == "controller"
    assert any(what in found.message for found in header.findings)


@pytest.mark.parametrize(
    "text",
    ["afterok:1", "after:5+10:6", "AFTERANY:1_2,singleton", "123", "afterok:1?afternotok:2", "aftercorr:4_*"],
)
def test_a_dependency_passes(text: str) -> None:
    assert directives(f"--dependency={text}").stage == "accepted"


@pytest.mark.parametrize(
    ("lines", "name", "spelled"),
    [
        (["-J", "--nodes=2"], "job-name", "--nodes=2"),
        (["-p=gpu"], "partition", "=gpu"),
        (["--signal=B:TERM", "--signal=INT@5"], "signal", "B:INT@5"),
        (["--mail-type=END", "--mail-type=BEGIN"], "mail-type", "BEGIN,END"),
        (["--kill-on-invalid-dep=yes", "--kill-on-invalid-dep=no"], "kill-on-invalid-dep", "yes"),
        (["--requeue", "--no-requeue"], "requeue", "no-requeue"),
        (["--gres=gpu:1", "--gres=lscratch:2"], "gres", "gres/lscratch:2"),
        (["-B 2:4", "--sockets-per-node=1"], "extra-node-info", "1:4"),
        (["-koff"], "no-kill", "unset"),
        (["-Hc", "4"], "cpus-per-task", "4"),
        (["-m '*:*'"], "distribution", "block:cyclic"),
    ],
)
def test_options_are_held_and_spelled_as_slurm_does(lines: list[str], name: str, spelled: str) -> None:
    assert options(directives(*lines))[name] == spelled


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("#SBATCH -p=gpu", "short-option-equals"), ("#SBATCH --job-name=$RUN", "variable-in-directive"),
        ("#SBATCH -o `date`", "variable-in-directive"), ("#SBATCH --wrap=ls", "directive-without-effect"),
        ("#SBATCH --tasks=4", "value-misleading"), ("#SBATCH --gpus=gpu:2", "value-misleading"),
        ("#SBATCH --time=1:30", "value-misleading"), ("#SBATCH -N 5 -n 3", "value-misleading"),
        ("#SBATCH --container-image=a/b", "plugin-directive"), ("#SBATCH -J a -J b", "directive-overridden"),
        ("#SBATCH --comment --hold", "value-swallowed"), ("#PBS -N x", "foreign-directive"),
        ("# SBATCH -N 8", "not-a-directive"),
        ("#sbatch --mem=4G", "not-a-directive"), ("#Sbatch -n 2", "not-a-directive"),
        ("  #SBATCH -N 4", "not-a-directive"), ("#SBACTH --mem=4G", "not-a-directive"),
        ("#S\u0412\u0410TCH --mem=4G", "not-a-directive"),
        ("#SBATCH\u200b -n 2", "hidden-characters"), ("# \u202e abc", "hidden-characters"),
        ("# tag \U000e0041", "hidden-characters"),
    ],
)  # fmt: skip
def test_what_sbatch_misreads_is_told_with_its_line(line: str, rule: str) -> None:
    header = read(line)
    assert rule in rules(header)
    assert next(found for found in header.findings if found.rule.id == rule).location.line == 2


@pytest.mark.parametrize(
    "line",
    [
        "##SBATCH -N 4", "# SBATCH options below - see the manual", "# sbatch --export=X job.sh", "# --mem=4G",
        "#SBATCH --time=01:30:00", "#SBATCH --time=30:00", "#SBATCH --time=120:00", "#SBATCH --hold --hold",
        "#SBATCH --mail-type=END --mail-type=FAIL", "# setup - done", "#SBATCH --gpus=2", "#SBATCH -o %x-%j.out",
        "# \u00e4\u00f6\u00fc - \u65e5\u672c",
    ],
)  # fmt: skip
def test_what_is_right_is_not_told(line: str) -> None:
    assert not read(line).findings


def test_a_late_directive_is_told_and_one_of_another_script_is_not() -> None:
    header = read("#SBATCH -n 2", "set -e", "#SBATCH -N 2", "cat > job <<X", "#!/bin/sh", "#SBATCH -N 9", "X")
    assert [(found.rule.id, found.location.line) for found in header.findings] == [("late-directive", 4)]
    assert "line 3" in header.findings[0].message


def test_a_value_of_the_next_line_is_told() -> None:
    header = directives("--partition", "--time=10")
    assert rules(header) == ["value-swallowed"]
    assert header.findings[0].subject == "partition"


def test_an_overridden_directive_names_the_one_that_counts() -> None:
    header = directives("--gres=gpu:1", "-n 2", "--gres=gpu:4")
    first, middle, last = header.components[0].directives
    assert first.overridden_by == last.location
    assert middle.overridden_by is None
    assert last.overridden_by is None


def test_later_sources_win_over_earlier_ones() -> None:
    lines = ["#SBATCH -t 10 -J a -p script", "#PBS -N b"]
    header = read(*lines, environ={"SBATCH_TIMELIMIT": "20", "SBATCH_PARTITION": "env"}, arguments=["-t", "30"])
    assert options(header) == {"job-name": "b", "partition": "env", "time": "00:30:00"}
    origins = [directive.origin for directive in header.components[0].directives]
    assert origins == ["script", "script", "script", "pbs", "environment", "environment", "command-line"]


@pytest.mark.parametrize(("value", "is_set"), [("", True), ("yes", True), ("1", True), ("no", False), ("0", False)])
def test_a_variable_sets_a_flag_or_takes_it_back(value: str, is_set: bool) -> None:
    header = read("#SBATCH --overcommit", environ={"SBATCH_OVERCOMMIT": value})
    assert ("overcommit" in options(header)) == is_set


def test_a_memory_variable_never_clashes_with_the_script() -> None:
    header = read("#SBATCH --mem=4G", environ={"SBATCH_MEM_PER_CPU": "2G"})
    assert (header.stage, options(header)) == ("accepted", {"mem": "4G", "mem-per-cpu": "2G"})
    assert header.components[0].request.get("min_mem_per_cpu") is None
    assert options(read("#SBATCH --mem=4G", environ={"SBATCH_MEM_PER_NODE": "6G"})) == {"mem": "6G"}


def test_a_bad_value_of_a_variable_is_refused() -> None:
    assert read("#SBATCH -n 1", environ={"SBATCH_TIMELIMIT": "4h"}).stage == "parse"


def test_a_component_keeps_some_options_and_forgets_others() -> None:
    header = directives("-A a1 -t 20 -p cpu -n 3 --mem=4G", "hetjob", "-p gpu --gres=gpu:1")
    assert [dict(part.options) for part in header.components] == [
        {"account": "a1", "mem": "4G", "ntasks": "3", "partition": "cpu", "time": "00:20:00"},
        {"account": "a1", "gres": "gres/gpu:1", "mem": "4G", "partition": "gpu", "time": "00:20:00"},
    ]


def test_carried_memory_clashes_with_memory_per_cpu_and_not_the_other_way() -> None:
    assert directives("--mem=4G", "hetjob", "--mem-per-cpu=1G").stage == "verify"
    assert directives("--mem-per-cpu=1G", "hetjob", "--mem=4G").stage == "accepted"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["#PBS -l nodes=2:ppn=4:gpus=2,walltime=01:00:00,mem=4gb"],
         {"nodes": "2", "ntasks": "8", "gpus-per-node": "2", "time": "01:00:00", "mem": "4G"}),
        (["#PBS -l select=2:ncpus=8:mpiprocs=4:mem=16gb"],
         {"nodes": "2", "mincpus": "8", "ntasks-per-node": "4", "cpus-per-task": "2", "mem": "16G"}),
        (["#PBS -l walltime=3600"], {"time": "2-12:00:00"}),
        (["#PBS -v X=1,Y", "#PBS -v Z=3"], {"export": "X=1,Y,Z=3"}),
        (["#PBS -m bea -M me@example.org"], {"mail-type": "BEGIN,END,FAIL", "mail-user": "me@example.org"}),
        (["#PBS -W depend=afterok:5 -h -p 7"], {"dependency": "afterok:5", "hold": "set", "nice": "7"}),
        (["#PBS -V -k oe -j oe -r n"], {}),
        (["#BSUB -J n -n 4,8 -W 1:30 -M 4096000 -x"],
         {"job-name": "n", "ntasks": "8", "time": "00:02:00", "mem-per-cpu": "4000", "exclusive": "exclusive"}),
        (["#BSUB -J a", "#PBS -N b"], {"job-name": "a"}),
        (["#SBATCH --ignore-pbs", "#PBS -N b"], {"ignore-pbs": "set"}),
        (["echo", "#PBS -N b"], {"job-name": "b"}),
        (["echo", *["echo"] * 100, "#PBS -N b"], {}),
    ],
)  # fmt: skip
def test_foreign_directives_count(lines: list[str], expected: dict[str, str]) -> None:
    header = read(*lines)
    assert header.stage == "accepted"
    assert options(header) == expected


@pytest.mark.parametrize(
    "line", ["#PBS -X", "#PBS stray", "#BSUB -R span", "#BSUB -n x", "#PBS -m x", "#PBS -N :x"]
)
def test_a_foreign_directive_is_refused(line: str) -> None:
    assert read(line).stage == "parse"


@pytest.mark.parametrize(
    ("release", "line", "stage"),
    [
        ("22.05", "-N 1,3", "parse"), ("22.05", "--exclusive -s", "accepted"),
        ("26.05", "--gpus-per-node=2 --gres=gpu:2", "verify"),
        ("24.11", "--gpus-per-node=2 --gres=gpu:2", "accepted"), ("26.05", "--requeue=expedite", "accepted"),
        ("24.11", "--requeue=expedite", "parse"), ("22.05", "--tres-per-task=cpu=2", "parse"),
        ("22.05", "--comment=a\\ b", "parse"), ("22.05", "--power=x", "accepted"),
    ],
)  # fmt: skip
def test_releases_differ(release: str, line: str, stage: str) -> None:
    assert directives(line, release=release).stage == stage


@pytest.mark.parametrize(
    ("word", "release", "rule", "message"),
    [
        ("--power=level", "24.11", "removed-option", "Slurm 23.11 was the last release whose sbatch knows --power"),
        ("--power=level", "26.05", "removed-option", "Slurm 23.11 was the last release whose sbatch knows --power"),
        ("--workdir=/x", "22.05", "removed-option", "the last release whose sbatch knows --workdir"),
        ("--pover=level", "24.11", "unknown-directive", "sbatch 24.11 does not know --pover"),
    ],
)  # fmt: skip
def test_an_option_that_went_is_named_with_its_last_release(
    word: str, release: str, rule: str, message: str
) -> None:
    header = read_header(f"#!/bin/bash\n#SBATCH {word}\n".encode(), "x.sh", release=release)
    found = [
        (f.rule.id, f.message) for f in header.findings if f.rule.id in ("removed-option", "unknown-directive")
    ]
    assert [each for each, _ in found] == [rule]
    assert message in found[0][1]


def test_an_option_is_not_gone_before_it_went() -> None:
    header = read_header(b"#!/bin/bash\n#SBATCH --power=level\n", "x.sh", release="22.05")
    assert header.stage == "accepted"
