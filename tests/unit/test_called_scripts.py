"""Files of the repository that a script runs or sources: named, looked into, part of what the manifest depends on."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from s2r_ci.called import LONGEST, script_of
from s2r_ci.model import Called, Disposition, LedgerEntry, Outcome, Report, Verdict
from s2r_ci.repository import place_of
from s2r_ci.session import check, details_of

HEAD = "#!/bin/bash\n#SBATCH --mem=4G\n#SBATCH --time=60\n#SBATCH --ntasks=3\n"
SETTINGS = (
    'image = "team/train:1"\nworking-directory = "/work"\n[site]\nvolumes = { "/work" = { claim = "work" } }\n'
)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A repository with its settings, and the working directory in it."""
    place = tmp_path / "repository"
    place.mkdir()
    (place / "s2r-ci.toml").write_text(SETTINGS)
    subprocess.run(["git", "init", "-q", str(place)], check=True)
    before = Path.cwd()
    os.chdir(place)
    yield place
    os.chdir(before)


def fill(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def of_job(report: Report) -> Verdict:
    [verdict] = [verdict for verdict in report.verdicts if verdict.path == "jobs/job.sh"]
    return verdict


def ledger(root: Path, body: str, files: dict[str, str]) -> tuple[LedgerEntry, ...]:
    fill(root, {"jobs/job.sh": HEAD + body, **files})
    return of_job(details_of(place_of({"allow-missing": True}), verb="check")).ledger


# --- the quick look ----------------------------------------------------------------------------------------


def looked(body: str, files: dict[str, bytes]) -> list[Called]:
    return list(script_of("jobs/job.sh", body.encode(), files.get).called)


INNER = {"jobs/in.sh": b"echo\n", "in.sh": b"echo other\n", "lib/env": b"X=1\n", "jobs/run": b"#!/bin/sh\n"}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("bash in.sh a b\n", ("in.sh", "shell", "jobs/in.sh")),
        ("  srun -n 2 /bin/sh -eu ./in.sh\n", ("./in.sh", "shell", "jobs/in.sh")),
        ("if true; then ./in.sh; fi\n", ("./in.sh", "", "jobs/in.sh")),
        ("./run --fast &\n", ("./run", "", "jobs/run")),
        ("x=$(../in.sh)\n", ("../in.sh", "", "in.sh")),
        ("source lib/env\n", ("lib/env", "source", "lib/env")),
        ('. "$SLURM_SUBMIT_DIR/lib/env"\n', ("lib/env", "source", "lib/env")),
        (".\tlib/env\n", ("lib/env", "source", "lib/env")),
        ("bash ${PWD}/in.sh\n", ("in.sh", "shell", "jobs/in.sh")),
        ("jobs/in.sh\n", ("jobs/in.sh", "", "jobs/in.sh")),
        ("bash gone.sh\n", ("gone.sh", "shell", "")),
    ],
)
def test_a_call_is_seen_and_found_from_the_scripts_folder_or_the_root(
    body: str, found: tuple[str, str, str]
) -> None:
    [called] = looked("#!/bin/bash\n" + body, INNER)
    assert (called.name, called.how, called.path) == found
    assert called.line == 2


@pytest.mark.parametrize(
    "body",
    [
        "# bash in.sh\n",
        "echo run bash in.sh\n",
        "sbatch ./in.sh\n",
        "cp ./in.sh /tmp\n",
        "bash -c 'echo ./x'\n",
        "./solver --in a\n",  # no shell script, and not in the repository
        "./binary\n",
        "python ./train.py\n",
        "bash /opt/site/in.sh\n",
        "bash jobs/job.sh\n",  # itself
        "true\n",
    ],
)
def test_what_is_no_call_of_a_file_here_is_not_seen(body: str) -> None:
    files = {"jobs/binary": b"\x7fELF\0", "jobs/train.py": b"#!/usr/bin/env python3\n", "jobs/job.sh": b"", **INNER}
    assert not looked("#!/bin/bash\n" + body, files)


def test_the_look_is_bounded(root: Path) -> None:
    many = "".join(f"bash x{number}.sh\n" for number in range(100))
    assert len(looked(many, {})) == 16
    [called] = looked("bash in.sh\n", {"jobs/in.sh": b"#" * (LONGEST + 1)})
    assert called.data is None


