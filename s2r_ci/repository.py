"""The repository that a run is about: its root, the settings there, and the scripts that were asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from s2r_ci.discover import Found, changed_since, find, read_file, repository_root
from s2r_ci.errors import ConfigurationError, IncompleteError
from s2r_ci.frozen import replace
from s2r_ci.model import ScriptClass
from s2r_ci.runai.targets import form_of
from s2r_ci.settings import Settings, SettingsTree, resolve

_NOT_SETTINGS: Final = frozenset({"ask", "files-from", "diff", "dry-run", "fix", "list", "paths"})


class Place(NamedTuple):
    """Where a run takes place: the root, its settings, and the paths asked for, relative to the root."""

    root: str
    tree: SettingsTree
    paths: tuple[str, ...]
    given: Mapping[str, Any]

    @property
    def settings(self) -> Settings:
        """The settings of the run."""
        return self.tree.settings


def place_of(given: Mapping[str, Any]) -> Place:
    """Find the root of the repository that the paths lie in, and its settings.

    Raises ConfigurationError for a path that does not exist or lies in another repository, for a target that the
    release lacks, a file of ``crd`` that is no definition, a report that would replace somebody else's file.
    """
    paths: Sequence[str] = given.get("paths", ())
    first = os.path.abspath(paths[0]) if paths else os.getcwd()
    if not os.path.lexists(first):
        raise ConfigurationError("there is no such file or folder", where=paths[0], hint="check the spelling")
    folder = first if os.path.isdir(first) and not os.path.islink(first) else os.path.dirname(first)
    root = repository_root(folder, os.environ) or _common(paths, folder)
    tree = resolve(root, _arguments(given), os.environ)
    form_of(tree.settings.target, tree.settings.runai_release)  # a target that the release lacks ends the run now
    if tree.settings.crd:
        from s2r_ci.validate.custom import definitions

        definitions(tree.settings.crd)  # a file that is no definition ends the run now
    if not paths and "files-from" not in given:
        paths = tree.settings.paths
    if any("=" in asked for asked in tree.settings.format) and not tree.settings.overwrite:
        from s2r_ci.publish.report import refuse_foreign, wanted

        refuse_foreign(wanted(tree.settings.format))  # now, not after the work
    return Place(root=root, tree=tree, paths=tuple(_inside(root, path) for path in paths), given=given)


def _common(paths: Sequence[str], folder: str) -> str:
    if len(paths) < 2:
        return folder
    folders = [p if os.path.isdir(p) else os.path.dirname(p) for p in map(os.path.abspath, paths)]
    return os.path.commonpath(folders)


def _inside(root: str, path: str) -> str:
    full = os.path.join(os.path.realpath(os.path.dirname(os.path.abspath(path))), os.path.basename(path))
    if os.path.isdir(path) and not os.path.islink(path):
        full = os.path.realpath(path)
    relative = os.path.relpath(full, os.path.realpath(root))
    if relative == ".." or relative.startswith("../"):
        raise ConfigurationError(
            f"this lies outside of {root}", where=path, hint="run s2r-scan once for each repository"
        )
    if not os.path.lexists(full):
        raise ConfigurationError("there is no such file or folder", where=path, hint="check the spelling")
    return "" if relative == "." else relative


def _arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in _NOT_SETTINGS}


def found_in(place: Place) -> Found:
    """Discovery with the settings of the run. Raises ConfigurationError above the limits."""
    settings = place.settings
    since = settings.changed_since
    edited = _edited_since(place, since) if since else frozenset()
    listed = _listed(place)
    found = find(
        place.paths,
        root=place.root,
        include=settings.include,
        exclude=settings.exclude,
        files=listed,
        since="" if edited else since,
        jobs=settings.jobs,
        max_files=settings.max_files,
        max_file_bytes=settings.max_file_bytes,
        environ=os.environ,
    )
    if edited:
        found = _only(found, edited | changed_since(place.root, since, os.environ))
    found = _with_sources(place, found, listed)
    if len(found.scripts) > settings.max_scripts:
        raise ConfigurationError(
            f"{len(found.scripts)} batch scripts are more than max-scripts allows ({settings.max_scripts})",
            hint="name the folders to look at, exclude some, or raise --max-scripts",
        )
    return found


def _edited_since(place: Place, since: str) -> frozenset[str]:
    """The scripts of manifests that changed while they did not: a change to a manifest alone is looked at too.

    A manifest's own word for its script is a stranger's word; the place where it lies, or lay, says it as well.
    """
    changed = changed_since(place.root, since, os.environ)
    sources = {source_of(place.root, path) for path in changed if path.endswith((".yaml", ".yml", ".sh"))}
    sources |= {place.tree.for_script(path).script_path(path) for path in changed}
    return frozenset(
        source for source in sources - changed if source and os.path.isfile(os.path.join(place.root, source))
    )


def _with_sources(place: Place, found: Found, listed: Sequence[bytes] | None) -> Found:
    """Who names a manifest means its script too: a manifest that was edited alone is looked at with its script."""
    manifests = [other.path for other in found.others if other.script_class is ScriptClass.MANIFEST]
    if not manifests:
        return found
    named = {*place.paths, *map(os.fsdecode, listed or ())}
    known = {script.path for script in found.scripts}
    sources = {source_of(place.root, path) for path in manifests if path in named} - known
    there = [
        os.fsencode(path) for path in sorted(sources) if path and os.path.isfile(os.path.join(place.root, path))
    ]
    if not there:
        return found
    limits = place.settings
    more = find(
        root=place.root,
        files=there,
        max_files=limits.max_files,
        max_file_bytes=limits.max_file_bytes,
        environ=os.environ,
    )
    return replace(
        found,
        scripts=tuple(sorted((*found.scripts, *more.scripts), key=lambda each: each.path)),
        others=tuple(sorted((*found.others, *more.others), key=lambda each: each.path)),
        findings=(*found.findings, *more.findings),
        examined=found.examined + more.examined,
    )


def _only(found: Found, paths: frozenset[str]) -> Found:
    return replace(
        found,
        scripts=tuple(c for c in found.scripts if c.path in paths),
        others=tuple(c for c in found.others if c.path in paths),
        findings=tuple(f for f in found.findings if f.location.path in paths),
    )


def _listed(place: Place) -> list[bytes] | None:
    source = place.given.get("files-from")
    if source is None:
        return None
    try:
        data = sys.stdin.buffer.read() if source == "-" else _read(source)
    except OSError as error:
        raise ConfigurationError(error.strerror or str(error), where=source, hint="name a readable file") from error
    names = [name for name in data.split(b"\0") if name]
    return [os.fsencode(_inside(place.root, os.fsdecode(name))) for name in names]


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def source_of(root: str, path: str) -> str:
    """The script that the manifest at a path names; empty where it is none of ours, or cannot be read."""
    from s2r_ci.runai.document import read_document

    try:
        document = read_document(read_file(root, path))
    except IncompleteError:
        return ""
    return document.stamp.source if document else ""
