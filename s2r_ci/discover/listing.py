"""Which files there are: git's answer where there is git, a plain walk elsewhere.

Names leave here as bytes, relative to the root, each ended by NUL.
"""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Final

from s2r_ci.discover.git import Git, NotGitError, filter_keys, output
from s2r_ci.discover.reader import decoded, encoded, why
from s2r_ci.errors import ConfigurationError

TRACKED: Final = ("ls-files", "-z", "--cached", "--deduplicate")
UNTRACKED: Final = ("ls-files", "-z", "--others", "--exclude-standard")
UNOPENED: Final = r"warning: (?:could not open|unable to access) (?:directory )?'(.*)': (.*)"
Trouble = tuple[str, str]  # path, why


def listed(root: str, folder: str, environ: Mapping[str, str], troubles: list[Trouble]) -> Iterator[bytes]:
    """Yield pieces of the list of all files below ``folder`` (relative to the root, "" for the root itself).

    Folders that cannot be opened go into ``troubles``. Raises as ``Git`` does, but never NotGitError.
    """
    place = os.path.join(root, folder) if folder else root
    prefix = encoded(f"{folder}/") if folder else b""
    # Asked for both at once, git prints nothing before it has been in every folder. Two processes begin at once.
    untracked = Git(place, *UNTRACKED, environ=environ)
    try:
        untracked.start()
        yield from _prefixed(Git(place, *TRACKED, environ=environ), prefix)
        yield from _prefixed(untracked, prefix)
    except NotGitError:
        yield from walked(encoded(place), prefix, troubles)
    else:
        for line in untracked.warnings:
            if found := re.fullmatch(UNOPENED, line):
                troubles.append((decoded(prefix) + found[1].rstrip("/"), found[2].lower()))
    finally:
        untracked.stop()


def _prefixed(pieces: Iterator[bytes] | Git, prefix: bytes) -> Iterator[bytes]:
    if not prefix:
        yield from pieces
        return
    rest = b""
    for piece in pieces:
        *names, rest = (rest + piece).split(b"\0")
        yield b"".join(prefix + name + b"\0" for name in names)


def walked(place: bytes, prefix: bytes, troubles: list[Trouble]) -> Iterator[bytes]:
    """Yield every regular file below a folder, ``.git`` left out, symbolic links neither followed nor listed."""
    waiting = [b""]
    while waiting:
        folder = waiting.pop()
        names: list[bytes] = []
        inner: list[bytes] = []
        try:
            with os.scandir(os.path.join(place, folder)) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        names.append(prefix + folder + entry.name + b"\0")
                    elif entry.is_dir(follow_symlinks=False) and entry.name != b".git":
                        inner.append(folder + entry.name + b"/")
        except OSError as error:
            troubles.append((decoded((prefix + folder).rstrip(b"/")), why(error)))
        yield b"".join(sorted(names))
        waiting.extend(sorted(inner, reverse=True))


def repository_root(path: str, environ: Mapping[str, str]) -> str | None:
    """The top folder of the work tree that ``path`` lies in; None where there is no work tree, or no git.

    Raises IncompleteError where git refuses to say (another user's repository).
    """
    folder = path if os.path.isdir(path) else os.path.dirname(path) or "."
    try:
        top = output(folder, "rev-parse", "--show-toplevel", environ=environ)
    except NotGitError:
        return None
    return os.fsdecode(top.removesuffix(b"\n")) or None


def changed_since(root: str, revision: str, environ: Mapping[str, str]) -> frozenset[str]:
    """Paths below the root that differ from the merge base of HEAD and ``revision``: committed since, staged, changed
    in the work tree, or untracked. A file that was only touched may be among them; a deleted one is.

    Raises ConfigurationError for a revision that git does not know, and outside of git.
    """
    if not revision or revision.startswith("-") or "\0" in revision:
        raise ConfigurationError(f"{revision!r} is no revision", hint="name a branch, a tag or a commit")
    try:
        base = output(root, "merge-base", "HEAD", revision, environ=environ).strip().decode()
        parts = (
            ("diff-index", "-z", "--name-only", "--relative", "--no-ext-diff", "--no-renames", base, "--"),
            (
                "diff-index",
                "-z",
                "--name-only",
                "--relative",
                "--no-ext-diff",
                "--no-renames",
                "--cached",
                base,
                "--",
            ),
            ("ls-files", "-z", "--others", "--exclude-standard"),
        )
        emptied = filter_keys(root, environ)
        names = b"".join(output(root, *words, environ=environ, emptied=emptied) for words in parts)
    except NotGitError:
        raise ConfigurationError(
            "changed-since needs a git repository", where=root, hint="leave the option out"
        ) from None
    return frozenset(decoded(name) for name in names.split(b"\0") if name)
