"""What people install: the built wheel in an environment of its own, with both commands and all schemas."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from .conftest import GOOD, SETTINGS, Repository

ROOT = Path(__file__).parents[2]


class Installed:
    """A virtual environment that holds the wheel; what the wheel depends on comes from this one."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "venv" / "bin"
        built = folder / "wheel"
        self.call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built), cwd=ROOT)
        (self.wheel,) = built.glob("*.whl")
        venv.create(folder / "venv", with_pip=False)
        pip = [sys.executable, "-m", "pip", "--python", str(self.bin / "python"), "install", "-qq", "--no-index"]
        self.call(*pip, "--no-deps", "--disable-pip-version-check", str(self.wheel), cwd=folder)

    def call(
        self, *words: str, cwd: Path, code: int = 0, stdin: str = "", libraries: bool = False
    ) -> "subprocess.CompletedProcess[str]":
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("S2R_", "PYTHON"))}
        if libraries:
            environ["PYTHONPATH"] = sysconfig.get_path("platlib")
        done = subprocess.run(words, cwd=cwd, env=environ, capture_output=True, text=True, input=stdin, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def command(self, name: str, *words: str, cwd: Path, code: int = 0, stdin: str = "") -> str:
        return self.call(str(self.bin / name), *words, cwd=cwd, code=code, stdin=stdin, libraries=True).stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"))


def test_the_wheel_is_what_runs(installed: Installed, tmp_path: Path) -> None:
    where = installed.command("python", "-c", "import s2r_ci; print(s2r_ci.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.bin.parent)
    version = installed.command("s2r-scan", "--version", cwd=tmp_path).split()[1]
    assert installed.wheel.name.startswith(f"s2r_ci-{version}-")


def test_every_schema_is_in_it(installed: Installed, tmp_path: Path) -> None:
    names = installed.command("s2r-scan", "schema", cwd=tmp_path).split()
    assert names == sorted(path.name.removesuffix(".schema.json") for path in (ROOT / "schemas").glob("*.json"))
    for name in names:
        assert '"$schema"' in installed.command("s2r-scan", "schema", name, cwd=tmp_path)


def test_a_repository_is_written_and_checked(installed: Installed, repository: Repository) -> None:
    repository.write("jobs/train.sh", GOOD)
    assert "1 passed" in installed.command("s2r-scan", "write", cwd=repository.root)
    assert "current" in installed.command("s2r-scan", "--verbose", cwd=repository.root)
    repository.write("jobs/train.sh.runai.yaml", repository.read("jobs/train.sh.runai.yaml").replace('"2"', '"1"'))
    assert "gpu-count-changed" in installed.command("s2r-scan", "check", cwd=repository.root, code=1)


def test_one_script_is_converted_from_standard_input(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "s2r-ci.toml").write_text(SETTINGS)
    text = installed.command("s2r", cwd=tmp_path, stdin=GOOD)
    assert text.startswith("# s2r-ci manifest\n")
    assert 'nvidia.com/gpu: "2"' in text
    installed.command("s2r", cwd=tmp_path, code=1, stdin="echo no batch script\n")
