"""Rendered reports to where they were asked for: standard output, or a file."""

import os
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

from s2r_ci.errors import ConfigurationError, PublishError


class Wanted(NamedTuple):
    """One ``--format WORD[=FILE]``; no file is standard output."""

    word: str
    file: str = ""


def wanted(formats: Sequence[str]) -> tuple[Wanted, ...]:
    """The formats as asked for; text to standard output when none of them goes there but GitHub's own.

    Raises ConfigurationError when two would write to the same place.
    """
    asked = [Wanted(word=word, file=file) for word, _, file in (text.partition("=") for text in formats)]
    places = [ask.file for ask in asked]
    if twice := next((place for place in places if places.count(place) > 1), None):
        raise ConfigurationError("two formats would be written to one file", where=twice, hint="name two files")
    if places.count("") > 1:
        raise ConfigurationError(
            "two formats would be written to standard output", hint="give one of them a file: --format sarif=FILE"
        )
    if asked and "" not in places:
        asked.insert(0, Wanted(word="text"))
    return tuple(asked) or (Wanted(word="text"),)


_SIGNATURES: Final = (
    b'"name": "s2r-ci"', b'name="s2r-ci"', b"## s2r-ci ", b'"check_name": ', b"checked offline by rules",
    b"no batch script was found",
)  # fmt: skip


def refuse_foreign(asked: Sequence[Wanted]) -> None:
    """Raise ConfigurationError for a file that exists and is no report: ``--format json=README.md`` is a slip."""
    for ask in asked:
        if ask.file and not _may_replace(ask.file):
            raise ConfigurationError(
                "the file exists and is no report of s2r-scan",
                where=ask.file,
                hint="name another file, or --overwrite",
            )


def _may_replace(file: str) -> bool:
    try:
        with open(file, "rb") as known:
            head = known.read(2048)
            known.seek(0, os.SEEK_END)
            known.seek(max(known.tell() - 512, 0))
            seen = head + known.read()
    except OSError:
        return True  # not there, or nothing to be read: writing will tell
    return head.translate(None, b" \n") in (b"", b"[]") or any(signature in seen for signature in _SIGNATURES)


def publish(text: str, file: str, what: str = "report") -> None:
    """Write ``text`` to a file (replaced as a whole) or, without a name, to standard output.

    Raises PublishError, which calls the text by ``what`` it is.
    """
    data = text.encode("utf-8", "backslashreplace")
    if not file:
        _print(data)
        return
    temporary = f"{file}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, file)
    except OSError as error:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise PublishError(
            f"the {what} could not be written: {error.strerror}",
            where=file,
            hint="name a folder that can be written",
        ) from error


def _print(data: bytes) -> None:
    try:
        sys.stdout.flush()
        if not hasattr(sys.stdout, "buffer"):  # somebody's StringIO
            sys.stdout.write(data.decode())
            return
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise PublishError(f"standard output could not be written: {error.strerror}") from error
