"""Small repositories for the tests of discovery."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

JOB = b"#!/bin/bash\n#SBATCH -N 1\nsrun ./a\n"
IDENTITY = {
    "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org", "GIT_COMMITTER_NAME": "t",
    "GIT_COMMITTER_EMAIL": "t@example.org", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def git(folder: Path, *words: str) -> bytes:
    """Run git as a person would."""
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, env=CLEAN | IDENTITY).stdout


def write(root: Path, files: Mapping[str | bytes, bytes]) -> None:
    """Write files, with the folders above them."""
    for name, data in files.items():
        path = os.path.join(os.fsencode(root), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


def repository(root: Path, files: Mapping[str | bytes, bytes], *, commit: bool = True) -> Path:
    """A git repository that holds these files."""
    root.mkdir(parents=True, exist_ok=True)
    git(root, "init", "-q", "-b", "main")
    write(root, files)
    if commit:
        git(root, "add", "-A")
        git(root, "commit", "-q", "--allow-empty", "-m", "first")
    return root
