"""The globs of ``--include`` and ``--exclude``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci.discover.globs import compiled, keeper, matches
from s2r_ci.errors import ConfigurationError
from tests.unit.discover.trees import git

TABLE = [
    ("*.sh", "a.sh", True),
    ("*.sh", "deep/er/a.sh", True),
    ("*.sh", "a.shx", False),
    ("a", "a", True),
    ("a", "x/a/b.sh", True),
    ("a", "ab/a1", False),
    ("/a.sh", "a.sh", True),
    ("/a.sh", "x/a.sh", False),
    ("jobs/*.sh", "jobs/a.sh", True),
    ("jobs/*.sh", "jobs/x/a.sh", False),
    ("jobs/*.sh", "x/jobs/a.sh", False),
    ("jobs/**/*.sh", "jobs/a.sh", True),
    ("jobs/**/*.sh", "jobs/x/y/a.sh", True),
    ("**/jobs/*.sh", "jobs/a.sh", True),
    ("**/jobs/*.sh", "x/y/jobs/a.sh", True),
    ("jobs/**", "jobs/x/a.sh", True),
    ("jobs/**", "jobsx/a.sh", False),
    ("jobs", "jobs/x/a.sh", True),
    ("jobs/", "jobs/x/a.sh", True),
    ("jobs/", "jobs", False),
    ("jobs/", "x/jobs/a", True),
    ("./jobs", "jobs/a", True),
    ("./jobs/a", "jobs/a", True),
    ("a?c", "abc", True),
    ("a?c", "a/c", False),
    ("a*c", "a/c", False),
    ("a**c", "abbc", True),
    ("[a-c].sh", "b.sh", True),
    ("[!a-c].sh", "b.sh", False),
    ("[^a-c].sh", "d.sh", True),
    ("[]].sh", "].sh", True),
    ("[!]].sh", "].sh", False),
    ("[a\\]", "a", True),
    ("\\*.sh", "*.sh", True),
    ("\\*.sh", "a.sh", False),
    ("a.sh", "axsh", False),
    ("*", "any/thing", True),
    ("**", "any/thing", True),
    ("a*b*c", "aXbXbXc", True),
    ("*a*a*b", "aaab", True),
    ("*ab*", "xabx", True),
    ("**/a/**/b", "x/a/y/a/z/b", True),
    ("**/a/**/b", "x/b/a", False),
    ("line*", "line\nfeed", True),
    ("A.sh", "a.sh", False),
    ("{a,b}", "{a,b}", True),
    ("!a", "!a", True),
    ("é?", "éé", True),
]


@pytest.mark.parametrize(("glob", "path", "expected"), TABLE, ids=[f"{g!a} {p!a}" for g, p, _ in TABLE])
def test_a_glob_matches_what_it_says(glob: str, path: str, expected: bool) -> None:
    assert matches(compiled(glob), path.split("/")) is expected


@pytest.mark.parametrize("glob", ["", "/", ".", "./", "a[b", "x/[z-a]/y", "a" * 1001])
def test_a_glob_that_means_nothing_is_refused(glob: str) -> None:
    with pytest.raises(ConfigurationError):
        keeper([glob], [])


@pytest.mark.parametrize(
    "glob", ["*a" * 400 + "b", "**/" * 300 + "b", "**/a/" * 190 + "b", "?*" * 400, "[ab]*" * 150]
)
def test_no_glob_takes_long(glob: str) -> None:
    keep = keeper([], [glob])
    for path in (b"a" * 4_000, b"/".join([b"a"] * 2_000), b"a/" * 500 + b"a" * 2_000):
        keep(path)


@settings(max_examples=300, deadline=None)
@given(glob=st.text(alphabet="ab*?/[]!\\-.^", max_size=12), path=st.text(alphabet="ab/.*", max_size=12))
def test_any_glob_and_any_path_get_an_answer(glob: str, path: str) -> None:
    try:
        keep = keeper([glob], [])
    except ConfigurationError:
        return
    assert keep(path.encode()) in (True, False)


def test_globs_agree_with_gits(tmp_path: Path) -> None:
    """Excluding means the same as a line of .gitignore, where both have the syntax."""
    git(tmp_path, "init", "-q")
    differing = []
    for glob, path, expected in TABLE:
        if (
            glob.startswith(("!", "./", "{"))
            or "\n" in path
            or glob == "[a\\]"
            or path == "jobs"
            or not path.isascii()
        ):
            continue
        (tmp_path / ".gitignore").write_text(glob + "\n")
        command = ["git", "-C", str(tmp_path), "check-ignore", "-q", "--no-index", path]
        ignored = subprocess.run(command, check=False).returncode == 0
        if ignored is not expected:
            differing.append((glob, path))
    assert differing == []


def test_importing_discovery_loads_nothing_heavy() -> None:
    place = str(Path(__file__).parents[3])
    program = "import sys; before = set(sys.modules); import s2r_ci.discover; print(*(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, env={**os.environ, "PYTHONPATH": place}
    )
    loaded = set(done.stdout.decode().split())
    assert "s2r_ci.discover" in loaded
    heavy = {
        "subprocess",
        "multiprocessing",
        "threading",
        "socket",
        "json",
        "tempfile",
        "shutil",
        "pathlib",
        "yaml",
    }
    ours = {"s2r_ci.discover.kinds", "s2r_ci.discover.marks", "s2r_ci.discover.calls", "s2r_ci.discover.globs"}
    assert not loaded & (heavy | ours)
