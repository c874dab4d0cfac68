"""The command ``s2r``: one script in, one manifest out.

``s2r job.sh`` prints the manifest, ``s2r job.sh out.yaml`` writes it, ``s2r < job.sh`` reads standard input. With
``--raw`` it is the manifest alone, as its receiver takes it: the target rest as JSON; a manifest may be given too.
Errors go to standard error; the exit code is 1 when the script could not be converted.
"""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from s2r_ci.cli import as_process
from s2r_ci.cli.arguments import add_target, parse, parser
from s2r_ci.errors import ConfigurationError, ConversionError, S2rError
from s2r_ci.model import Script, Target
from s2r_ci.runai.targets import REST

_STDIN = "-"


def command() -> NoReturn:
    """The command ``s2r`` as a process of its own."""
    as_process(main)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except ConversionError as error:
        print(f"s2r: {error}", file=sys.stderr)
        return 1
    except S2rError as error:
        print(f"s2r: {error}", file=sys.stderr)
        return error.exit_code
    except (KeyboardInterrupt, BrokenPipeError):
        return 130


def _run(words: Sequence[str]) -> int:
    from s2r_ci.publish.report import publish
    from s2r_ci.runai.document import read_document

    made = parser("s2r", "convert one batch script to a Run:ai manifest")
    made.prog = "s2r"
    made.add_argument("script", nargs="?", default=_STDIN, metavar="SCRIPT", help="default: standard input")
    made.add_argument("out", nargs="?", default="", metavar="OUT", help="default: standard output")
    made.add_argument("--raw", action="store_true", help="without the header; the target rest as JSON")
    add_target(made)
    given = parse(made, words)
    name, out = str(given["script"]), str(given["out"])
    if name == _STDIN and sys.stdin.isatty():
        raise ConfigurationError("no script was given", hint="s2r job.sh, or s2r < job.sh")
    if out and os.path.lexists(out) and not _ours(out):
        raise ConfigurationError("a file that s2r did not write is in the way", where=out, hint="name another file")
    data = _read(name)
    if given.get("raw") and (document := read_document(data)) is not None:
        publish(_raw(document.content, document.stamp.target, name), out)
        return 0
    path, target = _target({k: v for k, v in given.items() if k not in ("script", "out", "raw")}, name)
    text = _converted(Script(path=path, data=data), target)
    if given.get("raw") and (document := read_document(text.encode())) is not None:
        text = _raw(document.content, target.name, name)
    publish(text, out)
    return 0


def _raw(content: bytes, target: str, where: str) -> str:
    """What stands below the header, without our notes: JSON where an API takes it.

    Raises ConversionError for a manifest that cannot be read.
    """
    import json

    from s2r_ci.runai.texts import read_text, write_text

    body = read_text(content, target, where=where).body
    return json.dumps(body, indent=2) + "\n" if target == REST else write_text(body, target, {})


def _converted(script: Script, target: Target) -> str:
    from s2r_ci.convert import load_converter
    from s2r_ci.pipeline import walk
    from s2r_ci.runai.targets import form_of
    from s2r_ci.walked import document_of, refusal

    walked = walk(script, target, load_converter(target.converter))
    for question in walked.result.questions if walked.result else ():
        print(f"s2r: open: {question.text}\n  hint: {question.answer}", file=sys.stderr)
    if walked.reading.refused or not walked.writable:
        raise refusal(walked)
    return document_of(walked, target, f"{script.path}.runai{form_of(target.name).ending}").decode("utf-8")


def _target(given: dict[str, object], name: str) -> tuple[str, Target]:
    """The script's path as ``s2r-scan`` would name it, and the target by the settings around it."""
    from s2r_ci.session import place_of

    place = place_of({**given, "paths": [] if name == _STDIN else [name]})
    path = "job.sh" if name == _STDIN else place.paths[0]
    return path, place.tree.target_for(path)


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