# --- what comes of it --------------------------------------------------------------------------------------


def test_variables_that_a_called_file_reads_are_provided_at_the_line_of_its_call(root: Path) -> None:
    fill(
        root,
        {"jobs/job.sh": HEAD + "bash in.sh\n", "jobs/in.sh": "echo $SLURM_PROCID $SLURM_NTASKS $SLURM_JOB_ID\n"},
    )
    assert of_job(check({}, verb="write")).outcome is Outcome.PASSED
    manifest = (root / "jobs/job.sh.runai.yaml").read_text()
    for line in ("# line 5: SLURM_NTASKS", 'name: SLURM_NTASKS\n          value: "3"', "SLURM_JOB_ID=$S2R_ID"):
        assert line in manifest


def test_the_judge_demands_what_the_called_file_reads(root: Path) -> None:
    fill(root, {"jobs/job.sh": HEAD + "bash in.sh\n", "jobs/in.sh": "echo $SLURM_NTASKS\n"})
    check({}, verb="write")
    path = root / "jobs/job.sh.runai.yaml"
    text = path.read_text()
    at = text.index("        - name: SLURM_NTASKS")
    path.write_text(text[:at] + text[text.index("\n", text.index("value:", at)) + 1 :])
    assert "environment-lost" in {finding.rule.id for finding in of_job(check({})).findings}


def test_a_called_file_that_changes_makes_the_manifest_stale_and_another_does_not(root: Path) -> None:
    fill(root, {"jobs/job.sh": HEAD + "bash in.sh\n", "jobs/in.sh": "echo 1\n", "jobs/other.sh": "echo 1\n"})
    check({}, verb="write")
    assert of_job(check({})).state == "current"
    fill(root, {"jobs/other.sh": "echo 2\n"})
    assert of_job(check({})).state == "current"
    fill(root, {"jobs/in.sh": "echo 2\n"})
    assert of_job(check({})).state == "stale"
    (root / "jobs/in.sh").unlink()
    assert of_job(check({})).state == "stale"


def test_each_called_file_has_an_entry_of_its_own(root: Path) -> None:
    files = {"jobs/in.sh": "bash deep.sh\n", "jobs/env.sh": "X=1\n"}
    entries = {str(e.item): e for e in ledger(root, "source env.sh\nbash in.sh\nbash gone.sh\n", files)}
    assert {name: entries[name].disposition for name in ("env.sh", "in.sh", "gone.sh")} == dict.fromkeys(
        ("env.sh", "in.sh", "gone.sh"), Disposition.APPROXIMATE
    )
    assert entries["in.sh"].reason == (
        "runs jobs/in.sh, which is no part of the manifest; what that calls (deep.sh) was not looked into"
    )
    assert entries["env.sh"].reason == "read from jobs/env.sh, which is no part of the manifest"
    assert "the repository does not hold" in entries["gone.sh"].reason
    assert entries["in.sh"].location.line == 6


def test_commands_of_slurm_in_a_called_file_are_asked_about_until_they_are_accepted(root: Path) -> None:
    files = {"jobs/in.sh": "#!/bin/bash\n\nsrun hostname\nsqueue --me\n"}
    [entry] = [e for e in ledger(root, "./in.sh\n", files) if e.item.name == "./in.sh"]
    assert entry.disposition is Disposition.NEEDS_ANSWER
    assert "srun (line 3), squeue (line 4)" in entry.reason
    verdict = of_job(check({"allow-missing": True}))
    assert [question.key for question in verdict.questions] == ["called-script"]
    (root / "s2r-ci.toml").write_text(SETTINGS + '[[answers]]\nscripts = "*"\naccepted = ["called-script"]\n')
    report = check({"allow-missing": True})
    assert of_job(report).outcome is Outcome.PASSED
    assert not [finding for finding in report.findings if finding.rule.id == "answer-unused"]


