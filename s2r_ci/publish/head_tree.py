"""The files of a commit that a conversion needs, fetched through the interface into an empty folder.

Scripts, the settings above them, the tool's own file of answers, and the manifests. They are data: nothing of them is
run, and no other file of the commit is looked at.
"""

import os
from collections.abc import Iterable, Iterator
from typing import Final

from s2r_ci.errors import IncompleteError
from s2r_ci.publish.answers_file import NAME as ANSWERS
from s2r_ci.publish.files import FileStore
from s2r_ci.publish.github_api import GitHub
from s2r_ci.publish.remembered import blob

_SETTINGS: Final = ("s2r-ci.toml", "pyproject.toml")
_PLAIN_FILES: Final = ("100644", "100755")
_LARGEST: Final = 1_048_576
_MOST: Final = 2_000


def fetch(gh: GitHub, commit: str, scripts: Iterable[str], folder: str) -> frozenset[str]:
    """Write the files below ``folder``; returns the scripts that are there. Raises GitHubError and IncompleteError."""
    scripts = frozenset(scripts)
    tree = gh.get(f"git/trees/{commit}", recursive="1")
    if tree.get("truncated"):
        raise IncompleteError("the repository has more files than GitHub lists", hint="run mode: pr instead")
    wanted = {*scripts, *_above(scripts), ANSWERS}
    entries = [each for each in tree["tree"] if each["path"] in wanted or _is_manifest(each["path"])]
    plain = [each for each in entries if each["mode"] in _PLAIN_FILES and int(each.get("size", 0)) <= _LARGEST]
    if len(plain) > _MOST:
        raise IncompleteError(f"more than {_MOST} files would have to be fetched", hint="run mode: pr instead")
    with FileStore(folder) as store:
        for entry in plain:
            if entry["path"] in wanted or _source_of(entry["path"]) in scripts:
                store.write(str(entry["path"]), blob(gh, str(entry["sha"])))
    return frozenset(path for path in scripts if os.path.isfile(os.path.join(folder, path)))


def _above(scripts: Iterable[str]) -> Iterator[str]:
    """The settings files that could count for the scripts."""
    folders = {""}
    for path in scripts:
        while path := path.rpartition("/")[0]:
            folders.add(f"{path}/")
    for folder in folders:
        yield from (folder + name for name in _SETTINGS)


def _is_manifest(path: str) -> bool:
    return path.endswith((".runai.yaml", ".runai.yml", ".runai.sh"))


def _source_of(path: str) -> str:
    return path.rpartition(".runai.")[0]
