"""``s2r-scan lint`` on a repository: what it says, what it repairs, what it leaves."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BROKEN = "#!/bin/bash\r\n#SBATCH -p=gpu\r\n#SBATCH --time=60\r\n#SBATCH --output=logs/%j.out\r\npython train.py\r\n"
REPAIRED = "#!/bin/bash\n#SBATCH -p gpu\n#SBATCH --time=60\n#SBATCH --output=logs/%j.out\npython train.py\n"
LISTED = '#!/bin/bash\n#SBATCH --time=60\n#SBATCH --array=1-4\nx=$(sed -n "${SLURM_ARRAY_TASK_ID}p" list.txt)\n'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "jobs").mkdir()
    return tmp_path


def lint(repository: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "s2r_ci", "lint", *words]
    environ = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(repository)}
    done = subprocess.run(command, cwd=repository, env=environ, capture_output=True, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def put(repository: Path, name: str, text: str, mode: int = 0o644) -> Path:
    path = repository / name
    path.write_bytes(text.encode())
    path.chmod(mode)
    return path


def test_fix_repairs_in_place_and_judges_what_is_left(repository: Path) -> None:
    path = put(repository, "jobs/a.sh", BROKEN, 0o755)
    assert lint(repository).returncode == 1
    done = lint(repository, "--fix")
    assert done.returncode == 0, done.stdout
    assert path.read_bytes() == REPAIRED.encode()
    assert path.stat().st_mode & 0o777 == 0o755
    assert "fixed jobs/a.sh:1: line ends" in done.stderr
    again = lint(repository, "--fix")
    assert (again.returncode, again.stderr) == (0, "")
    assert sorted(each.name for each in path.parent.iterdir()) == ["a.sh"]


def test_fix_fails_where_something_is_left(repository: Path) -> None:
    put(repository, "jobs/a.sh", BROKEN + "#SBATCH --late\r\n")
    put(repository, "jobs/b.sh", "#!/bin/bash\n#SBATCH --memm=4G\n#SBATCH --mem = 4G\n")
    done = lint(repository, "--fix")
    assert done.returncode == 1
    assert "unknown-directive" in done.stdout
    assert "--mem=4G" in (repository / "jobs/b.sh").read_text()


def test_diff_writes_nothing_and_its_patch_applies(repository: Path) -> None:
    path = put(repository, "jobs/a.sh", BROKEN)
    other = put(repository, "jobs/b.sh", "#!/bin/bash\n#SBATCH --time=60 \u2013mem=4G")
    done = lint(repository, "--diff")
    assert done.returncode == 0
    assert path.read_bytes() == BROKEN.encode()
    subprocess.run(["git", "apply"], input=done.stdout.encode(), cwd=repository, check=True)
    assert path.read_bytes() == REPAIRED.encode()
    assert other.read_text() == "#!/bin/bash\n#SBATCH --time=60 --mem=4G"


def test_fix_and_diff_exclude_each_other(repository: Path) -> None:
    put(repository, "jobs/a.sh", BROKEN)
    assert lint(repository, "--fix", "--diff").returncode == 2


def test_a_link_is_not_repaired_through(repository: Path) -> None:
    outside = put(repository, "jobs/real.sh", BROKEN)
    (repository / "jobs/link.sh").symlink_to("real.sh")
    assert lint(repository, "--fix").returncode == 0
    assert (repository / "jobs/link.sh").is_symlink()
    assert outside.read_bytes() == REPAIRED.encode()


def test_the_repository_is_asked_for_folders_and_lists(repository: Path) -> None:
    put(repository, "jobs/a.sh", REPAIRED)
    put(repository, "jobs/list.sh", LISTED)
    put(repository, "jobs/list.txt", "a\nb\nc\nd\ne")
    done = lint(repository, "--verbose")
    assert "jobs/a.sh:4:9: note[output-folder-missing]" in done.stdout
    assert "list.txt has 5 lines" in done.stdout
    (repository / "logs").mkdir()
    put(repository, "jobs/list.txt", "a\nb\nc\nd\n")
    done = lint(repository, "--verbose")
    assert "output-folder-missing" not in done.stdout
    assert "array-misses-lines" not in done.stdout


def test_two_files_of_one_name_say_nothing(repository: Path) -> None:
    put(repository, "jobs/list.sh", LISTED)
    put(repository, "jobs/list.txt", "a\n")
    put(repository, "list.txt", "a\nb\n")
    assert "array-misses-lines" not in lint(repository, "--verbose").stdout


def test_the_release_counts(repository: Path) -> None:
    put(repository, "a.sh", "#!/bin/bash\n#SBATCH --time=60\n#SBATCH --cpus-per-task=8\nsrun ./a\n")
    assert "step-loses-cpus" in lint(repository, "--slurm-version", "22.05").stdout
    assert "step-loses-cpus" not in lint(repository).stdout


def test_an_ignore_with_a_reason_is_heard_and_a_warning_does_not_fail(repository: Path) -> None:
    put(repository, "a.sh", "#!/bin/bash\n#SBATCH --time=60\n#SBATCH --mem=64\n./a\n")
    assert "memory-without-unit" in (done := lint(repository)).stdout
    assert done.returncode == 0
    assert lint(repository, "--fail-on", "warning").returncode == 1
    put(
        repository,
        "a.sh",
        "#!/bin/bash\n#SBATCH --time=60\n#SBATCH --mem=64 # s2r: ignore[memory-without-unit] tiny\n./a\n",
    )
    assert lint(repository, "--fail-on", "warning").returncode == 0


def test_nothing_is_converted(repository: Path) -> None:
    put(repository, "a.sh", REPAIRED)
    program = (
        "import sys\nfrom s2r_ci.cli import main\ncode = main(['lint'])\n"
        "assert not [name for name in sys.modules if name.startswith(('s2r_ci.convert', 's2r_ci.verify', 'yaml'))]\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=repository,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("call", "fires"),
    [
        pytest.param("sbatch --array=1-$N jobs/a.sh", False, id="with a variable in it"),
        pytest.param("sbatch -a 1-3 a.sh", False, id="the short name"),
        pytest.param("sbatch --mem=4G a.sh", True, id="without an array"),
        pytest.param("sbatch --array=1-3 other.sh", True, id="another script"),
    ],
)
def test_a_script_that_a_program_sends_as_an_array_need_not_ask_for_one(
    repository: Path, call: str, fires: bool
) -> None:
    put(repository, "jobs/a.sh", "#!/bin/bash\n#SBATCH --time=60\n#SBATCH --mem=1G\n./a $SLURM_ARRAY_TASK_ID\n")
    put(repository, "submit.sh", f"#!/bin/bash\nN=$(ls | wc -l)\n{call}\n", 0o755)
    assert ("array-not-requested" in lint(repository).stdout) is fires
