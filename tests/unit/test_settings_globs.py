"""Globs of the settings, held against git's own reading of the same patterns."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2r_ci.settings.globs import matches


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        pytest.param("*.sh", "a.sh", True, id="name at the root"),
        pytest.param("*.sh", "x/y/a.sh", True, id="name at any depth"),
        pytest.param("x/*.sh", "x/a.sh", True, id="anchored"),
        pytest.param("x/*.sh", "y/x/a.sh", False, id="anchored, not deeper"),
        pytest.param("x/*.sh", "x/y/a.sh", False, id="a star stays in its folder"),
        pytest.param("x/**", "x/y/a.sh", True, id="two stars at the end"),
        pytest.param("x/**", "x", False, id="two stars need something"),
        pytest.param("**/a.sh", "a.sh", True, id="two stars in front may be nothing"),
        pytest.param("x/**/a.sh", "x/a.sh", True, id="two stars between may be nothing"),
        pytest.param("x/**/a.sh", "x/y/z/a.sh", True, id="two stars between"),
        pytest.param("x", "x/y/a.sh", True, id="a folder means all in it"),
        pytest.param("x/", "x/a.sh", True, id="slash at the end"),
        pytest.param("/a.sh", "x/a.sh", False, id="slash in front anchors"),
        pytest.param("a?.sh", "ab.sh", True, id="question mark"),
        pytest.param("a?b", "a/b", False, id="question mark is no slash"),
        pytest.param("[a-c].sh", "b.sh", True, id="range"),
        pytest.param("[!a-c].sh", "b.sh", False, id="negated range"),
        pytest.param("[z-a].sh", "b.sh", False, id="backward range"),
        pytest.param("a[", "a[", True, id="lone bracket"),
        pytest.param("\\*.sh", "*.sh", True, id="escaped star"),
        pytest.param("\\*.sh", "a.sh", False, id="escaped star is no star"),
        pytest.param("a.sh", "axsh", False, id="a dot is a dot"),
        pytest.param("*", "a\nb", True, id="line feed in a name"),
    ],
)
def test_globs_mean_what_gitignore_means(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected


@given(st.text(alphabet="ab*?[]!-/\\.^&|~", max_size=12), st.text(alphabet="ab/.]*-", max_size=10))
def test_no_pattern_breaks_the_matcher(pattern: str, path: str) -> None:
    assert matches(pattern, path) in (True, False)


PATTERNS = (
    "*.sh",
    "x/*.sh",
    "x/**",
    "**/b.sh",
    "x/**/b.sh",
    "x",
    "/a.sh",
    "y/",
    "?.sh",
    "[ab].sh",
    "[!a].sh",
    "x*",
)
PATHS = ("a.sh", "b.sh", "x/a.sh", "x/b.sh", "x/y/b.sh", "y/a.sh", "y/x/c.R", "xy/a.sh", "z/deep/er/b.sh")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_git_ignores_the_same_files(tmp_path: Path, pattern: str) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for name in PATHS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".git" / "info" / "exclude").write_text(f"{pattern}\n")
    asked = ["git", "-C", str(tmp_path), "ls-files", "--others", "--ignored", "--exclude-standard"]
    ignored = set(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split())
    assert {path for path in PATHS if matches(pattern, path)} == ignored
