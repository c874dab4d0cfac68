"""The start: what is loaded, counted in modules, not in milliseconds."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {
    "_elementtree",
    "asyncio",
    "boto3",
    "concurrent.futures",
    "dataclasses",
    "difflib",
    "email",
    "http.client",
    "importlib.metadata",
    "inspect",
    "jsonschema",
    "jsonschema_rs",
    "logging",
    "multiprocessing",
    "pyexpat",
    "requests",
    "ssl",
    "tomllib",
    "tree_sitter",
    "tree_sitter_bash",
    "unittest",
    "urllib.request",
    "xml",
    "yaml",
}
UNNEEDED = {  # by a look at a manifest that is current; a parser of options too, where none is given
    "argparse",
    "pathlib",
    "s2r_ci.convert",
    "s2r_ci.model.job",
    "s2r_ci.model.manifest",
    "s2r_ci.slurm",
    "s2r_ci.walked",
    "shutil",
    "tempfile",
    "urllib.parse",
}
SCRIPT = """#!/bin/bash
#SBATCH --job-name=start
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=1:00:00
srun python train.py
"""
RUN = "import sys; from s2r_ci.cli import main; code = main(sys.argv[1:])"
TELL = "; print('\\0', *sys.modules, 'exit=%s' % code, file=sys.stderr)"


def loaded(code: str, *arguments: str, folder: Path = ROOT) -> set[str]:
    """The modules that are loaded when a program ends; nothing of this process's surroundings counts."""
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env=environ,
    )
    return set(done.stderr.rpartition("\0")[2].split())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one script."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "train.sh").write_text(SCRIPT)
    return tmp_path


def test_a_bare_interpreter_loads_nothing_heavy() -> None:
    assert not HEAVY & loaded("import sys; code = 0" + TELL)


def test_importing_the_package_loads_nothing() -> None:
    names = loaded("import sys; before = set(sys.modules); import s2r_ci; code = 0" + TELL)
    assert not HEAVY & names
    assert {name for name in names if name.startswith("s2r_ci")} == {"s2r_ci"}


def test_importing_the_settings_loads_nothing_heavy() -> None:
    names = loaded("import sys; from s2r_ci.settings import resolve; code = resolve('/', {}, {}) and 0" + TELL)
    assert not (HEAVY | {"pathlib", "urllib.parse"}) & names


def test_the_version_loads_nothing_heavy() -> None:
    names = loaded(RUN + TELL, "--version")
    assert "exit=0" in names
    assert not HEAVY & names
    assert not {"argparse", "s2r_ci.pipeline", "s2r_ci.settings"} & names


def test_help_loads_nothing_heavy() -> None:
    assert not HEAVY & loaded("import sys; from s2r_ci.cli import main\ntry: code = main(['--help'])\n"
                              "except SystemExit as end: code = end.code\n" + TELL.removeprefix("; "))  # fmt: skip


def test_checking_a_current_manifest_loads_neither_yaml_nor_schema_nor_grammar(repository: Path) -> None:
    assert "exit=0" in loaded(RUN + TELL, "write", "train.sh", folder=repository)
    assert (repository / "train.sh.runai.yaml").is_file()
    names = loaded(RUN + TELL, "check", "train.sh", folder=repository)
    assert "exit=0" in names
    assert not HEAVY & names
    assert not UNNEEDED & names


def test_converting_a_script_loads_no_network(repository: Path) -> None:
    names = loaded(RUN + TELL, "write", "train.sh", folder=repository)
    assert "s2r_ci.runai.yaml" in names, "this test has to see what conversion loads"
    assert "yaml" not in names, "what this tool wrote is read back without the full reader"
    network = {"requests", "boto3", "urllib.request", "http.client", "ssl", "asyncio"}
    unneeded = {"dataclasses", "importlib.resources", "inspect", "jsonschema", "shutil", "tempfile", "xml"}
    assert not (network | unneeded) & names


def test_a_repository_without_scripts_loads_nothing_heavy(tmp_path: Path) -> None:
    assert shutil.which("git", path="/usr/bin:/bin")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "README.md").write_text("nothing here\n")
    names = loaded(RUN + TELL, "check", folder=tmp_path)
    assert "exit=0" in names
    assert not HEAVY & names


def test_the_hook_that_lints_loads_no_parser_of_options_and_no_digests(repository: Path) -> None:
    run = "import sys; sys.path.append('hooks'); from s2r_hooks.lint import main; code = main(sys.argv[1:])"
    names = loaded(run.replace("'hooks'", repr(str(ROOT / "hooks"))) + TELL, "train.sh", folder=repository)
    assert "exit=0" in names
    assert "s2r_ci.lint" in names
    assert not {"argparse", "gettext", "hashlib", "yaml", "s2r_ci.convert", "s2r_ci.pipeline"} & names
