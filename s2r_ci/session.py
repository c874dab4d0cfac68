"""One run over one repository, from its settings to its report: what the command and the Python interface share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from s2r_ci import rules
from s2r_ci.discover import Found, read_file
from s2r_ci.frozen import replace
from s2r_ci.model import Finding, Location, Report, ScriptClass
from s2r_ci.repository import Place, found_in, place_of, source_of

if TYPE_CHECKING:
    from s2r_ci.asking import Words
    from s2r_ci.beside import Options
    from s2r_ci.convert import Converter
    from s2r_ci.pipeline import Keeper, World


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
        if script_class is not ScriptClass.MANIFEST or path in known or not (source := source_of(place.root, path)):
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
