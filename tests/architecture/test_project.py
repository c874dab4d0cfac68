"""The project's frame: what may not stand in it, and what has to."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def tracked() -> list[str]:
    """Every file of the repository; in a copy without git, every file that is no by-product."""
    asked = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(asked, capture_output=True, check=True)
    return [name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


FILES = tracked()
# Written in parts, so that this file does not find itself.
FORBIDDEN = {
    "a registry's host": (
        "pypi" + ".org",
        "pythonhosted" + ".org",
        "registry." + "npmjs",
        "/opt/" + "pypi",
        "--index" + "-url",
    ),
    "a path of one machine": (
        "/work" + "/main",
        "/work" + "/shared",
        "/root" + "/.",
        "../" + "shared",
        "/home/" + "runner/",
        "/Users" + "/",
    ),
}


def locked(path: Path) -> dict[str, str]:
    """Name → version of a lock file."""
    found = re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(found)


def test_there_are_files_to_look_at() -> None:
    assert {"LICENSE", "Makefile", "README.md", "pyproject.toml", "s2r_ci/model/__init__.py"} <= set(FILES)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    guilty = []
    for name in FILES:
        if name.startswith(("tests/vendor/", "tests/oracle/")):
            continue  # published test data stands as it was published
        text = (ROOT / name).read_bytes().decode("utf-8", "replace")
        guilty += [f"{name}: {word}" for word in FORBIDDEN[what] if word in text]
    assert not guilty, f"these name {what}"


@pytest.mark.parametrize(
    "name", ["LICENSE", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "README.md", ".ci/run"]
)
def test_the_frame_is_complete(name: str) -> None:
    assert (ROOT / name).stat().st_size > 50


def test_the_licence_is_the_one_that_the_package_names() -> None:
    assert PROJECT["project"]["license"] == "MIT"
    assert "s2r-ci contributors" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_ci_runs_what_a_developer_runs() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "set -euo pipefail" in text
    assert text.rstrip().endswith("make test")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "benchmarks/README.md", "Makefile"])
def test_every_make_target_that_is_named_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(
        re.findall(r"(?:^|^# +|`|run: )make ([a-z-]+)\b", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert named, f"{page} names no target at all"
    assert named <= targets


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_lock_files_hold_hashes_and_no_addresses(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|@ |--index|--find-links|--extra", text)
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert blocks
    for block in blocks:
        assert re.match(r"[a-z0-9][a-z0-9._-]*==\S+", block), block
        assert "--hash=sha256:" in block, block


def test_the_lock_files_are_there_and_agree() -> None:
    run, service, dev = (locked(ROOT / "requirements" / name) for name in ("run.txt", "service.txt", "dev.txt"))
    assert [path.name for path in LOCKS] == ["dev.txt", "run.txt", "service.txt"]
    assert run.items() <= service.items() <= dev.items()


def test_what_node_runs_is_locked_by_hashes_and_without_addresses() -> None:
    packages = json.loads((ROOT / "tests" / "node" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 1
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name


def test_every_runtime_dependency_is_locked_and_no_other_is_asked_for() -> None:
    declared = set(PROJECT["project"]["dependencies"])
    lines = (ROOT / "requirements" / "run.in").read_text(encoding="utf-8").splitlines()
    asked = {line for line in lines if line and not line.startswith("#")}
    build = {"hatchling", "editables"}
    assert asked == declared | build
    names = {re.split(r"[^a-z0-9-]", name)[0] for name in asked}
    assert names <= set(locked(ROOT / "requirements" / "run.txt"))


def test_test_files_have_names_of_their_own() -> None:
    places: dict[str, list[str]] = {}
    for name in FILES:
        if re.search(r"(^|/)test_[^/]*\.py$", name):
            places.setdefault(Path(name).name, []).append(name)
    assert places
    assert not [names for names in places.values() if len(names) > 1]


def test_a_wheel_would_carry_the_schemas_and_the_marker_of_types() -> None:
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"] == {"schemas": "s2r_ci/schemas"}
    assert (ROOT / "s2r_ci" / "py.typed").is_file()
