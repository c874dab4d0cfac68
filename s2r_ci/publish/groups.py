"""Which manifests share a pull request: one for each script, folder or owner, or one for all."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Final, NamedTuple

from s2r_ci.patterns import lazy
from s2r_ci.settings.globs import matches

GROUPINGS: Final = ("script", "directory", "owner", "all")
OWNERS: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")  # in the order in which GitHub looks
MOST_SCRIPTS: Final = 200  # of one pull request: what its text can remember, and GitHub's comparison can list
_LONGEST_SLUG: Final = 40
_WORD: Final = lazy(r"(?:\\.|\S)+")


class Group(NamedTuple):
    """One pull request to be. ``key`` names its branch and holds no text that anybody else could choose freely."""

    key: str
    title: str  # what people call it: a folder, an owner
    scripts: tuple[str, ...]


def grouped(scripts: Iterable[str], grouping: str, owners: "Owners | None" = None) -> tuple[Group, ...]:
    """The scripts by group, in the order of their names."""
    found: dict[str, list[str]] = {}
    for path in sorted(scripts):
        found.setdefault(_name(path, grouping, owners), []).append(path)
    return tuple(part for name, paths in found.items() for part in _parts(key_of(name, grouping), name, paths))


def _parts(key: str, name: str, paths: Sequence[str]) -> Iterator[Group]:
    """A group of more scripts than one text can speak of becomes several, by number."""
    for number, start in enumerate(range(0, len(paths), MOST_SCRIPTS), start=1):
        scripts = tuple(paths[start : start + MOST_SCRIPTS])
        yield Group(key, name, scripts) if number == 1 else Group(f"{key}-{number}", f"{name} ({number})", scripts)


def _name(path: str, grouping: str, owners: "Owners | None") -> str:
    if grouping == "script":
        return path
    if grouping == "directory":
        return path.rpartition("/")[0] or "."
    if grouping == "owner":
        return owners.of(path) if owners else "no owner"
    return "all scripts"


def without_a_group(paths: Iterable[str], grouping: str, owners: "Owners | None" = None) -> dict[str, list[str]]:
    """Scripts that bring nothing themselves, by the key of the group that they would belong to."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(key_of(_name(path, grouping, owners), grouping), []).append(path)
    return found


def key_of(name: str, grouping: str) -> str:
    """The last part of a branch: letters, digits and dashes of the name, and eight digits of its digest.

    >>> key_of("all scripts", "all"), key_of("jobs/train.sh", "script"), key_of("$(id)", "directory")
    ('all', 'jobs-train-sh-dad84307', 'id-d7d54e79')
    """
    if grouping == "all":
        return "all"
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_SLUG].strip("-") or "group"
    return f"{slug}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


class Owners:
    """A CODEOWNERS file: the last pattern that matches counts; one without owners takes them away. A blank in a name is
    escaped; ``!`` and ``[ ]``, which .gitignore knows, GitHub does not, and such a line counts for nothing.
    """

    def __init__(self, text: str) -> None:
        self._rules: list[tuple[str, str]] = []
        for line in text.removeprefix("\ufeff").splitlines():
            words = list(takewhile(lambda word: not word.startswith("#"), _WORD.findall(line)))
            if words and not words[0].startswith("!") and "[" not in words[0]:
                self._rules.append((words[0], " ".join(words[1:])))

    def of(self, path: str) -> str:
        """The owners of a path as the file names them, or ``no owner``."""
        for pattern, owners in reversed(self._rules):
            if _owned(pattern, path):
                return owners or "no owner"
        return "no owner"


def _owned(pattern: str, path: str) -> bool:
    if pattern.endswith("/*"):  # in CODEOWNERS, unlike .gitignore, a folder's files and not what lies deeper
        return matches(pattern, path) and path.count("/") == pattern.strip("/").count("/")
    return matches(pattern, path)


def owners_of(files: Mapping[str, str]) -> Owners | None:
    """The owners as the first file says that GitHub would read; None where there is none."""
    first = next((files[name] for name in OWNERS if name in files), None)
    return Owners(first) if first is not None else None


def branches(prefix: str, groups: Sequence[Group]) -> dict[str, Group]:
    """Branch name → group."""
    return {f"{prefix}/{group.key}": group for group in groups}
