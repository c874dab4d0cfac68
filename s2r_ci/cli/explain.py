"""``s2r-scan explain FILE…``: a script and its manifest line by line, with the ledger between them."""

import os
import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING

from s2r_ci.beside import Options
from s2r_ci.called import script_of
from s2r_ci.cli import VERBS
from s2r_ci.cli.arguments import add_paths, add_report, add_target, parse, parser
from s2r_ci.cli.verdict import style_of
from s2r_ci.errors import ConfigurationError
from s2r_ci.judging import outcome_of
from s2r_ci.model import Outcome, Reading, Script
from s2r_ci.pipeline import World, walk
from s2r_ci.publish.report import publish, wanted
from s2r_ci.repository import Place, found_in, place_of
from s2r_ci.session import options_of, world_of
from s2r_ci.walked import Walk, document_of

if TYPE_CHECKING:
    from s2r_ci.slurm.driver import Call


def run(verb: str, words: Sequence[str]) -> int:
    """Explain each file; with ``--format json`` one object a line. Exit code 1 when one of them fails."""
    made = parser(verb, VERBS[verb])
    add_paths(made)
    add_report(made)
    add_target(made)
    given = parse(made, words)
    if not given.get("paths") and not given.get("files-from"):
        raise ConfigurationError("explain needs a script", hint="s2r-scan explain jobs/train.sh")
    place = place_of(given)
    world, options = world_of(place), options_of(place)
    outcomes = [_explain(place, path, script_class, world, options) for path, script_class in _files(place)]
    return 1 if Outcome.FAILED in outcomes else 0


def _files(place: Place) -> list[tuple[str, str]]:
    found = found_in(place)
    return [(c.path, c.script_class.value) for c in sorted((*found.scripts, *found.others), key=lambda c: c.path)]


def _explain(place: Place, path: str, script_class: str, world: World, options: Options) -> Outcome:
    from s2r_ci.render.explain import render_explanation
    from s2r_ci.wire.shapes import explanation

    script = script_of(path, world.read(path) or b"", world.read)
    target = world.target(path)
    walked = walk(script, target, world.converter())
    outcome = outcome_of(walked.findings, bool(walked.result and walked.result.questions), options.fail_on)
    document = _document(walked, world)
    for ask in wanted(place.settings.format):
        if ask.word == "json":
            text = explanation(
                script=script,
                script_class=script_class,
                reading=walked.reading,
                result=walked.result,
                findings=walked.findings,
                outcome=outcome,
                manifest_path=world.manifest_path(path),
                document=document,
            )
        elif ask.word == "text":
            results = (walked.result,) if walked.result else ()
            style = style_of(place, ask.file)
            calls = _sent(script, world, target.slurm_version)
            text = render_explanation(script, walked.reading, results, document, walked.findings, style, calls)
        else:
            raise ConfigurationError(f"an explanation has no format '{ask.word}'", hint="choose one of: text, json")
        publish(text, _numbered(ask.file))
    return outcome


def _sent(script: Script, world: World, release: str) -> list[tuple["Call", Reading | None]]:
    """The sbatch calls of a program, each with the script it sends where that lies beside it or at the root."""
    from s2r_ci.slurm.driver import sbatch_calls
    from s2r_ci.slurm.job import read_script

    found: list[tuple[Call, Reading | None]] = []
    for call in sbatch_calls(script.text, release=release):
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(script.path), call.script))
        names = [posixpath.normpath(call.script), beside] if call.script and "$" not in call.script else []
        names = [name for name in names if not name.startswith(("/", ".."))]
        data = next((data for name in names if (data := world.read(name))), None)
        reading = None
        if data is not None:
            sends = Script(path=call.script, data=data)
            reading = read_script(sends, release=release, environ=call.environ, arguments=call.options)
        found.append((call, reading))
    return found


def _document(walked: Walk, world: World) -> str:
    if not walked.writable:
        return ""
    path = walked.script.path
    data = document_of(walked, world.target(path), world.manifest_path(path))
    return data.decode("utf-8")


def _numbered(file: str) -> str:
    """A file is written once: a second script must not replace the first one's explanation."""
    if file and os.path.exists(file):
        raise ConfigurationError("the file exists", where=file, hint="name a new one, or use standard output")
    return file
