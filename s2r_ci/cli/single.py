"""The command ``s2r``: one script in, one manifest out.

``s2r job.sh`` prints the manifest, ``s2r job.sh out.yaml`` writes it, ``s2r < job.sh`` reads standard input, and
``s2r chat SESSION "use 4 GPUs"`` refines what the service made of one. With ``--raw`` it is the manifest alone, as its
receiver takes it: the target rest as JSON; a manifest may be given too. Errors go to standard error; the exit code is
1 when the script could not be converted, 3 or 6 when the service had no part in it though it should.
"""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from s2r_ci.cli import as_process
from s2r_ci.cli.arguments import add_service, add_target, parse, parser
from s2r_ci.errors import ConfigurationError, ConversionError, S2rError
from s2r_ci.model import Script, Target
from s2r_ci.runai.targets import REST

if TYPE_CHECKING:
    from s2r_ci.asking import Service
    from s2r_ci.repository import Place

_STDIN = "-"
_STDIN_SHOWN = "stdin"  # what header and messages call it: there is no file of another name


def command() -> NoReturn:
    """The command ``s2r`` as a process of its own."""
    as_process(main)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except ConversionError as error:
        print(f"s2r: {error}", file=sys.stderr)
        return 1 if type(error) is ConversionError else error.exit_code  # the script's trouble, or the service's
    except S2rError as error:
        print(f"s2r: {error}", file=sys.stderr)
        return error.exit_code
    except (KeyboardInterrupt, BrokenPipeError):
        return 130


def _run(words: Sequence[str]) -> int:
    if words and words[0] == "chat":
        from s2r_ci.cli.chat import run

        return run(words[1:])
    from s2r_ci.publish.report import publish

    made = parser("s2r", "convert one batch script to a Run:ai manifest")
    made.prog = "s2r"
    made.add_argument("script", nargs="?", default=_STDIN, metavar="SCRIPT", help="default: standard input")
    made.add_argument("out", nargs="?", default="", metavar="OUT", help="default: standard output")
    made.add_argument("--raw", action="store_true", help="without the header; the target rest as JSON")
    add_target(made)
    add_service(made)
    given = parse(made, words)
    name, out = str(given["script"]), str(given["out"])
    if name == _STDIN and sys.stdin.isatty():
        raise ConfigurationError("no script was given", hint="s2r job.sh, or s2r < job.sh")
    if out and os.path.lexists(out) and not _ours(out):
        raise ConfigurationError("a file that s2r did not write is in the way", where=out, hint="name another file")
    if given.get("raw") and (text := _raw(_read(name), name)):
        publish(text, out)
        return 0
    place = _place({k: v for k, v in given.items() if k not in ("script", "out", "raw")}, name)
    return _convert(place, name, out, raw="raw" in given)


def _place(given: dict[str, object], name: str) -> "Place":
    """The settings around the script, as ``s2r-scan`` would find them."""
    from s2r_ci.repository import place_of

    return place_of({**given, "paths": [] if name == _STDIN else [name]})


def _convert(place: "Place", name: str, out: str, *, raw: bool) -> int:
    """Convert, and publish. The exit code says whether the service, where one is set up, had its part in it."""
    from s2r_ci.publish.report import publish

    path = _STDIN_SHOWN if name == _STDIN else place.paths[0]
    script, target = _script(place, path, name), place.tree.target_for(path)
    service = _service(place, target)
    text = _converted(script, target, service)
    publish(_raw(text.encode(), name) if raw else text, out)
    if service is None:
        if why := _offline(place, target):
            print(f"s2r: {why}", file=sys.stderr)
        return 0
    tally = service.converter.tally
    if tally.unverified:
        print(f"s2r: NOT verified against the service, converted by rules: {tally.trouble}", file=sys.stderr)
        return 6 if tally.left else 3
    if service.client.first:
        from s2r_ci.remote.first import WARNING

        print(f"s2r: warning: {WARNING}", file=sys.stderr)
    if tally.session:
        print(f's2r: to refine it: s2r chat {tally.session} "..."', file=sys.stderr)
    return 0


def _script(place: "Place", path: str, name: str) -> Script:
    """The script with what it calls of its repository; what comes by standard input lies nowhere, and calls nothing."""
    from s2r_ci.called import script_of
    from s2r_ci.session import world_of

    return script_of(path, _read(name), (lambda _: None) if name == _STDIN else world_of(place).read)


def _service(place: "Place", target: Target) -> "Service | None":
    from s2r_ci.asking import access_for, service_for

    access = access_for(place.settings, os.environ) if target.converter != "rules" else None
    return service_for(access, place.settings, os.environ, root=place.root) if access else None


def _offline(place: "Place", target: Target) -> str:
    from s2r_ci.asking import offline

    return offline(place.settings, os.environ) if target.converter != "rules" else ""


def _raw(data: bytes, where: str) -> str:
    """What stands below the header of a manifest, without our notes: JSON where an API takes it; empty: it is none.

    Raises ConversionError for a manifest that cannot be read.
    """
    import json

    from s2r_ci.runai.document import read_document
    from s2r_ci.runai.texts import read_text, write_text

    document = read_document(data)
    if document is None:
        return ""
    target = document.stamp.target
    body = read_text(document.content, target, where=where).body
    return json.dumps(body, indent=2) + "\n" if target == REST else write_text(body, target, {})


def _converted(script: Script, target: Target, service: "Service | None") -> str:
    from s2r_ci.convert import load_converter
    from s2r_ci.pipeline import walk
    from s2r_ci.runai.targets import form_of
    from s2r_ci.walked import document_of, refusal

    walked = walk(script, target, service.converter if service else load_converter("rules"))
    for question in walked.result.questions if walked.result else ():
        print(f"s2r: open: {question.text}\n  hint: {question.answer}", file=sys.stderr)
    if walked.reading.refused or not walked.writable:
        raise refusal(walked)
    return document_of(walked, target, f"{script.path}.runai{form_of(target.name).ending}").decode("utf-8")


def _read(name: str) -> bytes:
    try:
        if name == _STDIN:
            return sys.stdin.buffer.read()
        with open(name, "rb") as file:
            return file.read()
    except OSError as error:
        raise ConfigurationError(error.strerror or str(error), where=name, hint="name a readable file") from error


def _ours(path: str) -> bool:
    from s2r_ci.runai.document import read_document

    try:
        return read_document(_read(path)) is not None
    except ConfigurationError:
        return False
