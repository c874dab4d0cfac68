"""Finding the scripts: which files of a repository are batch scripts, and what the others are that mention them.

``find`` lists (git, or a plain walk), looks at every file once, and says by content what each is. It opens nothing
outside of its root and nothing but regular files, follows no symbolic link, and runs nothing that a repository names.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from s2r_ci import rules
from s2r_ci.discover.crew import Answer, scan_all
from s2r_ci.discover.listing import Trouble, changed_since, listed, repository_root
from s2r_ci.discover.names import name_findings
from s2r_ci.discover.reader import decoded, encoded, read_file
from s2r_ci.discover.scan import Row, Scanner
from s2r_ci.errors import ConfigurationError, IncompleteError
from s2r_ci.frozen import frozen
from s2r_ci.model import Candidate, Finding, Location, ScriptClass

if TYPE_CHECKING:
    from s2r_ci.discover.globs import Keep

__all__ = ["Found", "changed_since", "find", "read_file", "repository_root"]

_SCRIPTS: Final = (ScriptClass.BATCH, ScriptClass.REFUSED)
_CLASSES: Final = {each.value: each for each in ScriptClass}


@frozen
class Found:
    """Discovery's answer."""

    scripts: tuple[Candidate, ...]  # batch scripts, and those that sbatch refuses, by path
    others: tuple[Candidate, ...]  # every other file that speaks of them, by path
    findings: tuple[Finding, ...]
    examined: int  # files looked at
    root: str


def find(
    paths: Sequence[str] = (),
    *,
    root: str = ".",
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    files: Sequence[bytes] | None = None,
    since: str = "",
    jobs: int = 0,
    max_files: int = 1_000_000,
    max_file_bytes: int = 1_048_576,
    environ: Mapping[str, str],
) -> Found:
    """Find and classify. No ``paths`` and no ``files`` means everything below ``root``.

    ``paths`` (files and folders) and ``files`` are relative to the root, or absolute and below it. A file that is
    named is looked at whatever git or the globs say; a folder is listed. ``since`` keeps what changed after that
    revision. ``jobs`` is the number of processes, 0 for one a core.

    Raises ConfigurationError (a path does not exist or lies elsewhere, a glob or revision is wrong, more than
    ``max_files`` files) and IncompleteError (git fails, the root cannot be read).
    """
    named, folders = _sorted_out(root, paths, files)
    try:
        scanner = Scanner(root, max_bytes=max_file_bytes, keep=_keeper(include, exclude))
    except (OSError, ValueError) as error:
        raise IncompleteError(f"the folder cannot be read: {error}", where=root) from None
    troubles: list[Trouble] = []
    changed = changed_since(root, since, environ) if since else None
    try:
        pieces = _counted(_pieces(root, folders, changed, environ, troubles), max_files)
        examined, rows = _gathered(scan_all(pieces, scanner, jobs=jobs, most=max_files))
        for name in named:
            if changed is None or decoded(name) in changed:
                rows.extend(scanner.scan_explicit(name))
                examined += 1
    finally:
        scanner.close()
    return _found(root, examined, rows, troubles)


def _keeper(include: Sequence[str], exclude: Sequence[str]) -> "Keep | None":
    if not include and not exclude:
        return None
    from s2r_ci.discover.globs import keeper

    return keeper(include, exclude)


def _sorted_out(root: str, paths: Sequence[str], files: Sequence[bytes] | None) -> tuple[list[bytes], list[str]]:
    """Named files, and folders to list."""
    if not paths and files is None:
        return [], [""]
    named: dict[bytes, None] = {}
    folders: list[str] = []
    for path in paths:
        inside = _inside(root, path)
        full = os.path.join(root, inside)
        if not os.path.lexists(full):
            raise ConfigurationError("there is no such file or folder", where=path, hint="check the spelling")
        if os.path.isdir(full) and not os.path.islink(full):
            folders.append(inside)
        else:
            named[encoded(inside)] = None
    for name in files or ():
        named[encoded(_inside(root, decoded(name)))] = None
    return list(named), _outermost(folders)


def _inside(root: str, path: str) -> str:
    """The path relative to the root, without dots; "" is the root itself."""
    if "\0" in path:
        raise ConfigurationError("a path cannot hold NUL", where=path.replace("\0", "\\0"), hint="see --files-from")
    relative = (
        os.path.relpath(path, os.path.abspath(root)) if os.path.isabs(path) else os.path.normpath(path or ".")
    )
    if relative == ".." or relative.startswith("../"):
        raise ConfigurationError(f"the path lies outside of {root}", where=path, hint="scan it in a run of its own")
    return "" if relative == "." else relative


def _outermost(folders: list[str]) -> list[str]:
    """Folders without those that lie in another of them."""
    kept: list[str] = []
    for folder in sorted(set(folders)):
        if not any(above == "" or folder.startswith(f"{above}/") for above in kept):
            kept.append(folder)
    return kept


def _pieces(
    root: str,
    folders: list[str],
    changed: frozenset[str] | None,
    environ: Mapping[str, str],
    troubles: list[Trouble],
) -> Iterator[bytes]:
    if changed is None:
        for folder in folders:
            yield from listed(root, folder, environ, troubles)
        return
    for path in sorted(changed):
        if any(folder == "" or path.startswith(f"{folder}/") for folder in folders):
            yield encoded(path) + b"\0"


def _counted(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    count = 0
    for piece in pieces:
        count += piece.count(b"\0")
        if count > most:
            hint = "name the folders to look at, exclude some in .gitignore, or raise max-files"
            raise ConfigurationError(f"there are more than {most} files", hint=hint)
        yield piece


def _gathered(answers: Iterator[Answer]) -> tuple[int, list[Row]]:
    examined = 0
    rows: list[Row] = []
    for count, more in answers:
        examined += count
        rows.extend(more)
    return examined, rows


def _found(root: str, examined: int, rows: list[Row], troubles: list[Trouble]) -> Found:
    unique = {row[0]: row for row in rows}
    scripts: list[Candidate] = []
    others: list[Candidate] = []
    findings = [_finding(path, why, rules.FILE_UNREADABLE.id) for path, why in troubles]
    for path in sorted(unique):
        _, word, reason, line, rule = unique[path]
        kind = _CLASSES[word]
        candidate = Candidate(path=path, script_class=kind, reason=reason, line=line)
        (scripts if kind in _SCRIPTS else others).append(candidate)
        if rule:
            findings.append(_finding(path, reason, rule, line))
    findings.extend(name_findings(candidate.path for candidate in scripts))
    return Found(
        scripts=tuple(scripts), others=tuple(others), findings=tuple(findings), examined=examined, root=root
    )


def _finding(path: str, why: str, rule: str, line: int = 0) -> Finding:
    return Finding(rule=rules.RULES[rule], message=why, location=Location(path=path, line=line), subject="file")
