"""``s2r-scan validate MANIFEST…``: is it YAML that cannot be misread, of a known kind, without contradictions?"""

from collections.abc import Sequence

from s2r_ci import __version__, rules
from s2r_ci.cli import VERBS
from s2r_ci.cli.arguments import add_paths, add_report, add_target, parse, parser
from s2r_ci.cli.check import conclude
from s2r_ci.errors import ConfigurationError, IncompleteError, MalformedReplyError
from s2r_ci.judging import outcome_of
from s2r_ci.model import Finding, Level, Location, Outcome, Report, ScriptClass, Target, Verdict
from s2r_ci.pipeline import World
from s2r_ci.session import place_of, world_of


def run(verb: str, words: Sequence[str]) -> int:
    """Validate each file on its own; one that cannot be read does not hide the next."""
    made = parser(verb, VERBS[verb])
    add_paths(made)
    add_report(made)
    add_target(made)
    given = parse(made, words)
    if not given.get("paths"):
        raise ConfigurationError("validate needs a manifest", hint="s2r-scan validate jobs/train.sh.runai.yaml")
    place = place_of(given)
    world, fail_on = world_of(place), place.settings.fail_on
    verdicts = tuple(_verdict(path, world, fail_on) for path in place.paths)
    return conclude(
        place,
        Report(tool_version=__version__, verb=verb, verdicts=verdicts, fail_on=fail_on, examined=len(verdicts)),
    )


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
