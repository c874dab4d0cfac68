"""What every verb that looks at a repository does first: root, settings, files."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from s2r_ci.discover import Found, find, read_file, repository_root
from s2r_ci.errors import ConfigurationError, IncompleteError
from s2r_ci.model import Candidate, Finding, Level, Target
from s2r_ci.pipeline import Converter, Keeper, Options, World
from s2r_ci.settings import Settings, SettingsTree, resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
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

    Raises ConfigurationError for a path that does not exist or lies in another repository.
    """
    paths: Sequence[str] = given.get("paths", ())
    first = os.path.abspath(paths[0]) if paths else os.getcwd()
    if not os.path.lexists(first):
        raise ConfigurationError("there is no such file or folder", where=paths[0], hint="check the spelling")
    folder = first if os.path.isdir(first) and not os.path.islink(first) else os.path.dirname(first)
    root = repository_root(folder, os.environ) or _common(paths, folder)
    return Place(
        root=root,
        tree=resolve(_path(root), _arguments(given), os.environ),
        paths=tuple(_inside(root, path) for path in paths),
        given=given,
    )


def _path(root: str) -> Any:
    from pathlib import Path

    return Path(root)


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


_NOT_SETTINGS = frozenset({"files-from", "diff"})


def _arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in _NOT_SETTINGS and name != "paths"}


def found_in(place: Place) -> Found:
    """Discovery with the settings of the run. Raises ConfigurationError above the limits."""
    settings = place.settings
    found = find(
        place.paths,
        root=place.root,
        include=settings.include,
        exclude=settings.exclude,
        files=_listed(place),
        since=settings.changed_since,
        jobs=settings.jobs,
        max_files=settings.max_files,
        max_file_bytes=settings.max_file_bytes,
        environ=os.environ,
    )
    if len(found.scripts) > settings.max_scripts:
        raise ConfigurationError(
            f"{len(found.scripts)} batch scripts are more than max-scripts allows ({settings.max_scripts})",
            hint="name the folders to look at, exclude some, or raise --max-scripts",
        )
    return found


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


def options_of(place: Place, **more: Any) -> Options:
    """How the run treats what lies on disk, as the settings say."""
    settings = place.settings
    return Options(
        allow_missing=settings.allow_missing,
        overwrite=settings.overwrite,
        fail_on=Level[settings.fail_on.upper()],
        manifest_pattern=settings.manifest_pattern,
        **more,
    )


def world_of(place: Place, *, write: bool = False) -> World:
    """The outside as ``scan`` needs it."""

    def read(path: str) -> bytes | None:
        if not os.path.lexists(os.path.join(place.root, path)):
            return None
        return read_file(place.root, path, max_bytes=place.settings.max_file_bytes)

    def target(path: str) -> Target:
        return place.tree.target_for(path)

    return World(
        read=read,
        target=target,
        converter=_once(lambda: _load(place.settings.converter)),
        keeper=_once_a_process(place.root) if write else None,
    )


def _load(name: str) -> Converter:
    from s2r_ci.convert import load_converter

    return load_converter(name)


def _once(make: Callable[[], Converter]) -> Callable[[], Converter]:
    made: list[Converter] = []

    def get() -> Converter:
        if not made:
            made.append(make())
        return made[0]

    return get


def _once_a_process(root: str) -> Callable[[], Keeper]:
    """A store of its own for each process: folders opened before a fork are not shared."""
    made: dict[int, Keeper] = {}

    def get() -> Keeper:
        from s2r_ci.publish.files import FileStore

        process = os.getpid()
        if process not in made:
            made[process] = FileStore(root)
        return made[process]

    return get


def narrowed(found: Sequence[Candidate]) -> list[Candidate]:
    """The scripts to walk: all that discovery calls batch scripts, refused ones too."""
    return list(found)


def incomplete(findings: Sequence[Finding]) -> str:
    """Why the run is incomplete, or empty: files that could not be read were not checked."""
    unread = [f for f in findings if f.rule.id == "file-unreadable" and not f.suppression]
    return f"{len(unread)} files could not be read" if unread else ""


def read_text(path: str) -> bytes:
    """A file named on the command line. Raises IncompleteError."""
    try:
        return _read(path)
    except OSError as error:
        raise IncompleteError(error.strerror or str(error), where=path, hint="name a readable file") from error
