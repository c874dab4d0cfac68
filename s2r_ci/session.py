"""One run over one repository, from its settings to its report: what the command and the Python interface share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from s2r_ci import rules
from s2r_ci.discover import Found, changed_since, find, read_file, repository_root
from s2r_ci.errors import ConfigurationError, IncompleteError
from s2r_ci.frozen import replace
from s2r_ci.model import Finding, Location, Report, ScriptClass
from s2r_ci.runai.targets import form_of
from s2r_ci.settings import Settings, SettingsTree, resolve

if TYPE_CHECKING:
    from s2r_ci.asking import Words
    from s2r_ci.beside import Options
    from s2r_ci.convert import Converter
    from s2r_ci.pipeline import Keeper, World

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
    sources = {_source(place.root, path) for path in changed if path.endswith((".yaml", ".yml", ".sh"))}
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
    sources = {_source(place.root, path) for path in manifests if path in named} - known
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


def options_of(place: Place, **more: Any) -> Options:
    """How the run treats what lies on disk, as the settings say."""
    from s2r_ci.beside import Options

    settings = place.settings
    return Options(
        allow_missing=settings.allow_missing,
        overwrite=settings.overwrite,
        fail_on=settings.fail_on,
        reverify=settings.reverify,
        **more,
    )


def world_of(place: Place, *, write: bool = False) -> World:
    """The outside as ``scan`` needs it."""
    from s2r_ci.pipeline import World

    def read(path: str) -> bytes | None:
        if not os.path.lexists(os.path.join(place.root, path)):
            return None
        return read_file(place.root, path, max_bytes=place.settings.max_file_bytes)

    return World(
        read=read,
        target=place.tree.target_for,
        manifest_path=lambda path: place.tree.for_script(path).manifest_path(path),
        converter=_once(lambda: _load("rules")),
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


def incomplete(findings: Sequence[Finding]) -> str:
    """Why the run is incomplete, or empty: files that could not be read were not checked."""
    from s2r_ci.render.words import count

    unread = [f for f in findings if f.rule.id == "file-unreadable" and not f.suppression]
    return f"{count(len(unread), 'file')} could not be read" if unread else ""


# --- check, write ------------------------------------------------------------------------------------------


def check(given: Mapping[str, Any], *, verb: str = "check") -> Report:
    """Discover and examine; ``verb`` is check or write."""
    return run(place_of(given), verb=verb)


def run(
    place: Place,
    *,
    verb: str = "check",
    progress: Callable[[int, int], None] = lambda done, total: None,
    words: Words | None = None,
) -> Report:
    """The same in a place that is known already."""
    from s2r_ci.asking import Words, access_for, offline, scan_with_service
    from s2r_ci.pipeline import scan

    settings, writing = place.settings, verb == "write"
    access = access_for(settings, os.environ)
    found = found_in(place)
    options = options_of(place, write=writing, keep_details=_details_wanted(place))
    world = world_of(place, write=writing)
    with _lock(place.root) if writing else nullcontext():
        if access is None:
            report = scan(found.scripts, world, options, verb=verb, jobs=settings.jobs, progress=progress)
            report = replace(report, asked=offline(settings, os.environ))
        else:
            report = scan_with_service(
                found.scripts, world, options, settings, os.environ,
                root=place.root, access=access, verb=verb, words=words or Words(),
            )  # fmt: skip
    return with_found(report, found, place, verb)


def details_of(place: Place, *, verb: str) -> Report:
    """The same with the ledger and the jobs of every script, each walked anew whatever its manifest says."""
    from s2r_ci.pipeline import scan

    found = found_in(place)
    writing = verb == "write"
    options = options_of(place, write=writing, keep_details=True)._replace(reverify=True)
    with _lock(place.root) if writing else nullcontext():
        report = scan(found.scripts, world_of(place, write=writing), options, verb=verb, jobs=place.settings.jobs)
    return with_found(report, found, place, verb)


def _lock(root: str) -> AbstractContextManager[None]:
    from s2r_ci.publish.files import locked

    return locked(root)


def _details_wanted(place: Place) -> bool:
    """Ledgers are kept for the faces that show them, and only when asked: they are most of a report's size."""
    words = {word.partition("=")[0] for word in place.settings.format}
    return bool(words & {"json", "markdown"}) and bool(place.settings.verbose)


def with_found(report: Report, found: Found, place: Place, verb: str) -> Report:
    """The report with what discovery found beside the scripts, measured against the baseline."""
    elsewhere = [*found.findings]
    if verb != "lint":
        from s2r_ci.across import across, aside  # a linter looks across nothing

        report = across(report, found, world_of(place))
        elsewhere += [*orphans(place, found, report), *aside(found, place.paths)]
        if not (place.paths or place.settings.changed_since or "files-from" in place.given):
            from s2r_ci.unused import unused

            elsewhere += unused(place.settings.answers, found, lambda: world_of(place))
    report = replace(
        report,
        others=found.others,
        examined=found.examined,
        findings_elsewhere=tuple(elsewhere),
        incomplete="; ".join(filter(None, (report.incomplete, incomplete(elsewhere)))),
    )
    if place.settings.baseline:
        from s2r_ci.baseline import against_baseline

        report = against_baseline(report, place.settings.baseline)
    return report


def orphans(place: Place, found: Found, report: Report) -> Iterator[Finding]:
    """A finding for each manifest that names a script which is not there any more."""
    known = {verdict.manifest_path for verdict in report.verdicts if verdict.manifest_path}
    classes = {candidate.path: candidate.script_class for candidate in found.others}
    for path, script_class in classes.items():
        if script_class is not ScriptClass.MANIFEST or path in known or not (source := _source(place.root, path)):
            continue
        if not os.path.lexists(os.path.join(place.root, source)):
            message = f"its script {source} is gone"
        elif (now := classes.get(source, ScriptClass.MANIFEST)) is not ScriptClass.MANIFEST:
            message = f"its script {source} is no batch script any more ({now.value})"
        else:
            continue
        yield Finding(
            rule=rules.MANIFEST_ORPHANED, message=message, location=Location(path=path), subject="manifest"
        )


def _source(root: str, path: str) -> str:
    from s2r_ci.runai.document import read_document

    try:
        document = read_document(read_file(root, path))
    except IncompleteError:
        return ""
    return document.stamp.source if document else ""