def test_paths_and_modules_of_a_called_file_are_the_scripts_own(root: Path) -> None:
    files = {"jobs/env.sh": "module load cuda/12\nexport DATA=/scratch/lab/x\n"}
    entries = {str(e.item): e for e in ledger(root, "source env.sh\n", files)}
    assert entries["/scratch/lab/x"].disposition is Disposition.NEEDS_ANSWER
    assert entries["cuda/12"].disposition is Disposition.APPROXIMATE
    check({}, verb="write")
    assert "# module inside a pod" in (root / "jobs/job.sh.runai.yaml").read_text()


def test_a_script_that_calls_nothing_keeps_the_digest_of_its_octets() -> None:
    import hashlib

    data = b"#!/bin/bash\n#SBATCH -n 1\necho\n"
    assert script_of("a.sh", data, lambda path: None).digest == hashlib.sha256(data).hexdigest()


# --- programs in other languages ---------------------------------------------------------------------------

PROGRAM = (
    'import os\nrank = os.environ["SLURM_PROCID"]\nname = os.environ.get("SLURM_JOB_ID")\nx = f"SLURM_{name}"\n'
)


@pytest.mark.parametrize(
    "body",
    ["python fit.py\n", 'python -u "fit.py" --lr 1\n', "torchrun --nproc-per-node=1 ./fit.py\n", "jobs/fit.py &\n"],
)
def test_variables_that_a_program_of_the_repository_reads_are_provided(root: Path, body: str) -> None:
    entries = {str(e.item): e for e in ledger(root, body, {"jobs/fit.py": PROGRAM})}
    assert entries["SLURM_PROCID"].disposition is Disposition.EXACT
    assert entries["SLURM_JOB_ID"].field.endswith("args[0]")
    assert entries["SLURM_JOB_ID"].location.line == 5
    check({}, verb="write")
    manifest = (root / "jobs/job.sh.runai.yaml").read_text()
    assert "- name: SLURM_PROCID" in manifest
    assert "export SLURM_JOB_ID" in manifest


def test_only_the_names_in_a_program_make_a_manifest_stale(root: Path) -> None:
    fill(root, {"jobs/job.sh": HEAD + "python fit.py\n", "jobs/fit.py": PROGRAM})
    check({}, verb="write")
    fill(root, {"jobs/fit.py": PROGRAM + "print(rank)\n"})
    assert of_job(check({})).state == "current"
    fill(root, {"jobs/fit.py": PROGRAM + 'print(os.environ["SLURM_NNODES"])\n'})
    assert of_job(check({})).state == "stale"


@pytest.mark.parametrize(
    "body", ["# python fit.py\n", "cp fit.py /tmp\n", "python other.py\n", "python fit.pyc\n", "echo fit.py\n"]
)
def test_a_program_that_is_not_started_provides_nothing(root: Path, body: str) -> None:
    assert not [e for e in ledger(root, body, {"jobs/fit.py": PROGRAM}) if "SLURM" in str(e.item)]


# --- with a service ----------------------------------------------------------------------------------------


def test_a_service_that_sees_the_script_alone_is_understood() -> None:
    """What the script calls stays here: the service's manifest, made without, stands for ours, made with it."""
    from s2r_ci.convert.rules import RulesConverter
    from s2r_ci.convert.service import as_sent, understood
    from s2r_ci.model import ConversionRequest, Script, Target
    from s2r_ci.remote.answers import Converted
    from s2r_ci.remote.outgoing import outgoing
    from s2r_ci.runai.texts import write_text
    from s2r_ci.slurm.job import read_script

    data = (HEAD + "bash in.sh\n").encode()
    target = Target(image="a/b:1", working_directory="/work")
    script = script_of("jobs/job.sh", data, {"jobs/in.sh": b"echo $SLURM_NTASKS\n"}.get)
    alone = Script(path="jobs/job.sh", data=data)
    requests = [
        ConversionRequest(script=each, job=read_script(each).jobs[0], target=target) for each in (script, alone)
    ]
    ours, theirs = (RulesConverter().convert(each) for each in requests)
    assert ours.manifest.body != theirs.manifest.body
    out = outgoing(script, target)
    assert as_sent(requests[0], out).job == requests[1].job
    answer = Converted(manifest=write_text(theirs.manifest.body, "kubernetes", {}))
    assert understood(requests[0], ours, out, answer) is ours
