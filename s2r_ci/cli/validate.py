"""``s2r-scan validate [MANIFEST|FOLDER…]``: is it YAML that cannot be misread, of a known kind, without contradictions?

A file that is named is looked at whatever it is; in a folder, or in the whole repository where none is named, what
bears the header of a manifest.
"""

import os
from collections.abc import Iterator, Sequence

from s2r_ci import __version__, rules
from s2r_ci.cli import VERBS
from s2r_ci.cli.arguments import add_paths, add_report, add_target, parse, parser
from s2r_ci.cli.check import conclude
from s2r_ci.errors import ConfigurationError, IncompleteError, MalformedReplyError
from s2r_ci.judging import outcome_of
from s2r_ci.model import Finding, Level, Location, Outcome, Report, ScriptClass, Target, Verdict
from s2r_ci.pipeline import World
from s2r_ci.repository import Place, found_in, place_of
from s2r_ci.session import world_of


def run(verb: str, words: Sequence[str]) -> int:
    """Validate each file on its own; one that cannot be read does not hide the next.

    Raises ConfigurationError where a repository or folder holds no manifest: a mistyped folder is no success.
    """
    made = parser(verb, VERBS[verb])
    add_paths(made)
    add_report(made)
    add_target(made)
    given = parse(made, words)
    place = place_of(given)
    world, fail_on = world_of(place), place.settings.fail_on
    verdicts = tuple(_verdict(path, world, fail_on) for path in dict.fromkeys(_manifests(place)))
    if not (verdicts or "files-from" in given or place.settings.changed_since):
        raise ConfigurationError("there is no manifest here", hint="s2r-scan write makes them, beside each script")
    return conclude(
        place,
        Report(tool_version=__version__, verb=verb, verdicts=verdicts, fail_on=fail_on, examined=len(verdicts)),
    )


def _manifests(place: Place) -> Iterator[str]:
    folders = []
    for path in place.paths:
        if os.path.isdir(os.path.join(place.root, path)):
            folders.append(path)
        else:
            yield path
    if folders or not place.paths:
        found = found_in(place._replace(paths=tuple(folders)))
        yield from (other.path for other in found.others if other.script_class is ScriptClass.MANIFEST)


def _verdict(path: str, world: World, fail_on: Level) -> Verdict:
    try:
        data = world.read(path) or b""
    except IncompleteError as error:
        finding = Finding(rule=rules.FILE_UNREADABLE, message=error.what, location=Location(path=path))
        return Verdict(path=path, script_class=ScriptClass.MANIFEST, outcome=Outcome.ERRORED, findings=(finding,))
    kind, findings = _findings(data, path, world.target(path))
    return Verdict(
        path=path,
        script_class=ScriptClass.MANIFEST,
        outcome=outcome_of(findings, open_questions=False, fail_on=fail_on),
        findings=tuple(findings),
        kind=kind,
        manifest_path=path,
    )


def _findings(data: bytes, path: str, target: Target) -> tuple[str, list[Finding]]:
    from s2r_ci.runai.texts import read_text
    from s2r_ci.validate import validate

    try:
        manifest = read_text(data, target.name, where=path)
    except MalformedReplyError as error:
        place = Location(path=path)
        return "", [Finding(rule=rules.MANIFEST_UNREADABLE, message=error.what, location=place, subject="yaml")]
    found = validate(manifest, path, target=target.name, release=target.runai_release, crd=target.crd)
    return manifest.kind, found
